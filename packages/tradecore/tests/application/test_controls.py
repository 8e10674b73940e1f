"""Instruments, freezes, limits and fees: what an administrator may say, and what is refused."""

from collections.abc import Callable
from decimal import Decimal

import attrs
import pytest

from tradecore.application.commands.freeze import LiftFreeze, SetFreeze
from tradecore.application.commands.put_instrument import PutInstrument, SetInstrumentState
from tradecore.application.commands.set_limits import SetFees, SetLimits
from tradecore.domain.errors import (
    InvalidFreeze,
    InvalidInstrument,
    OrderRefused,
    UnknownAccount,
    UnknownFreeze,
    UnknownInstrument,
)
from tradecore.domain.fees import FeePolicy
from tradecore.domain.freezes import FreezeMode, FreezeScope
from tradecore.domain.ids import AccountId
from tradecore.domain.instruments import Instrument, InstrumentState, OrderType
from tradecore.domain.risk import Limits
from tradecore.memory import MemoryStore
from tradecore.testing.scenario import BTCUSDT, Scenario

D = Decimal
NOBODY = AccountId("01900000-0000-7000-8000-0000000000aa")
Change = Callable[[Instrument], Instrument]


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("quote_asset", lambda one: attrs.evolve(one, symbol="ETHBTC", quote_asset="BTC")),
        ("base_scale", lambda one: attrs.evolve(one, base_scale=19)),
        ("base_scale", lambda one: attrs.evolve(one, base_scale=7)),
        ("symbol", lambda one: attrs.evolve(one, base_asset="ETH")),
        (
            "order_types",
            lambda one: attrs.evolve(one, order_types=(OrderType.STOP_LOSS_LIMIT,)),
        ),
    ],
)
async def test_an_instrument_that_cannot_be_offered_is_refused_by_its_field(
    house: Scenario, field: str, change: Change
) -> None:
    with pytest.raises(InvalidInstrument) as refusal:
        await house.run(PutInstrument(**house.head(), instrument=change(BTCUSDT)))
    assert refusal.value.field == field


async def test_a_new_instrument_makes_its_assets_known(house: Scenario, store: MemoryStore) -> None:
    other = attrs.evolve(BTCUSDT, symbol="ETHUSDT", base_asset="ETH")
    await house.run(PutInstrument(**house.head(), instrument=other))
    assert store.tables.assets["ETH"].scale == 8
    assert store.tables.instruments["ETHUSDT"] == other


async def test_a_symbol_that_is_closed_takes_no_order(house: Scenario) -> None:
    alice = await house.customer(usdt=D(1000))
    await house.run(
        SetInstrumentState(**house.head(), symbol="BTCUSDT", state=InstrumentState.HALT)
    )
    with pytest.raises(OrderRefused, match="not open for trading"):
        await house.run(house.buy(alice))


async def test_an_unknown_symbol_has_no_state(house: Scenario) -> None:
    with pytest.raises(UnknownInstrument):
        await house.run(
            SetInstrumentState(**house.head(), symbol="XYZUSDT", state=InstrumentState.HALT)
        )


@pytest.mark.parametrize(
    ("scope", "target", "error"),
    [
        (FreezeScope.PLATFORM, "BTCUSDT", InvalidFreeze),
        (FreezeScope.SYMBOL, "", InvalidFreeze),
        (FreezeScope.SYMBOL, "XYZUSDT", UnknownInstrument),
        (FreezeScope.ACCOUNT, NOBODY, UnknownAccount),
    ],
)
async def test_a_freeze_names_exactly_what_it_stops(
    house: Scenario, scope: FreezeScope, target: str, error: type[Exception]
) -> None:
    freeze = SetFreeze(
        **house.head(), scope=scope, target=target, mode=FreezeMode.HALT, reason="drill"
    )
    with pytest.raises(error):
        await house.run(freeze)


async def test_what_is_not_frozen_cannot_be_lifted(house: Scenario) -> None:
    with pytest.raises(UnknownFreeze):
        await house.run(
            LiftFreeze(**house.head(), scope=FreezeScope.PLATFORM, target="", reason="drill")
        )


async def test_a_frozen_symbol_that_is_lifted_trades_again(house: Scenario) -> None:
    alice = await house.customer(usdt=D(1000))
    symbol = {"scope": FreezeScope.SYMBOL, "target": "BTCUSDT", "reason": "drill"}
    await house.run(SetFreeze(**house.head(), **symbol, mode=FreezeMode.REDUCE_ONLY))
    with pytest.raises(OrderRefused, match="frozen"):
        await house.run(house.buy(alice))
    await house.run(LiftFreeze(**house.head(), **symbol))
    await house.run(house.buy(alice))


async def test_limits_and_fees_are_an_accounts(house: Scenario) -> None:
    with pytest.raises(UnknownAccount):
        await house.run(SetLimits(**house.head(), account_id=NOBODY, limits=Limits()))
    with pytest.raises(UnknownAccount):
        await house.run(SetFees(**house.head(), account_id=NOBODY, policy=FeePolicy()))
