"""The customer pays the greater of the venue's commission and the policy's total, never both."""

from decimal import Decimal

import pytest
from hypothesis import given

from tradecore.domain.errors import InvalidAmount
from tradecore.domain.executions import Liquidity
from tradecore.domain.fees import FeePolicy, platform_fee
from tradecore.testing.strategies import amounts, fee_policies

D = Decimal
POLICY = FeePolicy(maker=D("0.001"), taker=D("0.002"))


@pytest.mark.parametrize(
    ("liquidity", "received", "commission", "fee"),
    [
        (Liquidity.TAKER, "1", "0.001", "0.001"),  # 0.2 % in all, 0.1 % of it the venue's
        (Liquidity.MAKER, "1", "0.001", "0"),  # the venue took it all
        (Liquidity.MAKER, "1", "0.003", "0"),  # the policy is below the commission
        (Liquidity.TAKER, "1", "0", "0.002"),  # the venue took BNB: the whole is ours
        (Liquidity.TAKER, "0.00000499", "0", "0"),  # less than the smallest unit
        (Liquidity.TAKER, "0.00000999", "0.00000001", "0"),
        (Liquidity.TAKER, "12345.67890123", "12.34567890", "12.3456789"),
    ],
)
def test_the_fee_is_what_the_policy_takes_beyond_the_commission(
    liquidity: Liquidity, received: str, commission: str, fee: str
) -> None:
    assert platform_fee(POLICY, liquidity, D(received), D(commission), 8) == D(fee)


def test_a_fee_never_takes_more_than_arrived() -> None:
    greedy = FeePolicy(taker=D(1))
    assert platform_fee(greedy, Liquidity.TAKER, D(1), D("0.1"), 8) == D("0.9")


@pytest.mark.parametrize("rate", ["-0.001", "1.1", "NaN", "Infinity"])
def test_a_rate_that_is_no_fraction_is_refused(rate: str) -> None:
    with pytest.raises(InvalidAmount):
        FeePolicy(taker=D(rate))


@given(fee_policies(), amounts(8), amounts(8))
def test_commission_and_fee_together_are_the_greater_of_the_two(
    policy: FeePolicy, received: Decimal, commission: Decimal
) -> None:
    fee = platform_fee(policy, Liquidity.MAKER, received, commission, 8)
    total = fee + commission
    assert fee >= 0
    assert total >= commission
    assert total == max(commission, total)
    assert total <= max(commission, received * policy.maker)
    assert max(commission, received * policy.maker) - total < D("0.00000001")
