"""Exact amounts: nothing rounds but the two functions that say so."""

from decimal import Decimal

import pytest

from binance_sim.engine.amounts import fits, from_units, notional_down, notional_up, to_units

D = Decimal


@pytest.mark.parametrize(("amount", "units"), [("0", 0), ("1", 10**8), ("0.00000001", 1)])
def test_units_and_back(amount: str, units: int) -> None:
    assert to_units(D(amount)) == units
    assert from_units(units) == D(amount)
    assert format(from_units(units), "f").partition(".")[2] in {"00000000", "00000001"}


def test_a_ninth_decimal_is_an_error_not_a_rounding() -> None:
    with pytest.raises(ValueError, match="decimals"):
        to_units(D("0.000000001"))


@pytest.mark.parametrize(
    ("price", "quantity", "down", "up"),
    [(10**8, 7, 7, 7), (1, 1, 0, 1), (150000000, 3, 4, 5), (0, 5, 0, 0)],
)
def test_a_trade_moves_less_and_an_order_locks_more(
    price: int, quantity: int, down: int, up: int
) -> None:
    assert notional_down(price, quantity) == down
    assert notional_up(price, quantity) == up


@pytest.mark.parametrize(
    ("amount", "decimals", "does_fit"),
    [("1.50", 1, True), ("1.55", 1, False), ("1" * 40 + "." + "1" * 60, 8, False)],
)
def test_precision_counts_significant_decimals(amount: str, decimals: int, does_fit: bool) -> None:
    assert fits(D(amount), decimals) is does_fit
