"""Parameters, symbol rules and filters: what the venue refuses, in its words and its order."""

from contextlib import nullcontext
from decimal import Decimal

import attrs
import pytest

from binance_sim.engine import symbols
from binance_sim.engine.errors import VenueError
from binance_sim.engine.events import ExternalLockUpdate
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.requests import CancelOrder, NewOrder, parse_amount
from binance_sim.engine.symbols import BTCUSDT, SymbolFilter, SymbolRules
from binance_sim.engine.vocabulary import OrderType, Side, StpMode, SymbolStatus, TimeInForce
from binance_sim.testing import build_exchange, limit, market

BUY, SELL = Side.BUY, Side.SELL
D = Decimal


def rules_with(*filters: SymbolFilter) -> SymbolRules:
    return attrs.evolve(BTCUSDT, filters=filters)


def exchange_with(*filters: SymbolFilter, average: str | None = "100") -> Exchange:
    exchange = build_exchange(symbols=[rules_with(*filters)])
    if average is not None:
        exchange.set_reference_price("BTCUSDT", D(average))
    return exchange


PRICE = symbols.PriceFilter(min_price=D("0.01"), max_price=D(1000), tick_size=D("0.05"))
PRICE_OFF = symbols.PriceFilter(min_price=D(0), max_price=D(0), tick_size=D(0))
LOT = symbols.LotSize(min_quantity=D("0.1"), max_quantity=D(10), step_size=D("0.04"))
MARKET_LOT = symbols.MarketLotSize(min_quantity=D(0), max_quantity=D(2), step_size=D(0))
PERCENT = symbols.PercentPrice(
    multiplier_up=D("1.1"), multiplier_down=D("0.9"), average_price_minutes=5
)
BY_SIDE = symbols.PercentPriceBySide(
    bid_multiplier_up=D("1.2"),
    bid_multiplier_down=D("0.2"),
    ask_multiplier_up=D(5),
    ask_multiplier_down=D("0.8"),
    average_price_minutes=5,
)
MIN_NOTIONAL = symbols.MinNotional(min_notional=D(5), apply_to_market=True, average_price_minutes=5)
MIN_NOTIONAL_LIMIT_ONLY = attrs.evolve(MIN_NOTIONAL, apply_to_market=False)
NOTIONAL = symbols.Notional(
    min_notional=D(5),
    max_notional=D(100),
    apply_min_to_market=True,
    apply_max_to_market=False,
    average_price_minutes=5,
)
POSITION = symbols.MaxPosition(max_position=D(101))


@pytest.mark.parametrize(
    ("rule", "request_", "failing"),
    [
        (PRICE, limit(BUY, "1", "100.05"), None),
        (PRICE, limit(BUY, "1", "100.06"), "PRICE_FILTER"),
        (PRICE, limit(BUY, "1", "1000"), None),
        (PRICE, limit(BUY, "1", "1000.05"), "PRICE_FILTER"),
        (PRICE, limit(BUY, "1", "0"), "PRICE_FILTER"),
        (PRICE_OFF, limit(BUY, "1", "123.456789"), None),
        (PRICE, market(BUY, "1"), None),
        (LOT, limit(BUY, "0.12", "100"), None),
        (LOT, limit(BUY, "0.14", "100"), "LOT_SIZE"),  # a step from zero, not from the minimum
        (LOT, limit(BUY, "0.08", "100"), "LOT_SIZE"),
        (LOT, limit(BUY, "10.04", "100"), "LOT_SIZE"),
        (LOT, market(BUY, "0.08"), "LOT_SIZE"),
        (MARKET_LOT, market(BUY, "2"), None),
        (MARKET_LOT, market(BUY, "2.00000001"), "MARKET_LOT_SIZE"),
        (MARKET_LOT, limit(BUY, "3", "100"), None),
        (PERCENT, limit(BUY, "1", "110"), None),
        (PERCENT, limit(BUY, "1", "110.00000001"), "PERCENT_PRICE"),
        (PERCENT, limit(SELL, "1", "90"), None),
        (PERCENT, limit(SELL, "1", "89.99999999"), "PERCENT_PRICE"),
        (BY_SIDE, limit(BUY, "1", "120"), None),
        (BY_SIDE, limit(BUY, "1", "121"), "PERCENT_PRICE_BY_SIDE"),
        (BY_SIDE, limit(SELL, "1", "121"), None),
        (BY_SIDE, limit(SELL, "1", "79"), "PERCENT_PRICE_BY_SIDE"),
        (BY_SIDE, limit(BUY, "1", "79"), None),
        (MIN_NOTIONAL, limit(BUY, "0.05", "100"), None),
        (MIN_NOTIONAL, limit(BUY, "0.04999999", "100"), "MIN_NOTIONAL"),
        (MIN_NOTIONAL, market(BUY, "0.04999999"), "MIN_NOTIONAL"),
        (MIN_NOTIONAL_LIMIT_ONLY, market(BUY, "0.04999999"), None),
        (NOTIONAL, limit(BUY, "1", "100"), None),
        (NOTIONAL, limit(BUY, "1", "100.00000001"), "NOTIONAL"),
        (NOTIONAL, limit(BUY, "0.01", "100"), "NOTIONAL"),
        (NOTIONAL, market(BUY, "2"), None),
        (NOTIONAL, market(BUY, "0.04"), "NOTIONAL"),
        (NOTIONAL, market(BUY, quote_order_quantity="4.99"), "NOTIONAL"),
        (POSITION, limit(BUY, "1", "100"), None),
        (POSITION, limit(BUY, "1.00000001", "100"), "MAX_POSITION"),
        (POSITION, limit(SELL, "2", "100"), None),
    ],
)
def test_filter(rule: SymbolFilter, request_: NewOrder, failing: str | None) -> None:
    """Each filter passes its bounds and refuses beyond them under its own name."""
    exchange = exchange_with(rule)
    exchange.set_liquidity("BTCUSDT", SELL, D(200), D(50), 0)
    refused = pytest.raises(VenueError) if failing else nullcontext()
    with refused as caught:
        exchange.place("alice", request_, 1)
    if failing:
        assert caught is not None
        assert (caught.value.code, caught.value.message) == (-1013, f"Filter failure: {failing}")


def test_count_filter_counts_open_orders_only() -> None:
    exchange = exchange_with(symbols.MaxNumOrders(limit=2))
    exchange.place("alice", limit(BUY, "1", "10"), 1)
    exchange.place("alice", limit(BUY, "1", "11"), 1)
    with pytest.raises(VenueError, match="MAX_NUM_ORDERS"):
        exchange.place("alice", limit(BUY, "1", "12"), 1)

    exchange.place("bob", limit(BUY, "1", "12"), 1)
    exchange.place("alice", limit(BUY, "1", "9", time_in_force=TimeInForce.IOC), 1)
    exchange.cancel_all("alice", "BTCUSDT", 1)
    exchange.place("alice", limit(BUY, "1", "12"), 1)


def test_position_counts_what_open_buys_still_want() -> None:
    exchange = exchange_with(symbols.MaxPosition(max_position=D(102)))
    exchange.place("alice", limit(BUY, "1", "10"), 1)
    with pytest.raises(VenueError, match="MAX_POSITION"):
        exchange.place("alice", limit(BUY, "2", "10"), 1)


def test_exchange_and_asset_filters_come_after_the_symbols_own() -> None:
    exchange = Exchange(
        [BTCUSDT],
        exchange_filters=[symbols.ExchangeMaxNumOrders(limit=0)],
        asset_filters=[symbols.MaxAsset(asset="BTC", limit=D(1))],
    )
    exchange.open_account("alice")
    with pytest.raises(VenueError, match="PRICE_FILTER"):
        exchange.place("alice", limit(BUY, "1", "100.001"), 1)
    with pytest.raises(VenueError, match="EXCHANGE_MAX_NUM_ORDERS"):
        exchange.place("alice", limit(BUY, "2", "100"), 1)
    with pytest.raises(VenueError, match="MAX_ASSET"):
        exchange.place("alice", limit(BUY, "2", "100", time_in_force=TimeInForce.IOC), 1)


def test_without_any_trade_the_percent_filter_has_nothing_to_measure_against() -> None:
    exchange = exchange_with(PERCENT, average=None)
    exchange.place("alice", limit(BUY, "1", "9000"), 1)


def test_average_is_weighted_by_volume_over_five_minutes() -> None:
    exchange = exchange_with(PERCENT, average=None)
    exchange.trade_market("BTCUSDT", D(100), D(3), 0, is_buyer_maker=False)
    exchange.trade_market("BTCUSDT", D(200), D(1), 60_000_000, is_buyer_maker=False)
    market_ = exchange.market("BTCUSDT")

    assert market_.average_price(5, 60_000_000) == 125 * 10**8
    assert market_.average_price(0, 60_000_000) == 200 * 10**8
    assert market_.average_price(5, 301_000_000) == 200 * 10**8
    assert market_.average_price(5, 999_000_000) == 200 * 10**8


PLAIN = {"symbol": "BTCUSDT", "side": BUY}
LIMIT_PARAMETERS = {
    **PLAIN,
    "type": OrderType.LIMIT,
    "time_in_force": TimeInForce.GTC,
    "quantity": D(1),
    "price": D(100),
}
MARKET_PARAMETERS = {**PLAIN, "type": OrderType.MARKET, "quantity": D(1)}
ILLEGAL = "Illegal characters found in parameter"
NO_TIF = {**LIMIT_PARAMETERS, "time_in_force": None}


@pytest.mark.parametrize(
    ("parameters", "code", "message"),
    [
        (
            {**LIMIT_PARAMETERS, "new_client_order_id": "a b"},
            -1100,
            f"{ILLEGAL} 'newClientOrderId'; legal range is '^[a-zA-Z0-9-_]{{1,36}}$'.",
        ),
        (
            {**LIMIT_PARAMETERS, "quantity": D(-1)},
            -1100,
            rf"{ILLEGAL} 'quantity'; legal range is '^([0-9]{{1,20}})(\.[0-9]{{1,20}})?$'.",
        ),
        (
            NO_TIF,
            -1102,
            "Mandatory parameter 'timeInForce' was not sent, was empty/null, or malformed.",
        ),
        (
            {**LIMIT_PARAMETERS, "price": None},
            -1102,
            "Mandatory parameter 'price' was not sent, was empty/null, or malformed.",
        ),
        (
            {**LIMIT_PARAMETERS, "quantity": None},
            -1102,
            "Mandatory parameter 'quantity' was not sent, was empty/null, or malformed.",
        ),
        (
            {**MARKET_PARAMETERS, "quantity": None},
            -1102,
            "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!",
        ),
        (
            {**MARKET_PARAMETERS, "time_in_force": TimeInForce.GTC},
            -1106,
            "Parameter 'timeInForce' sent when not required.",
        ),
        (
            {**MARKET_PARAMETERS, "quote_order_quantity": D(1)},
            -1106,
            "Parameter 'quoteOrderQty' sent when not required.",
        ),
        (
            {**MARKET_PARAMETERS, "price": D(1)},
            -1106,
            "Parameter 'price' sent when not required.",
        ),
        (
            {**LIMIT_PARAMETERS, "type": OrderType.LIMIT_MAKER},
            -1106,
            "Parameter 'timeInForce' sent when not required.",
        ),
        (
            {**LIMIT_PARAMETERS, "quote_order_quantity": D(1)},
            -1106,
            "Parameter 'quoteOrderQty' sent when not required.",
        ),
        (
            {**LIMIT_PARAMETERS, "quantity": D("0.000000001")},
            -1111,
            "Parameter 'quantity' has too much precision.",
        ),
        (
            {**LIMIT_PARAMETERS, "price": D("1.123456789")},
            -1111,
            "Parameter 'price' has too much precision.",
        ),
        ({**LIMIT_PARAMETERS, "strategy_type": 5}, -1134, "`strategyType` was less than 1000000."),
        ({**LIMIT_PARAMETERS, "symbol": "NOPE"}, -1121, "Invalid symbol."),
        (
            {**LIMIT_PARAMETERS, "stp_mode": StpMode.NONE},
            -1013,
            "This symbol does not allow the specified self-trade prevention mode.",
        ),
        (
            {**LIMIT_PARAMETERS, "type": OrderType.STOP_LOSS_LIMIT, "stop_price": D(90)},
            -2010,
            "Stop loss limit orders are not supported for this symbol.",
        ),
        (
            {**LIMIT_PARAMETERS, "quantity": D(9000), "price": D(900)},
            -2010,
            "Account has insufficient balance for requested action.",
        ),
        (
            {**LIMIT_PARAMETERS, "type": OrderType.LIMIT_MAKER, "time_in_force": None}
            | {"price": D(200)},
            -2010,
            "Order would immediately match and take.",
        ),
        (
            {**LIMIT_PARAMETERS, "new_client_order_id": "open-one"},
            -2010,
            "Duplicate order sent.",
        ),
    ],
)
def test_refusal_has_the_venues_code_and_text(
    parameters: dict[str, object], code: int, message: str
) -> None:
    """A refusal changes nothing: no event, no order, no balance."""
    exchange = build_exchange(symbols=[BTCUSDT], quote="100000")
    exchange.set_liquidity("BTCUSDT", SELL, D(150), D(1), 0)
    exchange.place("alice", limit(BUY, "1", "10", client_order_id="open-one"), 0)
    before = exchange.account("alice").snapshots(), len(exchange.journal.events)

    with pytest.raises(VenueError) as caught:
        exchange.place("alice", NewOrder(**parameters), 1)  # type: ignore[arg-type]  # a table

    assert (caught.value.code, caught.value.message) == (code, message)
    assert before == (exchange.account("alice").snapshots(), len(exchange.journal.events))
    assert len(exchange.journal.orders) == 1


@pytest.mark.parametrize("status", [s for s in SymbolStatus if s is not SymbolStatus.TRADING])
def test_only_a_trading_symbol_takes_orders(status: SymbolStatus) -> None:
    exchange = build_exchange(symbols=[attrs.evolve(BTCUSDT, status=status)])
    with pytest.raises(VenueError, match=r"Market is closed\."):
        exchange.place("alice", limit(BUY, "1", "100.001"), 1)


@pytest.mark.parametrize("status", list(SymbolStatus))
def test_where_orders_may_be_cancelled_and_traded(status: SymbolStatus) -> None:
    exchange = build_exchange(symbols=[BTCUSDT])
    exchange.place("alice", limit(BUY, "1", "100"), 1)
    exchange.replace_rules(attrs.evolve(BTCUSDT, status=status))
    step = exchange.trade_market("BTCUSDT", D(100), D("0.5"), 2, is_buyer_maker=True)
    exchange.set_liquidity("BTCUSDT", SELL, D(99), D("0.1"), 2)
    order = exchange.history.order("alice", "BTCUSDT", order_id=1)
    trades = status is SymbolStatus.TRADING
    assert order.filled_quantity == (D("0.6") if trades else D(0))
    assert bool(step.events) is trades
    request = CancelOrder(symbol="BTCUSDT", order_id=1)
    if status in {SymbolStatus.TRADING, SymbolStatus.CANCEL_ONLY}:
        exchange.cancel("alice", request, 3)
        return
    with pytest.raises(VenueError) as caught:
        exchange.cancel("alice", request, 3)
    assert (caught.value.code, caught.value.message) == (-2011, "Market is closed.")


def test_what_crossed_during_a_halt_trades_after_it() -> None:
    exchange = build_exchange(symbols=[BTCUSDT])
    exchange.place("alice", limit(BUY, "1", "100"), 1)
    exchange.replace_rules(attrs.evolve(BTCUSDT, status=SymbolStatus.HALT))
    exchange.set_liquidity("BTCUSDT", SELL, D(99), D(1), 2)
    exchange.replace_rules(BTCUSDT)
    exchange.set_liquidity("BTCUSDT", SELL, D(110), D(1), 3)
    assert exchange.history.order("alice", "BTCUSDT", order_id=1).filled_quantity == D(1)


def test_an_external_lock_takes_from_the_free_and_is_given_back() -> None:
    exchange = build_exchange(quote="100")
    step = exchange.lock_externally("alice", "USDT", D(60), 1)
    lock, _position = step.events
    assert isinstance(lock, ExternalLockUpdate)
    assert (lock.asset, lock.delta, lock.transacted_us) == ("USDT", D(60), 1)
    with pytest.raises(VenueError, match="insufficient balance"):
        exchange.place("alice", limit(BUY, "1", "50"), 2)
    with pytest.raises(VenueError, match="insufficient balance"):
        exchange.lock_externally("alice", "USDT", D(-61), 3)
    exchange.lock_externally("alice", "USDT", D(-60), 4)
    assert exchange.account("alice").snapshot("USDT").free == D(100)


def test_an_account_may_be_barred_from_trading() -> None:
    exchange = build_exchange()
    exchange.account("alice").can_trade = False
    with pytest.raises(VenueError, match="This account may not place or cancel orders"):
        exchange.place("alice", limit(BUY, "1", "100"), 1)


def test_rules_may_change_while_orders_rest() -> None:
    exchange = build_exchange(symbols=[BTCUSDT])
    exchange.place("alice", limit(BUY, "0.00007", "100000"), 1)
    exchange.replace_rules(rules_with(LOT))
    with pytest.raises(VenueError, match="LOT_SIZE"):
        exchange.place("alice", limit(BUY, "0.00007", "100000"), 2)
    assert len(exchange.history.open_orders("alice")) == 1


@pytest.mark.parametrize("text", ["1", "0.00000001", "12345678901234567890.5"])
def test_plain_decimal_is_an_amount(text: str) -> None:
    assert parse_amount("price", text) == D(text)


@pytest.mark.parametrize(
    "text", ["1e-05", "", "-1", "+1", "NaN", ".5", "1.", "1,0", "1\n", "\u0661"]
)
def test_anything_else_is_illegal(text: str) -> None:
    with pytest.raises(VenueError) as caught:
        parse_amount("price", text)
    assert caught.value.code == -1100
