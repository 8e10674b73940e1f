"""The curated list of what may be traded."""

from typing import Final

import msgspec
from litestar import Response, get, patch, put
from litestar.params import FromPath, JSONBody

from http_adapter import parameters
from http_adapter.answers import answer, execute
from http_adapter.exchange import ApiRequest, exchange_of
from http_adapter.idempotency import origin
from http_adapter.instrument_messages import (
    InstrumentDefinition,
    InstrumentList,
    InstrumentMessage,
)
from http_adapter.operations_spec import READ_PROBLEMS, WRITE_PROBLEMS
from http_adapter.problems import invalid_parameter
from tradecore.application.commands.put_instrument import PutInstrument, SetInstrumentState
from tradecore.domain.errors import UnknownInstrument
from tradecore.domain.instruments import InstrumentState


class InstrumentChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Open or close a symbol for trading."""

    state: InstrumentState


@get("/instruments", operation_id="ListOfferedInstruments", responses=READ_PROBLEMS)
async def list_offered_instruments(request: ApiRequest) -> Response[InstrumentList]:
    """List every instrument, whatever its state."""
    instruments = await exchange_of(request).services.queries.list_instruments()
    return answer(InstrumentList(items=tuple(map(InstrumentMessage.of, instruments))))


@put("/instruments/{symbol:str}", operation_id="PutInstrument", responses=WRITE_PROBLEMS)
async def put_instrument(
    request: ApiRequest, symbol: FromPath[str], data: JSONBody[InstrumentDefinition]
) -> Response[InstrumentMessage]:
    """Offer an instrument, or change what is offered. Assets and their scales never change."""
    try:
        named = parameters.symbol(symbol)
    except UnknownInstrument:
        raise invalid_parameter("symbol", "must be 2 to 20 capital letters or digits") from None
    command = PutInstrument(
        **await origin(request, required=False), instrument=data.to_domain(named)
    )
    return await execute(request, command, InstrumentMessage.of)


@patch("/instruments/{symbol:str}", operation_id="ChangeInstrument", responses=WRITE_PROBLEMS)
async def change_instrument(
    request: ApiRequest, symbol: FromPath[str], data: JSONBody[InstrumentChange]
) -> Response[InstrumentMessage]:
    """Open or close a symbol for trading."""
    command = SetInstrumentState(
        **await origin(request, required=False),
        symbol=parameters.symbol(symbol),
        state=data.state,
    )
    return await execute(request, command, InstrumentMessage.of)


HANDLERS: Final = (list_offered_instruments, put_instrument, change_instrument)
