"""What the venue takes from a fill.

Commission = received amount x (maker or taker + buyer or seller), summed over the standard, the
special and the tax rate, in the received asset; with the BNB switch on and enough free BNB, the
whole is converted to BNB and the standard part is multiplied by `discount`. It is rounded
**down** to eight decimals once per fill, so it is never more than what was received.
Source: Binance Spot API, FAQ "Commission rates".
"""

from decimal import Decimal
from typing import Final

import attrs

from binance_sim.engine.amounts import ONE, to_units

BNB: Final = "BNB"


@attrs.frozen(kw_only=True)
class Rate:
    """One of the three components; each number is a share of the received amount."""

    maker: Decimal = Decimal(0)
    taker: Decimal = Decimal(0)
    buyer: Decimal = Decimal(0)
    seller: Decimal = Decimal(0)


@attrs.frozen(kw_only=True)
class CommissionRates:
    """`GET account/commission` of one account, and whether it pays in BNB."""

    standard: Rate = Rate(maker=Decimal("0.001"), taker=Decimal("0.001"))
    special: Rate = Rate()
    tax: Rate = Rate()
    discount: Decimal = Decimal("0.75")  #: of the standard part, when paid in BNB
    pays_in_bnb: bool = False

    _shares: dict[tuple[bool, bool], tuple[int, int]] = attrs.field(init=False, repr=False)

    @_shares.default
    def _compute_shares(self) -> dict[tuple[bool, bool], tuple[int, int]]:
        return {
            (is_maker, is_buyer): self._share(is_maker=is_maker, is_buyer=is_buyer)
            for is_maker in (True, False)
            for is_buyer in (True, False)
        }

    def _share(self, *, is_maker: bool, is_buyer: bool) -> tuple[int, int]:
        standard = _units(self.standard, is_maker=is_maker, is_buyer=is_buyer)
        other = _units(self.special, is_maker=is_maker, is_buyer=is_buyer) + _units(
            self.tax, is_maker=is_maker, is_buyer=is_buyer
        )
        if not 0 <= standard + other <= ONE:
            message = "a commission rate is a share between 0 and 1"
            raise ValueError(message)
        discounted = standard * to_units(self.discount) + other * ONE
        return standard + other, discounted

    def in_received(self, received: int, *, is_maker: bool, is_buyer: bool) -> int:
        """Return the commission in units of the received asset, at most `received`."""
        return received * self._shares[is_maker, is_buyer][0] // ONE

    def in_bnb(self, received: int, bnb_price: int, *, is_maker: bool, is_buyer: bool) -> int:
        """Return the discounted commission in units of BNB; `bnb_price` in the received asset."""
        return received * self._shares[is_maker, is_buyer][1] // (bnb_price * ONE)


def _units(rate: Rate, *, is_maker: bool, is_buyer: bool) -> int:
    by_role = rate.maker if is_maker else rate.taker
    by_side = rate.buyer if is_buyer else rate.seller
    return to_units(by_role) + to_units(by_side)
