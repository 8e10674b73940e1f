"""What is wrong with an order is told field by field, and nothing is kept."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from http_adapter import bodies
from http_adapter.problems import ApiProblem
from http_adapter.testing import ORDER, Platform
from http_adapter.v1.order_messages import NewOrder

AMOUNTS = ("quantity", "quote_quantity", "price", "stop_price")
NOT_AMOUNTS = [
    "",
    " ",
    "NaN",
    "nan",
    "sNaN",
    "Infinity",
    "-Infinity",
    "1e5",
    "1E-5",
    "1e400",
    "1_000",
    "1,000",
    "0x10",
    "-1",
    "-0",
    "+1",
    " 1",
    "1 ",
    "1\n",
    "1.",
    ".5",
    "1.2.3",
    "\uff11\uff12",
    "\u0663",
    "1\u200b",
    "1" * 21,
    "0." + "1" * 19,
    "1" * 40,
    "1\u0000",
    1,
    1.5,
    0,
    -1,
    True,
    [],
    {},
    ["1"],
]
NOT_NAMES = ["", "x" * 65, "a b", "a/b", "\u00e9", "a\n", "a\u0000", 1, [], {}]
BAD: list[tuple[str, Any]] = [
    *((field, value) for field in AMOUNTS for value in NOT_AMOUNTS),
    *(("client_order_id", value) for value in NOT_NAMES),
    *(("symbol", value) for value in ["", "btcusdt", "BTC/USDT", "B" * 21, None, 1, "BTC\n"]),
    *(("side", value) for value in ["buy", "", "BUYSELL", None, 1, ["BUY"]]),
    *(("type", value) for value in ["limit", "STOP", None, 0]),
    *(("time_in_force", value) for value in ["gtc", "DAY", 1]),
    *((name, "1") for name in ("account_id", "status", "order_id", "Quantity", "a/b", "a~b")),
]


def escaped(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


async def refused(trading: Platform, token: str, raw: bytes) -> dict[str, Any]:
    """Post the body and return the problem; nothing may be kept and nobody's fault is ours."""
    before = (len(trading.store.tables.commands), len(trading.store.tables.orders))
    answer = await trading.client.post(
        "/v1/orders",
        content=raw,
        headers=trading.headers(token, "key", Content_Type="application/json"),
    )
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (len(trading.store.tables.commands), len(trading.store.tables.orders)) == before
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == answer.status_code
    return problem


async def test_each_bad_value_names_its_field(trading: Platform) -> None:
    token = trading.trader_token(await trading.open_account())
    for field, value in BAD:
        raw = json.dumps(ORDER | {field: value}).encode()
        problem = await refused(trading, token, raw)
        assert problem["type"] == "/problems/invalid-request", (field, value, problem)
        pointers = [error["pointer"] for error in problem["errors"]]
        assert pointers == [escaped(field)], (field, value)


async def test_every_faulty_field_is_listed(trading: Platform) -> None:
    token = trading.trader_token(await trading.open_account())
    raw = json.dumps(
        {"side": "up", "quantity": "NaN", "price": 5, "state": "FILLED", "account_id": "x"}
    ).encode()
    problem = await refused(trading, token, raw)
    assert {error["pointer"]: error["detail"] for error in problem["errors"]} == {
        "/symbol": "is required",
        "/side": "must be one of BUY, SELL",
        "/type": "is required",
        "/quantity": problem["errors"][3]["detail"],
        "/price": problem["errors"][3]["detail"],
        "/state": "is not a known field",
        "/account_id": "is not a known field",
    }


@pytest.mark.parametrize("field", ["symbol", "side", "type"])
async def test_a_missing_field_is_named(trading: Platform, field: str) -> None:
    token = trading.trader_token(await trading.open_account())
    body = {name: value for name, value in ORDER.items() if name != field}
    problem = await refused(trading, token, json.dumps(body).encode())
    assert [error["pointer"] for error in problem["errors"]] == [f"/{field}"]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"quantity": "0"}, "/quantity"),
        ({"quantity": "0.000"}, "/quantity"),
        ({"price": "0"}, "/price"),
        ({"price": None}, "/price"),
        ({"quantity": None}, "/quantity"),
        ({"stop_price": "1"}, "/stop_price"),
        ({"quote_quantity": "1"}, "/quote_quantity"),
        ({"type": "MARKET", "price": None}, "/time_in_force"),
        ({"type": "STOP_LOSS_LIMIT"}, "/stop_price"),
        ({"quantity": "0.123456789"}, "/quantity"),
        ({"price": "1.123456789"}, "/price"),
    ],
)
async def test_fields_that_do_not_go_together_are_named(
    trading: Platform, changes: dict[str, Any], pointer: str
) -> None:
    token = trading.trader_token(await trading.open_account())
    problem = await refused(trading, token, json.dumps(ORDER | changes).encode())
    assert problem["status"] == 400
    assert pointer in [error["pointer"] for error in problem["errors"]]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"order"',
        b"{",
        b"[" * 60_000,
        b'{"symbol":' * 6_000,
        json.dumps(ORDER).encode()[:-1] + b', "price": "1"}',
        json.dumps(ORDER).encode("utf-16"),
    ],
)
async def test_a_malformed_body_is_refused(trading: Platform, raw: bytes) -> None:
    token = trading.trader_token(await trading.open_account())
    problem = await refused(trading, token, raw)
    assert problem["type"] == "/problems/malformed-body"


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_over_the_limit_is_refused_early(trading: Platform, announced: bool) -> None:
    token = trading.trader_token(await trading.open_account())
    chunk, sent = b"x" * 65_536, 0

    async def body() -> Any:
        nonlocal sent
        for _ in range(1600):
            sent += len(chunk)
            yield chunk

    headers = trading.headers(token, "key", Content_Type="application/json")
    if announced:
        headers["Content-Length"] = str(len(chunk) * 1600)
    answer = await trading.client.post("/v1/orders", content=body(), headers=headers)
    assert answer.status_code == 413
    assert answer.json()["type"] == "/problems/body-too-large"
    assert sent <= 2 * len(chunk)


async def test_a_form_is_not_json(trading: Platform) -> None:
    token = trading.trader_token(await trading.open_account())
    answer = await trading.client.post(
        "/v1/orders", data=ORDER, headers=trading.headers(token, "key")
    )
    assert answer.status_code == 415


@pytest.mark.parametrize("key", ["x" * 65, "caf\u00e9", "a\tb"])
async def test_a_bad_key_is_refused(trading: Platform, key: str) -> None:
    token = trading.trader_token(await trading.open_account())
    answer = await trading.client.post(
        "/v1/orders",
        json=ORDER,
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": key.encode("latin-1")},  # type: ignore[dict-item]
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["parameter"] == "Idempotency-Key"


@pytest.mark.parametrize(
    "hidden",
    ["\u0085", "\u200b", "\u202e", "\u2066", "\ufeff", "\u2028", "\u2029", "\ue000", "\U000e0041"],
)
async def test_names_and_reasons_hide_nothing(trading: Platform, hidden: str) -> None:
    account_id = await trading.open_account("Zo\u00eb \u674e \U0001f600")
    for method, path, body, field in (
        ("POST", "/accounts", {"name": f"A{hidden}da"}, "name"),
        ("PATCH", f"/accounts/{account_id}", {"state": "SUSPENDED", "reason": hidden}, "reason"),
    ):
        answer = await trading.client.request(
            method,
            f"/v1/admin{path}",
            json=body,
            headers=trading.headers(trading.admin_token, trading.services.ids.new_id()),
        )
        assert answer.status_code == 400
        (error,) = answer.json()["errors"]
        assert error["pointer"] == f"/{field}"
        assert "visible characters" in error["detail"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=1e2", "limit"),
        ("limit=1.0", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=", "limit"),
        ("limit=%D9%A3", "limit"),
        ("limit=1&limit=2", "limit"),
        ("symbol=BTCUSDT&symbol=BTCUSDT", "symbol"),
        ("from=2026-W01-1T00:00:00Z", "from"),
        ("from=2026-001T00:00:00Z", "from"),
        ("from=20260105T000000Z", "from"),
        ("from=2026-01-05T00Z", "from"),
        ("to=2026-01-05T00:00:00", "to"),
        ("to=2026-01-05T00:00:00%2B0000", "to"),
        ("to=2026-01-05T00:00:00%2B00:00:01", "to"),
        ("to=0001-01-01T00:00:00%2B23:59", "to"),
    ],
)
async def test_a_parameter_that_is_not_plain_is_refused(
    trading: Platform, query: str, parameter: str
) -> None:
    token = trading.trader_token(await trading.open_account())
    answer = await trading.client.get(f"/v1/orders?{query}", headers=trading.headers(token))
    assert answer.status_code == 400, answer.text
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


@pytest.mark.parametrize(
    "query",
    ["from=2026-01-05T00:00:00Z&to=2026-01-05T00:00:00.123456789-05:30", "limit=500", "limit=1"],
)
async def test_a_plain_parameter_is_taken(trading: Platform, query: str) -> None:
    token = trading.trader_token(await trading.open_account())
    answer = await trading.client.get(f"/v1/orders?{query}", headers=trading.headers(token))
    assert answer.status_code == 200, answer.text


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
DOCUMENTS = st.dictionaries(
    st.sampled_from([*ORDER, *AMOUNTS, "client_order_id"]) | st.text(max_size=5),
    SCALARS | st.sampled_from([*ORDER.values(), "SELL", "MARKET"]) | st.lists(SCALARS, max_size=2),
    max_size=9,
)


@settings(max_examples=500, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS)
def test_any_document_is_an_order_or_names_every_fault(document: dict[str, Any]) -> None:
    """Each fault listed is of a field that was sent or is missing."""
    order, problem = decoded(json.dumps(document).encode())
    if order is not None:
        assert set(document) <= set(NewOrder.__struct_fields__)
        assert order.symbol == document["symbol"]
    elif problem is not None and problem.code == "invalid-request":
        names = {escaped(name[:64]) for name in {*document, *NewOrder.__struct_fields__}}
        assert problem.errors
        assert {error.pointer for error in problem.errors} <= names
    else:
        assert problem is not None
        assert problem.code == "malformed-body"


def decoded(raw: bytes) -> tuple[NewOrder | None, ApiProblem | None]:
    try:
        return bodies.decode(raw, NewOrder), None
    except ApiProblem as problem:
        return None, problem
