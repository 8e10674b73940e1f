"""Between the engine's words and the port's. Pure."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from binance_sim.engine import errors
from binance_sim.engine.balances import BalanceSnapshot
from binance_sim.engine.events import Event, Execution, ExecutionReport, OrderSnapshot
from binance_sim.engine.requests import NewOrder
from binance_sim.engine.symbols import SymbolRules
from binance_sim.engine.vocabulary import (
    ExecutionType,
    OrderStatus,
    OrderType,
    Side,
    StpMode,
    TimeInForce,
)
from tradecore.domain.executions import Liquidity
from tradecore.domain.instruments import Side as PortSide
from tradecore.domain.money import Price, Quantity
from tradecore.domain.venue_orders import VenueOrder, VenueOutcome
from tradecore.ports import venue as port

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_CLIENT_ORDER_ID_LENGTH: Final = 36

# Source: Binance Spot API, "Error codes". What is neither here nor refused may have happened.
_NOT_EXECUTED: Final = frozenset({-1002, -1003, -1015, -1021, -1022, -2014, -2015})
_UNKNOWN: Final = frozenset({-1000, -1001, -1006, -1007, -1008, -1016})

_OUTCOMES: Final = {
    OrderStatus.FILLED: VenueOutcome.FILLED,
    OrderStatus.CANCELED: VenueOutcome.CANCELED,
    OrderStatus.REJECTED: VenueOutcome.REJECTED,
    OrderStatus.EXPIRED: VenueOutcome.EXPIRED,
    OrderStatus.EXPIRED_IN_MATCH: VenueOutcome.EXPIRED_IN_MATCH,
}


def to_us(instant: datetime) -> int:
    """Return an aware instant as microseconds since the epoch."""
    return (instant - _EPOCH) // _MICROSECOND


def to_instant(microseconds: int) -> datetime:
    """Return microseconds since the epoch as an aware instant in UTC."""
    return _EPOCH + microseconds * _MICROSECOND


def to_port_error(error: errors.VenueError) -> port.VenueError:
    """Return the port's class of a refusal; the text keeps code and message."""
    text = f"{error.code} {error.message}"
    is_duplicate = error.message == errors.DUPLICATE_ORDER
    if error.code in _UNKNOWN or is_duplicate:
        return port.VenueOutcomeUnknown(text)
    if error.code in _NOT_EXECUTED:
        return port.VenueUnavailable(text)
    return port.VenueRejected(text)


def to_new_order(child: VenueOrder, stp_mode: StpMode | None) -> NewOrder:
    """Return the request that places `child`; `stp_mode` None: the symbol's default."""
    time_in_force = child.time_in_force
    return NewOrder(
        symbol=child.symbol,
        side=Side(child.side),
        type=OrderType(child.type),
        time_in_force=None if time_in_force is None else TimeInForce(time_in_force),
        quantity=child.quantity,
        quote_order_quantity=child.quote_quantity,
        price=child.price,
        new_client_order_id=child.venue_client_order_id,
        stp_mode=stp_mode,
    )


def cancel_id_of(venue_client_order_id: str) -> str:
    """Return the id that the cancel of an order bears, and the order after it.

    An underscore where a child's id has its dash, so it fits wherever the child's id fits.
    """
    stem, _, suffix = venue_client_order_id.partition("-")
    return f"{stem}_{suffix or 1}"[-_CLIENT_ORDER_ID_LENGTH:]


def to_order_report(order: OrderSnapshot | ExecutionReport) -> port.OrderReport:
    """Return the state of an order."""
    outcome = _OUTCOMES.get(order.status)
    return port.OrderReport(
        symbol=order.terms.symbol,
        venue_order_id=order.terms.order_id,
        venue_client_order_id=order.terms.client_order_id,
        filled_quantity=order.filled_quantity,
        outcome=outcome,
        reason=order.expiry_reason if outcome is VenueOutcome.EXPIRED else None,
    )


def to_execution_report(
    venue: str, execution: Execution, rules: SymbolRules
) -> port.ExecutionReport:
    """Return one fill out of the venue's trade history."""
    return port.ExecutionReport(
        venue=venue,
        symbol=execution.symbol,
        base_asset=rules.base_asset,
        quote_asset=rules.quote_asset,
        trade_id=execution.trade_id,
        venue_order_id=execution.order_id,
        venue_client_order_id=execution.client_order_id,
        side=PortSide.BUY if execution.is_buyer else PortSide.SELL,
        quantity=Quantity(execution.quantity),
        price=Price(execution.price),
        notional=execution.notional,
        commission=execution.commission,
        commission_asset=execution.commission_asset,
        liquidity=Liquidity.MAKER if execution.is_maker else Liquidity.TAKER,
        transacted_at=to_instant(execution.traded_us),
    )


def to_balance(balance: BalanceSnapshot) -> port.VenueBalance:
    """Return what is held of one asset."""
    return port.VenueBalance(asset=balance.asset, free=balance.free, locked=balance.locked)


def to_reports(
    venue: str, event: Event, rules_of: Callable[[str], SymbolRules]
) -> tuple[port.VenueReport, ...]:
    """Return what the report stream says of an event: a fill, a new state, both, or nothing."""
    if not isinstance(event, ExecutionReport):
        return ()
    if event.execution_type is not ExecutionType.TRADE:
        return (to_order_report(event),)
    fill = _fill(venue, event, rules_of(event.terms.symbol))
    if event.status is OrderStatus.PARTIALLY_FILLED:
        return (fill,)
    return (fill, to_order_report(event))


def _fill(venue: str, event: ExecutionReport, rules: SymbolRules) -> port.ExecutionReport:
    terms = event.terms
    assert event.commission_asset is not None, "a trade names the asset of its commission"
    return port.ExecutionReport(
        venue=venue,
        symbol=terms.symbol,
        base_asset=rules.base_asset,
        quote_asset=rules.quote_asset,
        trade_id=event.trade_id,
        venue_order_id=terms.order_id,
        venue_client_order_id=terms.client_order_id,
        side=PortSide(terms.side),
        quantity=Quantity(event.last_quantity),
        price=Price(event.last_price),
        notional=event.last_notional,
        commission=event.commission,
        commission_asset=event.commission_asset,
        liquidity=Liquidity.MAKER if event.is_maker else Liquidity.TAKER,
        transacted_at=to_instant(event.transacted_us),
    )
