"""What may be traded, and what it costs now."""

from typing import Final

import msgspec
from litestar import Response, get
from litestar.params import FromPath

from http_adapter import parameters
from http_adapter.answers import answer
from http_adapter.exchange import ApiRequest, exchange_of
from http_adapter.fields import Amount, Instant, instant
from http_adapter.instrument_messages import InstrumentList, InstrumentMessage
from http_adapter.operations_spec import READ_PROBLEMS
from tradecore.domain.errors import NoReferencePrice, UnknownInstrument
from tradecore.domain.instruments import Instrument
from tradecore.domain.money import text


class QuoteMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The best prices of a symbol, and how old they are."""

    symbol: str
    bid: Amount
    ask: Amount
    quoted_at: Instant
    age_milliseconds: int


@get("/instruments", operation_id="ListInstruments", responses=READ_PROBLEMS)
async def list_instruments(request: ApiRequest) -> Response[InstrumentList]:
    """List what may be traded, with filters, order types and state."""
    instruments = await exchange_of(request).services.queries.list_instruments()
    return answer(InstrumentList(items=tuple(map(InstrumentMessage.of, instruments))))


@get("/instruments/{symbol:str}", operation_id="GetInstrument", responses=READ_PROBLEMS)
async def get_instrument(request: ApiRequest, symbol: FromPath[str]) -> Response[InstrumentMessage]:
    """Read one instrument."""
    return answer(InstrumentMessage.of(await _instrument(request, symbol)))


@get("/market/{symbol:str}/quote", operation_id="GetQuote", responses=READ_PROBLEMS)
async def get_quote(request: ApiRequest, symbol: FromPath[str]) -> Response[QuoteMessage]:
    """Read the venue's best bid and ask as they were last confirmed."""
    instrument = await _instrument(request, symbol)
    services = exchange_of(request).services
    quote = services.prices.find(instrument.symbol)
    if quote is None:
        raise NoReferencePrice(symbol=instrument.symbol)
    age = services.clock.now() - quote.at
    return answer(
        QuoteMessage(
            symbol=quote.symbol,
            bid=text(quote.bid),
            ask=text(quote.ask),
            quoted_at=instant(quote.at),
            age_milliseconds=max(0, int(age.total_seconds() * 1000)),
        )
    )


async def _instrument(request: ApiRequest, symbol: str) -> Instrument:
    found = await exchange_of(request).services.queries.find_instrument(parameters.symbol(symbol))
    if found is None:
        raise UnknownInstrument(symbol=symbol)
    return found


HANDLERS: Final = (list_instruments, get_instrument, get_quote)
