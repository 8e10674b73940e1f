"""Exact decimal amounts: how they come in, how they are added, where alone they are rounded.

Every operation runs under `EXACT`, a context of 80 digits (the product of two amounts of 38 fits) that raises where a digit would be lost.
The operators of `Decimal` obey the caller's context (28 digits, silent rounding), so domain code
uses the functions of this module instead.
"""

import re
from collections.abc import Iterable
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    Clamped,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
)
from typing import Final, NewType

import attrs

from tradecore.domain.errors import AssetMismatch, InvalidAmount

Price = NewType("Price", Decimal)
"""Quote asset per unit of base asset."""
Quantity = NewType("Quantity", Decimal)
"""An amount of the base asset."""

ZERO: Final = Decimal(0)

MAX_SCALE: Final = 18

EXACT: Final = Context(
    prec=80,
    traps=[Clamped, DivisionByZero, FloatOperation, Inexact, InvalidOperation, Overflow],
)
_DIVISION: Final = Context(prec=80, traps=[DivisionByZero, FloatOperation, InvalidOperation])

add = EXACT.add
subtract = EXACT.subtract
multiply = EXACT.multiply
negate = EXACT.minus

# ASCII digits only: `Decimal` itself accepts "NaN", "1e5", "1_000", " 1" and digits of any script.
_AMOUNT: Final = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,18})?", re.ASCII)


def parse_amount(text: str, *, field: str = "amount") -> Decimal:
    """Return the non-negative decimal that `text` spells.

    Raises:
        InvalidAmount: not 1-20 ASCII digits, with at most 18 more after a point.
    """
    if not isinstance(text, str) or _AMOUNT.fullmatch(text) is None:
        raise InvalidAmount(
            field=field, detail="must be decimal digits, at most 20 before and 18 after the point"
        )
    return Decimal(text)


def scale_of(amount: Decimal) -> int:
    """Return how many decimals `amount` needs; trailing zeros need none."""
    exponent = amount.normalize(EXACT).as_tuple().exponent
    if not isinstance(exponent, int):
        raise InvalidAmount(field="amount", detail="must be finite")
    return max(0, -exponent)


def require_scale(amount: Decimal, scale: int, *, field: str) -> None:
    """Raise `InvalidAmount` unless `amount` is finite and needs at most `scale` decimals."""
    if not amount.is_finite() or not _fits(amount, scale):
        raise InvalidAmount(field=field, detail=f"must have at most {scale} decimals")


def _fits(amount: Decimal, scale: int) -> bool:
    """Tell whether `scale` decimals hold the finite `amount`; written with few, it need not be trimmed."""
    exponent = amount.as_tuple().exponent
    return (isinstance(exponent, int) and -exponent <= scale) or scale_of(amount) <= scale


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum."""
    result = ZERO
    for amount in amounts:
        result = add(result, amount)
    return result


def round_up(amount: Decimal, scale: int) -> Decimal:
    """Return `amount` at `scale` decimals, never less than it was. For reservations."""
    return amount.quantize(Decimal(1).scaleb(-scale), ROUND_CEILING, _DIVISION)


def round_down(amount: Decimal, scale: int) -> Decimal:
    """Return `amount` at `scale` decimals, never more than it was. For fees and shares."""
    return amount.quantize(Decimal(1).scaleb(-scale), ROUND_FLOOR, _DIVISION)


def ceil_to_step(amount: Decimal, step: Decimal) -> Decimal:
    """Return the smallest multiple of `step` that is not below `amount`. For collars."""
    excess = EXACT.remainder(amount, step)
    return amount if not excess else add(subtract(amount, excess), step)


def share(amount: Decimal, part: Decimal, whole: Decimal, scale: int) -> Decimal:
    """Return amount x part / whole, rounded down to `scale`. The last part must take the rest."""
    return round_down(_DIVISION.divide(multiply(amount, part), whole), scale)


def quotient(amount: Decimal, divisor: Decimal, scale: int) -> Decimal:
    """Return amount / divisor, rounded down to `scale`. For figures that are shown, never posted."""
    return round_down(_DIVISION.divide(amount, divisor), scale)


def text(amount: Decimal) -> str:
    """Return plain decimal notation without trailing zeros; `str` may say `1E+5`."""
    written = str(amount)
    if "E" in written:
        written = format(amount, "f")
    if "." in written:
        written = written.rstrip("0").rstrip(".")
    return "0" if written in ("", "-0") else written


@attrs.frozen
class Money:
    """An amount of one asset. Two assets never mix."""

    amount: Decimal
    asset: str

    def __add__(self, other: "Money") -> "Money":
        """Return the sum. Raises AssetMismatch."""
        self._same_asset(other)
        return Money(add(self.amount, other.amount), self.asset)

    def __sub__(self, other: "Money") -> "Money":
        """Return the difference. Raises AssetMismatch."""
        self._same_asset(other)
        return Money(subtract(self.amount, other.amount), self.asset)

    def __neg__(self) -> "Money":
        """Return the same amount with the other sign."""
        return Money(negate(self.amount), self.asset)

    def _same_asset(self, other: "Money") -> None:
        if self.asset != other.asset:
            raise AssetMismatch(asset=self.asset, other=other.asset)
