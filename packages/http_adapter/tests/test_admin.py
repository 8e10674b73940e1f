"""What administrators do, and what the audit log says of it."""

from http_adapter.testing import INSTRUMENT, ORDER, Platform

REASON = {"reason": "because"}


async def test_credit_and_debit_move_money_once(trading: Platform) -> None:
    account = await trading.open_account(usdt=None)
    body = {"asset": "USDT", "amount": "250.50"} | REASON
    first = await trading.admin("POST", f"/accounts/{account}/credit", body, key="c1")
    again = await trading.admin("POST", f"/accounts/{account}/credit", body, key="c1")
    assert first == again
    assert first["available"] == "250.5"
    after = await trading.admin("POST", f"/accounts/{account}/debit", body, key="d1")
    assert after["available"] == "0"


async def test_a_key_is_good_for_one_account_only(trading: Platform) -> None:
    a, b = await trading.open_account("A", None), await trading.open_account("B", None)
    body = {"asset": "USDT", "amount": "1"} | REASON
    await trading.admin("POST", f"/accounts/{a}/credit", body, key="same")
    other = await trading.client.post(
        f"/v1/admin/accounts/{b}/credit",
        json=body,
        headers=trading.headers(trading.admin_token, "same"),
    )
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/idempotency-key-reused"


async def test_what_the_treasury_cannot_back_is_refused(trading: Platform) -> None:
    account = await trading.open_account(usdt=None)
    answer = await trading.client.post(
        f"/v1/admin/accounts/{account}/credit",
        json={"asset": "USDT", "amount": "100000001"} | REASON,
        headers=trading.headers(trading.admin_token, "k"),
    )
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/treasury-exceeded"


async def test_amounts_of_administrators_are_checked_like_any(trading: Platform) -> None:
    account = await trading.open_account(usdt=None)
    for path in (f"/accounts/{account}/credit", f"/accounts/{account}/debit", "/treasury/openings"):
        for amount in ("-1", "0", "1e3", "NaN", 1, "0.000000001", "\uff11"):
            answer = await trading.client.post(
                f"/v1/admin{path}",
                json={"asset": "USDT", "amount": amount} | REASON,
                headers=trading.headers(trading.admin_token, "k"),
            )
            assert answer.status_code == 400, (path, amount, answer.text)
            assert answer.json()["errors"][0]["pointer"] == "/amount"


async def test_an_opening_is_a_balanced_entry(trading: Platform) -> None:
    entry = await trading.admin(
        "POST", "/treasury/openings", {"asset": "BTC", "amount": "2"} | REASON
    )
    assert entry["kind"] == "opening"
    assert {line["ledger_account"]: line["amount"] for line in entry["postings"]} == {
        "venue:binance": "-2",
        "treasury": "2",
    }


async def test_a_suspended_account_cannot_trade_until_it_is_resumed(trading: Platform) -> None:
    account = await trading.open_account()
    token = trading.trader_token(account)
    path = f"/accounts/{account}"
    suspended = await trading.admin("PATCH", path, {"state": "SUSPENDED"} | REASON)
    assert suspended["state"] == "SUSPENDED"
    assert (await trading.admin("GET", path))["state"] == "SUSPENDED"
    own = await trading.client.get("/v1/account", headers=trading.headers(token))
    assert own.json()["state"] == "SUSPENDED"
    refused = await trading.client.post(
        "/v1/orders", json=ORDER, headers=trading.headers(token, "k1")
    )
    assert [error["rule"] for error in refused.json()["errors"]] == ["freeze"]
    assert (await trading.admin("PATCH", path, {"state": "ACTIVE"} | REASON))["state"] == "ACTIVE"
    accepted = await trading.client.post(
        "/v1/orders", json=ORDER, headers=trading.headers(token, "k2")
    )
    assert accepted.status_code == 202


async def test_a_repeated_suspension_reads_the_same(trading: Platform) -> None:
    account = await trading.open_account()
    change = {"state": "SUSPENDED"} | REASON
    first = await trading.admin("PATCH", f"/accounts/{account}", change, key="k")
    await trading.admin("PATCH", f"/accounts/{account}", {"state": "ACTIVE"} | REASON)
    assert await trading.admin("PATCH", f"/accounts/{account}", change, key="k") == first
    assert (await trading.admin("GET", f"/accounts/{account}"))["state"] == "ACTIVE"


async def test_accounts_are_listed_and_the_house_is_not_one(trading: Platform) -> None:
    opened = [await trading.open_account(name) for name in ("A", "B", "C")]
    page = await trading.admin("GET", "/accounts?limit=2&sort=created_at")
    rest = await trading.admin(
        "GET", f"/accounts?limit=2&sort=created_at&cursor={page['next_cursor']}"
    )
    assert [one["account_id"] for one in page["items"] + rest["items"]] == opened
    house = "00000000-0000-7000-8000-000000000000"
    for method, path in (("GET", ""), ("GET", "/limits"), ("PUT", "/limits")):
        answer = await trading.client.request(
            method,
            f"/v1/admin/accounts/{house}{path}",
            json={} if method == "PUT" else None,
            headers=trading.headers(trading.admin_token),
        )
        assert answer.status_code == 404


async def test_limits_hold_from_the_default_to_the_accounts_own(trading: Platform) -> None:
    account = await trading.open_account()
    token = trading.trader_token(account)
    assert (await trading.admin("GET", f"/accounts/{account}/limits"))["source"] == "BUILT_IN"
    await trading.admin("PUT", "/limits/default", {"max_open_orders": 1})
    assert (await trading.admin("GET", f"/accounts/{account}/limits"))["source"] == "DEFAULT"
    limits = {"max_order_notional": "499.99", "duplicate_window_seconds": 5, "price_band": None}
    own = await trading.admin("PUT", f"/accounts/{account}/limits", limits)
    assert own["source"] == "ACCOUNT"
    assert own == await trading.admin("GET", f"/accounts/{account}/limits")
    assert own["max_open_orders"] is None
    refused = await trading.client.post(
        "/v1/orders", json=ORDER, headers=trading.headers(token, "k1")
    )
    assert [error["rule"] for error in refused.json()["errors"]] == ["max-order-notional"]


async def test_own_limits_tell_what_is_used(trading: Platform) -> None:
    account = await trading.open_account()
    token = trading.trader_token(account)
    await trading.client.post("/v1/orders", json=ORDER, headers=trading.headers(token, "k1"))
    own = (await trading.client.get("/v1/limits", headers=trading.headers(token))).json()
    assert own["used"] == {"open_orders": 1, "daily_notional": "500", "orders_this_second": 1}
    assert own["fees"] == {"source": "BUILT_IN", "maker": "0", "taker": "0"}


async def test_fees_above_the_whole_are_refused(trading: Platform) -> None:
    answer = await trading.client.put(
        "/v1/admin/fees",
        json={"maker": "0.001", "taker": "1.5"},
        headers=trading.headers(trading.admin_token),
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/taker"
    account = await trading.open_account()
    own = await trading.admin(
        "PUT", f"/accounts/{account}/fees", {"maker": "0.001", "taker": "0.002"}
    )
    assert own == {"source": "ACCOUNT", "maker": "0.001", "taker": "0.002"}
    assert own == await trading.admin("GET", f"/accounts/{account}/fees")
    assert (await trading.admin("GET", "/fees"))["source"] == "BUILT_IN"


async def test_freezes_are_set_listed_and_lifted(trading: Platform) -> None:
    await trading.admin("POST", "/freeze", {"scope": "SYMBOL", "target": "BTCUSDT"} | REASON)
    await trading.admin("POST", "/freeze", {"scope": "PLATFORM", "mode": "REDUCE_ONLY"} | REASON)
    listed = (await trading.admin("GET", "/freeze"))["items"]
    assert {(one["scope"], one["mode"]) for one in listed} == {
        ("SYMBOL", "HALT"),
        ("PLATFORM", "REDUCE_ONLY"),
    }
    assert listed[0]["frozen_by"] == "alice"
    await trading.admin("POST", "/unfreeze", {"scope": "SYMBOL", "target": "BTCUSDT"} | REASON)
    assert len((await trading.admin("GET", "/freeze"))["items"]) == 1
    for body, status in (
        ({"scope": "SYMBOL", "target": "BTCUSDT"}, 404),
        ({"scope": "SYMBOL", "target": "x"}, 404),
        ({"scope": "ACCOUNT", "target": "x"}, 404),
        ({"scope": "PLATFORM", "target": "x"}, 400),
    ):
        answer = await trading.client.post(
            "/v1/admin/unfreeze",
            json=body | REASON,
            headers=trading.headers(trading.admin_token, trading.services.ids.new_id()),
        )
        assert answer.status_code == status, answer.text


async def test_instruments_are_offered_and_closed(trading: Platform) -> None:
    offered = await trading.admin("PUT", "/instruments/ETHUSDT", INSTRUMENT | {"base_asset": "ETH"})
    assert offered["state"] == "TRADING"
    assert offered["price_filter"]["tick_size"] == "0.01"
    closed = await trading.admin("PATCH", "/instruments/ETHUSDT", {"state": "HALT"})
    assert closed == offered | {"state": "HALT"}
    listed = (await trading.admin("GET", "/instruments"))["items"]
    assert [one["symbol"] for one in listed] == ["BTCUSDT", "ETHUSDT"]
    again = await trading.admin(
        "PUT",
        "/instruments/ETHUSDT",
        {name: value for name, value in offered.items() if name != "symbol"},
    )
    assert again == offered


async def test_faults_inside_an_instrument_are_pointed_at(trading: Platform) -> None:
    answer = await trading.client.put(
        "/v1/admin/instruments/ETHUSDT",
        json=INSTRUMENT
        | {
            "base_asset": "ETH",
            "price_filter": {"tick_size": "NaN", "tick": "1"},
            "order_types": ["LIMIT", "X"],
            "base_scale": 19,
        },
        headers=trading.headers(trading.admin_token),
    )
    assert answer.status_code == 400
    assert {error["pointer"] for error in answer.json()["errors"]} == {
        "/price_filter/tick_size",
        "/price_filter/tick",
        "/order_types/1",
        "/base_scale",
    }


async def test_a_scale_cannot_change(trading: Platform) -> None:
    answer = await trading.client.put(
        "/v1/admin/instruments/BTCUSDT",
        json=INSTRUMENT | {"base_scale": 7},
        headers=trading.headers(trading.admin_token),
    )
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/base_scale"


async def test_the_audit_log_tells_who_did_what(trading: Platform) -> None:
    account = await trading.open_account(usdt=None)
    await trading.client.post(
        f"/v1/admin/accounts/{account}/credit",
        json={"asset": "USDT", "amount": "5"} | REASON,
        headers=trading.headers(trading.admin_token, "k", X_Correlation_Id="conversation"),
    )
    officer = trading.issuer.issue("olga", roles=["compliance"])
    answer = await trading.client.get(
        "/v1/compliance/audit",
        params={"action": "credit_account"},
        headers=trading.headers(officer),
    )
    (line,) = answer.json()["items"]
    assert line["actor"] == "alice"
    assert line["account_id"] == account
    assert line["reason"] == "because"
    assert line["correlation_id"] == "conversation"
    assert line["after"]["available"] == "5"


async def test_positions_are_marked_at_the_bid(trading: Platform) -> None:
    account = await trading.open_account(usdt=None)
    token = trading.trader_token(account)
    await trading.credit(account, "BTC", "0.5")
    (position,) = (
        await trading.client.get("/v1/positions", headers=trading.headers(token))
    ).json()["items"]
    assert position == {
        "asset": "BTC",
        "quote_asset": "USDT",
        "quantity": "0.5",
        "cost": "25000",
        "average_cost": "50000",
        "realised_profit": "0",
        "mark_price": "50000",
        "market_value": "25000",
        "unrealised_profit": "0",
    }
    trading.prices.drop("BTCUSDT")
    (position,) = (
        await trading.client.get("/v1/positions", headers=trading.headers(token))
    ).json()["items"]
    assert position["mark_price"] is None
    assert position["unrealised_profit"] is None
    quote = await trading.client.get("/v1/market/BTCUSDT/quote", headers=trading.headers(token))
    assert quote.status_code == 409


async def test_own_ledger_and_market_are_read(trading: Platform) -> None:
    account = await trading.open_account(usdt="5")
    headers = trading.headers(trading.trader_token(account))
    ledger = (await trading.client.get("/v1/ledger?asset=USDT", headers=headers)).json()
    (line,) = ledger["items"]
    assert (line["kind"], line["amount"]) == ("deposit", "5")
    assert line["ledger_account"] == f"client:{account}"
    quote = (await trading.client.get("/v1/market/BTCUSDT/quote", headers=headers)).json()
    assert (quote["bid"], quote["ask"]) == ("50000", "50010")
    assert quote["age_milliseconds"] >= 0
    instrument = (await trading.client.get("/v1/instruments/BTCUSDT", headers=headers)).json()
    assert instrument["notional"]["min_notional"] == "5"
    assert (await trading.client.get("/v1/executions", headers=headers)).json()["items"] == []
