"""A wallet never goes below zero, and nothing is made or lost in it."""

from decimal import Decimal

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tradecore.domain import wallets
from tradecore.domain.errors import InsufficientFunds
from tradecore.domain.money import ZERO
from tradecore.domain.wallets import Payment, Wallet
from tradecore.testing.builders import build_wallet
from tradecore.testing.strategies import amounts

D = Decimal
AMOUNTS = amounts(2, minimum=D("0.01"), maximum=D(1000))


class WalletMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.wallet: Wallet = build_wallet(available=ZERO)
        self.paid_in = ZERO
        self.paid_out = ZERO

    @rule(amount=AMOUNTS)
    def credit(self, amount: Decimal) -> None:
        owed = self.wallet.owed
        self.wallet, repaid = wallets.credit(self.wallet, amount)
        assert repaid == min(amount, owed)
        self.paid_in += amount

    @rule(amount=AMOUNTS)
    def debit(self, amount: Decimal) -> None:
        try:
            self.wallet = wallets.debit(self.wallet, amount)
        except InsufficientFunds:
            assert amount > self.wallet.available
        else:
            self.paid_out += amount

    @rule(amount=AMOUNTS)
    def reserve(self, amount: Decimal) -> None:
        try:
            self.wallet = wallets.reserve(self.wallet, amount)
        except InsufficientFunds:
            assert amount > self.wallet.available

    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        amount = data.draw(amounts(2, maximum=self.wallet.reserved))
        self.wallet, _ = wallets.release(self.wallet, amount)

    @rule(cost=AMOUNTS, data=st.data())
    def pay(self, cost: Decimal, data: st.DataObject) -> None:
        reserved = data.draw(amounts(2, maximum=self.wallet.reserved))
        self.wallet, payment = wallets.pay(self.wallet, cost, reserved)
        assert sum(payment) == cost
        assert payment.from_reservation == min(cost, reserved)
        assert min(payment) >= 0
        self.paid_out += cost

    @invariant()
    def nothing_is_negative(self) -> None:
        assert min(self.wallet.available, self.wallet.reserved, self.wallet.owed) >= 0

    @invariant()
    def nothing_is_available_while_something_is_owed(self) -> None:
        assert not (self.wallet.available and self.wallet.owed)

    @invariant()
    def nothing_is_made_or_lost(self) -> None:
        assert self.wallet.total - self.wallet.owed == self.paid_in - self.paid_out


TestWallet = WalletMachine.TestCase


@pytest.mark.parametrize(
    ("available", "reserved", "owed", "cost", "payment", "after"),
    [
        ("10", "5", "0", "5", ("5", "0", "0"), ("10", "0", "0")),
        ("10", "5", "0", "3", ("3", "0", "0"), ("10", "2", "0")),
        ("10", "5", "0", "8", ("5", "3", "0"), ("7", "0", "0")),
        ("10", "5", "0", "20", ("5", "10", "5"), ("0", "0", "5")),
        ("0", "0", "2", "1", ("0", "0", "1"), ("0", "0", "3")),
    ],
)
def test_a_fill_is_paid_from_the_reservation_then_from_available_then_owed(
    available: str,
    reserved: str,
    owed: str,
    cost: str,
    payment: tuple[str, str, str],
    after: tuple[str, str, str],
) -> None:
    wallet = build_wallet(available=D(available), reserved=D(reserved), owed=D(owed))
    paid, made = wallets.pay(wallet, D(cost), D(reserved))
    assert made == Payment(*map(D, payment))
    assert (paid.available, paid.reserved, paid.owed) == tuple(map(D, after))


def test_a_fill_does_not_spend_what_another_order_has_reserved() -> None:
    wallet = build_wallet(available=D(0), reserved=D(100))
    paid, payment = wallets.pay(wallet, D(30), D(10))
    assert (paid.reserved, payment.owed) == (D(90), D(20))


def test_a_release_repays_what_is_owed_first() -> None:
    wallet = build_wallet(available=D(0), reserved=D(10), owed=D(4))
    released, repaid = wallets.release(wallet, D(10))
    assert (released.available, released.reserved, released.owed, repaid) == (6, 0, 0, 4)


def test_a_refusal_tells_what_is_needed_and_what_is_there() -> None:
    with pytest.raises(InsufficientFunds, match="2000 USDT needed, 1000 available"):
        wallets.reserve(build_wallet(), D(2000))


@pytest.mark.parametrize("amount", [D(0), D(-1)])
def test_reserving_nothing_or_less_is_a_bug(amount: Decimal) -> None:
    with pytest.raises(AssertionError):
        wallets.reserve(build_wallet(), amount)


def test_releasing_more_than_is_reserved_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        wallets.release(build_wallet(reserved=D(1)), D(2))


def test_crediting_less_than_nothing_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        wallets.credit(build_wallet(), D(-1))
