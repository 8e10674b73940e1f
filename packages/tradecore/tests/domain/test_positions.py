"""Weighted average cost in two exact numbers: nothing of the cost is made or lost."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradecore.domain import positions
from tradecore.domain.money import ZERO
from tradecore.testing.builders import build_position
from tradecore.testing.strategies import amounts

D = Decimal


def test_buying_adds_what_was_paid_and_what_arrived() -> None:
    position = positions.acquire(build_position(), D("0.999"), D(100))
    position = positions.acquire(position, D("0.999"), D(200))
    assert (position.quantity, position.cost, position.realised_profit) == (D("1.998"), D(300), 0)


def test_selling_takes_the_share_of_the_cost_and_realises_the_rest() -> None:
    held = build_position(quantity=D(4), cost=D(400))
    position = positions.dispose(held, D(1), D(150), 8)
    assert (position.quantity, position.cost, position.realised_profit) == (3, 300, 50)


def test_the_last_unit_takes_the_rest_of_the_cost() -> None:
    position = build_position(quantity=D(3), cost=D(100))
    for _ in range(3):
        position = positions.dispose(position, D(1), D(40), 2)
    assert (position.quantity, position.cost, position.realised_profit) == (0, 0, 20)


def test_what_is_sold_beyond_the_holding_carries_no_cost() -> None:
    position = positions.dispose(build_position(quantity=D(2), cost=D(200)), D(5), D(500), 8)
    assert (position.quantity, position.cost, position.realised_profit) == (0, 0, 300)


def test_f21_a_repaid_debt_takes_its_cost_from_the_profit() -> None:
    short = positions.dispose(build_position(), D(3), D(300), 8)
    bought = positions.acquire(short, D(10), D(1100))
    repaid = positions.repay(bought, D(3), 8)
    assert (repaid.quantity, repaid.cost, repaid.realised_profit) == (7, 770, -30)


def test_a_withdrawal_leaves_at_cost_and_realises_nothing() -> None:
    position, cost = positions.withdraw(build_position(quantity=D(4), cost=D(400)), D(1), 8)
    assert (position.quantity, position.cost, position.realised_profit, cost) == (3, 300, 0, 100)


def test_withdrawing_all_takes_all_of_the_cost() -> None:
    position, cost = positions.withdraw(build_position(quantity=D(3), cost=D("0.01")), D(3), 8)
    assert (position.quantity, position.cost, cost) == (0, 0, D("0.01"))


STEPS = st.lists(
    st.tuples(st.sampled_from(("acquire", "dispose", "withdraw", "repay")), amounts(4), amounts(2)),
    max_size=12,
)


@given(STEPS, st.integers(0, 8))
def test_cost_is_never_negative_and_what_went_in_is_what_came_out_or_is_held(
    steps: list[tuple[str, Decimal, Decimal]], scale: int
) -> None:
    position = build_position()
    paid, taken, proceeds = ZERO, ZERO, ZERO
    for kind, quantity, money in steps:
        match kind:
            case "acquire":
                position = positions.acquire(position, quantity, money)
                paid += money
            case "dispose":
                position = positions.dispose(position, quantity, money, scale)
                proceeds += money
            case "repay":
                position = positions.repay(position, quantity, scale)
            case _:
                position, cost = positions.withdraw(position, quantity, scale)
                taken += cost
        assert position.quantity >= 0
        assert position.cost >= 0
        assert position.realised_profit == proceeds + position.cost + taken - paid


@pytest.mark.parametrize("quantity", [D(0)])
def test_selling_nothing_of_nothing_moves_nothing(quantity: Decimal) -> None:
    assert positions.dispose(build_position(), quantity, ZERO, 8) == build_position()
