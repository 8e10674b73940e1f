"""Whatever the venue sends, nothing but what we announce is raised."""

import contextlib
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st

from binance_adapter.errors import UnreadableAnswer
from binance_adapter.mapping import fills_of, reports_of, to_execution, to_order_report
from binance_adapter.messages import (
    ExchangeInfo,
    ExecutionEvent,
    OrderAnswer,
    SocketAnswer,
    TradeRow,
    decode,
)
from binance_adapter.rest import to_answer
from binance_adapter.sockets import SocketClosed
from binance_adapter.symbols import to_symbol
from binance_adapter.testing import (
    exchange_info,
    execution_event,
    order_answer,
    trade_event,
    trade_row,
)
from binance_adapter.user_events import Unreadable, meaning_of
from binance_adapter.websocket_api import to_answer as to_socket_answer

SYMBOL = to_symbol(decode(msgspec.json.encode(exchange_info()), ExchangeInfo).symbols[0])
NONSENSE = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["NaN", "-1", "1e9", "9" * 20, "0." + "9" * 18, "FILLED", "TRADE"])
    | st.lists(st.integers(0, 3), max_size=2)
    | st.dictionaries(st.text(max_size=2), st.integers(0, 3), max_size=2)
)


def spoiled(message: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return messages of which some fields are nonsense or missing."""
    changes = st.dictionaries(st.sampled_from(sorted(message)), NONSENSE, max_size=3)
    missing = st.sets(st.sampled_from(sorted(message)), max_size=2)
    return st.builds(
        lambda change, gone: {
            name: value for name, value in (message | change).items() if name not in gone
        },
        changes,
        missing,
    )


@example(b"")
@example(b'{"event":null}')
@example(b'{"id":"session.subscriptions","status":200,"result":5}')
@given(st.binary(max_size=40))
def test_f41_any_bytes_have_a_meaning_or_none(frame: bytes) -> None:
    with contextlib.suppress(SocketClosed):
        meaning_of(frame)


@given(spoiled(trade_event()) | spoiled(execution_event()))
def test_f41_any_report_is_understood_or_said_not_to_be(event: dict[str, Any]) -> None:
    meaning = meaning_of(msgspec.json.encode({"event": event}))
    if isinstance(meaning, ExecutionEvent):
        with contextlib.suppress(UnreadableAnswer):
            reports_of("binance", meaning, SYMBOL)
    else:
        assert meaning is None or isinstance(meaning, Unreadable)


@given(spoiled(order_answer(fills=[{"price": "1", "qty": "1", "commission": "0"}])))
def test_f41_any_order_is_understood_or_said_not_to_be(message: dict[str, Any]) -> None:
    with contextlib.suppress(UnreadableAnswer):
        answer = decode(msgspec.json.encode(message), OrderAnswer)
        to_order_report(answer)
        fills_of("binance", answer, SYMBOL, "c")


@given(spoiled(trade_row()))
def test_f41_any_trade_is_understood_or_said_not_to_be(message: dict[str, Any]) -> None:
    with contextlib.suppress(UnreadableAnswer):
        row = decode(msgspec.json.encode(message), TradeRow)
        to_execution("binance", row, SYMBOL, None)


@given(spoiled(exchange_info()["symbols"][0]))
def test_f41_any_symbol_is_understood_or_said_not_to_be(message: dict[str, Any]) -> None:
    with contextlib.suppress(UnreadableAnswer):
        info = decode(msgspec.json.encode({"rateLimits": [], "symbols": [message]}), ExchangeInfo)
        to_symbol(info.symbols[0])


@given(
    st.integers(100, 599),
    st.dictionaries(st.sampled_from(["Retry-After", "X-MBX-USED-WEIGHT-1M"]), st.text(max_size=5)),
    st.binary(max_size=30),
)
def test_f41_any_response_is_an_answer(status: int, headers: dict[str, str], body: bytes) -> None:
    assert to_answer(status, headers, body).is_success == (status == 200)


@given(
    spoiled(
        {
            "id": 1,
            "status": 429,
            "error": {"code": -1003, "msg": "slow down", "data": {"retryAfter": 10**17}},
            "rateLimits": [],
        }
    )
)
def test_f41_any_frame_is_an_answer_or_said_not_to_be(message: dict[str, Any]) -> None:
    with contextlib.suppress(UnreadableAnswer):
        to_socket_answer(decode(msgspec.json.encode(message), SocketAnswer))
