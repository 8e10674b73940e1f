"""What became of a cancel-replace: two answers in one."""

from typing import Final

import attrs

from binance_sim.engine import errors
from binance_sim.engine.errors import VenueError
from binance_sim.engine.events import Event, OrderSnapshot
from binance_sim.engine.vocabulary import CancelReplaceOutcome, RejectReason

REASONS: Final = {
    errors.INSUFFICIENT_BALANCE: RejectReason.INSUFFICIENT_BALANCES,
    errors.WOULD_TAKE: RejectReason.WOULD_MATCH_IMMEDIATELY,
    errors.WOULD_TRIGGER: RejectReason.STOP_PRICE_WOULD_TRIGGER_IMMEDIATELY,
}


@attrs.frozen(kw_only=True)
class CancelReplaceResult:
    """Each part is an answer, a refusal, or was not attempted (None)."""

    cancel: OrderSnapshot | VenueError
    new: OrderSnapshot | VenueError | None
    events: tuple[Event, ...] = ()

    @property
    def cancel_result(self) -> CancelReplaceOutcome:
        """`cancelResult`."""
        return _outcome(self.cancel)

    @property
    def new_order_result(self) -> CancelReplaceOutcome:
        """`newOrderResult`."""
        return _outcome(self.new)

    @property
    def error(self) -> VenueError | None:
        """None when both worked (200), -2021 when one did (409), -2022 when none did (400)."""
        worked = [self.cancel_result, self.new_order_result].count(CancelReplaceOutcome.SUCCESS)
        if worked == 2:  # noqa: PLR2004  # both
            return None
        if worked:
            text = "Order cancel-replace partially failed."
            return VenueError(errors.CANCEL_REPLACE_HALF, text)
        return VenueError(errors.CANCEL_REPLACE_NONE, "Order cancel-replace failed.")


def _outcome(part: OrderSnapshot | VenueError | None) -> CancelReplaceOutcome:
    if part is None:
        return CancelReplaceOutcome.NOT_ATTEMPTED
    if isinstance(part, VenueError):
        return CancelReplaceOutcome.FAILURE
    return CancelReplaceOutcome.SUCCESS
