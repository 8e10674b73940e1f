"""What holds after any sequence of orders, cancels and market moves."""

from collections import Counter
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from binance_sim.engine.commission import CommissionRates, Rate
from binance_sim.engine.errors import VenueError
from binance_sim.engine.events import Event, ExecutionReport, OrderSnapshot
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.requests import CancelOrder, NewOrder
from binance_sim.engine.symbols import BTCUSDT, LotSize, PriceFilter, SymbolRules
from binance_sim.engine.vocabulary import (
    ExecutionType,
    OrderStatus,
    OrderType,
    Side,
    StpMode,
    TimeInForce,
)
from binance_sim.testing import build_exchange, with_stp_none

BTC = "BTCUSDT"
D = Decimal
ACCOUNTS = ("alice", "bob")
ASSETS = ("BTC", "USDT", "BNB")

# A tick and a step whose product needs sixteen decimals: quote amounts must be rounded.
FINE = SymbolRules(
    symbol=BTC,
    base_asset="BTC",
    quote_asset="USDT",
    filters=(
        PriceFilter(min_price=D(0), max_price=D(0), tick_size=D("0.00000001")),
        LotSize(min_quantity=D("0.00000001"), max_quantity=D(0), step_size=D("0.00000001")),
    ),
    allowed_stp_modes=tuple(m for m in StpMode if m is not StpMode.TRANSFER),
)
RATES = CommissionRates(
    standard=Rate(maker=D("0.001"), taker=D("0.00200001")),
    tax=Rate(buyer=D("0.0003")),
    pays_in_bnb=True,
)

prices = st.decimals("99.9", "100.1", places=8)
quantities = st.decimals("0.00000001", "2", places=8)
sides = st.sampled_from(Side)

limits = st.builds(
    NewOrder,
    symbol=st.just(BTC),
    side=sides,
    type=st.just(OrderType.LIMIT),
    time_in_force=st.sampled_from(TimeInForce),
    quantity=quantities,
    price=prices,
    stp_mode=st.sampled_from(FINE.allowed_stp_modes),
)
limit_makers = st.builds(
    NewOrder,
    symbol=st.just(BTC),
    side=sides,
    type=st.just(OrderType.LIMIT_MAKER),
    quantity=quantities,
    price=prices,
)
markets = st.builds(
    NewOrder,
    symbol=st.just(BTC),
    side=sides,
    type=st.just(OrderType.MARKET),
    quantity=quantities,
    stp_mode=st.sampled_from(FINE.allowed_stp_modes),
)
by_quote = st.builds(
    NewOrder,
    symbol=st.just(BTC),
    side=sides,
    type=st.just(OrderType.MARKET),
    quote_order_quantity=st.decimals("0.01", "300", places=8),
    stp_mode=st.sampled_from(FINE.allowed_stp_modes),
)
orders = st.tuples(
    st.sampled_from(ACCOUNTS), st.one_of(limits, limits, limit_makers, markets, by_quote)
)
cancels = st.tuples(st.sampled_from(ACCOUNTS), st.integers(1, 40))
quotes = st.tuples(sides, st.integers(0, 3), st.decimals("0", "2", places=5))
trades = st.tuples(st.booleans(), prices, st.decimals("0.00001", "2", places=8))
actions = st.lists(st.one_of(orders, cancels, quotes, trades), max_size=40)


def play(actions_: list[tuple[object, ...]], rules: SymbolRules = FINE) -> Exchange:
    """Return the exchange after the actions; a refusal is an answer too."""
    exchange = build_exchange(symbols=[rules], rates=RATES, base="20", quote="2000")
    exchange.deposit("alice", "BNB", D("0.0005"), 0)
    exchange.set_bnb_price("USDT", D(500))
    exchange.set_bnb_price("BTC", D("5"))
    for now_us, action in enumerate(actions_, start=1):
        before = len(exchange.journal.events)
        try:
            events = act(exchange, action, now_us)
        except VenueError:
            assert len(exchange.journal.events) == before
            continue
        check_step(exchange, events)
    return exchange


def act(exchange: Exchange, action: tuple[object, ...], now_us: int) -> tuple[Event, ...]:
    match action:
        case (str(key), NewOrder() as request):
            best = exchange.market(BTC).book.opposite_half(is_buy=request.side is Side.BUY).best()
            step = exchange.place(key, request, now_us)
            assert step.order is not None
            check_placed(request, step.order, best)
            return step.events
        case (str(key), int(order_id)):
            request_ = CancelOrder(symbol=BTC, order_id=order_id)
            return exchange.cancel(key, request_, now_us).events
        case (Side() as side, int(distance), Decimal() as quantity):
            offset = D(distance) / 100
            price = D("99.99") - offset if side is Side.BUY else D("100.01") + offset
            return exchange.set_liquidity(BTC, side, price, quantity, now_us).events
        case (bool(is_buyer_maker), Decimal() as price, Decimal() as quantity):
            return exchange.trade_market(
                BTC, price, quantity, now_us, is_buyer_maker=is_buyer_maker
            ).events
    raise AssertionError(action)


def check_placed(request: NewOrder, order: OrderSnapshot, best: int | None) -> None:
    if request.time_in_force is TimeInForce.FOK:
        assert order.filled_quantity in {0, order.terms.quantity}
        assert order.status in {OrderStatus.FILLED, OrderStatus.EXPIRED}
    if request.quote_order_quantity is not None and request.side is Side.BUY:
        assert order.filled_notional <= request.quote_order_quantity
    if request.price is not None:
        paid = [fill.price for fill in order.fills]
        assert all(
            p <= request.price if request.side is Side.BUY else p >= request.price for p in paid
        )
        assert paid == sorted(paid, reverse=request.side is Side.SELL)
    if request.type is OrderType.LIMIT_MAKER:
        assert not order.fills
    if best is None:
        assert not order.fills


def check_step(exchange: Exchange, events: tuple[Event, ...]) -> None:
    """Only TRADE moves money; no balance is negative; no book is crossed."""
    for event in events:
        if isinstance(event, ExecutionReport):
            is_trade = event.execution_type is ExecutionType.TRADE
            assert (event.trade_id != -1) == is_trade == (event.last_quantity > 0)
    for account in exchange.accounts().values():
        for balance in account.snapshots():
            assert balance.free >= 0
            assert balance.locked >= 0
    book = exchange.market(BTC).book
    bid, ask = book.bids.best(), book.asks.best()
    assert bid is None or ask is None or bid < ask


def units(amount: Decimal) -> int:
    return int(amount * 10**8)


@settings(max_examples=150, deadline=None)
@given(actions)
def test_money_is_neither_made_nor_lost(actions_: list[tuple[object, ...]]) -> None:
    """Deposits = balances + commissions + what the market took."""
    exchange = play(actions_)
    journal = exchange.journal
    for asset in ASSETS:
        held = sum(
            units(b.free) + units(b.locked)
            for account in exchange.accounts().values()
            for b in account.snapshots()
            if b.asset == asset
        )
        taken = journal.commissions[asset] + journal.market_flow[asset]
        assert journal.transfers[asset] == held + taken


@settings(max_examples=150, deadline=None)
@given(actions)
def test_fills_sum_to_what_the_order_says(actions_: list[tuple[object, ...]]) -> None:
    exchange = play(actions_)
    quantity: Counter[int] = Counter()
    notional: Counter[int] = Counter()
    for fill in exchange.journal.executions:
        quantity[fill.order_id] += units(fill.quantity)
        notional[fill.order_id] += units(fill.notional)
        assert fill.commission >= 0
        if fill.commission_asset != "BNB":
            assert fill.commission <= (fill.quantity if fill.is_buyer else fill.notional)
    for order in exchange.journal.orders:
        assert quantity[order.order_id] == order.filled <= order.quantity
        assert notional[order.order_id] == order.filled_notional
        assert order.filled + order.prevented <= order.quantity
        assert order.is_open or order.locked == 0


@settings(max_examples=150, deadline=None)
@given(actions)
def test_what_is_locked_is_what_open_orders_need(actions_: list[tuple[object, ...]]) -> None:
    exchange = play(actions_)
    for key, account in exchange.accounts().items():
        blotter = exchange.market(BTC).blotters[key]
        for asset, is_buy in (("USDT", True), ("BTC", False)):
            locked = sum(o.locked for o in blotter.open.values() if o.is_buy is is_buy)
            assert units(account.snapshot(asset).locked) == locked
        assert account.open_orders == len(blotter.open)


@settings(max_examples=100, deadline=None)
@given(actions)
def test_trade_ids_are_dense(actions_: list[tuple[object, ...]]) -> None:
    exchange = play(actions_)
    tape = [trade.trade_id for trade in exchange.market(BTC).tape]
    assert tape == list(range(1, len(tape) + 1))
    per_trade = Counter(fill.trade_id for fill in exchange.journal.executions)
    assert set(per_trade) <= set(tape)
    assert max(per_trade.values(), default=0) <= 2


@settings(max_examples=50, deadline=None)
@given(actions)
def test_the_same_calls_give_the_same_history(actions_: list[tuple[object, ...]]) -> None:
    first, second = play(actions_), play(actions_)
    assert tuple(first.journal.events) == tuple(second.journal.events)
    assert first.journal.executions == second.journal.executions


resting = st.lists(
    st.tuples(st.integers(9_900, 10_100), st.integers(1, 5)), min_size=1, max_size=25
)


@settings(max_examples=150, deadline=None)
@given(resting, st.integers(1, 80), st.sampled_from(Side))
def test_resting_orders_fill_by_price_then_time(
    rest: list[tuple[int, int]], quantity: int, side: Side
) -> None:
    """A taker meets the orders in the order of a plain sort."""
    exchange = build_exchange(symbols=[with_stp_none(BTCUSDT)], base="1000", quote="100000000")
    for now_us, (price, size) in enumerate(rest):
        request = NewOrder(
            symbol=BTC,
            side=side,
            type=OrderType.LIMIT,
            time_in_force=TimeInForce.GTC,
            quantity=D(size),
            price=D(price),
        )
        exchange.place("alice", request, now_us)
    taker = NewOrder(symbol=BTC, side=side.opposite, type=OrderType.MARKET, quantity=D(quantity))
    exchange.place("bob", taker, 99)

    sign = -1 if side is Side.BUY else 1
    queue = sorted(enumerate(rest, start=1), key=lambda each: (sign * each[1][0], each[0]))
    met = [fill.order_id for fill in exchange.journal.executions if fill.account == "alice"]
    assert met == [order_id for order_id, _ in queue][: len(met)]
    total = sum(size for _, size in rest)
    assert sum(o.filled for o in exchange.journal.orders if o.account.key == "alice") == units(
        D(min(total, quantity))
    )
