"""The conversation with the venue: how it goes, and catching up with what it knows."""

from datetime import timedelta
from typing import Annotated, Final

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody

from http_adapter.answers import answer, of_outcome
from http_adapter.exchange import ApiRequest, exchange_of
from http_adapter.fields import Instant, Symbol, optional_instant
from http_adapter.idempotency import origin
from http_adapter.operations_spec import READ_PROBLEMS, WRITE_PROBLEMS, Keyed
from http_adapter.problems import ApiProblem, FieldError
from http_adapter.services import Services
from tradecore.application.commands.catch_up import CaughtUp, RequestCatchUp
from tradecore.ports.connector import ConnectorHealth

MAX_TRADE_ID: Final = 2**63 - 1
TradeId = Annotated[
    int,
    msgspec.Meta(
        ge=0, le=MAX_TRADE_ID, extra={"expects": f"must be a whole number up to {MAX_TRADE_ID}"}
    ),
]


class BudgetMessage(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a limit of the venue's is used in its present window."""

    name: str
    used: int
    limit: int


class StreamMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A connection to the venue: since when it is silent, how often it had to be made anew."""

    name: str
    age_milliseconds: int | None
    reconnects: int


class CursorMessage(msgspec.Struct, frozen=True, kw_only=True):
    """How far a symbol's fills are known: each up to `trade_id` is posted."""

    symbol: str
    trade_id: int


class ConnectorMessage(msgspec.Struct, frozen=True, kw_only=True):
    """How the conversation with the venue goes. `clock_ahead_milliseconds` is the venue's."""

    venue: str
    last_success_at: Instant | None
    last_error_at: Instant | None
    last_error: str | None
    banned_until: Instant | None
    clock_ahead_milliseconds: int | None
    streams: tuple[StreamMessage, ...]
    stale_streams: int
    connections: BudgetMessage
    budgets: tuple[BudgetMessage, ...]
    cursors: tuple[CursorMessage, ...]


class CatchUpWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to catch up with: everything, or a symbol, perhaps from an earlier trade on."""

    symbol: Symbol | None = None
    from_trade_id: TradeId | None = None


class CaughtUpMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What was done: orders asked about, fills read (known or not), where the cursors stand."""

    orders_asked_about: int
    fills_read: int
    cursors: tuple[CursorMessage, ...]
    unread_symbols: tuple[str, ...]

    @classmethod
    def of(cls, did: CaughtUp) -> "CaughtUpMessage":
        """Return what was done."""
        return cls(
            orders_asked_about=did.children,
            fills_read=did.fills,
            cursors=tuple(
                CursorMessage(symbol=symbol, trade_id=trade_id)
                for symbol, trade_id in sorted(did.cursors.items())
            ),
            unread_symbols=did.unread,
        )


@get("/connector", operation_id="GetConnector", responses=READ_PROBLEMS)
async def get_connector(request: ApiRequest) -> Response[ConnectorMessage]:
    """Read how the conversation with the venue goes."""
    services = exchange_of(request).services
    health = services.connector.health()
    ahead = health.clock_ahead
    return answer(
        ConnectorMessage(
            venue=services.rules.venue,
            last_success_at=optional_instant(health.last_success_at),
            last_error_at=optional_instant(health.last_error_at),
            last_error=health.last_error,
            banned_until=optional_instant(health.banned_until),
            clock_ahead_milliseconds=None if ahead is None else _milliseconds(ahead),
            streams=_streams(health),
            stale_streams=health.stale_streams,
            connections=BudgetMessage(
                name="connections",
                used=health.connections_used.used,
                limit=health.connections_used.limit,
            ),
            budgets=tuple(
                BudgetMessage(name=name, used=one.used, limit=one.limit)
                for name, one in sorted(health.budgets_used.items())
            ),
            cursors=await _cursors(services),
        )
    )


@post(
    "/connector/catch-up",
    status_code=200,
    operation_id="CatchUp",
    operation_class=Keyed,
    responses=WRITE_PROBLEMS,
)
async def catch_up(request: ApiRequest, data: JSONBody[CatchUpWish]) -> Response[CaughtUpMessage]:
    """Ask the venue what the books may have missed, and post it. What is known changes nothing."""
    if data.from_trade_id is not None and data.symbol is None:
        detail = "is required with from_trade_id"
        raise ApiProblem(
            "invalid-request",
            f"symbol {detail}",
            errors=(FieldError(detail=detail, pointer="/symbol"),),
        )
    command = RequestCatchUp(
        **await origin(request), symbol=data.symbol, from_trade_id=data.from_trade_id
    )
    outcome = await exchange_of(request).services.catch_ups.run(command)
    return of_outcome(request, outcome, CaughtUpMessage.of, status=200)


def _streams(health: ConnectorHealth) -> tuple[StreamMessage, ...]:
    """Return every stream that was ever tried."""
    return tuple(
        StreamMessage(
            name=name,
            age_milliseconds=_milliseconds(health.stream_ages[name])
            if name in health.stream_ages
            else None,
            reconnects=health.reconnects.get(name, 0),
        )
        for name in sorted({*health.stream_ages, *health.reconnects})
    )


async def _cursors(services: Services) -> tuple[CursorMessage, ...]:
    found = [
        await services.queries.find_trade_cursor(services.rules.venue, one.symbol)
        for one in await services.queries.list_instruments()
    ]
    return tuple(
        CursorMessage(symbol=one.symbol, trade_id=one.trade_id) for one in found if one is not None
    )


def _milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)


HANDLERS: Final = (get_connector, catch_up)
