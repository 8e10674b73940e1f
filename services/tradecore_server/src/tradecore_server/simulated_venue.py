"""The embedded default's venue: a simulated Binance Spot in this process."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

import attrs

from binance_sim.engine.exchange import Exchange
from binance_sim.engine.symbols import (
    BTCUSDT,
    ETHUSDT,
    LotSize,
    MarketLotSize,
    MaxNumOrders,
    Notional,
    PercentPriceBySide,
    PriceFilter,
    SymbolFilter,
    SymbolRules,
)
from binance_sim.mapping import to_us
from binance_sim.recording import Recording, packaged_recordings, read_folder
from binance_sim.replay import Replay
from binance_sim.resumption import LastIds, resume
from binance_sim.simulated_market import SimulatedMarket
from tradecore.application.commands.record_report import ForgetMissing
from tradecore.application.executor import Executor
from tradecore.domain import instruments
from tradecore.domain.ids import CommandId
from tradecore.domain.instruments import Instrument, OrderType
from tradecore.domain.ledger import venue as venue_account
from tradecore.domain.money import negate
from tradecore.ports.clock import Clock
from tradecore.ports.id_factory import IdFactory
from tradecore.ports.queries import Queries

OMNIBUS: Final = "omnibus"
MAX_OPEN_ORDERS: Final = 100_000
"""Of the one account that all customers share; the real venue allows 200 per symbol."""


def build_exchange() -> Exchange:
    """Return an exchange that lists BTCUSDT and ETHUSDT, with the omnibus account, empty."""
    exchange = Exchange([_roomy(BTCUSDT), _roomy(ETHUSDT)])
    exchange.open_account(OMNIBUS)
    return exchange


def _roomy(rules: SymbolRules) -> SymbolRules:
    """Return the rules with room for the open orders of many customers."""
    filters = tuple(
        attrs.evolve(one, limit=MAX_OPEN_ORDERS) if isinstance(one, MaxNumOrders) else one
        for one in rules.filters
    )
    return attrs.evolve(rules, filters=filters)


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


def instrument_of(rules: SymbolRules) -> Instrument:
    """Return what the house offers of a symbol: the venue's own filters.

    Counts of open orders are the omnibus account's; customers get quotas from their limits.
    """
    instrument = Instrument(
        symbol=rules.symbol,
        base_asset=rules.base_asset,
        quote_asset=rules.quote_asset,
        base_scale=rules.base_asset_precision,
        quote_scale=rules.quote_asset_precision,
        order_types=(OrderType.LIMIT, OrderType.MARKET, OrderType.LIMIT_MAKER),
    )
    for rule in rules.filters:
        instrument = _with_filter(instrument, rule)
    return instrument


def _with_filter(instrument: Instrument, rule: SymbolFilter) -> Instrument:
    match rule:
        case PriceFilter():
            price_filter = instruments.PriceFilter(
                min_price=rule.min_price, max_price=rule.max_price, tick_size=rule.tick_size
            )
            return attrs.evolve(instrument, price_filter=price_filter)
        case LotSize():
            return attrs.evolve(instrument, lot_size=_lot(rule))
        case MarketLotSize():
            return attrs.evolve(instrument, market_lot_size=_lot(rule))
        case Notional():
            notional = instruments.Notional(
                min_notional=rule.min_notional,
                max_notional=rule.max_notional,
                apply_min_to_market=rule.apply_min_to_market,
                apply_max_to_market=rule.apply_max_to_market,
            )
            return attrs.evolve(instrument, notional=notional)
        case PercentPriceBySide():
            percent_price = instruments.PercentPriceBySide(
                bid_multiplier_up=rule.bid_multiplier_up,
                bid_multiplier_down=rule.bid_multiplier_down,
                ask_multiplier_up=rule.ask_multiplier_up,
                ask_multiplier_down=rule.ask_multiplier_down,
            )
            return attrs.evolve(instrument, percent_price=percent_price)
        case _:
            return instrument


def _lot(rule: LotSize | MarketLotSize) -> instruments.LotSize:
    return instruments.LotSize(
        min_quantity=rule.min_quantity, max_quantity=rule.max_quantity, step_size=rule.step_size
    )
