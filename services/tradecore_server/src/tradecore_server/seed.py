"""What the embedded default starts with: instruments, a treasury, two customers with money.

Each step carries an idempotency key of its own, so a later start changes nothing.
"""

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeVar

import attrs

from binance_sim.engine.exchange import Exchange
from tradecore.application.command import Command, Idempotency
from tradecore.application.commands.fund_account import BookOpening, CreditAccount
from tradecore.application.commands.open_account import OpenAccount
from tradecore.application.commands.put_instrument import PutInstrument
from tradecore.application.commands.set_limits import SetFees, SetLimits
from tradecore.application.executor import Executor
from tradecore.application.outcomes import Outcome
from tradecore.domain.accounts import Account
from tradecore.domain.fees import FeePolicy
from tradecore.domain.ids import HOUSE, CommandId
from tradecore.domain.instruments import Instrument
from tradecore.domain.risk import Limits
from tradecore.ports.clock import Clock
from tradecore.ports.id_factory import IdFactory
from tradecore_server import simulated_venue

AnswerT = TypeVar("AnswerT")

TREASURY: Final[Mapping[str, Decimal]] = {
    "USDT": Decimal(1_000_000_000),
    "BTC": Decimal(20_000),
    "ETH": Decimal(400_000),
}
DEPOSITS: Final[Mapping[str, Decimal]] = {
    "USDT": Decimal(100_000),
    "BTC": Decimal(1),
    "ETH": Decimal(20),
}
CUSTOMERS: Final = ("Alice", "Bob")
FEES: Final = FeePolicy(maker=Decimal("0.0015"), taker=Decimal("0.002"))


@attrs.frozen
class Seeder:
    """Runs commands once per installation."""

    executor: Executor
    ids: IdFactory

    async def once(
        self, key: str, command: type[Command[AnswerT]], **fields: Any
    ) -> Outcome[AnswerT]:
        """Return what came of the command when it was first run under `key`."""
        return await self.executor.execute(
            command(
                command_id=CommandId(self.ids.new_id()),
                correlation_id=f"seed:{key}",
                actor="seed",
                idempotency=Idempotency(
                    owner="seed", key=key, request_hash=hashlib.sha256(key.encode()).digest()
                ),
                **fields,
            )
        )


async def seed_house(seeder: Seeder, instruments: Sequence[Instrument], limits: Limits) -> None:
    """Offer the venue's instruments, under default `limits` and fees."""
    for instrument in instruments:
        await seeder.once(f"instrument:{instrument.symbol}", PutInstrument, instrument=instrument)
    await seeder.once("limits:default", SetLimits, account_id=HOUSE, limits=limits)
    await seeder.once("fees:default", SetFees, account_id=HOUSE, policy=FEES)


async def seed_customers(seeder: Seeder, exchange: Exchange, clock: Clock) -> list[Account]:
    """Fund the treasury, at the simulated venue too, and return two customers with money.

    Needs prices: run it after the market began.
    """
    for asset, amount in TREASURY.items():
        booked = await seeder.once(
            f"treasury:{asset}", BookOpening, asset=asset, amount=amount, reason="seed"
        )
        if not booked.replayed:
            simulated_venue.deposit(exchange, asset, amount, clock)
    return [await _customer(seeder, name) for name in CUSTOMERS]


async def _customer(seeder: Seeder, name: str) -> Account:
    account = (await seeder.once(f"customer:{name}", OpenAccount, name=name)).unwrap()
    for asset, amount in DEPOSITS.items():
        funded = await seeder.once(
            f"deposit:{name}:{asset}",
            CreditAccount,
            account_id=account.account_id,
            asset=asset,
            amount=amount,
            reason="seed",
        )
        funded.unwrap()
    return account
