"""Does what a control request or a scenario says, on a running server."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import attrs

from binance_sim.engine.requests import CancelOrder
from binance_sim.faults import actions
from binance_sim.faults.lags import Lags
from binance_sim.faults.rules import Rule
from binance_sim.faults.scenario import Moment, Scenario
from binance_sim.wire.calls.trading import new_order
from binance_sim.wire.parameters import Parameters
from binance_sim.wire.views.symbols import parse_filter

if TYPE_CHECKING:
    from binance_sim.wire.server import Server

_US: Final = 1_000_000


def _us(seconds: float) -> int:
    return round(seconds * _US)


def _deposit(server: "Server", deed: actions.Deposit) -> None:
    amount = Decimal(deed.amount)
    server.exchange.deposit(deed.account, deed.asset, amount, server.time.now_us())


def _withdraw(server: "Server", deed: actions.Withdraw) -> None:
    amount = Decimal(deed.amount)
    server.exchange.withdraw(deed.account, deed.asset, amount, server.time.now_us())


def _lock(server: "Server", deed: actions.LockExternally) -> None:
    amount = Decimal(deed.amount)
    server.exchange.lock_externally(deed.account, deed.asset, amount, server.time.now_us())


def _place(server: "Server", deed: actions.PlaceByHand) -> None:
    request = new_order(Parameters(deed.parameters))
    server.exchange.place(deed.account, request, server.time.now_us())


def _cancel(server: "Server", deed: actions.CancelByHand) -> None:
    request = CancelOrder(symbol=deed.symbol, order_id=deed.order_id)
    server.exchange.cancel(deed.account, request, server.time.now_us())


def _set_liquidity(server: "Server", deed: actions.SetLiquidity) -> None:
    price, quantity = Decimal(deed.price), Decimal(deed.quantity)
    now_us = server.time.now_us()
    server.exchange.set_liquidity(deed.symbol, deed.side, price, quantity, now_us)


def _trade(server: "Server", deed: actions.TradeMarket) -> None:
    server.exchange.trade_market(
        deed.symbol,
        Decimal(deed.price),
        Decimal(deed.quantity),
        server.time.now_us(),
        is_buyer_maker=deed.is_buyer_maker,
    )


def _set_status(server: "Server", deed: actions.SetSymbolStatus) -> None:
    rules = server.exchange.market(deed.symbol).rules
    server.exchange.replace_rules(attrs.evolve(rules, status=deed.status))


def _set_filters(server: "Server", deed: actions.SetFilters) -> None:
    rules = server.exchange.market(deed.symbol).rules
    new = {type(each): each for each in map(parse_filter, deed.filters)}
    kept = tuple(new.pop(type(each), each) for each in rules.filters)
    server.exchange.replace_rules(attrs.evolve(rules, filters=(*kept, *new.values())))


def _set_lags(server: "Server", deed: actions.SetLags) -> None:
    server.desk.lags = Lags(
        new_order_us=_us(deed.new_order_seconds),
        open_orders_us=_us(deed.open_orders_seconds),
        database_us=_us(deed.database_seconds),
        archive_after_us=_us(deed.archive_after_seconds),
    )


def _skew(server: "Server", deed: actions.SkewClock) -> None:
    server.time.skew_us = _us(deed.seconds)


def _ban(server: "Server", deed: actions.Ban) -> None:
    meter, until_us = server.meter, server.time.now_us() + _us(deed.seconds)
    for visitor in [meter.visitor(deed.address)] if deed.address else meter.visitors():
        visitor.ban(until_us)


def _set_maintenance(server: "Server", deed: actions.SetMaintenance) -> None:
    server.is_down = deed.is_on
    if deed.is_on:
        server.announce_shutdown(0.0)


def _announce(server: "Server", deed: actions.AnnounceShutdown) -> None:
    server.announce_shutdown(deed.seconds)


def _cut(server: "Server", deed: actions.CutSockets) -> None:
    if deed.kind in {"api", "all"}:
        for session in tuple(server.api.sessions):
            session.connection.cut()
    if deed.kind in {"market", "all"}:
        for socket in tuple(server.market_streams.sockets):
            socket.connection.cut()


def _revoke(server: "Server", deed: actions.RevokeKey) -> None:
    server.keyring.get(deed.api_key).is_revoked = deed.is_revoked
    if deed.is_revoked:
        for session in tuple(server.api.sessions):
            session.drop_revoked(deed.api_key)


def _set_trading(server: "Server", deed: actions.SetTrading) -> None:
    server.exchange.account(deed.account).can_trade = deed.is_allowed


def _set_bnb_price(server: "Server", deed: actions.SetBnbPrice) -> None:
    server.exchange.set_bnb_price(deed.asset, Decimal(deed.price) if deed.price else None)


_DEEDS: Final[Mapping[type, Callable[["Server", Any], None]]] = {
    actions.Deposit: _deposit,
    actions.Withdraw: _withdraw,
    actions.LockExternally: _lock,
    actions.PlaceByHand: _place,
    actions.CancelByHand: _cancel,
    actions.SetLiquidity: _set_liquidity,
    actions.TradeMarket: _trade,
    actions.SetSymbolStatus: _set_status,
    actions.SetFilters: _set_filters,
    actions.SetLags: _set_lags,
    actions.SkewClock: _skew,
    actions.Ban: _ban,
    actions.SetMaintenance: _set_maintenance,
    actions.AnnounceShutdown: _announce,
    actions.CutSockets: _cut,
    actions.RevokeKey: _revoke,
    actions.SetTrading: _set_trading,
    actions.SetBnbPrice: _set_bnb_price,
}


def perform(server: "Server", deed: actions.AnyAction) -> None:
    """Do it now. Raises VenueError, Failure, KeyError, ValueError."""
    _DEEDS[type(deed)](server, deed)


async def play(server: "Server", scenario: Scenario) -> None:
    """Play a scenario from now on; returns when its last moment has begun."""
    server.faults.reseed(scenario.seed)
    start_us = server.time.now_us() - server.time.skew_us
    for moment in sorted(scenario.moments, key=lambda each: each.at):
        due_us = start_us + _us(moment.at)
        wait_us = due_us - (server.time.now_us() - server.time.skew_us)
        if wait_us > 0:
            await server.time.sleep(wait_us / _US)
        begin(server, moment)


def begin(server: "Server", moment: Moment) -> None:
    """Begin what a moment brings."""
    if moment.deed is not None:
        perform(server, moment.deed)
    if moment.fault is not None:
        rule_id = server.faults.add(moment.fault)
        if moment.for_seconds is not None:
            server.tasks.start(_end_later(server, rule_id, moment.fault, moment.for_seconds))


async def _end_later(server: "Server", rule_id: int, rule: Rule, seconds: float) -> None:
    await server.time.sleep(seconds)
    if server.faults.rules.get(rule_id) is rule:
        server.faults.remove(rule_id)
