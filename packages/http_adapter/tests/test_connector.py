"""How the conversation with the venue goes, and catching up once per key."""

from datetime import timedelta
from typing import Any

import pytest

from http_adapter.testing import ORDER, Platform
from tradecore.application.commands.open_attempt import OpenAttempt
from tradecore.domain.ids import CommandId, OrderId
from tradecore.ports.connector import BudgetUse, ConnectorHealth
from tradecore.ports.venue import VenueUnavailable

PATH = "/connector/catch-up"


async def bought_unheard(trading: Platform, account: str, key: str = "o1") -> None:
    """Let an order fill at the venue while nobody listens."""
    placed = await trading.client.post(
        "/v1/orders", json=ORDER, headers=trading.headers(trading.trader_token(account), key)
    )
    attempt = await trading.services.executor.execute(
        OpenAttempt(
            command_id=CommandId(trading.services.ids.new_id()),
            correlation_id="test",
            actor="test",
            order_id=OrderId(placed.json()["order_id"]),
        )
    )
    child = attempt.unwrap().child
    assert child is not None
    await trading.venue.submit(child)


async def catch_up(trading: Platform, body: Any, key: str = "k") -> Any:
    return await trading.client.post(
        f"/v1/admin{PATH}", json=body, headers=trading.headers(trading.admin_token, key)
    )


async def test_the_connectors_health_is_told_whole(trading: Platform) -> None:
    now = trading.clock.now()
    trading.connector.present = ConnectorHealth(
        last_success_at=now,
        last_error_at=now - timedelta(seconds=1),
        last_error="order.place: -1013 Filter failure: LOT_SIZE",
        stream_ages={"user_stream": timedelta(seconds=2)},
        budgets_used={"REQUEST_WEIGHT-1M": BudgetUse(120, 6000)},
        banned_until=now + timedelta(minutes=1),
        clock_ahead=timedelta(milliseconds=-7),
        reconnects={"user_stream": 3, "book_tickers": 0},
        connections_used=BudgetUse(5, 150),
        stale_streams=1,
    )
    told = await trading.admin("GET", "/connector")
    assert told["venue"] == "binance"
    assert told["last_error"] == "order.place: -1013 Filter failure: LOT_SIZE"
    assert told["last_success_at"] > told["last_error_at"]
    assert told["banned_until"] > told["last_success_at"]
    assert told["clock_ahead_milliseconds"] == -7
    assert told["streams"] == [
        {"name": "book_tickers", "age_milliseconds": None, "reconnects": 0},
        {"name": "user_stream", "age_milliseconds": 2000, "reconnects": 3},
    ]
    assert told["budgets"] == [{"name": "REQUEST_WEIGHT-1M", "used": 120, "limit": 6000}]
    assert told["connections"] == {"name": "connections", "used": 5, "limit": 150}
    assert (told["stale_streams"], told["cursors"]) == (1, [])


async def test_a_connector_that_has_not_spoken_yet_is_told_too(platform: Platform) -> None:
    told = await platform.admin("GET", "/connector")
    assert told["last_success_at"] is None
    assert told["clock_ahead_milliseconds"] is None
    assert told["streams"] == []


async def test_a_catch_up_answers_what_it_read_and_posts_once(trading: Platform) -> None:
    account = await trading.open_account()
    await bought_unheard(trading, account)
    first = await catch_up(trading, {})
    assert first.status_code == 200, first.text
    assert first.json() == {
        "orders_asked_about": 1,
        "fills_read": 1,
        "cursors": [{"symbol": "BTCUSDT", "trade_id": 1}],
        "unread_symbols": [],
    }
    again = await catch_up(trading, {})
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    replayed = await catch_up(trading, {"symbol": "BTCUSDT", "from_trade_id": 0}, "other")
    assert replayed.json()["fills_read"] == 1
    fills = await trading.client.get(
        "/v1/executions", headers=trading.headers(trading.trader_token(account))
    )
    assert len(fills.json()["items"]) == 1
    told = await trading.admin("GET", "/connector")
    assert told["cursors"] == [{"symbol": "BTCUSDT", "trade_id": 1}]


async def test_a_catch_up_is_audited_before_and_after(trading: Platform) -> None:
    await catch_up(trading, {"symbol": "BTCUSDT", "from_trade_id": 3})
    audit = await trading.client.get(
        "/v1/compliance/audit", headers=trading.headers(trading.admin_token)
    )
    done, asked = audit.json()["items"][:2]
    assert (asked["action"], done["action"]) == ("request_catch_up", "record_catch_up")
    assert asked["actor"] == done["actor"] == "alice"
    assert asked["subject"] == "connector:binance"
    assert asked["after"]["from_trade_id"] == 3
    assert done["after"]["cursors"] == {"BTCUSDT": 0}


async def test_a_key_with_another_wish_is_refused_and_nothing_is_read(trading: Platform) -> None:
    await catch_up(trading, {})
    other = await catch_up(trading, {"symbol": "BTCUSDT"})
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"


async def test_a_venue_that_is_away_is_told_and_the_key_stays_good(trading: Platform) -> None:
    async def away(label: str) -> None:
        raise VenueUnavailable(f"10.0.0.7 {label}")

    async def there(_label: str) -> None: ...

    trading.venue.hop = away
    answer = await catch_up(trading, {"symbol": "BTCUSDT"})
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/venue-unavailable"
    assert "10.0.0.7" not in answer.text
    assert (await catch_up(trading, {}, "all")).json()["unread_symbols"] == ["BTCUSDT"]
    trading.venue.hop = there
    assert (await catch_up(trading, {"symbol": "BTCUSDT"})).status_code == 200


async def test_an_unknown_symbol_is_not_found(trading: Platform) -> None:
    answer = await catch_up(trading, {"symbol": "ETHUSDT"})
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/unknown-instrument"


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"symbol": "btc"}, ["/symbol"]),
        ({"symbol": "BTCUSDT", "from_trade_id": -1}, ["/from_trade_id"]),
        ({"symbol": "BTCUSDT", "from_trade_id": "1"}, ["/from_trade_id"]),
        ({"symbol": "BTCUSDT", "from_trade_id": 1.5}, ["/from_trade_id"]),
        ({"symbol": "BTCUSDT", "from_trade_id": 2**63}, ["/from_trade_id"]),
        ({"from_trade_id": 1}, ["/symbol"]),
        ({"symbol": 1, "from_trade_id": True, "x": 1}, ["/from_trade_id", "/symbol", "/x"]),
    ],
)
async def test_every_bad_field_is_named(
    trading: Platform, body: dict[str, Any], pointers: list[str]
) -> None:
    answer = await catch_up(trading, body)
    assert answer.status_code == 400, answer.text
    assert sorted(error["pointer"] for error in answer.json()["errors"]) == pointers
    assert not [one for one in trading.store.tables.audits if "catch_up" in one.action]


async def test_a_catch_up_needs_a_key(trading: Platform) -> None:
    answer = await trading.client.post(
        f"/v1/admin{PATH}", json={}, headers=trading.headers(trading.admin_token)
    )
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/idempotency-key-required"
