"""Exact amounts: `Decimal` at the boundary, integers of 1e-8 inside.

Every asset, price and rate of Binance Spot has at most eight decimals (`baseAssetPrecision` 8),
so one scale serves all; the price of a unit times a quantity is the only product that may need
more, and the two functions here say which way it is rounded.
"""

from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Final

DECIMALS: Final = 8
ONE: Final = 10**DECIMALS  #: 1 in units
ZERO: Final = Decimal("0.00000000")

_SCALE: Final = Decimal(ONE)
_UNIT: Final = Decimal(1).scaleb(-DECIMALS)
_UNITS: Final = tuple(Decimal(1).scaleb(-decimals) for decimals in range(21))
_EXACT: Final = Context(prec=80, traps=[Inexact, InvalidOperation])
_multiply = _EXACT.multiply


def to_units(amount: Decimal) -> int:
    """Return `amount` in units of 1e-8. Raises ValueError beyond eight decimals."""
    scaled = _EXACT.multiply(amount, _SCALE)
    units = int(scaled)
    if units != scaled:
        message = f"{amount} has more than {DECIMALS} decimals"
        raise ValueError(message)
    return units


def fits(amount: Decimal, decimals: int) -> bool:
    """Whether `amount` is exact with `decimals` decimals."""
    try:
        _EXACT.quantize(amount, _UNITS[decimals])
    except Inexact:
        return False
    return True


def from_units(units: int) -> Decimal:
    """Return units of 1e-8 as a Decimal with eight decimals."""
    return _multiply(units, _UNIT) if units else ZERO


def notional_down(price: int, quantity: int) -> int:
    """Return price x quantity in units, rounded down: what a trade moves."""
    return price * quantity // ONE


def notional_up(price: int, quantity: int) -> int:
    """Return price x quantity in units, rounded up: what an order locks."""
    return -(-price * quantity // ONE)
