"""Points 14 to 29 of the conformance list: orders, filters, money; on raw HTTP."""

from decimal import Decimal
from typing import Any, Final

import attrs
import pytest

from binance_sim.engine.commission import CommissionRates, Rate
from binance_sim.engine.symbols import (
    BTCUSDT,
    LotSize,
    MaxNumAlgoOrders,
    MaxNumOrders,
    SymbolRules,
    complete,
)
from binance_sim.engine.vocabulary import Side
from binance_sim.testing import build_exchange, with_stp_none
from binance_sim.wire.limits import Limits
from binance_sim.wire.testing import SocketClient, World, running

BTC: Final = {"symbol": "BTCUSDT"}
LIMIT: Final = {**BTC, "type": "LIMIT", "timeInForce": "GTC"}
D = Decimal


def quote_market(world: World, *, bid: str = "", ask: str = "", quantity: str = "1") -> None:
    """Let the market stand at these prices."""
    for side, price in ((Side.BUY, bid), (Side.SELL, ask)):
        if price:
            world.exchange.set_liquidity(
                "BTCUSDT", side, D(price), D(quantity), world.server.time.now_us()
            )


def trade_at(world: World, price: str) -> None:
    """Let the market trade with itself."""
    now_us = world.server.time.now_us()
    world.exchange.trade_market("BTCUSDT", D(price), D("0.01"), now_us, is_buyer_maker=False)


async def free(world: World, asset: str) -> tuple[Decimal, Decimal]:
    body = (await world.alice.signed("GET", "account")).body
    row = next(each for each in body["balances"] if each["asset"] == asset)
    return D(row["free"]), D(row["locked"])


async def reports(socket: SocketClient) -> list[dict[str, Any]]:
    """Return the reports that have come since the last time."""
    await socket.call("ping")
    found = [each["event"] for each in socket.events]
    socket.events.clear()
    return [each for each in found if each["e"] == "executionReport"]


async def test_conformance_14_price_then_time_at_the_makers_price(world: World) -> None:
    for name, price in (("late", "50010"), ("first", "50000"), ("second", "50000")):
        await world.bob.order("SELL", "0.1", price, newClientOrderId=name)

    body = (await world.alice.order("BUY", "0.15", "50010")).body

    assert [fill["price"] for fill in body["fills"]] == ["50000.00000000", "50000.00000000"]
    assert [fill["tradeId"] for fill in body["fills"]] == [1, 2]
    first = await world.bob.signed("GET", "order", origClientOrderId="first", **BTC)
    second = await world.bob.signed("GET", "order", origClientOrderId="second", **BTC)
    assert (first.body["status"], second.body["status"]) == ("FILLED", "PARTIALLY_FILLED")


async def test_conformance_15_client_ids(world: World) -> None:
    nameless = (await world.alice.order("BUY", "0.1", "50000")).body
    named = await world.alice.order("BUY", "0.1", "50000", newClientOrderId="mine")
    again = await world.alice.order("BUY", "0.1", "50000", newClientOrderId="mine")
    await world.alice.signed("DELETE", "order", origClientOrderId="mine", **BTC)
    later = await world.alice.order("BUY", "0.1", "50000", newClientOrderId="mine")
    illegal = await world.alice.order("BUY", "0.1", "50000", newClientOrderId="a b")

    assert nameless["clientOrderId"]
    assert (named.status, later.status) == (200, 200)
    assert again.body == {"code": -2010, "msg": "Duplicate order sent."}
    assert "^[a-zA-Z0-9-_]{1,36}$" in illegal.body["msg"]


async def test_conformance_16_lookup_by_either_both_or_neither(world: World) -> None:
    order_id = (await world.alice.order("BUY", "0.1", "50000", newClientOrderId="a")).body[
        "orderId"
    ]
    await world.alice.order("BUY", "0.1", "50000", newClientOrderId="b")

    async def code(**ids: object) -> object:
        answer = await world.alice.signed("GET", "order", **BTC, **ids)
        return answer.body.get("code", 200)

    assert await code(orderId=order_id) == 200
    assert await code(origClientOrderId="a") == 200
    assert await code(orderId=order_id, origClientOrderId="a") == 200
    assert await code(orderId=order_id, origClientOrderId="b") == -2039
    assert await code() == -1102
    assert await code(orderId=99) == -2013


async def test_conformance_17_a_cancel_has_an_id_of_its_own(world: World) -> None:
    async with world.socket() as socket:
        await socket.signed("userDataStream.subscribe.signature")
        await world.alice.order("BUY", "0.1", "50000", newClientOrderId="order-1")
        cancelled = await world.alice.signed(
            "DELETE", "order", origClientOrderId="order-1", newClientOrderId="cancel-1", **BTC
        )
        again = await world.alice.signed("DELETE", "order", origClientOrderId="order-1", **BTC)

        assert cancelled.body["origClientOrderId"] == "order-1"
        assert cancelled.body["clientOrderId"] == "cancel-1"
        told = (await reports(socket))[-1]
        assert (told["x"], told["c"], told["C"]) == ("CANCELED", "cancel-1", "order-1")
        assert again.body == {"code": -2011, "msg": "Unknown order sent."}


async def replace(world: World, order_id: int, **more: object) -> Any:
    terms = {"side": "BUY", "quantity": "0.1", "price": "49000", **LIMIT, **more}
    terms.setdefault("cancelReplaceMode", "STOP_ON_FAILURE")
    return await world.alice.signed("POST", "order/cancelReplace", cancelOrderId=order_id, **terms)


async def test_conformance_18_cancel_replace(world: World) -> None:
    order_id = (await world.alice.order("BUY", "0.1", "50000")).body["orderId"]

    both = await replace(world, order_id)
    none = await replace(world, order_id)
    half = await replace(world, order_id, cancelReplaceMode="ALLOW_FAILURE")
    world.exchange.withdraw("alice", "USDT", D(9_900_000), world.server.time.now_us())
    dear = await replace(
        world, half.body["data"]["newOrderResponse"]["orderId"], quantity="10", price="50000"
    )

    assert (both.status, both.body["cancelResult"], both.body["newOrderResult"]) == (
        200,
        "SUCCESS",
        "SUCCESS",
    )
    assert (none.status, none.body["code"]) == (400, -2022)
    assert none.body["data"]["newOrderResult"] == "NOT_ATTEMPTED"
    assert (half.status, half.body["code"]) == (409, -2021)
    assert half.body["data"]["cancelResponse"]["code"] == -2011
    assert (dear.status, dear.body["data"]["newOrderResult"]) == (409, "FAILURE")


async def test_conformance_18_cancel_replace_beyond_the_order_count() -> None:
    exchange = build_exchange(symbols=[complete(BTCUSDT)])
    async with running(exchange, limits=Limits(orders_10_seconds=1)) as world:
        order_id = (await world.alice.order("BUY", "0.1", "50000")).body["orderId"]

        nothing = await replace(world, order_id)
        only = await replace(world, order_id, orderRateLimitExceededMode="CANCEL_ONLY")

        assert (nothing.status, nothing.body["code"]) == (429, -1015)
        assert (only.status, only.body["data"]["cancelResult"]) == (429, "SUCCESS")


async def test_conformance_19_an_amendment_keeps_its_place(world: World) -> None:
    async with world.socket() as socket:
        await socket.signed("userDataStream.subscribe.signature")
        first = (await world.alice.order("BUY", "0.5", "50000")).body["orderId"]
        await world.alice.order("BUY", "0.5", "50000", newClientOrderId="behind")

        amended = await world.alice.signed(
            "PUT", "order/amend/keepPriority", orderId=first, newQty="0.2", **BTC
        )
        refused = await world.alice.signed(
            "PUT", "order/amend/keepPriority", orderId=first, newQty="0.9", **BTC
        )
        await world.bob.order("SELL", "0.2", "50000")

        assert amended.body["amendedOrder"]["qty"] == "0.20000000"
        assert refused.body["code"] == -2038
        done = await world.alice.signed("GET", "order", orderId=first, **BTC)
        assert done.body["status"] == "FILLED"
        told = [each["x"] for each in await reports(socket)]
        assert told == ["NEW", "NEW", "REPLACED", "TRADE"]
        rows = await world.alice.signed("GET", "order/amendments", orderId=first, **BTC)
        assert [(row["origQty"], row["newQty"]) for row in rows.body] == [
            ("0.50000000", "0.20000000")
        ]


@pytest.mark.parametrize(("ask", "filled"), [("", "0.00000000"), ("50000", "0.30000000")])
async def test_conformance_20_market_without_liquidity(world: World, ask: str, filled: str) -> None:
    quote_market(world, ask=ask, quantity="0.3")

    body = (
        await world.alice.signed("POST", "order", side="BUY", type="MARKET", quantity="1", **BTC)
    ).body

    assert (body["status"], body["executedQty"]) == ("EXPIRED", filled)
    assert len(body["fills"]) == (1 if ask else 0)


@pytest.mark.parametrize(("side", "quantity"), [("BUY", "0.00199"), ("SELL", "0.00200")])
async def test_conformance_21_by_quote_amount(world: World, side: str, quantity: str) -> None:
    quote_market(world, bid="50000", ask="50100")
    terms = {"side": side, "type": "MARKET", "quoteOrderQty": "100", **BTC}

    body = (await world.alice.signed("POST", "order", **terms)).body

    assert (body["status"], body["origQuoteOrderQty"]) == ("FILLED", "100.00000000")
    assert D(body["executedQty"]) == D(body["origQty"]) == D(quantity)
    assert D(body["cummulativeQuoteQty"]) <= 100  # the rest stays unspent
    assert (await free(world, "USDT"))[1] == 0


@pytest.mark.parametrize(
    ("time_in_force", "status", "reason"),
    [
        ("IOC", "EXPIRED", "UNFILLED_IOC_QUANTITY_EXPIRED"),
        ("FOK", "EXPIRED", "UNFILLED_FOK_ORDER_EXPIRED"),
    ],
)
async def test_conformance_22_times_in_force(
    world: World, time_in_force: str, status: str, reason: str
) -> None:
    quote_market(world, ask="50000", quantity="0.1")
    async with world.socket() as socket:
        await socket.signed("userDataStream.subscribe.signature")

        body = (await world.alice.order("BUY", "0.2", "50000", timeInForce=time_in_force)).body

        assert (body["status"], body["expiryReason"]) == (status, reason)
        assert D(body["executedQty"]) == (D("0.1") if time_in_force == "IOC" else 0)
        assert (await reports(socket))[-1]["eR"] == reason


async def test_conformance_22_a_limit_maker_never_takes(world: World) -> None:
    quote_market(world, ask="50000")
    terms = {"side": "BUY", "type": "LIMIT_MAKER", "quantity": "0.1", "price": "50000", **BTC}

    refused = await world.alice.signed("POST", "order", **terms)

    assert refused.body == {"code": -2010, "msg": "Order would immediately match and take."}


async def test_conformance_23_stops_wait_for_the_last_price(world: World) -> None:
    trade_at(world, "50000")
    quote_market(world, bid="48000")
    stop = {**BTC, "side": "SELL", "type": "STOP_LOSS", "quantity": "0.1"}
    placed = await world.alice.signed("POST", "order", stopPrice="49000", **stop)
    passed = await world.alice.signed("POST", "order", stopPrice="51000", **stop)
    query = {"orderId": placed.body["orderId"], **BTC}
    waiting = (await world.alice.signed("GET", "order", **query)).body
    for _ in range(4):
        await world.alice.signed("POST", "order", stopPrice="40000", **stop)
    sixth = await world.alice.signed("POST", "order", stopPrice="40000", **stop)
    trade_at(world, "49000")
    done = (await world.alice.signed("GET", "order", **query)).body

    assert placed.body.keys() == {
        "symbol",
        "orderId",
        "orderListId",
        "clientOrderId",
        "transactTime",
    }
    assert passed.body == {"code": -2010, "msg": "Order would trigger immediately."}
    assert (waiting["status"], waiting["isWorking"], waiting["stopPrice"]) == (
        "NEW",
        False,
        "49000.00000000",
    )
    assert sixth.body["msg"] == "Filter failure: MAX_NUM_ALGO_ORDERS"
    assert (done["status"], done["executedQty"]) == ("FILLED", "0.10000000")


async def test_conformance_24_one_leg_cancels_the_other(world: World) -> None:
    trade_at(world, "50000")
    oco = await world.alice.signed(
        "POST",
        "orderList/oco",
        side="SELL",
        quantity="0.1",
        aboveType="LIMIT_MAKER",
        abovePrice="51000",
        belowType="STOP_LOSS_LIMIT",
        belowPrice="48000",
        belowStopPrice="49000",
        belowTimeInForce="GTC",
        **BTC,
    )
    assert oco.body["contingencyType"] == "OCO"
    locked = (await free(world, "BTC"))[1]
    assert locked == D("0.1")  # once for both

    await world.bob.order("BUY", "0.1", "51000")

    found = (await world.alice.signed("GET", "orderList", orderListId=oco.body["orderListId"])).body
    assert (found["listStatusType"], found["listOrderStatus"]) == ("ALL_DONE", "ALL_DONE")
    legs = (await world.alice.signed("GET", "allOrders", **BTC)).body
    assert sorted(each["status"] for each in legs) == ["EXPIRED", "FILLED"]


async def test_conformance_24_a_pending_leg_waits_and_one_cancel_ends_all(world: World) -> None:
    async with world.socket() as socket:
        await socket.signed("userDataStream.subscribe.signature")
        oto = await world.alice.signed(
            "POST",
            "orderList/oto",
            workingType="LIMIT",
            workingSide="BUY",
            workingPrice="50000",
            workingQuantity="0.1",
            workingTimeInForce="GTC",
            pendingType="LIMIT",
            pendingSide="SELL",
            pendingPrice="52000",
            pendingQuantity="0.1",
            pendingTimeInForce="GTC",
            **BTC,
        )
        statuses = {row["side"]: row["status"] for row in oto.body["orderReports"]}
        assert statuses == {"BUY": "NEW", "SELL": "PENDING_NEW"}
        await socket.call("ping")
        listed = [each["event"] for each in socket.events if each["event"]["e"] == "listStatus"]
        assert [(each["c"], each["l"], each["L"]) for each in listed] == [
            ("OTO", "EXEC_STARTED", "EXECUTING")
        ]

        pending = next(row for row in oto.body["orderReports"] if row["side"] == "SELL")
        await world.alice.signed("DELETE", "order", orderId=pending["orderId"], **BTC)

        assert (await world.alice.signed("GET", "openOrders", **BTC)).body == []


@pytest.mark.parametrize(
    ("mode", "maker", "taker"),
    [
        (None, "EXPIRED_IN_MATCH", "NEW"),
        ("EXPIRE_MAKER", "EXPIRED_IN_MATCH", "NEW"),
        ("EXPIRE_TAKER", "NEW", "EXPIRED_IN_MATCH"),
        ("EXPIRE_BOTH", "EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH"),
        ("DECREMENT", "EXPIRED_IN_MATCH", "NEW"),
    ],
)
async def test_conformance_25_self_trades(
    world: World, mode: str | None, maker: str, taker: str
) -> None:
    more = {} if mode is None else {"selfTradePreventionMode": mode}
    resting = (await world.alice.order("BUY", "0.1", "50000")).body["orderId"]

    taking = (await world.alice.order("SELL", "0.2", "50000", **more)).body

    assert taking["selfTradePreventionMode"] == (mode or "EXPIRE_MAKER")
    assert taking["status"] == taker
    found = await world.alice.signed("GET", "order", orderId=resting, **BTC)
    assert found.body["status"] == maker
    rows = (await world.alice.signed("GET", "myPreventedMatches", orderId=resting, **BTC)).body
    assert [(row["makerOrderId"], row["takerOrderId"]) for row in rows] == [
        (resting, taking["orderId"])
    ]
    assert (await world.alice.signed("GET", "myTrades", **BTC)).body == []


async def test_conformance_25_none_trades_where_it_is_allowed(world: World) -> None:
    await world.alice.order("BUY", "0.1", "50000")
    refused = await world.alice.order("SELL", "0.1", "50000", selfTradePreventionMode="NONE")
    assert refused.body["code"] == -1013

    world.exchange.replace_rules(with_stp_none(world.exchange.market("BTCUSDT").rules))
    await world.alice.order("SELL", "0.1", "50000", selfTradePreventionMode="NONE")

    rows = (await world.alice.signed("GET", "myTrades", **BTC)).body
    assert [row["id"] for row in rows] == [1, 1]  # one trade, two orders
    assert {row["isBuyer"] for row in rows} == {True, False}


def with_filter(rules: SymbolRules, changed: Any) -> SymbolRules:
    kept = tuple(each for each in rules.filters if type(each) is not type(changed))
    return attrs.evolve(rules, filters=(*kept, changed))


@pytest.mark.parametrize(
    ("terms", "name"),
    [
        ({"price": "50000.001"}, "PRICE_FILTER"),
        ({"quantity": "0.000001"}, "LOT_SIZE"),
        ({"quantity": "0.00001"}, "NOTIONAL"),
        ({"price": "1000"}, "PERCENT_PRICE_BY_SIDE"),
        ({"quantity": "0.2", "icebergQty": "0.001"}, "ICEBERG_PARTS"),
    ],
)
async def test_conformance_26_filters_name_themselves(
    world: World, terms: dict[str, str], name: str
) -> None:
    trade_at(world, "50000")
    wanted = {"side": "BUY", "quantity": "0.1", "price": "50000", **LIMIT, **terms}

    refused = await world.alice.signed("POST", "order", **wanted)

    assert (refused.status, refused.body) == (
        400,
        {"code": -1013, "msg": f"Filter failure: {name}"},
    )


async def test_conformance_26_filters_change_while_orders_rest(world: World) -> None:
    order_id = (await world.alice.order("BUY", "0.1", "50000")).body["orderId"]
    rules = world.exchange.market("BTCUSDT").rules
    coarse = LotSize(min_quantity=D(1), max_quantity=D(9), step_size=D(1))
    for changed in (coarse, MaxNumOrders(limit=2), MaxNumAlgoOrders(limit=0)):
        rules = with_filter(rules, changed)
    world.exchange.replace_rules(rules)

    refused = await world.alice.order("BUY", "0.1", "50000")
    await world.alice.order("BUY", "1", "50000")
    third = await world.alice.order("BUY", "1", "50000")

    assert refused.body["msg"] == "Filter failure: LOT_SIZE"
    assert third.body["msg"] == "Filter failure: MAX_NUM_ORDERS"
    found = await world.alice.signed("GET", "order", orderId=order_id, **BTC)
    assert found.body["status"] == "NEW"


async def test_conformance_27_money_is_locked_spent_and_given_back(world: World) -> None:
    before, _ = await free(world, "USDT")
    order_id = (await world.alice.order("BUY", "0.1", "50000")).body["orderId"]
    assert await free(world, "USDT") == (before - 5000, D(5000))

    await world.bob.order("SELL", "0.04", "50000")
    assert await free(world, "USDT") == (before - 5000, D(3000))
    await world.alice.signed("DELETE", "order", orderId=order_id, **BTC)
    assert await free(world, "USDT") == (before - 2000, D(0))

    quote_market(world, ask="49000")  # a better price than the limit: the difference is free
    await world.alice.order("BUY", "0.1", "50000")
    assert await free(world, "USDT") == (before - 2000 - 4900, D(0))
    world.exchange.withdraw("alice", "USDT", D(9_900_000), world.server.time.now_us())
    refused = await world.alice.order("BUY", "10", "50000")
    assert refused.body["msg"] == "Account has insufficient balance for requested action."


TEN_BASIS_POINTS: Final = CommissionRates(standard=Rate(maker=D("0.001"), taker=D("0.001")))


async def test_conformance_28_commission_in_what_is_received(world: World) -> None:
    world.exchange.set_commission("alice", TEN_BASIS_POINTS)
    quote_market(world, bid="50000", ask="50000")

    bought = (await world.alice.order("BUY", "0.1", "50000")).body["fills"][0]
    sold = (await world.alice.order("SELL", "0.1", "50000")).body["fills"][0]

    assert (bought["commission"], bought["commissionAsset"]) == ("0.00010000", "BTC")
    assert (sold["commission"], sold["commissionAsset"]) == ("5.00000000", "USDT")


async def test_conformance_28_bnb_runs_out_inside_one_order(world: World) -> None:
    world.exchange.set_commission("alice", attrs.evolve(TEN_BASIS_POINTS, pays_in_bnb=True))
    world.exchange.set_bnb_price("USDT", D(500))
    world.exchange.deposit("alice", "BNB", D("0.008"), world.server.time.now_us())
    for price in ("50010", "50000"):
        await world.bob.order("BUY", "0.1", price)

    fills = (await world.alice.order("SELL", "0.2", "50000")).body["fills"]

    assert [(each["commission"], each["commissionAsset"]) for each in fills] == [
        ("0.00750150", "BNB"),
        ("5.00000000", "USDT"),
    ]


async def test_conformance_29_rates_as_told_are_rates_as_charged(world: World) -> None:
    world.exchange.set_commission("alice", TEN_BASIS_POINTS)
    quote_market(world, ask="50000")
    terms = {"side": "BUY", "quantity": "0.1", "price": "50000", **LIMIT}

    told = (await world.alice.signed("GET", "account/commission", **BTC)).body
    tried = await world.alice.signed("POST", "order/test", computeCommissionRates="true", **terms)
    silent = await world.alice.signed("POST", "order/test", **terms)
    fill = (await world.alice.signed("POST", "order", **terms)).body["fills"][0]

    rate = D(told["standardCommission"]["taker"])
    assert told.keys() == {
        "symbol",
        "standardCommission",
        "specialCommission",
        "taxCommission",
        "discount",
    }
    assert D(tried.body["standardCommissionForOrder"]["taker"]) == rate
    assert silent.body == {}
    assert D(fill["commission"]) == rate * D(fill["qty"])
