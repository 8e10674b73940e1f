"""Clients by others spend a day at the venue, unmodified but for its addresses."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

pytestmark = pytest.mark.timeout(600)  # the first of them may have to fetch the clients

RunDay = Callable[[str], Awaitable[Any]]


async def test_python_binance_spends_a_day(run_day: RunDay) -> None:
    report = await run_day("python_binance_day.py")

    assert report["orders"] == {
        "limit": "NEW",
        "crossing": "FILLED",
        "ioc": "EXPIRED",
        "fok": "EXPIRED",
        "market": "FILLED",
        "by_quote": "FILLED",
        "limit_maker": "NEW",
        "iceberg": "NEW",
        "STOP_LOSS": "NEW",
        "STOP_LOSS_LIMIT": "NEW",
        "TAKE_PROFIT": "NEW",
        "TAKE_PROFIT_LIMIT": "NEW",
        "test": {},
    }
    assert report["changes"] == {
        "replaced": "SUCCESS",
        "found": "NEW",
        "cancelled": "CANCELED",
        "oco": "EXECUTING",
        "oco_orders": 2,
    }
    asked = report["asked"]
    assert asked.pop("symbols") == ["BTCUSDT", "ETHUSDT"]
    assert asked.pop("refusal") == [400, -1013, "Filter failure: LOT_SIZE"]
    assert (asked.pop("open"), asked.pop("all"), asked.pop("trades")) == (9, 16, 3)
    assert all(asked.values()), asked
    assert report["streams"] == {
        "user": ["NEW", True],
        "ws_order": "NEW",
        "trade": "trade",
        "depth": "depthUpdate",
        "partial": "asks",
        "book_ticker": "A",
        "kline": "kline",
        "combined": "btcusdt@trade",
    }


async def test_the_official_sdk_spends_a_day(run_day: RunDay) -> None:
    report = await run_day("sdk_day.py")

    assert report["orders"] == {
        "LIMIT": "NEW",
        "crossing": "FILLED",
        "MARKET": "FILLED",
        "by_quote": "FILLED",
        "LIMIT_MAKER": "NEW",
        "STOP_LOSS": "NEW",
        "STOP_LOSS_LIMIT": "NEW",
        "TAKE_PROFIT": "NEW",
        "TAKE_PROFIT_LIMIT": "NEW",
    }
    assert report["changes"] == {
        "amended": "0.01500000",
        "amendments": 1,
        "replaced": "SUCCESS",
        "found": "NEW",
        "cancelled": "CANCELED",
        "oco": "EXECUTING",
        "oco_cancelled": "ALL_DONE",
        "otoco": 3,
        "otoco_status": "EXEC_STARTED",
    }
    asked = report["asked"]
    assert asked.pop("refusal") == "(-1013, 'Filter failure: PERCENT_PRICE_BY_SIDE')"
    assert (asked.pop("open"), asked.pop("all"), asked.pop("trades")) == (9, 16, 3)
    assert all(asked.values()), asked
    assert report["streams"] == {
        "ws_order": "NEW",
        "user": "ExecutionReport",
        "ws_status": "NEW",
        "trade": "TradeResponse",
        "depth": "DiffBookDepthResponse",
        "book_ticker": "BookTickerResponse",
        "kline": "KlineResponse",
    }
    assert report["session"] == [True, "NEW", "CANCELED"]


async def test_ccxt_spends_a_day(run_day: RunDay) -> None:
    report = await run_day("ccxt_day.py")

    assert report["markets"] == ["BTC/USDT", "ETH/USDT"]
    assert report["orders"] == {
        "limit": "open",
        "crossing": "closed",
        "market": "closed",
        "by_quote": "closed",
        "post_only": "open",
        "stop_loss": "open",
        "take_profit_limit": "open",
        "ioc": "expired",
    }
    assert report["changes"] == {"found": "open", "price": 54500.0, "cancelled": "canceled"}
    asked = report["asked"]
    assert asked.pop("refusal") == "InvalidOrder"
    assert (asked.pop("open"), asked.pop("all"), asked.pop("trades")) == (4, 10, 3)
    assert all(asked.values()), asked
    assert report["streams"] == {
        "user": True,
        "trades": True,
        "book": True,
        "ticker": "BTC/USDT",
        "over_socket": "open",
    }
