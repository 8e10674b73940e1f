"""A day of ccxt: unmodified, but for its addresses. Prints a report as JSON."""

import asyncio
import json
import os
import sys

import ccxt.pro
from ccxt.base.errors import ExchangeError

REST, WS_API, STREAMS = (os.environ[name] for name in ("REST_URL", "WS_API_URL", "STREAM_URL"))
SYMBOL = "BTC/USDT"


def build():
    exchange = ccxt.pro.binance(
        {
            "apiKey": os.environ["API_KEY"],
            "secret": os.environ["API_SECRET"],
            "options": {
                "defaultType": "spot",
                "fetchMarkets": {"types": ["spot"]},
                "fetchCurrencies": False,
            },
        }
    )
    api = exchange.urls["api"]
    api["public"] = api["private"] = api["v1"] = f"{REST}/api/v3"
    api["sapi"] = f"{REST}/sapi/v1"
    api["ws"]["spot"] = STREAMS + "/ws"
    api["ws"]["ws-api"]["spot"] = WS_API
    return exchange


async def place_orders(exchange):
    async def order(kind, side, amount, price=None, **more):
        return (await exchange.create_order(SYMBOL, kind, side, amount, price, more))["status"]

    return {
        "limit": await order("limit", "buy", 0.01, 55000),
        "crossing": await order("limit", "buy", 0.01, 60100),
        "market": await order("market", "buy", 0.01),
        "by_quote": await order("market", "sell", 0, None, quoteOrderQty=300),
        "post_only": await order("limit", "buy", 0.01, 56000, postOnly=True),
        "stop_loss": await order("market", "sell", 0.01, None, stopLossPrice=50000),
        "take_profit_limit": await order("limit", "sell", 0.01, 70000, takeProfitPrice=70000),
        "ioc": await order("limit", "buy", 0.01, 55000, timeInForce="IOC"),
    }


async def change_orders(exchange):
    first = await exchange.create_order(SYMBOL, "limit", "buy", 0.02, 54000)
    edited = await exchange.edit_order(first["id"], SYMBOL, "limit", "buy", 0.02, 54500)
    found = await exchange.fetch_order(edited["id"], SYMBOL)
    cancelled = await exchange.cancel_order(edited["id"], SYMBOL)
    return {"found": found["status"], "price": found["price"], "cancelled": cancelled["status"]}


async def ask(exchange):
    trades, since = [], 0
    while page := await exchange.fetch_my_trades(SYMBOL, None, 2, {"fromId": since}):
        trades += page
        since = int(page[-1]["id"]) + 1
    try:
        await exchange.create_order(SYMBOL, "limit", "buy", 0.01, 1)
        refusal = None
    except ExchangeError as error:
        refusal = type(error).__name__
    balance = await exchange.fetch_balance()
    return {
        "free_btc": balance["BTC"]["free"] > 0,
        "open": len(await exchange.fetch_open_orders(SYMBOL)),
        "all": len(await exchange.fetch_orders(SYMBOL)),
        "book": len((await exchange.fetch_order_book(SYMBOL))["bids"]) > 0,
        "ticker": (await exchange.fetch_ticker(SYMBOL))["symbol"],
        "candles": len((await exchange.fetch_ohlcv(SYMBOL, "1m"))[0]),
        "trades": len(trades),
        "refusal": refusal,
    }


async def listen(exchange):
    report = {}
    waiting = asyncio.create_task(exchange.watch_orders(SYMBOL))
    await asyncio.sleep(1)
    placed = await exchange.create_order(SYMBOL, "limit", "buy", 0.01, 53000)
    orders = await asyncio.wait_for(waiting, 10)
    report["user"] = orders[-1]["id"] == placed["id"]
    report["trades"] = len(await asyncio.wait_for(exchange.watch_trades(SYMBOL), 10)) > 0
    report["book"] = (
        len((await asyncio.wait_for(exchange.watch_order_book(SYMBOL), 10))["bids"]) > 0
    )
    report["ticker"] = (await asyncio.wait_for(exchange.watch_ticker(SYMBOL), 10))["symbol"]
    report["over_socket"] = (await exchange.create_order_ws(SYMBOL, "limit", "buy", 0.01, 53000))[
        "status"
    ]
    return report


async def main():
    exchange = build()
    try:
        markets = await exchange.load_markets()
        report = {
            "markets": sorted(markets),
            "orders": await place_orders(exchange),
            "changes": await change_orders(exchange),
            "asked": await ask(exchange),
            "streams": await listen(exchange),
        }
    finally:
        await exchange.close()
    json.dump(report, sys.stdout)


asyncio.run(main())
