"""Orders through HTTP: accepted, refused, replayed, read, canceled."""

import asyncio
import json
from decimal import Decimal

from http_adapter.testing import ORDER, Platform
from tradecore.application.commands.open_attempt import OpenAttempt
from tradecore.application.commands.record_report import RecordReport
from tradecore.domain.ids import CommandId, OrderId


async def test_order_is_accepted_and_its_money_reserved(trading: Platform) -> None:
    account = await trading.open_account(usdt="1000")
    token = trading.trader_token(account)

    answer = await trading.client.post(
        "/v1/orders", json=ORDER, headers=trading.headers(token, "k1")
    )

    assert answer.status_code == 202, answer.text
    order = answer.json()
    assert order["status"] == "PENDING_NEW"
    assert (order["quantity"], order["price"]) == ("0.01", "50000")
    assert order["created_at"].endswith("Z")
    assert len(order["created_at"]) == len("2026-01-05T12:00:00.000000Z")
    balances = (await trading.client.get("/v1/balances", headers=trading.headers(token))).json()
    assert balances["items"] == [
        {"asset": "USDT", "available": "500", "reserved": "500", "total": "1000", "owed": "0"}
    ]


async def test_repeat_gets_the_first_answer_byte_for_byte(trading: Platform) -> None:
    token = trading.trader_token(await trading.open_account())
    headers = trading.headers(token, "k1")
    first = await trading.client.post("/v1/orders", json=ORDER, headers=headers)
    again = await trading.client.post("/v1/orders", json=ORDER, headers=headers)

    assert again.content == first.content
    assert again.status_code == 202
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert len(trading.store.tables.orders) == 1


async def test_repeated_refusal_is_the_first_refusal(trading: Platform) -> None:
    token = trading.trader_token(await trading.open_account(usdt="1"))
    headers = trading.headers(token, "k1")
    first = await trading.client.post("/v1/orders", json=ORDER, headers=headers)
    again = await trading.client.post("/v1/orders", json=ORDER, headers=headers)

    assert first.status_code == 422
    assert first.headers["Content-Type"] == "application/problem+json"
    problem = first.json()
    assert problem["type"] == "/problems/order-refused"
    assert problem["instance"] == "/v1/orders"
    assert [error["rule"] for error in problem["errors"]] == ["insufficient-funds"]
    assert again.content == first.content
    assert again.headers["Idempotency-Replayed"] == "true"
    assert problem["correlation_id"] == first.headers["X-Correlation-Id"]
    assert again.headers["X-Correlation-Id"] != first.headers["X-Correlation-Id"]


async def test_every_reason_is_told(trading: Platform) -> None:
    token = trading.trader_token(await trading.open_account(usdt="1"))
    body = ORDER | {"price": "99999.999", "quantity": "0.000011"}
    answer = await trading.client.post(
        "/v1/orders", json=body, headers=trading.headers(token, "k1")
    )
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert {error["rule"] for error in errors} >= {"PRICE_FILTER", "LOT_SIZE", "price-band"}
    assert {error.get("pointer") for error in errors} >= {"/price", "/quantity"}


async def test_key_with_another_body_is_refused(trading: Platform) -> None:
    token = trading.trader_token(await trading.open_account())
    headers = trading.headers(token, "k1")
    await trading.client.post("/v1/orders", json=ORDER, headers=headers)
    other = await trading.client.post(
        "/v1/orders", json=ORDER | {"quantity": "0.02"}, headers=headers
    )
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"


async def test_one_key_fifty_times_at_once_is_one_order(trading: Platform) -> None:
    token = trading.trader_token(await trading.open_account())
    headers = trading.headers(token, "k1")
    answers = await asyncio.gather(
        *(trading.client.post("/v1/orders", json=ORDER, headers=headers) for _ in range(50))
    )
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert len([one for one in answers if "Idempotency-Replayed" not in one.headers]) == 1
    assert len(trading.store.tables.orders) == 1


async def test_order_needs_a_key(trading: Platform) -> None:
    token = trading.trader_token(await trading.open_account())
    answer = await trading.client.post("/v1/orders", json=ORDER, headers=trading.headers(token))
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/idempotency-key-required"


async def test_keys_of_two_accounts_do_not_meet(trading: Platform) -> None:
    for name in ("Ada", "Ben"):
        token = trading.trader_token(await trading.open_account(name))
        answer = await trading.client.post(
            "/v1/orders", json=ORDER, headers=trading.headers(token, "same")
        )
        assert answer.status_code == 202
        assert "Idempotency-Replayed" not in answer.headers


async def test_preview_tells_the_figures_and_keeps_nothing(trading: Platform) -> None:
    token = trading.trader_token(await trading.open_account(usdt="1000"))
    await trading.admin("PUT", "/fees", {"maker": "0.001", "taker": "0.002"})
    commands = len(trading.store.tables.commands)

    answer = await trading.client.post(
        "/v1/orders/preview", json=ORDER, headers=trading.headers(token)
    )

    assert answer.status_code == 200, answer.text
    preview = answer.json()
    assert preview["accepted"] is True
    assert (preview["reserved_asset"], preview["reserved_amount"]) == ("USDT", "500")
    assert preview["notional"] == "500"
    assert (preview["estimated_fee"], preview["fee_asset"]) == ("0.00002", "BTC")
    assert len(trading.store.tables.commands) == commands
    assert not trading.store.tables.orders


async def test_preview_of_what_would_be_refused_lists_the_reasons(trading: Platform) -> None:
    token = trading.trader_token(await trading.open_account(usdt="1"))
    body = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quote_quantity": "100"}
    answer = await trading.client.post(
        "/v1/orders/preview", json=body, headers=trading.headers(token)
    )
    assert answer.status_code == 200
    assert answer.json()["accepted"] is False
    assert [one["rule"] for one in answer.json()["reasons"]] == ["insufficient-funds"]


async def test_cancel_before_sending_ends_the_order(trading: Platform) -> None:
    token = trading.trader_token(await trading.open_account())
    placed = await trading.client.post(
        "/v1/orders",
        json=ORDER | {"client_order_id": "mine"},
        headers=trading.headers(token, "k1"),
    )
    path = f"/v1/orders/{placed.json()['order_id']}"
    canceled = await trading.client.post(f"{path}/cancel", headers=trading.headers(token))
    assert canceled.status_code == 202, canceled.text
    assert canceled.json()["status"] == "CANCELED"

    read = await trading.client.get(path, headers=trading.headers(token))
    assert read.json()["status"] == "CANCELED"
    named = await trading.client.get(
        "/v1/orders/by-client-order-id/mine", headers=trading.headers(token)
    )
    assert named.json() == read.json()
    events = await trading.client.get(f"{path}/events", headers=trading.headers(token))
    assert [event["trigger"] for event in events.json()["items"]] == ["SUBMIT", "CANCEL"]

    again = await trading.client.post(f"{path}/cancel", headers=trading.headers(token))
    assert again.status_code == 409
    assert again.json()["type"] == "/problems/order-already-terminal"


async def test_a_resting_order_is_replaced_under_its_own_id(trading: Platform) -> None:
    account_id = await trading.open_account()
    token = trading.trader_token(account_id)
    placed = await trading.client.post(
        "/v1/orders", json=ORDER, headers=trading.headers(token, "k1")
    )
    path = f"/v1/orders/{placed.json()['order_id']}/replace"
    early = await trading.client.post(
        path, json={"price": "49000"}, headers=trading.headers(token, "k2")
    )
    assert (early.status_code, early.json()["type"]) == (409, "/problems/order-not-replaceable")
    await acknowledge(trading, placed.json()["order_id"])

    for body, pointer in (
        ({}, "/price"),
        ({"price": "0"}, "/price"),
        ({"quantity": "1e5"}, "/quantity"),
        ({"side": "SELL"}, "/side"),
    ):
        bad = await trading.client.post(path, json=body, headers=trading.headers(token, "bad"))
        assert bad.status_code == 400, bad.text
        assert [one["pointer"] for one in bad.json()["errors"]] == [pointer]

    wish = {"quantity": "0.02", "price": "49000"}
    replaced = await trading.client.post(path, json=wish, headers=trading.headers(token, "k3"))
    assert replaced.status_code == 202, replaced.text
    assert replaced.json()["order_id"] == placed.json()["order_id"]
    assert replaced.json()["status"] == "PENDING_REPLACE"
    again = await trading.client.post(path, json=wish, headers=trading.headers(token, "k3"))
    assert again.content == replaced.content
    other = trading.trader_token(await trading.open_account())
    foreign = await trading.client.post(path, json=wish, headers=trading.headers(other, "k4"))
    assert foreign.status_code == 404


async def acknowledge(trading: Platform, order_id: str) -> None:
    """Send the order's first child, and let the venue take it."""
    head = {"correlation_id": "test", "actor": "test"}
    ids = trading.services.ids
    await trading.services.executor.execute(
        OpenAttempt(command_id=CommandId(ids.new_id()), order_id=OrderId(order_id), **head)
    )
    await trading.services.executor.execute(
        RecordReport(
            command_id=CommandId(ids.new_id()),
            order_id=OrderId(order_id),
            child=1,
            venue_order_id=101,
            filled_quantity=Decimal(0),
            outcome=None,
            **head,
        )
    )


async def test_lists_are_paged_and_filtered(trading: Platform) -> None:
    token = trading.trader_token(await trading.open_account())
    headers = trading.headers(token)
    ids = []
    for number in range(5):
        placed = await trading.client.post(
            "/v1/orders", json=ORDER, headers=trading.headers(token, f"k{number}")
        )
        ids.append(placed.json()["order_id"])
    seen, cursor = [], None
    while True:
        query = {"limit": "2", "sort": "created_at"} | ({"cursor": cursor} if cursor else {})
        page = (await trading.client.get("/v1/orders", params=query, headers=headers)).json()
        seen += [order["order_id"] for order in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids

    for query, count in (
        ({"status": "open"}, 5),
        ({"status": "closed"}, 0),
        ({"symbol": "ETHUSDT"}, 0),
        ({"side": "BUY"}, 5),
        ({"from": "2020-01-01T00:00:00Z", "to": "2021-01-01T00:00:00Z"}, 0),
    ):
        page = await trading.client.get("/v1/orders", params=query, headers=headers)
        assert len(page.json()["items"]) == count, query


async def test_a_bad_parameter_is_named(trading: Platform) -> None:
    token = trading.trader_token(await trading.open_account())
    for query, name in (
        ({"limit": "0"}, "limit"),
        ({"limit": "501"}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"sort": "price"}, "sort"),
        ({"status": "OPEN"}, "status"),
        ({"side": "buy"}, "side"),
        ({"from": "yesterday"}, "from"),
        ({"from": "2020-01-01T00:00:00"}, "from"),
        ({"from": "0001-01-01T00:00:00+14:00"}, "from"),
        ({"to": "2020-01-01T00:00:00+99:99"}, "to"),
        ({"cursor": "!"}, "cursor"),
        ({"symbol": "BTC\u0000"}, "symbol"),
        ({"symobl": "BTCUSDT"}, "symobl"),
        ({"account_id": "x"}, "account_id"),
    ):
        answer = await trading.client.get(
            "/v1/orders", params=query, headers=trading.headers(token)
        )
        assert answer.status_code == 400, (query, answer.text)
        problem = answer.json()
        assert name in json.dumps(problem), (query, problem)


async def test_orders_are_counted(trading: Platform) -> None:
    token = trading.trader_token(await trading.open_account(usdt="600"))
    for key in ("k1", "k1", "k2"):
        await trading.client.post("/v1/orders", json=ORDER, headers=trading.headers(token, key))
    exposition = trading.metrics.exposition().decode()
    assert 'orders_accepted_total{type="LIMIT"} 1.0' in exposition
    assert 'orders_refused_total{rule="insufficient-funds"} 1.0' in exposition
    assert 'http_requests_total{method="POST",route="/v1/orders",status="202"} 2.0' in exposition
