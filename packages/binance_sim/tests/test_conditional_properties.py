"""What holds after any sequence of conditional orders, order lists, amendments and trades."""

from decimal import Decimal
from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from binance_sim.engine.amounts import notional_up
from binance_sim.engine.balances import OpenCounts
from binance_sim.engine.commission import CommissionRates, Rate
from binance_sim.engine.errors import VenueError
from binance_sim.engine.events import Event, ExecutionReport, ListStatus
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.orders import Order, OrderList
from binance_sim.engine.requests import (
    AmendOrder,
    CancelOrder,
    CancelReplace,
    NewOrder,
    NewOrderList,
)
from binance_sim.engine.symbols import LotSize, PriceFilter, SymbolRules, complete
from binance_sim.engine.vocabulary import (
    CancelReplaceMode,
    OrderStatus,
    OrderType,
    PegOffsetType,
    PegPriceType,
    Side,
    StpMode,
    TimeInForce,
)
from binance_sim.testing import build_exchange

BTC = "BTCUSDT"
BUY, SELL = Side.BUY, Side.SELL
T, D = OrderType, Decimal
ACCOUNTS = ("alice", "bob")
PLAIN = complete(
    SymbolRules(
        symbol=BTC,
        base_asset="BTC",
        quote_asset="USDT",
        filters=(
            PriceFilter(min_price=D(0), max_price=D(0), tick_size=D("0.01")),
            LotSize(min_quantity=D("0.001"), max_quantity=D(0), step_size=D("0.001")),
        ),
    )
)
RULES = attrs.evolve(PLAIN, allowed_stp_modes=tuple(StpMode), default_stp_mode=StpMode.NONE)
RATES = CommissionRates(standard=Rate(maker=D("0.001"), taker=D("0.002")))

sides = st.sampled_from(Side)
prices = st.integers(90, 110).map(D)
quantities = st.sampled_from([D("0.5"), D(1), D("1.337"), D(3)])
modes = st.sampled_from(StpMode)
deltas = st.none() | st.integers(10, 600)
icebergs = st.none() | st.just(D("0.4"))


@st.composite
def orders(draw: st.DrawFn) -> NewOrder:
    """Any order that its own parameters allow."""
    kind, side = draw(st.sampled_from(OrderType)), draw(sides)
    is_limit = not kind.is_market
    request = NewOrder(
        symbol=BTC, side=side, type=kind, quantity=draw(quantities), stp_mode=draw(modes)
    )
    if is_limit:
        request = attrs.evolve(request, price=draw(prices), iceberg_quantity=draw(icebergs))
    if is_limit and kind is not T.LIMIT_MAKER:
        lives = TimeInForce.GTC if request.iceberg_quantity else draw(st.sampled_from(TimeInForce))
        request = attrs.evolve(request, time_in_force=lives)
    if kind.is_contingent:
        is_above = kind.is_stop_loss is (side is BUY)
        distance = draw(st.integers(1, 6))
        level = D(100 + distance) if is_above else D(100 - distance)
        request = attrs.evolve(request, stop_price=level, trailing_delta=draw(deltas))
    if is_limit and draw(st.integers(0, 5)) == 0:
        request = attrs.evolve(request, **draw(pegs(kind)))
    return request


@st.composite
def pegs(draw: st.DrawFn, kind: OrderType) -> dict[str, Any]:
    offset = draw(st.none() | st.integers(1, 2))
    peg = PegPriceType.PRIMARY_PEG if kind is T.LIMIT_MAKER else draw(st.sampled_from(PegPriceType))
    return {
        "price": draw(st.none() | prices),
        "peg_price_type": peg,
        "peg_offset_type": None if offset is None else PegOffsetType.PRICE_LEVEL,
        "peg_offset_value": offset,
    }


@st.composite
def pairs(draw: st.DrawFn) -> dict[str, Any]:
    """An OCO around the market, mostly well formed."""
    side, quantity = draw(sides), draw(quantities)
    level = draw(st.integers(1, 6))
    loss_price = D(100 + level) if side is BUY else D(100 - level)
    gain_price = D(100 - level) if side is BUY else D(100 + level)
    is_limit = draw(st.booleans())
    loss = NewOrder(
        symbol=BTC,
        side=side,
        type=T.STOP_LOSS_LIMIT if is_limit else T.STOP_LOSS,
        quantity=quantity,
        stop_price=loss_price,
        price=draw(prices) if is_limit else None,
        time_in_force=TimeInForce.GTC if is_limit else None,
    )
    gain = draw(
        st.sampled_from(
            [
                NewOrder(
                    symbol=BTC, side=side, type=T.LIMIT_MAKER, quantity=quantity, price=gain_price
                ),
                NewOrder(
                    symbol=BTC,
                    side=side,
                    type=T.TAKE_PROFIT,
                    quantity=quantity,
                    stop_price=gain_price,
                ),
            ]
        )
    )
    return {"above": loss, "below": gain} if side is BUY else {"above": gain, "below": loss}


@st.composite
def lists(draw: st.DrawFn) -> NewOrderList:
    kind = draw(st.integers(0, 2))
    if kind == 0:
        return NewOrderList(symbol=BTC, **draw(pairs()))
    working = NewOrder(
        symbol=BTC,
        side=draw(sides),
        type=T.LIMIT,
        quantity=draw(quantities),
        price=draw(prices),
        time_in_force=draw(st.sampled_from(TimeInForce)),
    )
    if kind == 1:
        return NewOrderList(symbol=BTC, working=working, pending=draw(orders()))
    return NewOrderList(symbol=BTC, working=working, **draw(pairs()))


ids = st.integers(0, 25)  #: which of the open orders, counted round
keys = st.sampled_from(ACCOUNTS)
amendments = st.builds(AmendOrder, symbol=st.just(BTC), order_id=ids, new_quantity=quantities)
cancels = st.builds(CancelOrder, symbol=st.just(BTC), order_id=ids)
replacements = st.builds(
    CancelReplace, cancel=cancels, new=orders(), mode=st.sampled_from(CancelReplaceMode)
)
plain = orders()
requests = st.one_of(
    plain, plain, plain, plain, lists(), lists(), amendments, amendments, cancels, replacements
)
asked = st.tuples(keys, requests)
quotes = st.tuples(sides, st.integers(1, 8), st.sampled_from([D(0), D("0.7"), D(4)]))
trades = st.tuples(st.booleans(), prices, st.sampled_from([D("0.2"), D(2)]))
actions = st.lists(
    st.one_of(asked, asked, asked, asked, quotes, trades, trades), min_size=10, max_size=40
)


def act(exchange: Exchange, action: tuple[Any, ...], now_us: int) -> tuple[Event, ...]:
    match action:
        case (str(key), request):
            return ask(exchange, key, request, now_us)
        case (Side() as side, int(distance), Decimal() as quantity):
            price = D(100 - distance) if side is BUY else D(100 + distance)
            return exchange.set_liquidity(BTC, side, price, quantity, now_us).events
        case (bool(is_maker), Decimal() as price, Decimal() as quantity):
            step = exchange.trade_market(BTC, price, quantity, now_us, is_buyer_maker=is_maker)
            return step.events
    raise AssertionError(action)


def aim(exchange: Exchange, key: str, request: Any) -> Any:
    """Turn the number of an open order into its id."""
    if isinstance(request, CancelReplace):
        return attrs.evolve(request, cancel=aim(exchange, key, request.cancel))
    open_ids = list(exchange.market(BTC).blotters[key].open)
    if not isinstance(request, AmendOrder | CancelOrder) or not open_ids:
        return request
    return attrs.evolve(request, order_id=open_ids[(request.order_id or 0) % len(open_ids)])


def ask(exchange: Exchange, key: str, request: object, now_us: int) -> tuple[Event, ...]:
    match aim(exchange, key, request):
        case NewOrder() as new:
            step = exchange.place(key, new, now_us)
        case NewOrderList() as new_list:
            step = exchange.place_list(key, new_list, now_us)
        case AmendOrder() as amendment:
            step = exchange.amend(key, amendment, now_us)
        case CancelOrder() as cancel if now_us % 5:
            step = exchange.cancel(key, cancel, now_us)
        case CancelReplace() as replacement:
            return exchange.cancel_replace(key, replacement, now_us).events
        case _:
            step = exchange.cancel_all(key, BTC, now_us)[1]
    return step.events


def start() -> Exchange:
    """Two accounts of one trade group, so that TRANSFER moves money between them."""
    exchange = build_exchange(symbols=[RULES], rates=RATES, base="8", quote="800")
    for key in ACCOUNTS:
        exchange.account(key).trade_group_id = 7
    for distance in (2, 4):
        exchange.set_liquidity(BTC, BUY, D(100 - distance), D(2), 0)
        exchange.set_liquidity(BTC, SELL, D(100 + distance), D(2), 0)
    exchange.trade_market(BTC, D(100), D(1), 0, is_buyer_maker=True)
    return exchange


@settings(max_examples=200, deadline=None)
@given(actions)
def test_every_law_after_every_step(actions_: list[tuple[Any, ...]]) -> None:
    exchange = start()
    watcher, copy = exchange.market(BTC).watch_depth(), Copy()
    first = exchange.market(BTC).depth(1000)
    copy.apply(first.bids, first.asks)
    seen = first.last_update_id
    for now_us, action in enumerate(actions_, start=1):
        before = exchange.journal.events.copy(), balances(exchange)
        try:
            events = act(exchange, action, now_us)
        except VenueError:
            assert before == (exchange.journal.events, balances(exchange)), action
            continue
        check_events(events)
        check_money(exchange)
        check_orders(exchange)
        change = watcher.collect()
        if change is not None:
            copy.apply(change.bids, change.asks)
            assert change.first_update_id == seen + 1
            seen = change.last_update_id
        snapshot = exchange.market(BTC).depth(1000)
        assert snapshot.last_update_id == seen
        assert copy.sides() == (dict(snapshot.bids), dict(snapshot.asks))


@settings(max_examples=30, deadline=None)
@given(actions)
def test_the_same_calls_give_the_same_history(actions_: list[tuple[Any, ...]]) -> None:
    told = []
    for _ in range(2):
        exchange = start()
        for now_us, action in enumerate(actions_, start=1):
            try:
                act(exchange, action, now_us)
            except VenueError as refusal:
                told.append(str(refusal))
        told.extend(map(str, exchange.journal.events))
    assert told[: len(told) // 2] == told[len(told) // 2 :]


class Copy:
    """A local book as a client keeps it."""

    def __init__(self) -> None:
        self._sides: tuple[dict[Decimal, Decimal], ...] = ({}, {})

    def apply(self, *changes: tuple[tuple[Decimal, Decimal], ...]) -> None:
        for side, levels in zip(self._sides, changes, strict=True):
            for price, quantity in levels:
                side.pop(price, None)
                if quantity:
                    side[price] = quantity

    def sides(self) -> tuple[dict[Decimal, Decimal], ...]:
        return self._sides


def balances(exchange: Exchange) -> list[object]:
    return [account.snapshots() for account in exchange.accounts().values()]


def check_events(events: tuple[Event, ...]) -> None:
    """Reports and lists come first, a position per account last; only TRADE moves money."""
    kinds = [isinstance(event, ExecutionReport | ListStatus) for event in events]
    assert kinds == sorted(kinds, reverse=True)
    for event in events:
        if isinstance(event, ExecutionReport):
            is_trade = event.execution_type.value == "TRADE"
            assert (event.trade_id != -1) == is_trade == (event.last_quantity > 0)
            assert not (event.is_on_book and event.working_us < 0)


def check_money(exchange: Exchange) -> None:
    """Deposits = balances + commissions + what the market took."""
    journal = exchange.journal
    for asset in ("BTC", "USDT"):
        held = 0
        for account in exchange.accounts().values():
            balance = account.balance(asset)
            assert balance.free >= 0
            assert balance.locked >= 0
            held += balance.free + balance.locked
        taken = journal.commissions[asset] + journal.market_flow[asset]
        assert journal.transfers[asset] == held + taken


def check_orders(exchange: Exchange) -> None:
    market = exchange.market(BTC)
    for key, account in exchange.accounts().items():
        blotter = market.blotters[key]
        live = list(blotter.open.values())
        for asset, is_buy in (("USDT", True), ("BTC", False)):
            locked = sum(order.locked for order in live if order.is_buy is is_buy)
            assert account.balance(asset).locked == locked
        for order in live:
            check_lock(order)
            check_place(exchange, order)
        assert all(order.is_open or not order.locked for order in blotter.orders)
        lists_ = exchange.order_lists[key].lists
        for each in lists_:
            check_list(each)
        counts = OpenCounts(
            orders=len(live),
            algos=sum(order.trigger is not None for order in live),
            icebergs=sum(bool(order.iceberg) for order in live),
            lists=sum(each.is_open for each in lists_),
        )
        assert blotter.counts == account.counts == counts
    live = [order for key in ACCOUNTS for order in market.blotters[key].open.values()]
    waiting = {each.order_id for each in live if each.trigger is not None and waits(each)}
    assert {order.order_id for order in market.stops.waiting()} == waiting
    assert not market.stops.triggered
    bid, ask = market.book.bids.best(), market.book.asks.best()
    assert bid is None or ask is None or bid < ask


def waits(order: Order) -> bool:
    return not order.is_working and order.status is OrderStatus.NEW


def check_lock(order: Order) -> None:
    """An order locks what it needs; a pair once, what the dearer leg needs."""
    if order.status is OrderStatus.PENDING_NEW:
        assert order.locked == 0
    elif order.sibling is not None:
        assert order.locked + order.sibling.locked == max(order.need, order.sibling.need)
    elif not order.is_buy:
        assert order.locked == order.leaves
    else:
        assert order.locked == notional_up(order.lock_price or order.price, order.leaves)


def check_place(exchange: Exchange, order: Order) -> None:
    """A working order is on the book; one that waits is not."""
    half = exchange.market(BTC).book.own_half(is_buy=order.is_buy)
    level = half.orders.get(order.price) or {}
    assert (order.order_id in level) is order.is_working
    assert order.leaves > 0
    if order.iceberg and order.is_working:
        assert 0 < order.shown <= min(order.iceberg, order.leaves)


def check_list(order_list: OrderList) -> None:
    """A list is open while an order is; pending orders wait exactly for the working one."""
    assert order_list.is_open is any(order.is_open for order in order_list.orders)
    working = order_list.working
    for order in order_list.pending:
        assert working is not None
        assert not order.is_open or (order.status is OrderStatus.PENDING_NEW) is working.is_open
