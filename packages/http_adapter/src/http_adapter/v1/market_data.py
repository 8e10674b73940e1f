"""The venue's public market, passed through: book, trades, candles, each with its age."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec
from litestar import Response, get
from litestar.params import FromPath, QueryParameter

from http_adapter import parameters
from http_adapter.answers import answer
from http_adapter.exchange import ApiRequest, exchange_of
from http_adapter.fields import Amount, Instant, instant
from http_adapter.operations_spec import READ_PROBLEMS
from http_adapter.paging import instant_parameter
from http_adapter.problems import ApiProblem, FieldError
from tradecore.domain.errors import UnknownInstrument
from tradecore.domain.money import text
from tradecore.ports.market_data import (
    MAX_ROWS,
    Candle,
    CandleInterval,
    CandleSpan,
    Level,
    PublicTrade,
)

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_INTERVALS: Final = [str(one) for one in CandleInterval]

# Checked here and not by the framework, so that every fault is named at once.
RowLimit = Annotated[
    int,
    QueryParameter(
        description="How many rows at most.", schema_extra={"minimum": 1, "maximum": MAX_ROWS}
    ),
]
Interval = Annotated[
    str,
    QueryParameter(
        description="How long a candle is; `1m` is a minute, `1M` a month.",
        schema_extra={"enum": _INTERVALS},
    ),
]
OpenedFrom = Annotated[str | None, QueryParameter(name="from", description="Opened then or later.")]
OpenedTo = Annotated[str | None, QueryParameter(name="to", description="Opened before then.")]


class LevelMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What is offered at a price."""

    price: Amount
    quantity: Amount

    @classmethod
    def of(cls, level: Level) -> "LevelMessage":
        """Return the level."""
        return cls(price=text(level.price), quantity=text(level.quantity))


class BookMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The best levels of both sides, best first, and how old they are."""

    symbol: str
    last_update_id: int
    bids: tuple[LevelMessage, ...]
    asks: tuple[LevelMessage, ...]
    as_of: Instant
    age_milliseconds: int


class TradeMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A trade of anybody's."""

    trade_id: int
    price: Amount
    quantity: Amount
    notional: Amount
    is_buyer_maker: bool
    traded_at: Instant

    @classmethod
    def of(cls, trade: PublicTrade) -> "TradeMessage":
        """Return the trade."""
        return cls(
            trade_id=trade.trade_id,
            price=text(trade.price),
            quantity=text(trade.quantity),
            notional=text(trade.notional),
            is_buyer_maker=trade.is_buyer_maker,
            traded_at=instant(trade.traded_at),
        )


class TradesMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The newest trades, oldest first, and how old the answer is."""

    symbol: str
    items: tuple[TradeMessage, ...]
    as_of: Instant
    age_milliseconds: int


class CandleMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Prices and volume of an interval."""

    opened_at: Instant
    closed_at: Instant
    open: Amount
    high: Amount
    low: Amount
    close: Amount
    volume: Amount
    notional: Amount
    trades: int

    @classmethod
    def of(cls, candle: Candle) -> "CandleMessage":
        """Return the candle."""
        return cls(
            opened_at=instant(candle.opened_at),
            closed_at=instant(candle.closed_at),
            open=text(candle.open),
            high=text(candle.high),
            low=text(candle.low),
            close=text(candle.close),
            volume=text(candle.volume),
            notional=text(candle.notional),
            trades=candle.trades,
        )


class CandlesMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Candles, oldest first, the last of which may still change; and how old the answer is."""

    symbol: str
    interval: CandleInterval
    items: tuple[CandleMessage, ...]
    as_of: Instant
    age_milliseconds: int


@get("/market/{symbol:str}/book", operation_id="GetBook", responses=READ_PROBLEMS)
async def get_book(
    request: ApiRequest, symbol: FromPath[str], limit: RowLimit = 100
) -> Response[BookMessage]:
    """Read the best levels of both sides at the venue."""
    _refuse(_limit_faults(limit))
    market = exchange_of(request).services.market_data
    book = await market.book(await _offered(request, symbol), limit)
    return answer(
        BookMessage(
            symbol=book.symbol,
            last_update_id=book.last_update_id,
            bids=tuple(map(LevelMessage.of, book.bids)),
            asks=tuple(map(LevelMessage.of, book.asks)),
            as_of=instant(book.as_of),
            age_milliseconds=_age(request, book.as_of),
        )
    )


@get("/market/{symbol:str}/trades", operation_id="ListMarketTrades", responses=READ_PROBLEMS)
async def list_market_trades(
    request: ApiRequest, symbol: FromPath[str], limit: RowLimit = 100
) -> Response[TradesMessage]:
    """Read the newest trades at the venue, whoever made them."""
    _refuse(_limit_faults(limit))
    market = exchange_of(request).services.market_data
    found = await market.trades(await _offered(request, symbol), limit)
    return answer(
        TradesMessage(
            symbol=found.symbol,
            items=tuple(map(TradeMessage.of, found.trades)),
            as_of=instant(found.as_of),
            age_milliseconds=_age(request, found.as_of),
        )
    )


@get("/market/{symbol:str}/candles", operation_id="ListCandles", responses=READ_PROBLEMS)
async def list_candles(
    request: ApiRequest,
    symbol: FromPath[str],
    interval: Interval = "1m",
    opened_from: OpenedFrom = None,
    opened_to: OpenedTo = None,
    limit: RowLimit = 100,
) -> Response[CandlesMessage]:
    """Read candles of the venue: from `from` on the oldest, else the newest."""
    span = _span(interval, opened_from, opened_to, limit)
    market = exchange_of(request).services.market_data
    found = await market.candles(await _offered(request, symbol), span)
    return answer(
        CandlesMessage(
            symbol=found.symbol,
            interval=found.interval,
            items=tuple(map(CandleMessage.of, found.candles)),
            as_of=instant(found.as_of),
            age_milliseconds=_age(request, found.as_of),
        )
    )


def _span(interval: str, opened_from: str | None, opened_to: str | None, limit: int) -> CandleSpan:
    """Return which candles are asked for. Raises ApiProblem with every fault."""
    faults = dict(_limit_faults(limit))
    if interval not in _INTERVALS:
        faults["interval"] = f"must be one of {', '.join(_INTERVALS)}"
    bounds: dict[str, datetime | None] = {}
    for name, written in (("from", opened_from), ("to", opened_to)):
        try:
            bounds[name] = found = instant_parameter(written, name)
        except ApiProblem as problem:
            faults[name] = problem.errors[0].detail
        else:
            if found is not None and not EARLIEST <= found < LATEST:
                faults[name] = f"must lie in the years {EARLIEST.year} to {LATEST.year - 1}"
    start, end = bounds.get("from"), bounds.get("to")
    if start is not None and end is not None and end <= start:
        faults.setdefault("to", "must be later than from")
    _refuse(faults)
    return CandleSpan(
        interval=CandleInterval(interval),
        start=start,
        end=None if end is None else end - timedelta(microseconds=1),
        limit=limit,
    )


def _limit_faults(limit: int) -> Mapping[str, str]:
    return {} if 1 <= limit <= MAX_ROWS else {"limit": f"must be 1 to {MAX_ROWS}"}


def _refuse(faults: Mapping[str, str]) -> None:
    """Raise ApiProblem if there are any."""
    if faults:
        raise ApiProblem(
            "invalid-request",
            "; ".join(f"{name} {detail}" for name, detail in faults.items()),
            errors=tuple(
                FieldError(detail=detail, parameter=name) for name, detail in faults.items()
            ),
        )


def _age(request: ApiRequest, as_of: datetime) -> int:
    """Return how old an answer is, in milliseconds."""
    age = exchange_of(request).services.clock.now() - as_of
    return max(0, age // timedelta(milliseconds=1))


async def _offered(request: ApiRequest, symbol: str) -> str:
    """Return the symbol. Raises UnknownInstrument: the house does not offer it."""
    named = parameters.symbol(symbol)
    if await exchange_of(request).services.queries.find_instrument(named) is None:
        raise UnknownInstrument(symbol=named)
    return named


HANDLERS: Final = (get_book, list_market_trades, list_candles)
