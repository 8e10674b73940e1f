"""Which function decides which command."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from tradecore.application.command import Command
from tradecore.application.commands import (
    advance_cursor,
    apply_execution,
    cancel_order,
    catch_up,
    freeze,
    fund_account,
    open_account,
    open_attempt,
    place_order,
    put_instrument,
    raise_alert,
    record_report,
    replace_order,
    reverse_entry,
    set_limits,
)

USE_CASES: Final[Mapping[type[Command[Any]], Callable[..., Any]]] = {
    place_order.PlaceOrder: place_order.decide,
    cancel_order.CancelOrder: cancel_order.decide,
    replace_order.ReplaceOrder: replace_order.decide,
    open_attempt.OpenAttempt: open_attempt.decide,
    open_attempt.RenewAttempt: open_attempt.decide_renewal,
    record_report.RecordReport: record_report.decide,
    record_report.RejectAttempt: record_report.decide_rejection,
    record_report.RefuseCancel: record_report.decide_refusal,
    record_report.ForgetMissing: record_report.decide_forgetting,
    apply_execution.ApplyExecution: apply_execution.decide,
    advance_cursor.AdvanceCursor: advance_cursor.decide,
    catch_up.RequestCatchUp: catch_up.decide_request,
    catch_up.RecordCatchUp: catch_up.decide_record,
    raise_alert.RaiseAlert: raise_alert.decide,
    open_account.OpenAccount: open_account.decide,
    fund_account.CreditAccount: fund_account.decide_credit,
    fund_account.DebitAccount: fund_account.decide_debit,
    fund_account.BookOpening: fund_account.decide_opening,
    reverse_entry.ReverseEntry: reverse_entry.decide,
    set_limits.SetLimits: set_limits.decide_limits,
    set_limits.SetFees: set_limits.decide_fees,
    freeze.SetFreeze: freeze.decide,
    freeze.LiftFreeze: freeze.decide_lift,
    put_instrument.PutInstrument: put_instrument.decide,
    put_instrument.SetInstrumentState: put_instrument.decide_state,
}
