"""Amounts come in exactly, are added exactly, and are rounded only where a name says so."""

from decimal import Decimal, FloatOperation, Inexact, InvalidOperation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradecore.domain import money
from tradecore.domain.errors import AssetMismatch, InvalidAmount
from tradecore.domain.money import EXACT, ZERO, Money
from tradecore.testing.strategies import amounts

D = Decimal


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "sNaN",
        "Infinity",
        "-Infinity",
        "inf",
        "1e400",
        "1e999999999",
        "1E5",
        "1_000",
        " 1",
        "1 ",
        "1\n",
        "\n1",
        "+1",
        "-1",
        "-0",
        "1.",
        ".5",
        "1.2.3",
        "1,5",
        "",
        "\uff11\uff12",
        "\u0663",
        "0x10",
        "1" * 21,
        "1" * 40,
        "0." + "1" * 19,
    ],
)
def test_f66_text_that_is_not_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(InvalidAmount) as refused:
        money.parse_amount(text, field="price")
    assert refused.value.message.startswith("price must be decimal digits")


@pytest.mark.parametrize("value", [1.5, 1, None, D(1), b"1", ["1"]])
def test_f66_what_is_not_text_is_refused(value: object) -> None:
    with pytest.raises(InvalidAmount):
        money.parse_amount(value)  # type: ignore[arg-type] # what JSON may bring


@pytest.mark.parametrize("text", ["0", "1", "00.10", "9" * 20 + "." + "9" * 18])
def test_plain_decimal_text_is_taken_digit_by_digit(text: str) -> None:
    assert money.parse_amount(text) == D(text)


@given(amounts(18, maximum=D(10) ** 20 - 1))
def test_text_and_parse_are_inverse(amount: Decimal) -> None:
    written = money.text(amount)
    assert money.parse_amount(written) == amount
    assert money.text(money.parse_amount(written)) == written


@pytest.mark.parametrize(
    ("amount", "written"),
    [
        (D("1E+5"), "100000"),
        (D("-0"), "0"),
        (D("-0.00"), "0"),
        (D("0E-10"), "0"),
        (D("1.500"), "1.5"),
        (D("100"), "100"),
        (D("1E-8"), "0.00000001"),
        (D("-2.50"), "-2.5"),
    ],
)
def test_text_is_plain_notation_without_trailing_zeros(amount: Decimal, written: str) -> None:
    assert money.text(amount) == written


def test_a_digit_that_would_be_lost_raises() -> None:
    with pytest.raises(Inexact):
        money.add(D(10) ** 79, D("0.01"))


def test_the_product_of_the_two_longest_amounts_is_exact() -> None:
    longest = D("9" * 20 + "." + "9" * 18)
    assert money.multiply(longest, longest) == D((10**38 - 1) ** 2).scaleb(-36, money.EXACT)


def test_a_product_that_would_be_rounded_raises() -> None:
    with pytest.raises(Inexact):
        money.multiply(D("1." + "3" * 50), D("1." + "3" * 50))


def test_what_is_not_a_number_raises_in_a_sum() -> None:
    with pytest.raises(InvalidOperation):
        money.subtract(D("Infinity"), D("Infinity"))


def test_a_float_never_becomes_an_amount() -> None:
    with pytest.raises(FloatOperation):
        EXACT.create_decimal(0.1)
    with pytest.raises(TypeError):
        money.add(0.1, D(1))  # type: ignore[arg-type] # what a slip would pass


def test_more_digits_than_the_default_context_has_are_kept() -> None:
    assert money.add(D("12345678901234567890"), D("0.123456789012345678")) == D(
        "12345678901234567890.123456789012345678"
    )


@given(amounts(12), st.integers(0, 10))
def test_rounding_up_is_never_less_and_off_by_less_than_a_unit(amount: Decimal, scale: int) -> None:
    rounded = money.round_up(amount, scale)
    assert ZERO <= rounded - amount < D(1).scaleb(-scale)
    assert money.scale_of(rounded) <= scale


@given(amounts(12), st.integers(0, 10))
def test_rounding_down_is_never_more_and_off_by_less_than_a_unit(
    amount: Decimal, scale: int
) -> None:
    rounded = money.round_down(amount, scale)
    assert ZERO <= amount - rounded < D(1).scaleb(-scale)
    assert money.scale_of(rounded) <= scale


@given(amounts(8), st.lists(st.integers(1, 1000), min_size=1, max_size=8))
def test_shares_and_the_rest_add_up_to_the_whole(amount: Decimal, parts: list[int]) -> None:
    left, whole = amount, sum(parts)
    for part in parts[:-1]:
        taken = money.share(left, D(part), D(whole), 8)
        assert ZERO <= taken <= left
        left, whole = money.subtract(left, taken), whole - part
    assert money.share(left, D(parts[-1]), D(whole), 8) == left


def test_a_share_is_rounded_down_even_where_the_quotient_has_endless_nines() -> None:
    just_below_one = D("9" * 59)
    share = money.share(just_below_one, D(1), D(10) ** 59, 8)
    assert share == D("0.99999999")


@pytest.mark.parametrize(
    ("amount", "step", "expected"),
    [
        (D("100.001"), D("0.01"), D("100.01")),
        (D("100.01"), D("0.01"), D("100.01")),
        (D("7"), D("5"), D("10")),
        (D("0"), D("5"), D("0")),
    ],
)
def test_a_ceiling_is_the_next_multiple_of_the_step(
    amount: Decimal, step: Decimal, expected: Decimal
) -> None:
    assert money.ceil_to_step(amount, step) == expected


def test_a_quotient_is_rounded_down() -> None:
    assert money.quotient(D(2), D(3), 4) == D("0.6666")


@pytest.mark.parametrize(
    ("amount", "scale"),
    [(D("1.500"), 1), (D(100), 0), (D("1E+3"), 0), (D("0.00"), 0), (D("1E-8"), 8)],
)
def test_the_scale_counts_the_decimals_that_are_needed(amount: Decimal, scale: int) -> None:
    assert money.scale_of(amount) == scale


@pytest.mark.parametrize("amount", [D("NaN"), D("Infinity")])
def test_what_is_not_finite_has_no_scale(amount: Decimal) -> None:
    with pytest.raises(InvalidAmount, match="finite"):
        money.scale_of(amount)


@pytest.mark.parametrize("amount", [D("0.001"), D("NaN"), D("sNaN"), D("-Infinity")])
def test_more_decimals_than_the_scale_are_refused(amount: Decimal) -> None:
    with pytest.raises(InvalidAmount, match="price must have at most 2 decimals"):
        money.require_scale(amount, 2, field="price")


def test_an_amount_within_its_scale_is_accepted() -> None:
    money.require_scale(D("0.0100"), 2, field="price")


@given(st.lists(amounts()))
def test_a_total_is_the_exact_sum(parts: list[Decimal]) -> None:
    assert money.total(parts) == sum(parts, ZERO)


def test_money_of_one_asset_adds_subtracts_and_negates() -> None:
    assert Money(D(1), "BTC") + Money(D(2), "BTC") == Money(D(3), "BTC")
    assert Money(D(1), "BTC") - Money(D(2), "BTC") == -Money(D(1), "BTC")


def test_two_assets_never_mix() -> None:
    with pytest.raises(AssetMismatch, match="BTC and USDT do not add up"):
        _ = Money(D(1), "BTC") + Money(D(1), "USDT")
    with pytest.raises(AssetMismatch):
        _ = Money(D(1), "BTC") - Money(D(1), "USDT")
