"""The venue's market passed through: with its age, checked whole, away when the venue is."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from http_adapter.testing import Platform
from tradecore.domain.money import Price, Quantity
from tradecore.memory import FixedMarket
from tradecore.ports.market_data import Candle, Level, PublicTrade

D = Decimal
ROUTES = ("book", "trades", "candles")


def level(price: str, quantity: str) -> Level:
    return Level(Price(D(price)), Quantity(D(quantity)))


@pytest.fixture
def shown(trading: Platform) -> Platform:
    """The platform, whose venue shows a small market."""
    now = trading.clock.now()
    candles = [
        Candle(
            opened_at=opened_at,
            closed_at=opened_at + timedelta(seconds=59, milliseconds=999),
            open=Price(D("1.10")),
            high=Price(D(2)),
            low=Price(D(1)),
            close=Price(D("1.5")),
            volume=Quantity(D("1E+3")),
            notional=D("1500.0"),
            trades=3,
        )
        for opened_at in (now - timedelta(minutes=2), now - timedelta(minutes=1))
    ]
    trade = PublicTrade(
        trade_id=7,
        price=Price(D("1.50")),
        quantity=Quantity(D(2)),
        notional=D(3),
        traded_at=now,
        is_buyer_maker=True,
    )
    trading.market.put(
        "BTCUSDT",
        FixedMarket(
            bids=[level("1.40", "5"), level("1.3", "6")],
            asks=[level("1.6", "1E+1"), level("1.7", "8")],
            trades=[trade],
            candles=candles,
        ),
    )
    return trading


async def ask(platform: Platform, path: str, **query: Any) -> httpx.Response:
    token = platform.issuer.issue("t", roles=["trader"], account_ids=["a"])
    return await platform.client.get(
        f"/v1/market/{path}", params=query, headers=platform.headers(token)
    )


async def test_a_book_has_its_best_levels_first_and_says_its_age(shown: Platform) -> None:
    answer = await ask(shown, "BTCUSDT/book", limit=1)
    assert answer.status_code == 200
    book = answer.json()
    assert book.pop("as_of").endswith("Z")
    assert book == {
        "symbol": "BTCUSDT",
        "last_update_id": 1,
        "bids": [{"price": "1.4", "quantity": "5"}],
        "asks": [{"price": "1.6", "quantity": "10"}],
        "age_milliseconds": 0,
    }


async def test_trades_are_those_of_everybody(shown: Platform) -> None:
    found = (await ask(shown, "BTCUSDT/trades")).json()
    (trade,) = found["items"]
    assert (trade["trade_id"], trade["price"], trade["notional"]) == (7, "1.5", "3")
    assert trade["is_buyer_maker"] is True
    assert found["symbol"] == "BTCUSDT"
    assert {"as_of", "age_milliseconds"} <= set(found)


async def test_candles_keep_to_their_span(shown: Platform) -> None:
    both = (await ask(shown, "BTCUSDT/candles", interval="1m")).json()
    first, second = both["items"]
    assert (first["volume"], first["close"], both["interval"]) == ("1000", "1.5", "1m")
    newest = await ask(shown, "BTCUSDT/candles", limit=1)
    assert newest.json()["items"] == [second]
    since = await ask(shown, "BTCUSDT/candles", **{"from": second["opened_at"]})
    assert since.json()["items"] == [second]
    before = await ask(shown, "BTCUSDT/candles", to=second["opened_at"])
    assert before.json()["items"] == [first]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("symbol", ["ETHUSDT", "btcusdt", "BTC%2FUSDT", "%00", "B" * 21])
async def test_what_the_house_does_not_offer_is_not_found(
    shown: Platform, route: str, symbol: str
) -> None:
    answer = await ask(shown, f"{symbol}/{route}")
    assert answer.status_code == 404
    assert answer.json()["type"] in ("/problems/unknown-instrument", "/problems/not-found")
    assert shown.market.reads == 0


@pytest.mark.parametrize("route", ROUTES)
async def test_a_venue_that_is_away_is_a_503_that_tells_nothing_of_the_inside(
    shown: Platform, route: str
) -> None:
    shown.market.is_away = True
    answer = await ask(shown, f"BTCUSDT/{route}")
    assert answer.status_code == 503
    problem = answer.json()
    assert problem["type"] == "/problems/venue-unavailable"
    assert problem["detail"] == "the venue cannot be asked now"
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("route", "query", "faults"),
    [
        ("book", {"limit": "0"}, ["limit"]),
        ("book", {"limit": "501"}, ["limit"]),
        ("book", {"limit": "-1"}, ["limit"]),
        ("book", {"limit": "1e2"}, ["limit"]),
        ("book", {"depth": "5", "limit": "x"}, ["depth", "limit"]),
        ("trades", {"limit": "501"}, ["limit"]),
        ("trades", {"from": "2026-01-05T00:00:00Z"}, ["from"]),
        ("candles", {"interval": "2m"}, ["interval"]),
        ("candles", {"interval": "1M "}, ["interval"]),
        ("candles", {"from": "yesterday"}, ["from"]),
        ("candles", {"from": "1999-12-31T23:59:59Z"}, ["from"]),
        ("candles", {"to": "9999-12-31T23:59:59.999999Z"}, ["to"]),
        ("candles", {"from": "2026-01-05T00:00:00Z", "to": "2026-01-05T00:00:00Z"}, ["to"]),
        (
            "candles",
            {"interval": "", "from": "1", "to": "2026-13-01T00:00:00Z", "limit": "1000"},
            ["from", "interval", "limit", "to"],
        ),
    ],
)
async def test_every_bad_parameter_is_named(
    shown: Platform, route: str, query: dict[str, str], faults: list[str]
) -> None:
    answer = await ask(shown, f"BTCUSDT/{route}", **query)
    assert answer.status_code == 400, answer.text
    assert answer.json()["type"] == "/problems/invalid-request"
    assert sorted(error["parameter"] for error in answer.json()["errors"]) == faults
    assert shown.market.reads == 0


async def test_the_document_says_which_intervals_and_limits_there_are(platform: Platform) -> None:
    document = (await platform.client.get("/schema/openapi.json")).json()
    operation = document["paths"]["/v1/market/{symbol}/candles"]["get"]
    schemas = {one["name"]: one["schema"] for one in operation["parameters"]}
    assert set(schemas) == {"symbol", "interval", "from", "to", "limit"}
    assert {"1s", "1m", "1M"} <= set(schemas["interval"]["enum"])
    assert (schemas["limit"]["minimum"], schemas["limit"]["maximum"]) == (1, 500)
    assert set(operation["responses"]) >= {"200", "400", "401", "403", "404", "503"}
