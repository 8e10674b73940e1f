"""What the customer pays for a fill, and how much of it the platform keeps."""

from decimal import Decimal

import attrs

from tradecore.domain.errors import InvalidAmount
from tradecore.domain.executions import Liquidity
from tradecore.domain.money import MAX_SCALE, ZERO, multiply, require_scale, round_down, subtract


@attrs.frozen(kw_only=True)
class FeePolicy:
    """Total rates as fractions of what is received (0.002 is 0.2 %), venue commission included."""

    maker: Decimal = ZERO
    taker: Decimal = ZERO

    def __attrs_post_init__(self) -> None:
        """Refuse rates that are not fractions. Raises InvalidAmount."""
        for field, rate in (("maker", self.maker), ("taker", self.taker)):
            require_scale(rate, MAX_SCALE, field=field)
            if not ZERO <= rate <= 1:
                raise InvalidAmount(field=field, detail="must be a fraction from 0 to 1")

    def rate(self, liquidity: Liquidity) -> Decimal:
        """Return the total rate of a fill."""
        return self.maker if liquidity is Liquidity.MAKER else self.taker


def platform_fee(
    policy: FeePolicy,
    liquidity: Liquidity,
    received: Decimal,
    commission: Decimal,
    scale: int,
) -> Decimal:
    """Return the platform's fee on a fill, in the received asset, rounded down to `scale`.

    The customer pays max(commission, received x rate) in all; `commission` is what the venue took
    in the received asset (zero where it took another), so the fee is what is left of the total.
    Never more than arrived.
    """
    whole = round_down(multiply(received, policy.rate(liquidity)), scale)
    fee = subtract(min(whole, received), commission)
    return max(fee, ZERO)
