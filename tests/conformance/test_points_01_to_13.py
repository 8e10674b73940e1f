"""Points 1 to 13 of the conformance list: requests, errors, limits, answers; on raw HTTP."""

import base64
import re
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from yarl import URL

from binance_sim.wire.keys import public_key
from binance_sim.wire.limits import Limits
from binance_sim.wire.testing import ALICE, ALICE_ED25519, RestClient, World, running, sign

LIMIT: Final = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
AMOUNT: Final = re.compile(r"-?\d+\.\d{8}")
SYMBOL_KEYS: Final = {
    "symbol",
    "status",
    "baseAsset",
    "baseAssetPrecision",
    "quoteAsset",
    "quotePrecision",
    "quoteAssetPrecision",
    "baseCommissionPrecision",
    "quoteCommissionPrecision",
    "orderTypes",
    "icebergAllowed",
    "ocoAllowed",
    "otoAllowed",
    "opoAllowed",
    "quoteOrderQtyMarketAllowed",
    "allowTrailingStop",
    "cancelReplaceAllowed",
    "amendAllowed",
    "pegInstructionsAllowed",
    "isSpotTradingAllowed",
    "isMarginTradingAllowed",
    "filters",
    "permissions",
    "permissionSets",
    "defaultSelfTradePreventionMode",
    "allowedSelfTradePreventionModes",
}


def now_ms(world: World) -> int:
    return world.server.time.now_us() // 1000


@pytest.mark.parametrize(
    "path", ["/api/v3/ping", "/api/v3/depth", "/api/v3/account", "/api/v3/none", "/api/v1/time"]
)
async def test_conformance_01_content_type_of_every_answer(world: World, path: str) -> None:
    answer = await world.alice.send("GET", path)

    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"


async def test_conformance_02_exchange_info_has_every_key(world: World) -> None:
    info = (await world.alice.public("exchangeInfo")).body

    assert info.keys() == {"timezone", "serverTime", "rateLimits", "exchangeFilters", "symbols"}
    for symbol in info["symbols"]:
        assert symbol.keys() == SYMBOL_KEYS
        assert (symbol["permissions"], symbol["permissionSets"]) == ([], [["SPOT"]])
        assert all("filterType" in each for each in symbol["filters"])
    assert {each["rateLimitType"] for each in info["rateLimits"]} == {
        "REQUEST_WEIGHT",
        "ORDERS",
        "RAW_REQUESTS",
    }


async def test_conformance_03_symbols_encoded_or_not(world: World) -> None:
    for text in ('["BTCUSDT"]', quote('["BTCUSDT"]', safe="")):
        answer = await world.alice.send("GET", "/api/v3/exchangeInfo", f"symbols={text}")
        assert [each["symbol"] for each in answer.body["symbols"]] == ["BTCUSDT"]

    unknown = await world.alice.public("exchangeInfo", symbol="NOTHING")
    assert (unknown.status, unknown.body) == (400, {"code": -1121, "msg": "Invalid symbol."})


@pytest.mark.parametrize("split", ["query", "body", "both"])
async def test_conformance_04_signature_over_the_bytes_as_sent(world: World, split: str) -> None:
    terms = urlencode(LIMIT | {"quantity": "0.1"})
    rest = urlencode({"price": "50000", "timestamp": now_ms(world)})
    signature = quote(sign(ALICE, {"both": terms + rest}.get(split, f"{terms}&{rest}")), safe="")
    query, body = {
        "query": (f"{terms}&{rest}&signature={signature}", ""),
        "body": ("", f"{terms}&{rest}&signature={signature}"),
        "both": (terms, f"{rest}&signature={signature}"),
    }[split]

    answer = await world.alice.send("POST", "/api/v3/order", query, body=body)

    assert answer.status == 200, answer.body


async def test_conformance_04_the_query_wins_over_the_body(world: World) -> None:
    query = urlencode(LIMIT | {"quantity": "0.1", "price": "50000", "timestamp": now_ms(world)})
    body = "price=40000"
    signature = sign(ALICE, query + body)

    answer = await world.alice.send(
        "POST", "/api/v3/order", query, body=f"{body}&signature={signature}"
    )

    assert answer.body["price"] == "50000.00000000"


async def test_conformance_04_an_empty_json_body_is_harmless(world: World) -> None:
    query = world.alice.query(symbol="BTCUSDT")
    url = URL(f"{world.server.rest_url}/api/v3/openOrders?{query}", encoded=True)
    headers = {"X-MBX-APIKEY": ALICE, "Content-Type": "application/json"}

    async with world.session.get(url, headers=headers) as answer:
        assert answer.status == 200


async def test_conformance_04_signed_before_encoding_is_refused(world: World) -> None:
    parameters = {"symbol": "BTCUSDT", "origClientOrderId": "a b", "timestamp": now_ms(world)}
    raw = "&".join(f"{name}={value}" for name, value in parameters.items())

    answer = await world.alice.send(
        "GET", "/api/v3/order", f"{urlencode(parameters)}&signature={sign(ALICE, raw)}"
    )

    assert answer.body["code"] == -1022


async def test_conformance_05_three_kinds_of_keys(world: World) -> None:
    query = f"timestamp={now_ms(world)}"
    upper = await world.alice.send(
        "GET", "/api/v3/account", f"{query}&signature={sign(ALICE, query).upper()}"
    )
    assert upper.status == 200
    edwards = RestClient(world.server, world.session, ALICE_ED25519)
    assert (await edwards.signed("GET", "account")).status == 200

    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    world.server.keyring.add(public_key("R" * 64, pem, "alice"))
    made = private.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    signature = quote(base64.b64encode(made).decode(), safe="")
    rivest = RestClient(world.server, world.session, "R" * 64)
    answer = await rivest.send("GET", "/api/v3/account", f"{query}&signature={signature}")
    assert answer.status == 200


async def test_conformance_06_what_is_wrong_with_the_key(world: World) -> None:
    query = world.alice.query()

    nobody = await world.alice.send("GET", "/api/v3/account", query, key=False)
    stranger = await RestClient(world.server, world.session, "X" * 64).signed("GET", "account")
    forged = await world.alice.send("GET", "/api/v3/account", query[:-2] + "00")

    assert (nobody.status, nobody.body["code"]) == (401, -2014)
    assert (stranger.status, stranger.body["code"]) == (401, -2015)
    assert (forged.status, forged.body["code"]) == (400, -1022)


@pytest.mark.parametrize(
    ("offset_ms", "more", "text"),
    [
        (900, {}, None),
        (1500, {}, "Timestamp for this request was 1000ms ahead of the server's time."),
        (-4000, {}, None),
        (-6000, {}, "Timestamp for this request is outside of the recvWindow."),
        (-6000, {"recvWindow": "10000"}, None),
        (
            -100,
            {"recvWindow": "50.125"},
            "Timestamp for this request is outside of the recvWindow.",
        ),
        (0, {"recvWindow": "60001"}, "recvWindow must be less than 60000"),
    ],
)
async def test_conformance_07_time(
    world: World, offset_ms: int, more: dict[str, str], text: str | None
) -> None:
    answer = await world.alice.signed("GET", "account", timestamp=now_ms(world) + offset_ms, **more)

    assert answer.body.get("msg") == text


async def test_conformance_07_what_is_too_old_at_the_gate_counts_as_no_order(world: World) -> None:
    old = await world.alice.order("BUY", "0.1", "50000", timestamp=now_ms(world) - 9000)

    assert old.body["code"] == -1021
    counts = (await world.alice.signed("GET", "rateLimit/order")).body
    assert [each["count"] for each in counts] == [0, 0]


async def test_conformance_07_microseconds(world: World) -> None:
    sent = await world.alice.signed("GET", "account", timestamp=world.server.time.now_us())
    assert sent.status == 200

    headers = {"X-MBX-TIME-UNIT": "MICROSECOND"}
    async with world.session.get(f"{world.server.rest_url}/api/v3/time", headers=headers) as told:
        assert len(str((await told.json())["serverTime"])) == 16


@pytest.mark.parametrize(
    ("query", "code", "word"),
    [
        ("symbol=BTCUSDT&symbol=BTCUSDT", -1101, "Duplicate"),
        ("", -1102, "Mandatory parameter 'symbol'"),
        ("symbol=BTCUSDT&colour=red", -1104, "read '1' parameter(s) but was sent '2'"),
        ("symbol=BTCUSDT&limit=x", -1100, "legal range is '^[0-9]{1,20}$'"),
        ("symbol=btcusdt", -1100, "legal range is"),
    ],
)
async def test_conformance_08_parameters(world: World, query: str, code: int, word: str) -> None:
    answer = await world.alice.send("GET", "/api/v3/depth", query, key=False)

    assert (answer.status, answer.body["code"]) == (400, code)
    assert word in answer.body["msg"]


async def test_conformance_08_superfluous_and_illegal_of_an_order(world: World) -> None:
    market = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1"}

    superfluous = await world.alice.signed("POST", "order", timeInForce="GTC", **market)
    illegal = await world.alice.order("BUY", "1e-05", "50000")

    assert superfluous.body["code"] == -1106
    assert illegal.body["code"] == -1100
    assert r"'^([0-9]{1,20})(\.[0-9]{1,20})?$'" in illegal.body["msg"]


async def test_conformance_09_counts_in_headers(world: World) -> None:
    first = await world.alice.public("ping")
    info = await world.alice.public("exchangeInfo")
    ordered = await world.alice.order("BUY", "0.1", "50000")
    other = await world.bob.order("BUY", "0.1", "49000")
    refused = await world.alice.order("BUY", "0.1", "1")

    assert first.headers["X-MBX-USED-WEIGHT-1M"] == "1"
    assert info.headers["X-MBX-USED-WEIGHT-1M"] == "21"
    assert ordered.headers["X-MBX-USED-WEIGHT-1M"] == "21"  # free on success
    assert refused.headers["X-MBX-USED-WEIGHT-1M"] == "22"  # of the IP, not of the account
    assert ordered.headers["X-MBX-ORDER-COUNT-10S"] == ordered.headers["X-MBX-ORDER-COUNT-1D"]
    assert other.headers["X-MBX-ORDER-COUNT-10S"] == "1"  # of the account
    assert "X-MBX-ORDER-COUNT-10S" not in refused.headers


async def test_conformance_10_too_much_is_429_and_persistence_418() -> None:
    limits = Limits(request_weight=3, violations_before_ban=2)
    async with running(limits=limits) as world:
        answers = [await world.alice.public("ping") for _ in range(7)]

        assert [answer.status for answer in answers] == [200, 200, 200, 429, 429, 418, 418]
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in answers[3:])
        assert {answer.body["code"] for answer in answers[3:]} == {-1003}
        assert "IP banned until" in answers[-1].body["msg"]


async def test_conformance_10_too_many_orders_is_429_without_a_ban() -> None:
    async with running(limits=Limits(orders_10_seconds=2)) as world:
        answers = [await world.alice.order("BUY", "0.1", "50000") for _ in range(3)]

        assert [answer.status for answer in answers] == [200, 200, 429]
        assert answers[-1].body["code"] == -1015
        assert (await world.bob.order("BUY", "0.1", "50000")).status == 200


@pytest.mark.parametrize(
    ("kind", "asked", "has"),
    [
        ("LIMIT", None, "fills"),
        ("MARKET", None, "fills"),
        ("LIMIT_MAKER", None, "transactTime"),
        ("LIMIT", "ACK", "transactTime"),
        ("LIMIT", "RESULT", "workingTime"),
        ("LIMIT_MAKER", "FULL", "fills"),
    ],
)
async def test_conformance_11_forms_of_the_answer(
    world: World, kind: str, asked: str | None, has: str
) -> None:
    terms: dict[str, Any] = {"symbol": "BTCUSDT", "side": "BUY", "type": kind, "quantity": "0.1"}
    if kind != "MARKET":
        terms["price"] = "50000"
    if kind == "LIMIT":
        terms["timeInForce"] = "GTC"
    if asked:
        terms["newOrderRespType"] = asked
    ack = {"symbol", "orderId", "orderListId", "clientOrderId", "transactTime"}

    body = (await world.alice.signed("POST", "order", **terms)).body

    assert body.keys() >= ack | {has}
    assert (body.keys() == ack) == (has == "transactTime")
    assert ("fills" in body) == (has == "fills")


def amounts_in(value: Any, name: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [each for key, inner in value.items() for each in amounts_in(inner, key)]
    if isinstance(value, list):
        return [each for inner in value for each in amounts_in(inner, name)]
    return [(name, value)]


async def test_conformance_12_amounts_are_texts_and_ids_are_numbers(world: World) -> None:
    await world.bob.order("SELL", "0.1", "50000")
    body = (await world.alice.order("BUY", "0.1", "50000")).body
    account = (await world.alice.signed("GET", "account")).body

    for name, value in amounts_in(body) + amounts_in(account["balances"]):
        if name.lower().endswith(("qty", "price", "commission", "free", "locked")):
            assert AMOUNT.fullmatch(value), name
        if name.endswith(("Id", "Time")) and name != "clientOrderId":
            assert isinstance(value, int), name


async def test_conformance_13_fills_add_up(world: World) -> None:
    for price, quantity in (("50000", "0.1"), ("50010", "0.2"), ("50020", "0.3")):
        await world.bob.order("SELL", quantity, price)

    body = (await world.alice.order("BUY", "0.5", "50100")).body

    quantity = sum(Decimal(fill["qty"]) for fill in body["fills"])
    notional = sum(Decimal(fill["qty"]) * Decimal(fill["price"]) for fill in body["fills"])
    assert quantity == Decimal(body["executedQty"])
    assert notional == Decimal(body["cummulativeQuoteQty"])
    assert len(body["fills"]) == 3
