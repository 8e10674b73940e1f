"""Each risk rule trips on its own condition and on nothing else; all reasons are told at once."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

from tradecore.domain import accounts, freezes, risk
from tradecore.domain.freezes import FreezeMode, FreezeScope
from tradecore.domain.instruments import InstrumentState, OrderType, Side
from tradecore.domain.risk import Limits, RiskView
from tradecore.testing.builders import (
    ALICE,
    BOB,
    NOW,
    build_account,
    build_freeze,
    build_instrument,
    build_order,
    build_reference_price,
)

D = Decimal
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def build_view(**changes: Any) -> RiskView:
    view = RiskView(
        order=build_order(),
        notional=D(100),
        day_notional=D(100),
        account=build_account(),
        instrument=build_instrument(),
        limits=Limits(),
        freezes=(),
        quote=build_reference_price(),
        recent=(),
        now=NOW,
    )
    return attrs.evolve(view, **changes)


def test_an_ordinary_order_passes_every_rule() -> None:
    assert risk.check(build_view()) == ()


BUSY = build_account(
    open_orders=3,
    traded_on=NOW.date(),
    traded_notional=D(900),
    rate_window=NOW,
    rate_count=2,
)
MARKET = build_order(type=OrderType.MARKET, price=D(105))
LIKE = (risk.fingerprint(build_order()),)
WINDOW = Limits(duplicate_window=timedelta(seconds=5))
ALICE_STOP = build_freeze(scope=FreezeScope.ACCOUNT, target=ALICE)
REDUCE = build_freeze(mode=FreezeMode.REDUCE_ONLY)


@pytest.mark.parametrize(
    ("rule", "trips", "changes"),
    [
        ("instrument-state", True, {"instrument": build_instrument(state=InstrumentState.HALT)}),
        (
            "instrument-state",
            True,
            {"instrument": build_instrument(state=InstrumentState.CANCEL_ONLY)},
        ),
        ("instrument-state", True, {"instrument": build_instrument(order_types=())}),
        ("freeze", True, {"freezes": [build_freeze()]}),
        ("freeze", True, {"freezes": [ALICE_STOP]}),
        ("freeze", True, {"freezes": [REDUCE]}),
        ("freeze", False, {"freezes": [REDUCE], "order": build_order(side=Side.SELL)}),
        ("freeze", False, {"freezes": [attrs.evolve(ALICE_STOP, target=BOB)]}),
        ("allowed-symbols", True, {"limits": Limits(allowed_symbols=("ETHUSDT",))}),
        ("allowed-symbols", True, {"limits": Limits(allowed_symbols=())}),
        ("allowed-symbols", False, {"limits": Limits(allowed_symbols=("BTCUSDT",))}),
        ("max-order-notional", True, {"limits": Limits(max_order_notional=D("99.99"))}),
        ("max-order-notional", False, {"limits": Limits(max_order_notional=D(100))}),
        ("price-band", True, {"quote": None}),
        ("price-band", True, {"quote": None, "limits": Limits(price_band=None)}),
        ("price-band", True, {"now": NOW + timedelta(seconds=10, microseconds=1)}),
        ("price-band", False, {"now": NOW + timedelta(seconds=10)}),
        ("price-band", True, {"order": build_order(price=D("110.01"))}),
        ("price-band", False, {"order": build_order(price=D(110))}),
        ("price-band", True, {"order": build_order(price=D("89.99"))}),
        ("price-band", False, {"order": build_order(price=D(90))}),
        (
            "price-band",
            False,
            {"order": build_order(price=D(500)), "limits": Limits(price_band=None)},
        ),
        ("price-band", False, {"order": attrs.evolve(MARKET, price=D(500))}),
        ("price-band", False, {"order": attrs.evolve(MARKET, price=None, side=Side.SELL)}),
        ("max-open-orders", True, {"limits": Limits(max_open_orders=3), "account": BUSY}),
        ("max-open-orders", False, {"limits": Limits(max_open_orders=4), "account": BUSY}),
        ("daily-notional", True, {"limits": Limits(max_daily_notional=D(999)), "account": BUSY}),
        ("daily-notional", False, {"limits": Limits(max_daily_notional=D(1000)), "account": BUSY}),
        (
            "daily-notional",
            False,
            {
                "limits": Limits(max_daily_notional=D(999)),
                "account": attrs.evolve(BUSY, traded_on=(NOW - DAY).date()),
            },
        ),
        ("order-rate", True, {"limits": Limits(max_orders_per_second=2), "account": BUSY}),
        ("order-rate", False, {"limits": Limits(max_orders_per_second=3), "account": BUSY}),
        (
            "order-rate",
            False,
            {
                "limits": Limits(max_orders_per_second=2),
                "account": attrs.evolve(BUSY, rate_window=NOW - SECOND),
            },
        ),
        ("duplicate-order", True, {"limits": WINDOW, "recent": LIKE}),
        ("duplicate-order", False, {"limits": Limits(), "recent": LIKE}),
        ("duplicate-order", False, {"limits": WINDOW, "recent": ()}),
        (
            "duplicate-order",
            False,
            {"limits": WINDOW, "recent": LIKE, "order": build_order(price=D("100.01"))},
        ),
    ],
)
def test_a_rule_trips_on_its_own_condition(rule: str, trips: bool, changes: dict[str, Any]) -> None:
    rules = {reason.rule for reason in risk.check(build_view(**changes))}
    assert rules == ({rule} if trips else set())


def test_all_reasons_are_told_at_once() -> None:
    strict = Limits(
        max_order_notional=D(1),
        max_open_orders=1,
        max_daily_notional=D(1),
        max_orders_per_second=1,
        allowed_symbols=(),
        duplicate_window=SECOND,
    )
    view = build_view(
        limits=strict,
        account=BUSY,
        freezes=[build_freeze()],
        instrument=build_instrument(state=InstrumentState.HALT, order_types=()),
        order=build_order(price=D(500)),
        recent=[risk.fingerprint(build_order(price=D(500)))],
    )
    assert [reason.rule for reason in risk.check(view)] == [
        "instrument-state",
        "instrument-state",
        "freeze",
        "allowed-symbols",
        "max-order-notional",
        "price-band",
        "max-open-orders",
        "daily-notional",
        "order-rate",
        "duplicate-order",
    ]


def test_two_market_orders_look_alike_whatever_their_collars() -> None:
    assert risk.fingerprint(MARKET) == risk.fingerprint(attrs.evolve(MARKET, price=D(106)))


def test_the_band_is_around_the_price_that_the_order_would_take() -> None:
    wide = build_reference_price(bid=D(50), ask=D(100))
    sell = build_order(side=Side.SELL, price=D(55))
    assert risk.check(build_view(quote=wide, order=sell)) == ()


@pytest.mark.parametrize(
    ("scope", "target", "account_id", "symbol", "stopped"),
    [
        (FreezeScope.PLATFORM, "", ALICE, "BTCUSDT", True),
        (FreezeScope.SYMBOL, "BTCUSDT", ALICE, "BTCUSDT", True),
        (FreezeScope.SYMBOL, "BTCUSDT", ALICE, "ETHUSDT", False),
        (FreezeScope.ACCOUNT, ALICE, ALICE, "BTCUSDT", True),
        (FreezeScope.ACCOUNT, ALICE, BOB, "BTCUSDT", False),
    ],
)
def test_a_freeze_stops_what_it_covers(
    scope: FreezeScope, target: str, account_id: str, symbol: str, stopped: bool
) -> None:
    freeze = build_freeze(scope=scope, target=target)
    found = freezes.forbidding([freeze], account_id, symbol, Side.SELL)
    assert (found is freeze) is stopped


def test_accepted_orders_are_counted_per_day_and_second() -> None:
    account = accounts.count_order(BUSY, D(100), NOW)
    assert (account.open_orders, account.traded_notional, account.rate_count) == (4, 1000, 3)
    tomorrow = accounts.count_order(account, D(5), NOW + DAY)
    assert (tomorrow.open_orders, tomorrow.traded_notional, tomorrow.rate_count) == (5, 5, 1)


def test_an_ended_order_is_counted_out() -> None:
    assert accounts.count_ended_order(BUSY).open_orders == 2


def test_counting_out_an_order_that_was_never_counted_in_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        accounts.count_ended_order(build_account())
