"""Who may do what: every route by every role, and nobody else's account."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from http_adapter.testing import INSTRUMENT, ORDER, Platform
from tradecore.ports.token_verifier import Role

PUBLIC = {
    "/health/live",
    "/health/ready",
    "/version",
    "/problems",
    "/problems/{code}",
    "/schema",
    "/schema/swagger",
    "/schema/openapi.json",
    "/schema/openapi.yaml",
    "/schema/openapi.yml",
    "/schema/{path}",
    "/schema/assets/{name}",
}

FUNDING = {"asset": "USDT", "amount": "1", "reason": "r"}
FREEZE = {"scope": "PLATFORM", "reason": "r"}
BODIES: dict[str, Any] = {
    "PlaceOrder": ORDER,
    "PreviewOrder": ORDER,
    "CancelOrder": None,
    "ReplaceOrder": {"price": "49000"},
    "OpenAccount": {"name": "n"},
    "ChangeAccount": {"state": "SUSPENDED", "reason": "r"},
    "CreditAccount": FUNDING,
    "DebitAccount": FUNDING,
    "BookOpening": FUNDING,
    "PutDefaultLimits": {},
    "PutLimits": {},
    "PutDefaultFees": {"maker": "0", "taker": "0"},
    "PutFees": {"maker": "0", "taker": "0"},
    "Freeze": FREEZE,
    "Unfreeze": FREEZE,
    "PutInstrument": INSTRUMENT,
    "ChangeInstrument": {"state": "HALT"},
    "CatchUp": {},
}
OF_EVERYBODY = {  # the same for every account
    "ListInstruments",
    "GetInstrument",
    "GetQuote",
    "GetBook",
    "ListMarketTrades",
    "ListCandles",
}
ANY_ID = "00000000-0000-7000-8000-00000000beef"


def routes(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """Yield (method, path template, handler) of everything that the router knows."""
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            for method in sorted(handler.http_methods):
                if method != "OPTIONS":
                    yield method, getattr(route, "path_format", route.path), handler


def filled(path: str, **ids: str) -> str:
    known = {"account_id": ANY_ID, "order_id": ANY_ID, "symbol": "BTCUSDT", "client_order_id": "x"}
    return path.format(**(known | ids))


def test_every_route_has_roles_or_is_listed_as_public(platform: Platform) -> None:
    for method, path, handler in routes(platform.app):
        roles = handler.opt.get("roles") if hasattr(handler, "opt") else None
        layered = next(
            (layer.opt["roles"] for layer in handler.ownership_layers if layer.opt.get("roles")),
            None,
        )
        if path in PUBLIC:
            assert method == "GET"
            assert not layered, path
        else:
            assert layered, path
            assert roles == layered
            assert path.startswith("/v1/")


async def test_every_route_by_every_role(trading: Platform) -> None:
    account = await trading.open_account()
    tokens = {
        None: None,
        "stranger": trading.issuer.issue("s", roles=["offline_access"], account_ids=[account]),
        **{role: trading.issuer.issue("x", roles=[role], account_ids=[account]) for role in Role},
    }
    seen = set()
    for method, path, handler in routes(trading.app):
        if path in PUBLIC:
            continue
        operation = str(handler.operation_id)
        assert operation not in seen
        seen.add(operation)
        allowed = {
            role for layer in handler.ownership_layers for role in layer.opt.get("roles", ())
        }
        for role, token in tokens.items():
            headers = {} if token is None else trading.headers(token, f"{operation}-{role}")
            answer = await trading.client.request(
                method,
                filled(path, account_id=account),
                headers=headers,
                json=BODIES.get(operation),
            )
            where = (operation, role, answer.text)
            if role is None:
                assert answer.status_code == 401, where
            elif role not in allowed:
                assert answer.status_code == 403, where
                assert answer.json()["type"] == "/problems/forbidden"
            else:
                assert answer.status_code not in (401, 403, 405), where
                assert answer.status_code < 500, where


def test_the_matrix_knows_a_body_for_every_write(platform: Platform) -> None:
    for method, path, handler in routes(platform.app):
        if method != "GET" and path not in PUBLIC:
            assert str(handler.operation_id) in BODIES


def without_correlation(text: str) -> Any:
    problem = json.loads(text)
    problem.pop("correlation_id", None)
    return problem


async def test_no_route_shows_another_accounts_things(trading: Platform) -> None:
    """Every customer route, asked by B for what is A's: as if it were not there."""
    a, b = await trading.open_account("A"), await trading.open_account("B")
    token_a, token_b = trading.trader_token(a), trading.trader_token(b)
    placed = await trading.client.post(
        "/v1/orders",
        json=ORDER | {"client_order_id": "of-a"},
        headers=trading.headers(token_a, "k"),
    )
    order_id = placed.json()["order_id"]
    await trading.credit(a, "BTC", "0.5")
    ours = {a, order_id, "of-a"}

    for method, path, handler in routes(trading.app):
        if not path.startswith("/v1/") or path.startswith(("/v1/admin", "/v1/compliance")):
            continue
        operation = str(handler.operation_id)
        body = BODIES.get(operation)
        mine = filled(path, order_id=order_id, client_order_id="of-a")
        absent = filled(path, order_id=ANY_ID, client_order_id="absent")
        answer = await trading.client.request(
            method, mine, json=body, headers=trading.headers(token_b, f"b-{operation}")
        )
        assert b in answer.text or not any(one in answer.text for one in ours - {order_id, "of-a"})
        if mine != absent:
            nothing = await trading.client.request(
                method, absent, json=body, headers=trading.headers(token_b, f"b-{operation}-0")
            )
            assert answer.status_code == nothing.status_code == 404, operation
            assert answer.text.replace(order_id, ANY_ID).replace("of-a", "absent").count(
                ANY_ID
            ) == nothing.text.count(ANY_ID)
            assert set(without_correlation(answer.text)) == set(without_correlation(nothing.text))
        else:
            assert a not in answer.text, operation
            assert order_id not in answer.text, operation
        # Naming A's account with B's token is naming nothing.
        for named in (a, ANY_ID):
            foreign = await trading.client.request(
                method,
                mine,
                json=body,
                headers=trading.headers(token_b, f"b-{operation}-1", X_Account_Id=named),
            )
            if operation not in OF_EVERYBODY:
                assert foreign.status_code == 404, operation
                assert foreign.json()["type"] == "/problems/unknown-account"

    assert trading.store.tables.orders[order_id].status == "PENDING_NEW"


async def test_another_accounts_filter_and_cursor_show_nothing(trading: Platform) -> None:
    a, b = await trading.open_account("A"), await trading.open_account("B")
    token_a, token_b = trading.trader_token(a), trading.trader_token(b)
    for number in range(3):
        await trading.client.post(
            "/v1/orders", json=ORDER, headers=trading.headers(token_a, f"k{number}")
        )
    page = await trading.client.get("/v1/orders?limit=1", headers=trading.headers(token_a))
    cursor = page.json()["next_cursor"]
    assert cursor
    for query in (
        {"cursor": cursor},
        {"status": "open"},
        {"symbol": "BTCUSDT"},
    ):
        answer = await trading.client.get(
            "/v1/orders", params=query, headers=trading.headers(token_b)
        )
        assert answer.status_code == 200
        assert answer.json()["items"] == []
    order_id = page.json()["items"][0]["order_id"]
    executions = await trading.client.get(
        "/v1/executions", params={"order_id": order_id}, headers=trading.headers(token_b)
    )
    assert executions.json()["items"] == []


async def test_a_token_for_several_accounts_names_one(trading: Platform) -> None:
    a, b = await trading.open_account("A", "10"), await trading.open_account("B", "20")
    token = trading.trader_token(a, b)
    answer = await trading.client.get("/v1/balances", headers=trading.headers(token))
    assert answer.status_code == 400
    assert answer.json()["type"] == "/problems/account-required"
    for account, available in ((a, "10"), (b, "20")):
        answer = await trading.client.get(
            "/v1/balances", headers=trading.headers(token, X_Account_Id=account)
        )
        assert answer.json()["items"][0]["available"] == available


async def test_a_trader_without_accounts_may_do_nothing(platform: Platform) -> None:
    token = platform.issuer.issue("ada", roles=["trader"])
    answer = await platform.client.get("/v1/balances", headers=platform.headers(token))
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path", ["/v1/orders/x", "/v1/orders/%00", "/v1/orders/..", "/v1/orders/1/events"]
)
async def test_what_is_no_id_names_nothing(trading: Platform, path: str) -> None:
    token = trading.trader_token(await trading.open_account())
    answer = await trading.client.get(path, headers=trading.headers(token))
    assert answer.status_code == 404
