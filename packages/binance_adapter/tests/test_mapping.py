"""The venue's words into the port's, a test per row; what has no meaning is said to have none."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs
import msgspec
import pytest

from binance_adapter.clock_offset import to_instant
from binance_adapter.errors import UnreadableAnswer
from binance_adapter.mapping import (
    OUTCOMES,
    SIDES,
    amount_of,
    cancel_id_of,
    fills_of,
    order_key,
    outcome_of,
    own_id_of,
    reports_of,
    side_of,
    to_execution,
    to_order_report,
    to_parameters,
)
from binance_adapter.messages import (
    ExchangeInfo,
    ExecutionEvent,
    OrderAnswer,
    TradeRow,
    decode,
)
from binance_adapter.symbols import STATES, VenueSymbol, self_trade_mode, to_symbol
from binance_adapter.testing import (
    exchange_info,
    execution_event,
    order_answer,
    trade_event,
    trade_row,
)
from tradecore.domain.executions import Liquidity
from tradecore.domain.ids import AccountId, OrderId, venue_client_order_id
from tradecore.domain.instruments import (
    InstrumentState,
    LotSize,
    Notional,
    OrderType,
    PercentPriceBySide,
    PriceFilter,
    Side,
    TimeInForce,
)
from tradecore.domain.money import Price, Quantity
from tradecore.domain.venue_orders import VenueOrder, VenueOutcome
from tradecore.ports.venue import ExecutionReport, OrderReport

D = Decimal
ORDER_ID = OrderId("01900000-0000-7000-8000-000000000001")
OWN_ID = venue_client_order_id(ORDER_ID, 7, 1)


def symbol_of(**changes: Any) -> VenueSymbol:
    info = decode(msgspec.json.encode(exchange_info(**changes)), ExchangeInfo)
    return to_symbol(info.symbols[0])


SYMBOL = symbol_of()
CHILD = VenueOrder(
    order_id=ORDER_ID,
    account_id=AccountId("a"),
    child=1,
    venue_client_order_id=OWN_ID,
    symbol="BTCUSDT",
    side=Side.BUY,
    type=OrderType.LIMIT,
    time_in_force=TimeInForce.IOC,
    quantity=Quantity(D("0.00001000")),
    quote_quantity=None,
    price=Price(D("1E+5")),
    attempted_at=to_instant(0),
    receive_window=timedelta(seconds=5),
)


def event(raw: Mapping[str, Any]) -> ExecutionEvent:
    return decode(msgspec.json.encode(raw), ExecutionEvent)


def answer(**changes: Any) -> OrderAnswer:
    return decode(msgspec.json.encode(order_answer(**changes)), OrderAnswer)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("NEW", None),
        ("PENDING_NEW", None),
        ("PARTIALLY_FILLED", None),
        ("PENDING_CANCEL", None),
        ("FILLED", VenueOutcome.FILLED),
        ("CANCELED", VenueOutcome.CANCELED),
        ("REJECTED", VenueOutcome.REJECTED),
        ("EXPIRED", VenueOutcome.EXPIRED),
        ("EXPIRED_IN_MATCH", VenueOutcome.EXPIRED_IN_MATCH),
    ],
)
def test_each_status_has_an_outcome(status: str, outcome: VenueOutcome | None) -> None:
    assert outcome_of(status) is outcome
    assert status in OUTCOMES


def test_every_status_is_a_row_above() -> None:
    assert len(OUTCOMES) == 9


@pytest.mark.parametrize("status", ["", "new", "SUSPENDED", "FILLED "])
def test_f41_a_status_that_we_do_not_know_is_said_to_be_unreadable(status: str) -> None:
    with pytest.raises(UnreadableAnswer):
        outcome_of(status)


def test_both_sides_are_known_and_no_third() -> None:
    assert [side_of(side) for side in SIDES] == [Side.BUY, Side.SELL]
    with pytest.raises(UnreadableAnswer):
        side_of("SHORT")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "-0.00000001",
        "1e5",
        "1E-7",
        "NaN",
        "Infinity",
        "1_000",
        " 1",
        "1 ",
        "+1",
        "\u0661",
        ".5",
        "5.",
        "1,5",
    ],
)
def test_f41_what_is_no_plain_decimal_is_refused(text: str) -> None:
    with pytest.raises(UnreadableAnswer):
        amount_of(text)


def test_an_amount_is_read_to_the_last_digit() -> None:
    assert amount_of("12345678901234567890.123456789012345678") == D(
        "12345678901234567890.123456789012345678"
    )


@pytest.mark.parametrize(
    ("changes", "parameters"),
    [
        (
            {},
            {
                "type": "LIMIT",
                "timeInForce": "IOC",
                "quantity": "0.00001",
                "price": "100000",
            },
        ),
        (
            {"type": OrderType.LIMIT_MAKER, "time_in_force": None},
            {"type": "LIMIT_MAKER", "quantity": "0.00001", "price": "100000"},
        ),
        (
            {"type": OrderType.MARKET, "time_in_force": TimeInForce.IOC, "price": None},
            {"type": "MARKET", "quantity": "0.00001"},
        ),
        (
            {
                "type": OrderType.MARKET,
                "time_in_force": None,
                "quantity": None,
                "quote_quantity": D("25.50"),
                "price": None,
            },
            {"type": "MARKET", "quoteOrderQty": "25.5"},
        ),
    ],
    ids=["limit", "maker", "market", "market by quote amount"],
)
def test_an_order_is_asked_for_in_the_venues_words(
    changes: dict[str, Any], parameters: dict[str, str]
) -> None:
    assert to_parameters(attrs.evolve(CHILD, **changes), "EXPIRE_MAKER") == parameters | {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "newClientOrderId": OWN_ID,
        "newOrderRespType": "FULL",
        "selfTradePreventionMode": "EXPIRE_MAKER",
    }


def test_an_order_is_named_by_the_venues_id_once_it_is_known() -> None:
    assert order_key(CHILD) == {"symbol": "BTCUSDT", "origClientOrderId": OWN_ID}
    assert order_key(attrs.evolve(CHILD, venue_order_id=11)) == {
        "symbol": "BTCUSDT",
        "orderId": "11",
    }


@pytest.mark.parametrize("child", [1, 2, 99, 999])
def test_f15_a_cancels_id_fits_and_leads_back_to_the_order(child: int) -> None:
    own_id = venue_client_order_id(ORDER_ID, 7, child)
    cancel_id = cancel_id_of(own_id)

    assert len(cancel_id) <= 36
    assert cancel_id != own_id
    assert own_id_of(cancel_id) == own_id
    assert own_id_of(own_id) == own_id


def test_ids_of_others_are_left_as_they_are() -> None:
    assert own_id_of("web_1234567890") == "web_1234567890"
    assert own_id_of("and_0123", "x") == "x"


@pytest.mark.parametrize(
    ("raw", "own_id", "expected"),
    [
        ({"clientOrderId": OWN_ID}, None, OWN_ID),
        ({"clientOrderId": "another", "origClientOrderId": OWN_ID}, None, OWN_ID),
        ({"clientOrderId": cancel_id_of(OWN_ID)}, None, OWN_ID),
        ({"clientOrderId": "another"}, OWN_ID, OWN_ID),
        ({"clientOrderId": "another"}, None, "another"),
    ],
)
def test_an_order_keeps_its_own_client_order_id(
    raw: dict[str, str], own_id: str | None, expected: str
) -> None:
    assert to_order_report(answer(**raw), own_id).venue_client_order_id == expected


def test_a_query_says_how_far_and_why_an_order_ended() -> None:
    report = to_order_report(
        answer(status="EXPIRED", executedQty="0.00400000", expiryReason="INSUFFICIENT_LIQUIDITY")
    )

    assert report == OrderReport(
        symbol="BTCUSDT",
        venue_order_id=11,
        venue_client_order_id="c",
        filled_quantity=D("0.004"),
        outcome=VenueOutcome.EXPIRED,
        reason="INSUFFICIENT_LIQUIDITY",
    )


FILL = ExecutionReport(
    venue="binance",
    symbol="BTCUSDT",
    base_asset="BTC",
    quote_asset="USDT",
    trade_id=5,
    venue_order_id=11,
    venue_client_order_id=OWN_ID,
    side=Side.BUY,
    quantity=Quantity(D("0.01")),
    price=Price(D(50_000)),
    notional=D(500),
    commission=D("0.00001"),
    commission_asset="BTC",
    liquidity=Liquidity.TAKER,
    transacted_at=to_instant(1_700_000_000_000),
)


def test_f17_the_same_fill_is_the_same_value_from_stream_history_and_answer() -> None:
    from_stream = reports_of("binance", event(trade_event(c=OWN_ID)), SYMBOL)[0]
    row = decode(msgspec.json.encode(trade_row()), TradeRow)
    fill = {
        "price": "50000.00000000",
        "qty": "0.01000000",
        "commission": "0.00001000",
        "commissionAsset": "BTC",
        "tradeId": 5,
    }
    filled = answer(status="FILLED", cummulativeQuoteQty="500.00000000", fills=[fill])

    assert from_stream == FILL
    assert to_execution("binance", row, SYMBOL, OWN_ID) == FILL
    assert fills_of("binance", filled, SYMBOL, OWN_ID) == [FILL]


def test_f29_fills_of_an_answer_whose_amounts_the_venue_rounded_are_left_to_the_history() -> None:
    fill = {
        "price": "0.00000003",
        "qty": "0.50000000",
        "commission": "0",
        "commissionAsset": "BTC",
        "tradeId": 5,
    }

    assert (
        fills_of("binance", answer(cummulativeQuoteQty="0.00000001", fills=[fill]), SYMBOL, "c")
        == []
    )


def test_an_old_order_whose_quote_amount_is_forgotten_is_still_understood() -> None:
    old = answer(status="FILLED", executedQty="1", cummulativeQuoteQty="-1.00000000")

    assert to_order_report(old).filled_quantity == 1
    assert fills_of("binance", old, SYMBOL, "c") == []


def test_a_fill_comes_before_the_end_that_it_brings() -> None:
    reports = reports_of("binance", event(trade_event(c=OWN_ID)), SYMBOL)

    assert [type(report) for report in reports] == [ExecutionReport, OrderReport]
    assert isinstance(reports[1], OrderReport)
    assert reports[1].outcome is VenueOutcome.FILLED


def test_a_partial_fill_is_a_fill_alone() -> None:
    partial = event(trade_event(X="PARTIALLY_FILLED", m=True, n="0.02", N="BNB"))
    (fill,) = reports_of("binance", partial, SYMBOL)

    assert isinstance(fill, ExecutionReport)
    assert (fill.liquidity, fill.commission, fill.commission_asset) == (
        Liquidity.MAKER,
        D("0.02"),
        "BNB",
    )


@pytest.mark.parametrize(
    ("changes", "outcome", "reason"),
    [
        ({"x": "NEW", "X": "NEW"}, None, None),
        ({"x": "REPLACED", "X": "NEW"}, None, None),
        ({"x": "TRADE_PREVENTION", "X": "PARTIALLY_FILLED"}, None, None),
        (
            {"x": "TRADE_PREVENTION", "X": "EXPIRED_IN_MATCH"},
            VenueOutcome.EXPIRED_IN_MATCH,
            None,
        ),
        ({"x": "EXPIRED", "X": "EXPIRED_IN_MATCH"}, VenueOutcome.EXPIRED_IN_MATCH, None),
        (
            {"x": "EXPIRED", "X": "EXPIRED", "eR": "UNFILLED_IOC_QUANTITY_EXPIRED"},
            VenueOutcome.EXPIRED,
            "UNFILLED_IOC_QUANTITY_EXPIRED",
        ),
        (
            {"x": "REJECTED", "X": "REJECTED", "r": "INSUFFICIENT_BALANCES"},
            VenueOutcome.REJECTED,
            "INSUFFICIENT_BALANCES",
        ),
        ({"x": "CANCELED", "X": "CANCELED", "c": "web", "C": "c"}, VenueOutcome.CANCELED, None),
    ],
)
def test_each_execution_type_tells_a_state(
    changes: dict[str, str], outcome: VenueOutcome | None, reason: str | None
) -> None:
    (report,) = reports_of("binance", event(execution_event(z="0.00300000", **changes)), SYMBOL)

    assert report == OrderReport(
        symbol="BTCUSDT",
        venue_order_id=11,
        venue_client_order_id="c",
        filled_quantity=D("0.003"),
        outcome=outcome,
        reason=reason,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"x": "CALCULATED"},
        {"X": "FROZEN"},
        {"S": "SHORT"},
        {"t": -1},
        {"N": None},
        {"n": None},
        {"n": "-0.00001000"},
        {"l": "NaN"},
        {"l": "0.00000000"},
        {"l": "-0.01000000"},
        {"L": "0.00000000"},
        {"Y": "-500.00000000"},
        {"z": "1e-05"},
        {"T": 10**18},
    ],
    ids=str,
)
def test_f41_a_report_that_makes_no_sense_is_never_a_fill(changes: dict[str, Any]) -> None:
    with pytest.raises(UnreadableAnswer):
        reports_of("binance", event(trade_event(**changes)), SYMBOL)


def test_f41_fields_that_we_do_not_know_are_passed_over() -> None:
    assert event(trade_event(newField={"a": [1]}, V="EXPIRE_MAKER", A="1", pl="2")) == event(
        trade_event()
    )


FILTERS: list[tuple[dict[str, Any], str, object]] = [
    (
        {
            "filterType": "PRICE_FILTER",
            "minPrice": "0.01",
            "maxPrice": "100",
            "tickSize": "0.02",
        },
        "price_filter",
        PriceFilter(min_price=D("0.01"), max_price=D(100), tick_size=D("0.02")),
    ),
    (
        {"filterType": "LOT_SIZE", "minQty": "0.1", "maxQty": "9", "stepSize": "0.3"},
        "lot_size",
        LotSize(min_quantity=D("0.1"), max_quantity=D(9), step_size=D("0.3")),
    ),
    (
        {"filterType": "MARKET_LOT_SIZE", "minQty": "0", "maxQty": "8", "stepSize": "0"},
        "market_lot_size",
        LotSize(max_quantity=D(8)),
    ),
    (
        {
            "filterType": "NOTIONAL",
            "minNotional": "5",
            "applyMinToMarket": False,
            "maxNotional": "900",
            "applyMaxToMarket": True,
        },
        "notional",
        Notional(
            min_notional=D(5),
            max_notional=D(900),
            apply_min_to_market=False,
            apply_max_to_market=True,
        ),
    ),
    (
        {"filterType": "MIN_NOTIONAL", "minNotional": "10", "applyToMarket": False},
        "notional",
        Notional(min_notional=D(10), apply_min_to_market=False),
    ),
    (
        {"filterType": "PERCENT_PRICE", "multiplierUp": "5", "multiplierDown": "0.2"},
        "percent_price",
        PercentPriceBySide(
            bid_multiplier_up=D(5),
            bid_multiplier_down=D("0.2"),
            ask_multiplier_up=D(5),
            ask_multiplier_down=D("0.2"),
        ),
    ),
    (
        {
            "filterType": "PERCENT_PRICE_BY_SIDE",
            "bidMultiplierUp": "2",
            "bidMultiplierDown": "0.1",
            "askMultiplierUp": "3",
            "askMultiplierDown": "0.3",
        },
        "percent_price",
        PercentPriceBySide(
            bid_multiplier_up=D(2),
            bid_multiplier_down=D("0.1"),
            ask_multiplier_up=D(3),
            ask_multiplier_down=D("0.3"),
        ),
    ),
]


@pytest.mark.parametrize(
    ("row", "field", "expected"), FILTERS, ids=[row[0]["filterType"] for row in FILTERS]
)
def test_each_filter_is_a_part_of_the_instrument(
    row: dict[str, Any], field: str, expected: object
) -> None:
    assert getattr(symbol_of(filters=[row]).instrument, field) == expected


def test_what_the_venue_alone_checks_is_kept_beside_or_passed_over() -> None:
    symbol = symbol_of(
        filters=[
            {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
            {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
            {"filterType": "MAX_POSITION", "maxPosition": "12.5"},
            {"filterType": "ICEBERG_PARTS", "limit": 100},
            {"filterType": "SOMETHING_NEW", "value": [1]},
        ]
    )

    assert (symbol.max_orders, symbol.max_algo_orders, symbol.max_position) == (200, 5, D("12.5"))


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("TRADING", InstrumentState.TRADING),
        ("HALT", InstrumentState.HALT),
        ("BREAK", InstrumentState.HALT),
        ("END_OF_DAY", InstrumentState.HALT),
        ("CANCEL_ONLY", InstrumentState.CANCEL_ONLY),
        ("AUCTION_MATCH", InstrumentState.HALT),
    ],
)
def test_f40_a_symbol_is_traded_only_in_a_status_that_says_so(
    status: str, state: InstrumentState
) -> None:
    assert symbol_of(status=status).instrument.state is state
    assert status in STATES or state is InstrumentState.HALT


def test_only_types_that_a_child_can_have_are_offered() -> None:
    assert set(SYMBOL.instrument.order_types) == {
        OrderType.LIMIT,
        OrderType.MARKET,
        OrderType.LIMIT_MAKER,
    }


@pytest.mark.parametrize(
    ("allowed", "default", "mode"),
    [
        (["NONE", "EXPIRE_MAKER"], "EXPIRE_MAKER", "NONE"),
        (["EXPIRE_TAKER", "EXPIRE_MAKER"], "EXPIRE_TAKER", "EXPIRE_MAKER"),
        (["EXPIRE_TAKER"], "EXPIRE_TAKER", "EXPIRE_TAKER"),
        ([], "", "EXPIRE_MAKER"),
    ],
)
def test_f23_customers_meet_where_it_is_allowed_else_the_resting_order_ends(
    allowed: list[str], default: str, mode: str
) -> None:
    assert self_trade_mode(allowed, default) == mode


def test_f41_a_filter_with_a_number_that_is_none_is_said_to_be_unreadable() -> None:
    with pytest.raises(UnreadableAnswer):
        symbol_of(filters=[{"filterType": "LOT_SIZE", "stepSize": "1e-05"}])
