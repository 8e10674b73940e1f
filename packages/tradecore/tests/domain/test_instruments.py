"""Each filter of the venue, at its edges."""

from decimal import Decimal

import pytest

from tradecore.domain import instruments
from tradecore.domain.instruments import LotSize, Notional, PriceFilter, Side
from tradecore.testing.builders import build_instrument

D = Decimal
BTCUSDT = build_instrument()
NO_FILTERS = build_instrument(
    price_filter=PriceFilter(),
    lot_size=LotSize(),
    market_lot_size=LotSize(),
    notional=Notional(),
    percent_price=None,
)


@pytest.mark.parametrize(
    ("price", "details"),
    [
        ("0.01", []),
        ("1000000", []),
        ("42.42", []),
        ("0.00", ["price is below 0.01"]),
        ("1000000.01", ["price is above 1000000"]),
        ("42.425", ["price is not a multiple of the tick 0.01"]),
        ("0.005", ["price is below 0.01", "price is not a multiple of the tick 0.01"]),
    ],
)
def test_price_filter(price: str, details: list[str]) -> None:
    reasons = list(instruments.price_reasons(BTCUSDT, D(price), "price"))
    assert [reason.detail for reason in reasons] == details
    assert {(reason.rule, reason.field) for reason in reasons} <= {("PRICE_FILTER", "price")}


@pytest.mark.parametrize(
    ("quantity", "market", "details"),
    [
        ("0.00001", False, []),
        ("9000", False, []),
        ("9000.00001", False, ["LOT_SIZE: quantity is above 9000"]),
        ("0", False, ["LOT_SIZE: quantity is below 0.00001"]),
        ("0.000015", False, ["LOT_SIZE: quantity is not a multiple of the step 0.00001"]),
        ("100.00001", False, []),
        ("100", True, []),
        ("100.00001", True, ["MARKET_LOT_SIZE: quantity is above 100"]),
        (
            "9000.00001",
            True,
            ["LOT_SIZE: quantity is above 9000", "MARKET_LOT_SIZE: quantity is above 100"],
        ),
    ],
)
def test_lot_size(quantity: str, market: bool, details: list[str]) -> None:
    reasons = instruments.lot_reasons(BTCUSDT, D(quantity), market=market)
    assert [f"{reason.rule}: {reason.detail}" for reason in reasons] == details


@pytest.mark.parametrize(
    ("rule", "notional", "market", "detail"),
    [
        (Notional(min_notional=D(5)), "5", False, None),
        (Notional(min_notional=D(5)), "4.99", False, "worth 4.99 USDT, below 5"),
        (Notional(min_notional=D(5)), "4.99", True, "worth 4.99 USDT, below 5"),
        (Notional(min_notional=D(5), apply_min_to_market=False), "4.99", True, None),
        (Notional(min_notional=D(5), apply_min_to_market=False), "4.99", False, "below"),
        (Notional(max_notional=D(9)), "9", False, None),
        (Notional(max_notional=D(9)), "9.01", False, "worth 9.01 USDT, above 9"),
        (Notional(max_notional=D(9)), "9.01", True, None),
        (Notional(max_notional=D(9), apply_max_to_market=True), "9.01", True, "above"),
    ],
)
def test_notional(rule: Notional, notional: str, market: bool, detail: str | None) -> None:
    instrument = build_instrument(notional=rule)
    reasons = list(
        instruments.notional_reasons(instrument, D(notional), market=market, field="quantity")
    )
    assert len(reasons) == (0 if detail is None else 1)
    assert detail is None or detail in reasons[0].detail


@pytest.mark.parametrize(
    ("side", "price", "refused"),
    [
        (Side.BUY, "20", False),
        (Side.BUY, "500", False),
        (Side.BUY, "19.99", True),
        (Side.BUY, "500.01", True),
        (Side.SELL, "30", False),
        (Side.SELL, "400", False),
        (Side.SELL, "29.99", True),
        (Side.SELL, "400.01", True),
    ],
)
def test_percent_price_by_side(side: Side, price: str, refused: bool) -> None:
    rule = instruments.PercentPriceBySide(
        bid_multiplier_up=D(5),
        bid_multiplier_down=D("0.2"),
        ask_multiplier_up=D(4),
        ask_multiplier_down=D("0.3"),
    )
    instrument = build_instrument(percent_price=rule)
    reasons = list(instruments.percent_price_reasons(instrument, side, D(price), D(100)))
    assert bool(reasons) is refused


def test_filters_that_are_off_refuse_nothing() -> None:
    odd = D("123456789.123456789")
    assert not [
        *instruments.price_reasons(NO_FILTERS, odd, "price"),
        *instruments.lot_reasons(NO_FILTERS, odd, market=True),
        *instruments.notional_reasons(NO_FILTERS, odd, market=False, field="quantity"),
        *instruments.percent_price_reasons(NO_FILTERS, Side.BUY, odd, D(1)),
    ]
