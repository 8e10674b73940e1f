"""Events of the user data stream. Source: Binance Spot API, "User data stream"."""

from typing import assert_never

from binance_sim.engine.events import (
    AccountPosition,
    BalanceUpdate,
    Event,
    ExecutionReport,
    ExternalLockUpdate,
    ListStatus,
    Peg,
    Prevention,
)
from binance_sim.wire.views.values import Json, Time, amount


def event(happened: Event, time: Time) -> Json:
    """Return what stands inside the envelope."""
    match happened:
        case ExecutionReport():
            return execution_report(happened, time)
        case AccountPosition():
            return _position(happened, time)
        case BalanceUpdate():
            return _balance_update(happened, time)
        case ListStatus():
            return _list_status(happened, time)
        case ExternalLockUpdate():
            return _external_lock(happened, time)
        case _:
            assert_never(happened)


def execution_report(report: ExecutionReport, time: Time) -> Json:
    """Return an `executionReport` with every field that applies."""
    terms, now = report.terms, time(report.transacted_us)
    answer: Json = {
        "e": "executionReport",
        "E": now,
        "s": terms.symbol,
        "c": report.client_order_id,
        "S": terms.side,
        "o": terms.type,
        "f": terms.time_in_force,
        "q": amount(terms.quantity),
        "p": amount(terms.price),
        "P": amount(terms.stop_price),
        "F": amount(terms.iceberg_quantity),
        "g": terms.order_list_id,
        "C": report.original_client_order_id,
        "x": report.execution_type,
        "X": report.status,
        "r": report.reject_reason,
        "i": terms.order_id,
        "l": amount(report.last_quantity),
        "z": amount(report.filled_quantity),
        "L": amount(report.last_price),
        "n": amount(report.commission) if report.commission_asset is not None else "0",
        "N": report.commission_asset,
        "T": now,
        "t": report.trade_id,
        "I": report.execution_id,
        "w": report.is_on_book,
        "m": report.is_maker,
        "M": False,
        "O": time(terms.created_us),
        "Z": amount(report.filled_notional),
        "Y": amount(report.last_notional),
        "Q": amount(terms.quote_order_quantity),
        "V": terms.stp_mode,
    }
    _add_conditional(answer, report, time)
    return answer


def _add_conditional(answer: Json, report: ExecutionReport, time: Time) -> None:
    """Add the fields that only some reports have."""
    terms = report.terms
    if report.working_us > 0:
        answer["W"] = time(report.working_us)
    if terms.trailing_delta is not None:
        answer["d"] = terms.trailing_delta
    if report.trailing_us is not None:
        answer["D"] = time(report.trailing_us)
    if terms.strategy_id is not None:
        answer["j"] = terms.strategy_id
    if terms.strategy_type is not None:
        answer["J"] = terms.strategy_type
    if report.prevented_quantity:
        answer["A"] = amount(report.prevented_quantity)
    if report.prevention is not None:
        _add_prevention(answer, report.prevention)
    if terms.peg is not None:
        _add_peg(answer, terms.peg, report)
    if report.expiry_reason is not None:
        answer["eR"] = report.expiry_reason


def _add_peg(answer: Json, peg: Peg, report: ExecutionReport) -> None:
    answer["gP"] = peg.price_type
    if peg.offset_type is not None:
        answer["gOT"] = peg.offset_type
        answer["gOV"] = peg.offset_value
    if report.pegged_price is not None:
        answer["gp"] = amount(report.pegged_price)


def _add_prevention(answer: Json, prevention: Prevention) -> None:
    answer["v"] = prevention.prevented_match_id
    answer["B"] = amount(prevention.last_prevented_quantity)
    answer["u"] = prevention.trade_group_id
    answer["U"] = prevention.counter_order_id
    answer["Cs"] = prevention.counter_symbol
    answer["pl"] = amount(prevention.execution_quantity)
    answer["pL"] = amount(prevention.execution_price)
    answer["pY"] = amount(prevention.execution_notional)


def _position(position: AccountPosition, time: Time) -> Json:
    return {
        "e": "outboundAccountPosition",
        "E": time(position.updated_us),
        "u": time(position.updated_us),
        "B": [
            {"a": balance.asset, "f": amount(balance.free), "l": amount(balance.locked)}
            for balance in position.balances
        ],
    }


def _balance_update(update: BalanceUpdate, time: Time) -> Json:
    return {
        "e": "balanceUpdate",
        "E": time(update.cleared_us),
        "a": update.asset,
        "d": amount(update.delta),
        "T": time(update.cleared_us),
    }


def _list_status(status: ListStatus, time: Time) -> Json:
    return {
        "e": "listStatus",
        "E": time(status.transacted_us),
        "s": status.symbol,
        "g": status.order_list_id,
        "c": status.contingency_type,
        "l": status.status_type,
        "L": status.order_status,
        "r": status.reject_reason,
        "C": status.list_client_order_id,
        "T": time(status.transacted_us),
        "O": [
            {"s": order.symbol, "i": order.order_id, "c": order.client_order_id}
            for order in status.orders
        ],
    }


def _external_lock(update: ExternalLockUpdate, time: Time) -> Json:
    return {
        "e": "externalLockUpdate",
        "E": time(update.transacted_us),
        "a": update.asset,
        "d": amount(update.delta),
        "T": time(update.transacted_us),
    }
