"""A day of the official SDK: unmodified, but for its addresses. Prints a report as JSON."""

import asyncio
import json
import os
import sys

from binance_common.configuration import (
    ConfigurationRestAPI,
    ConfigurationWebSocketAPI,
    ConfigurationWebSocketStreams,
)
from binance_common.errors import BadRequestError
from binance_sdk_spot.spot import Spot

REST, WS_API, STREAMS = (os.environ[name] for name in ("REST_URL", "WS_API_URL", "STREAM_URL"))
KEY, SECRET = os.environ["API_KEY"], os.environ["API_SECRET"]
SYMBOL = "BTCUSDT"


def place_orders(rest):
    def order(kind, side="BUY", **terms):
        answer = rest.new_order(
            symbol=SYMBOL, side=side, type=kind, new_order_resp_type="RESULT", **terms
        )
        return answer.data().status

    report = {
        "LIMIT": order("LIMIT", quantity=0.01, price=55000, time_in_force="GTC"),
        "crossing": order("LIMIT", quantity=0.01, price=60100, time_in_force="GTC"),
        "MARKET": order("MARKET", quantity=0.01),
        "by_quote": order("MARKET", side="SELL", quote_order_qty=300),
        "LIMIT_MAKER": order("LIMIT_MAKER", quantity=0.01, price=56000),
    }
    for kind, stop in (("STOP_LOSS", 50000), ("TAKE_PROFIT", 70000)):
        report[kind] = order(kind, "SELL", quantity=0.01, stop_price=stop)
        report[kind + "_LIMIT"] = order(
            kind + "_LIMIT", "SELL", quantity=0.01, stop_price=stop, price=stop, time_in_force="GTC"
        )
    return report


def change_orders(rest):
    limit = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "time_in_force": "GTC"}
    first = rest.new_order(quantity=0.02, price=54000, **limit).data()
    amended = rest.order_amend_keep_priority(
        symbol=SYMBOL, order_id=first.order_id, new_qty=0.015
    ).data()
    replaced = rest.order_cancel_replace(
        cancel_replace_mode="STOP_ON_FAILURE",
        cancel_order_id=first.order_id,
        quantity=0.02,
        price=54500,
        **limit,
    ).data()
    second = replaced.new_order_response.order_id
    oco = rest.order_list_oco(
        symbol=SYMBOL,
        side="SELL",
        quantity=0.01,
        above_type="LIMIT_MAKER",
        above_price=70000,
        below_type="STOP_LOSS_LIMIT",
        below_price=49000,
        below_stop_price=50000,
        below_time_in_force="GTC",
    ).data()
    oco_cancelled = rest.delete_order_list(symbol=SYMBOL, order_list_id=oco.order_list_id).data()
    otoco = rest.order_list_otoco(
        symbol=SYMBOL,
        working_type="LIMIT",
        working_side="BUY",
        working_price=54000,
        working_quantity=0.01,
        working_time_in_force="GTC",
        pending_side="SELL",
        pending_quantity=0.01,
        pending_above_type="LIMIT_MAKER",
        pending_above_price=70000,
        pending_below_type="STOP_LOSS",
        pending_below_stop_price=50000,
    ).data()
    return {
        "amended": amended.amended_order.qty,
        "amendments": len(rest.order_amendments(symbol=SYMBOL, order_id=first.order_id).data()),
        "replaced": replaced.new_order_result,
        "found": rest.get_order(symbol=SYMBOL, order_id=second).data().status,
        "cancelled": rest.delete_order(symbol=SYMBOL, order_id=second).data().status,
        "oco": oco.list_order_status,
        "oco_cancelled": oco_cancelled.list_order_status,
        "otoco": len(otoco.order_reports),
        "otoco_status": rest.get_order_list(order_list_id=otoco.order_list_id)
        .data()
        .list_status_type,
    }


def ask(rest):
    trades, from_id = [], 0
    while page := rest.my_trades(symbol=SYMBOL, from_id=from_id, limit=2).data():
        trades += [each.id for each in page]
        from_id = trades[-1] + 1
    try:
        rest.new_order(
            symbol=SYMBOL, side="BUY", type="LIMIT", time_in_force="GTC", quantity=0.01, price=1
        )
        refusal = None
    except BadRequestError as error:
        refusal = str(error)
    info = rest.exchange_info().data()
    return {
        "symbols": [each.symbol for each in info.symbols],
        "account": rest.get_account(omit_zero_balances=True).data().can_trade,
        "commission": rest.account_commission(symbol=SYMBOL).data().symbol,
        "limits": len(rest.rate_limit_order().data()),
        "filters": len(rest.my_filters(symbol=SYMBOL).data().symbol_filters) > 0,
        "depth": len(rest.depth(symbol=SYMBOL, limit=5).data().bids) > 0,
        "open": len(rest.get_open_orders(symbol=SYMBOL).data()),
        "all": len(rest.all_orders(symbol=SYMBOL).data()),
        "klines": len(rest.klines(symbol=SYMBOL, interval="1m").data()[0]),
        "trades": len(trades),
        "trade_ids_ascend": trades == sorted(trades),
        "refusal": refusal,
        "weight": [each.count > 0 for each in rest.ping().rate_limits][:1],
    }


async def first_of(stream):
    heard = asyncio.get_running_loop().create_future()
    stream.on("message", lambda message: heard.done() or heard.set_result(message))
    return await asyncio.wait_for(heard, 10)


async def listen(spot):
    report = {}
    api = spot.websocket_api
    await api.create_connection()
    subscribed = await api.user_data_stream_subscribe_signature()
    waiting = asyncio.create_task(first_of(subscribed.stream))
    await asyncio.sleep(0)
    placed = await api.order_place(
        symbol=SYMBOL, side="BUY", type="LIMIT", time_in_force="GTC", quantity=0.01, price=53000
    )
    report["ws_order"] = placed.data().result.status
    event = await waiting
    report["user"] = type(
        event.actual_instance if hasattr(event, "actual_instance") else event
    ).__name__
    status = await api.order_status(symbol=SYMBOL, order_id=placed.data().result.order_id)
    report["ws_status"] = status.data().result.status
    await api.close_connection()
    streams = spot.websocket_streams
    await streams.create_connection()
    opened = {
        "trade": await streams.trade(symbol="btcusdt"),
        "depth": await streams.diff_book_depth(symbol="btcusdt"),
        "book_ticker": await streams.book_ticker(symbol="btcusdt"),
        "kline": await streams.kline(symbol="btcusdt", interval="1m"),
    }
    for name, stream in opened.items():
        message = await first_of(stream)
        report[name] = type(message).__name__
    await streams.close_connection()
    return report


async def log_on(spot):
    """Use a session that was opened with an Ed25519 key: no signatures after it."""
    api = spot.websocket_api
    await api.create_connection()
    logged_on = await api.session_logon()
    placed = await api.order_place(
        symbol=SYMBOL, side="BUY", type="LIMIT", time_in_force="GTC", quantity=0.01, price=52000
    )
    subscribed = await api.user_data_stream_subscribe()
    waiting = asyncio.create_task(first_of(subscribed.stream))
    await asyncio.sleep(0)
    cancelled = await api.order_cancel(symbol=SYMBOL, order_id=placed.data().result.order_id)
    await waiting
    await api.close_connection()
    return [
        logged_on.data().result.api_key == os.environ["ED25519_KEY"],
        placed.data().result.status,
        cancelled.data().result.status,
    ]


def main():
    session = Spot(
        config_ws_api=ConfigurationWebSocketAPI(
            api_key=os.environ["ED25519_KEY"],
            private_key=os.environ["ED25519_PEM"],
            stream_url=WS_API,
        )
    )
    spot = Spot(
        config_rest_api=ConfigurationRestAPI(api_key=KEY, api_secret=SECRET, base_path=REST),
        config_ws_api=ConfigurationWebSocketAPI(api_key=KEY, api_secret=SECRET, stream_url=WS_API),
        config_ws_streams=ConfigurationWebSocketStreams(stream_url=STREAMS + "/stream"),
    )
    rest = spot.rest_api
    report = {"orders": place_orders(rest), "changes": change_orders(rest), "asked": ask(rest)}
    report["streams"] = asyncio.run(listen(spot))
    report["session"] = asyncio.run(log_on(session))
    json.dump(report, sys.stdout, default=str)


main()
