"""A day of python-binance: unmodified, but for its addresses. Prints a report as JSON."""

import asyncio
import json
import os
import sys

from binance import AsyncClient, BinanceSocketManager, Client
from binance.exceptions import BinanceAPIException

REST, WS_API, STREAMS = (os.environ[name] for name in ("REST_URL", "WS_API_URL", "STREAM_URL"))
KEY, SECRET = os.environ["API_KEY"], os.environ["API_SECRET"]
SYMBOL = "BTCUSDT"
ADDRESSES = {
    "API_URL": REST + "/api",
    "MARGIN_API_URL": REST + "/sapi",
    "WS_API_URL": WS_API,
}
SyncClient = type("SyncClient", (Client,), ADDRESSES)
LocalAsyncClient = type("LocalAsyncClient", (AsyncClient,), ADDRESSES)
LocalSockets = type("LocalSockets", (BinanceSocketManager,), {"STREAM_URL": STREAMS + "/"})


def place_orders(client):
    order = client.create_order
    limit = {"symbol": SYMBOL, "timeInForce": "GTC", "quantity": "0.01"}
    plain = {"symbol": SYMBOL, "quantity": "0.01"}
    report = {
        "limit": order(side="BUY", type="LIMIT", price="55000", **limit)["status"],
        "crossing": client.order_limit_buy(symbol=SYMBOL, quantity="0.01", price="60100")["status"],
        "ioc": order(side="BUY", type="LIMIT", price="55000", **(limit | {"timeInForce": "IOC"}))[
            "status"
        ],
        "fok": order(side="BUY", type="LIMIT", price="55000", **(limit | {"timeInForce": "FOK"}))[
            "status"
        ],
        "market": client.order_market_buy(symbol=SYMBOL, quantity="0.01")["status"],
        "by_quote": client.order_market_sell(symbol=SYMBOL, quoteOrderQty="300")["status"],
        "limit_maker": order(
            side="BUY", type="LIMIT_MAKER", price="56000", newOrderRespType="RESULT", **plain
        )["status"],
        "iceberg": order(side="BUY", type="LIMIT", price="55500", icebergQty="0.005", **limit)[
            "status"
        ],
    }
    for kind, stop in (("STOP_LOSS", "50000"), ("TAKE_PROFIT", "70000")):
        stopped = {"side": "SELL", "stopPrice": stop, "newOrderRespType": "RESULT"}
        report[kind] = order(type=kind, **plain, **stopped)["status"]
        kind_limit = kind + "_LIMIT"
        report[kind_limit] = order(type=kind_limit, price=stop, **limit, **stopped)["status"]
    report["test"] = client.create_test_order(side="BUY", type="LIMIT", price="55000", **limit)
    return report


def change_orders(client):
    limit = {"symbol": SYMBOL, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    first = client.create_order(quantity="0.02", price="54000", **limit)
    replaced = client.cancel_replace_order(
        cancelReplaceMode="STOP_ON_FAILURE",
        cancelOrderId=first["orderId"],
        quantity="0.02",
        price="54500",
        **limit,
    )
    second = replaced["newOrderResponse"]["orderId"]
    found = client.get_order(symbol=SYMBOL, orderId=second)
    cancelled = client.cancel_order(symbol=SYMBOL, orderId=second)
    oco = client.create_oco_order(
        symbol=SYMBOL,
        side="SELL",
        quantity="0.01",
        aboveType="LIMIT_MAKER",
        abovePrice="70000",
        belowType="STOP_LOSS_LIMIT",
        belowPrice="49000",
        belowStopPrice="50000",
        belowTimeInForce="GTC",
    )
    return {
        "replaced": replaced["newOrderResult"],
        "found": found["status"],
        "cancelled": cancelled["status"],
        "oco": oco["listOrderStatus"],
        "oco_orders": len(oco["orderReports"]),
    }


def page_trades(client):
    trades, from_id = [], 0
    while page := client.get_my_trades(symbol=SYMBOL, fromId=from_id, limit=2):
        trades += page
        from_id = page[-1]["id"] + 1
    return trades


def refusal(client):
    try:
        client.order_limit_buy(symbol=SYMBOL, quantity="0.000001", price="55000")
    except BinanceAPIException as error:
        return [error.status_code, error.code, error.message]
    return None


def ask(client):
    info = client.get_exchange_info()
    account = client.get_account()
    trades = page_trades(client)
    return {
        "symbols": [each["symbol"] for each in info["symbols"]],
        "symbol_info": client.get_symbol_info(SYMBOL)["status"],
        "can_trade": account["canTrade"],
        "btc": client.get_asset_balance("BTC")["asset"],
        "fees": client.get_server_time()["serverTime"] > 0,
        "depth": len(client.get_order_book(symbol=SYMBOL, limit=5)["bids"]) > 0,
        "recent_trades": len(client.get_recent_trades(symbol=SYMBOL)) > 0,
        "aggregate_trades": len(client.get_aggregate_trades(symbol=SYMBOL)) > 0,
        "klines": len(client.get_klines(symbol=SYMBOL, interval="1m")[0]),
        "ticker": client.get_ticker(symbol=SYMBOL)["symbol"],
        "price": client.get_symbol_ticker(symbol=SYMBOL)["symbol"],
        "book_ticker": client.get_orderbook_ticker(symbol=SYMBOL)["symbol"],
        "average": client.get_avg_price(symbol=SYMBOL)["mins"],
        "open": len(client.get_open_orders(symbol=SYMBOL)),
        "all": len(client.get_all_orders(symbol=SYMBOL)),
        "trades": len(trades),
        "trade_ids_ascend": [each["id"] for each in trades] == sorted(t["id"] for t in trades),
        "refusal": refusal(client),
    }


async def first(socket, wanted):
    async with asyncio.timeout(10):
        while True:
            message = await socket.recv()
            if wanted(message):
                return message


async def listen():
    client = await LocalAsyncClient.create(KEY, SECRET)
    sockets = LocalSockets(client)
    report = {}
    async with sockets.user_socket() as user:
        placed = await client.create_order(
            symbol=SYMBOL,
            side="BUY",
            type="LIMIT",
            timeInForce="GTC",
            quantity="0.01",
            price="53000",
        )
        event = await first(user, lambda each: each.get("e") == "executionReport")
        report["user"] = [event["x"], event["i"] == placed["orderId"]]
        over_socket = await client.ws_create_order(
            symbol=SYMBOL,
            side="BUY",
            type="LIMIT",
            timeInForce="GTC",
            quantity="0.01",
            price="53000",
        )
        report["ws_order"] = over_socket["status"]
    streams = {
        "trade": sockets.trade_socket(SYMBOL),
        "depth": sockets.depth_socket(SYMBOL),
        "partial": sockets.depth_socket(SYMBOL, depth="5"),
        "book_ticker": sockets.symbol_book_ticker_socket(SYMBOL),
        "kline": sockets.kline_socket(SYMBOL),
        "combined": sockets.multiplex_socket(["btcusdt@trade", "btcusdt@aggTrade"]),
    }
    for name, stream in streams.items():
        async with stream as socket:
            message = await first(socket, lambda each: True)
            report[name] = message.get("e") or message.get("stream") or min(message)
    await client.close_connection()
    return report


def main():
    client = SyncClient(KEY, SECRET)
    report = {
        "orders": place_orders(client),
        "changes": change_orders(client),
        "asked": ask(client),
    }
    report["streams"] = asyncio.run(listen())
    json.dump(report, sys.stdout)


main()
