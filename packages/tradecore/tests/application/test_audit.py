"""Every administrative write leaves who, what, when, before and after, with its effect."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import attrs
import pytest

from tradecore.application.command import Command
from tradecore.application.commands.catch_up import (
    CatchUpRequest,
    CaughtUp,
    RecordCatchUp,
    RequestCatchUp,
)
from tradecore.application.commands.freeze import LiftFreeze, SetFreeze
from tradecore.application.commands.fund_account import BookOpening, CreditAccount, DebitAccount
from tradecore.application.commands.open_account import OpenAccount
from tradecore.application.commands.put_instrument import PutInstrument, SetInstrumentState
from tradecore.application.commands.reverse_entry import ReverseEntry
from tradecore.application.commands.set_limits import SetFees, SetLimits
from tradecore.application.use_cases import USE_CASES
from tradecore.domain.fees import FeePolicy
from tradecore.domain.freezes import FreezeMode, FreezeScope
from tradecore.domain.ids import HOUSE, AccountId
from tradecore.domain.instruments import InstrumentState
from tradecore.domain.ledger import EntryKind
from tradecore.domain.risk import Limits
from tradecore.memory import MemoryStore
from tradecore.testing.scenario import BTCUSDT, Scenario

NOT_ADMINISTRATIVE = {
    "place_order",
    "cancel_order",
    "replace_order",
    "open_attempt",
    "renew_attempt",
    "record_report",
    "reject_attempt",
    "refuse_cancel",
    "apply_execution",
    "raise_alert",
    "advance_cursor",
    "forget_missing",
}

D = Decimal
Make = Callable[[Scenario, AccountId, MemoryStore], Command]  # type: ignore[type-arg] # of several


def funding(kind: type, amount: Decimal) -> Make:
    def make(house: Scenario, account_id: AccountId, _store: MemoryStore) -> Command:  # type: ignore[type-arg]
        return kind(
            **house.head(), account_id=account_id, asset="USDT", amount=amount, reason="why"
        )

    return make


def reversal(house: Scenario, account_id: AccountId, store: MemoryStore) -> Command:  # type: ignore[type-arg]
    entry = next(
        one for one in store.tables.journal_entries.values() if one.kind is EntryKind.DEPOSIT
    )
    return ReverseEntry(
        **house.head(),
        journal_entry_id=entry.journal_entry_id,
        account_id=account_id,
        asset="USDT",
        reason="why",
    )


MAKERS: dict[str, Make] = {
    "open_account": lambda house, _a, _s: OpenAccount(**house.head(), name="new"),
    "credit_account": funding(CreditAccount, D(5)),
    "debit_account": funding(DebitAccount, D(5)),
    "book_opening": lambda house, _a, _s: BookOpening(
        **house.head(), asset="USDT", amount=D(5), reason="why"
    ),
    "reverse_entry": reversal,
    "set_limits": lambda house, account_id, _s: SetLimits(
        **house.head(),
        account_id=account_id,
        limits=Limits(max_open_orders=3, duplicate_window=timedelta(seconds=1)),
    ),
    "set_fees": lambda house, _a, _s: SetFees(
        **house.head(), account_id=HOUSE, policy=FeePolicy(taker=D("0.002"))
    ),
    "freeze": lambda house, account_id, _s: SetFreeze(
        **house.head(),
        scope=FreezeScope.ACCOUNT,
        target=account_id,
        mode=FreezeMode.HALT,
        reason="why",
    ),
    "unfreeze": lambda house, _a, _s: LiftFreeze(
        **house.head(), scope=FreezeScope.PLATFORM, target="", reason="why"
    ),
    "put_instrument": lambda house, _a, _s: PutInstrument(
        **house.head(), instrument=attrs.evolve(BTCUSDT, state=InstrumentState.HALT)
    ),
    "request_catch_up": lambda house, _a, _s: RequestCatchUp(
        **house.head(), symbol="BTCUSDT", from_trade_id=7
    ),
    "record_catch_up": lambda house, _a, _s: RecordCatchUp(
        **house.head(),
        request=CatchUpRequest(request_id="r", symbol=None, from_trade_id=None),
        caught_up=CaughtUp(children=1, fills=2, cursors={"BTCUSDT": 3}),
    ),
    "set_instrument_state": lambda house, _a, _s: SetInstrumentState(
        **house.head(), symbol="BTCUSDT", state=InstrumentState.CANCEL_ONLY
    ),
}


def test_every_use_case_is_either_audited_or_a_customers_or_a_process() -> None:
    assert {command.kind for command in USE_CASES} == NOT_ADMINISTRATIVE | set(MAKERS)


@pytest.mark.parametrize("kind", sorted(MAKERS))
async def test_an_administrative_write_is_audited_with_its_effect(
    house: Scenario, store: MemoryStore, kind: str
) -> None:
    account_id = await house.customer(usdt=D(100))
    await house.run(
        SetFreeze(
            **house.head(),
            scope=FreezeScope.PLATFORM,
            target="",
            mode=FreezeMode.REDUCE_ONLY,
            reason="before",
        )
    )
    before = len(store.tables.audits)
    command = MAKERS[kind](house, account_id, store)
    await house.run(command)
    (line,) = store.tables.audits[before:]
    assert (line.action, line.actor, line.command_id) == (kind, "scenario", command.command_id)
    assert line.correlation_id == "scenario"
    assert ":" in line.subject
    assert line.before or line.after


async def test_a_refused_write_leaves_no_line(house: Scenario, store: MemoryStore) -> None:
    account_id = await house.customer(usdt=D(1))
    before = len(store.tables.audits)
    debit = DebitAccount(
        **house.head(), account_id=account_id, asset="USDT", amount=D(5), reason="why"
    )
    outcome = await house.executor.execute(debit)
    assert outcome.refusal is not None
    assert len(store.tables.audits) == before
