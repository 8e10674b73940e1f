"""An order moves along the transition table and nowhere else."""

from datetime import timedelta
from decimal import Decimal
from itertools import product

import pytest

from tradecore.domain import orders
from tradecore.domain.errors import IllegalTransition
from tradecore.domain.orders import OrderStatus, Trigger
from tradecore.testing.builders import NOW, build_order

D = Decimal
S, T = OrderStatus, Trigger
LATER = NOW + timedelta(seconds=1)

# Written from the design (FIX 4.4 volume 4, appendix D), not from the code: before -> what each
# trigger leads to. A trigger that is missing is refused.
LEGAL: dict[OrderStatus, dict[Trigger, OrderStatus]] = {
    S.PENDING_NEW: {
        T.ACKNOWLEDGE: S.NEW,
        T.FILL_PARTIALLY: S.PARTIALLY_FILLED,
        T.FILL: S.FILLED,
        T.REQUEST_CANCEL: S.PENDING_CANCEL,
        T.CANCEL: S.CANCELED,
        T.REJECT: S.REJECTED,
        T.EXPIRE: S.EXPIRED,
    },
    S.NEW: {
        T.FILL_PARTIALLY: S.PARTIALLY_FILLED,
        T.FILL: S.FILLED,
        T.REQUEST_CANCEL: S.PENDING_CANCEL,
        T.REQUEST_REPLACE: S.PENDING_REPLACE,
        T.REPLACE: S.NEW,
        T.CANCEL: S.CANCELED,
        T.REJECT: S.REJECTED,
        T.EXPIRE: S.EXPIRED,
    },
    S.PARTIALLY_FILLED: {
        T.FILL_PARTIALLY: S.PARTIALLY_FILLED,
        T.FILL: S.FILLED,
        T.REQUEST_CANCEL: S.PENDING_CANCEL,
        T.REQUEST_REPLACE: S.PENDING_REPLACE,
        T.REPLACE: S.PARTIALLY_FILLED,
        T.CANCEL: S.CANCELED,
        T.EXPIRE: S.EXPIRED,
    },
    S.PENDING_CANCEL: {
        T.ACKNOWLEDGE: S.PENDING_CANCEL,
        T.FILL_PARTIALLY: S.PENDING_CANCEL,
        T.FILL: S.FILLED,
        T.CANCEL: S.CANCELED,
        T.REJECT: S.REJECTED,
        T.EXPIRE: S.EXPIRED,
        T.RESUME_NEW: S.NEW,
        T.RESUME_PARTIALLY_FILLED: S.PARTIALLY_FILLED,
    },
    S.PENDING_REPLACE: {
        T.REPLACE: S.PENDING_REPLACE,
        T.ACKNOWLEDGE: S.NEW,
        T.FILL_PARTIALLY: S.PENDING_REPLACE,
        T.FILL: S.FILLED,
        T.REQUEST_CANCEL: S.PENDING_CANCEL,
        T.CANCEL: S.CANCELED,
        T.EXPIRE: S.EXPIRED,
        T.RESUME_NEW: S.NEW,
        T.RESUME_PARTIALLY_FILLED: S.PARTIALLY_FILLED,
    },
    S.FILLED: {T.LATE_FILL: S.FILLED},
    S.CANCELED: {T.LATE_FILL: S.CANCELED},
    S.REJECTED: {T.LATE_FILL: S.REJECTED},
    S.EXPIRED: {T.LATE_FILL: S.EXPIRED},
}


@pytest.mark.parametrize(("before", "trigger"), list(product(S, T)))
def test_every_pair_of_status_and_trigger_is_legal_or_refused(
    before: OrderStatus, trigger: Trigger
) -> None:
    order = build_order(status=before)
    after = LEGAL[before].get(trigger)
    if after is None:
        with pytest.raises(IllegalTransition) as refused:
            orders.transition(order, trigger, LATER)
        assert refused.value.message == (
            f"order {order.order_id} is {before}: {trigger} is not possible"
        )
        return
    moved, event = orders.transition(order, trigger, LATER)
    assert (moved.status, event.status, event.trigger) == (after, after, trigger)


@pytest.mark.parametrize("status", S)
def test_a_terminal_state_is_left_by_no_trigger(status: OrderStatus) -> None:
    terminal = build_order(status=status).is_terminal
    assert terminal == (set(LEGAL[status].values()) == {status})


def test_a_step_appends_the_next_version_at_its_time() -> None:
    moved, event = orders.transition(build_order(version=4), T.ACKNOWLEDGE, LATER, "told")
    assert (moved.version, event.version) == (5, 5)
    assert (moved.updated_at, event.recorded_at, event.detail) == (LATER, LATER, "told")


def test_a_new_order_begins_its_history_with_a_submit() -> None:
    event = orders.submitted(build_order())
    assert (event.version, event.trigger, event.status) == (1, T.SUBMIT, S.PENDING_NEW)


@pytest.mark.parametrize(
    ("trigger", "reason"), [(T.REJECT, "why"), (T.EXPIRE, "why"), (T.CANCEL, None)]
)
def test_an_order_keeps_the_reason_of_a_rejection_or_expiry_only(
    trigger: Trigger, reason: str | None
) -> None:
    moved, _ = orders.transition(build_order(), trigger, LATER, "why")
    assert moved.reason == reason


@pytest.mark.parametrize(
    ("before", "quantity", "after"),
    [
        (S.PENDING_NEW, "0.4", S.PARTIALLY_FILLED),
        (S.NEW, "0.4", S.PARTIALLY_FILLED),
        (S.NEW, "1", S.FILLED),
        (S.PARTIALLY_FILLED, "1.1", S.FILLED),
        (S.PENDING_CANCEL, "0.4", S.PENDING_CANCEL),
        (S.PENDING_CANCEL, "1", S.FILLED),
    ],
)
def test_a_fill_moves_the_order_by_what_is_filled_in_all(
    before: OrderStatus, quantity: str, after: OrderStatus
) -> None:
    moved, event = orders.record_fill(build_order(status=before), D(quantity), D(40), LATER)
    assert (moved.status, moved.late_fill) == (after, False)
    assert (moved.filled_quantity, moved.filled_notional) == (D(quantity), D(40))
    assert event.filled_quantity == D(quantity)


@pytest.mark.parametrize("status", [S.FILLED, S.CANCELED, S.REJECTED, S.EXPIRED])
def test_f20_a_late_fill_counts_and_flags_but_moves_nothing(status: OrderStatus) -> None:
    moved, event = orders.record_fill(build_order(status=status), D(1), D(100), LATER)
    assert (moved.status, moved.late_fill, moved.filled_quantity) == (status, True, D(1))
    assert event.trigger is T.LATE_FILL


def test_an_order_by_amount_is_never_completed_by_its_fills() -> None:
    order = build_order(quantity=None, quote_quantity=D(100), price=None, status=S.NEW)
    moved, _ = orders.record_fill(order, D(1), D(100), LATER)
    assert moved.status is S.PARTIALLY_FILLED
    assert moved.leaves_quantity is None


def test_what_is_left_is_what_was_asked_less_what_is_filled() -> None:
    assert build_order(filled_quantity=D("0.4")).leaves_quantity == D("0.6")


@pytest.mark.parametrize(("filled", "after"), [("0", S.NEW), ("0.4", S.PARTIALLY_FILLED)])
def test_a_refused_cancel_goes_back_to_what_the_fills_say(filled: str, after: OrderStatus) -> None:
    order = build_order(status=S.PENDING_CANCEL, filled_quantity=D(filled))
    moved, _ = orders.resume(order, LATER, "too late")
    assert moved.status is after
