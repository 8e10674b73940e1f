"""The embedded default's venue: a simulated Binance Spot in this process."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

from binance_sim.engine.exchange import Exchange
from binance_sim.engine.symbols import (
    BTCUSDT,
    ETHUSDT,
    with_open_orders,
)
from binance_sim.mapping import to_us
from binance_sim.recording import Recording, packaged_recordings, read_folder
from binance_sim.replay import Replay
from binance_sim.resumption import LastIds, resume
from binance_sim.simulated_market import SimulatedMarket
from binance_sim.venue import SimulatedVenue
from tradecore.application.commands.record_report import ForgetMissing
from tradecore.application.executor import Executor
from tradecore.domain.ids import CommandId
from tradecore.domain.ledger import venue as venue_account
from tradecore.domain.money import negate
from tradecore.ports.clock import Clock
from tradecore.ports.id_factory import IdFactory
from tradecore.ports.queries import Queries
from tradecore.ports.venue import VenueHistory

OMNIBUS: Final = "omnibus"
MAX_OPEN_ORDERS: Final = 100_000
"""Of the one account that all customers share; the real venue allows 200 per symbol."""


def build_exchange() -> Exchange:
    """Return an exchange that lists BTCUSDT and ETHUSDT, with the omnibus account, empty."""
    exchange = Exchange([with_open_orders(one, MAX_OPEN_ORDERS) for one in (BTCUSDT, ETHUSDT)])
    exchange.open_account(OMNIBUS)
    return exchange


async def furnish(exchange: Exchange, queries: Queries, venue_name: str, clock: Clock) -> None:
    """Let the exchange begin where the books say that it stood."""
    held = {
        balance.asset: negate(balance.amount)
        for balance in await queries.list_house_balances()
        if balance.account == venue_account(venue_name)
    }
    resume(
        exchange,
        OMNIBUS,
        holdings=held,
        living=[
            child
            for child in await queries.list_living_children()
            if child.venue_order_id is not None and child.outcome is None
        ],
        last_ids={
            last.symbol: LastIds(venue_order_id=last.venue_order_id, trade_id=last.trade_id)
            for last in await queries.list_last_venue_ids()
        },
        now_us=to_us(clock.now()),
    )


async def forget_missing(executor: Executor, queries: Queries, ids: IdFactory) -> None:
    """End the children that wait for fills which went with the venue's last life."""
    for child in await queries.list_open_attempts():
        if child.outcome is not None:
            await executor.execute(
                ForgetMissing(
                    command_id=CommandId(ids.new_id()),
                    correlation_id=child.order_id,
                    actor="simulated venue",
                    order_id=child.order_id,
                    child=child.child,
                )
            )


def build_market(
    exchange: Exchange, folder: Path | None, speed: float, clock: Clock
) -> SimulatedMarket:
    """Return the market that plays the recordings of `folder` over the exchange, from now on."""
    replay = Replay(exchange, _recordings(folder), start_us=to_us(clock.now()), speed=speed)
    return SimulatedMarket(replay, clock)


def _recordings(folder: Path | None) -> Sequence[Recording]:
    return packaged_recordings() if folder is None else read_folder(folder)


def deposit(exchange: Exchange, asset: str, amount: Decimal, clock: Clock) -> None:
    """Let the omnibus account hold more: what a transfer to the real venue would do."""
    exchange.deposit(OMNIBUS, asset, amount, to_us(clock.now()))


def history(exchange: Exchange, clock: Clock) -> VenueHistory:
    """Return the venue's own record of the omnibus account, for the laws that compare with it."""
    return SimulatedVenue(exchange, OMNIBUS, clock).history()
