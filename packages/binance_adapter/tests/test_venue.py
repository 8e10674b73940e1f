"""The port over a scripted venue: what is sent, what is told, what is asked when it is not clear."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from datetime import timedelta
from decimal import Decimal
from typing import Any

import attrs
import pytest

from binance_adapter import calls
from binance_adapter.calls import Call
from binance_adapter.clock_offset import to_milliseconds
from binance_adapter.errors import DUPLICATE_ORDER
from binance_adapter.mapping import cancel_id_of
from binance_adapter.stream_watch import PATIENCE_SECONDS, PROBE_SECONDS
from binance_adapter.testing import (
    Stage,
    exchange_info,
    execution_event,
    order_answer,
    refusal,
    trade_event,
    trade_row,
)
from binance_adapter.venue import PAGE
from tradecore.domain.ids import AccountId, OrderId, venue_client_order_id
from tradecore.domain.instruments import OrderType, Side, TimeInForce
from tradecore.domain.money import Price, Quantity
from tradecore.domain.venue_orders import VenueOrder, VenueOutcome
from tradecore.ports.venue import (
    ExecutionReport,
    OrderReport,
    VenueOutcomeUnknown,
    VenueRejected,
    VenueReport,
    VenueUnavailable,
)
from tradecore.testing.simulation import run

ORDER_ID = OrderId("01900000-0000-7000-8000-000000000001")
OWN_ID = venue_client_order_id(ORDER_ID, 7, 1)
S = timedelta(seconds=1)
FILL = {
    "price": "50000.00000000",
    "qty": "0.01000000",
    "commission": "0.00001000",
    "commissionAsset": "BTC",
    "tradeId": 5,
}
FILLED = order_answer(
    clientOrderId=OWN_ID,
    status="FILLED",
    executedQty="0.01000000",
    cummulativeQuoteQty="500.00000000",
    fills=[FILL],
)
Answers = dict[str, Any]


def child(stage: Stage, **changes: Any) -> VenueOrder:
    order = VenueOrder(
        order_id=ORDER_ID,
        account_id=AccountId("a"),
        child=1,
        venue_client_order_id=OWN_ID,
        symbol="BTCUSDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=Quantity(Decimal("0.01")),
        quote_quantity=None,
        price=Price(Decimal(50_000)),
        attempted_at=stage.now(),
        receive_window=5 * S,
    )
    return attrs.evolve(order, **changes)


def answering(answers: Answers) -> Callable[[Call, Mapping[str, str]], Any]:
    """Return a script: an answer by name of the call, a list of answers, or a function of both."""

    def script(call: Call, parameters: Mapping[str, str]) -> Any:
        if call.name not in answers and call is calls.EXCHANGE_INFO:
            return exchange_info()
        answer = answers[call.name]
        if isinstance(answer, list) and answer and not isinstance(answer[0], dict):
            return answer.pop(0)
        return answer(parameters) if callable(answer) else answer

    return script


class Reading:
    """A running `reports`, and what it told."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.reports: list[VenueReport] = []
        self.task = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        async with aclosing(self.stage.venue.reports()) as reports:
            async for report in reports:
                self.reports.append(report)

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    @property
    def fills(self) -> list[ExecutionReport]:
        return [each for each in self.reports if isinstance(each, ExecutionReport)]

    @property
    def states(self) -> list[OrderReport]:
        return [each for each in self.reports if isinstance(each, OrderReport)]


def test_an_order_is_signed_at_its_attempt_and_told_its_self_trade_mode() -> None:
    async def story() -> None:
        stage = Stage(answering({"order.place": order_answer(clientOrderId=OWN_ID)}))
        order = child(stage)
        await asyncio.sleep(2)
        report = await stage.venue.submit(order)
        (sent,) = stage.transport.of("order.place")
        assert int(sent["timestamp"]) == to_milliseconds(order.attempted_at)
        assert (sent["recvWindow"], sent["selfTradePreventionMode"]) == ("5000", "EXPIRE_MAKER")
        assert (report.venue_order_id, report.outcome) == (11, None)

    run(story())


def test_f04_one_who_slept_sends_what_the_venue_must_refuse() -> None:
    async def story() -> None:
        stage = Stage(answering({"order.place": refusal(400, -1021, "outside of the recvWindow.")}))
        order = child(stage)
        await asyncio.sleep(3600)
        with pytest.raises(VenueUnavailable):
            await stage.venue.submit(order)
        (sent,) = stage.transport.of("order.place")
        dies_at = int(sent["timestamp"]) + int(sent["recvWindow"])
        assert dies_at == to_milliseconds(order.attempted_at + 5 * S)

    run(story())


def test_f06_a_duplicate_is_to_be_asked_about() -> None:
    async def story() -> None:
        stage = Stage(answering({"order.place": refusal(400, -2010, DUPLICATE_ORDER)}))
        with pytest.raises(VenueOutcomeUnknown, match="Duplicate"):
            await stage.venue.submit(child(stage))

    run(story())


def test_f11_a_symbol_that_the_venue_does_not_list_is_a_rejection() -> None:
    async def story() -> None:
        stage = Stage(answering({"exchangeInfo": refusal(400, -1121, "Invalid symbol.")}))
        with pytest.raises(VenueRejected, match="-1121"):
            await stage.venue.submit(child(stage))
        assert stage.transport.of("order.place") == []

    run(story())


def test_f41_an_order_of_an_unknown_status_leaves_the_outcome_open() -> None:
    async def story() -> None:
        stage = Stage(answering({"order.place": order_answer(status="FROZEN")}))
        with pytest.raises(VenueOutcomeUnknown):
            await stage.venue.submit(child(stage))

    run(story())


def test_a_cancel_bears_an_id_derived_from_its_orders_and_keeps_the_orders_own() -> None:
    async def story() -> None:
        answer = order_answer(
            status="CANCELED", clientOrderId=cancel_id_of(OWN_ID), origClientOrderId=OWN_ID
        )
        stage = Stage(answering({"order.cancel": answer}))
        report = await stage.venue.cancel(child(stage, venue_order_id=11))
        (sent,) = stage.transport.of("order.cancel")
        assert (sent["orderId"], sent["newClientOrderId"]) == ("11", cancel_id_of(OWN_ID))
        assert (report.outcome, report.venue_client_order_id) == (VenueOutcome.CANCELED, OWN_ID)

    run(story())


def test_f09_a_cancel_of_what_is_not_open_is_refused_and_nothing_assumed() -> None:
    async def story() -> None:
        stage = Stage(answering({"order.cancel": refusal(400, -2011, "Unknown order sent.")}))
        with pytest.raises(VenueRejected):
            await stage.venue.cancel(child(stage, venue_order_id=11))

    run(story())


def test_f05_an_order_is_unknown_only_when_the_venue_says_so() -> None:
    async def story() -> None:
        stage = Stage(answering({"order.status": refusal(400, -2013, "Order does not exist.")}))
        assert await stage.venue.query(child(stage)) is None
        assert await stage.venue.executions(child(stage)) == []

        failing = Stage(answering({"order.status": refusal(503, -2013, "Order does not exist.")}))
        with pytest.raises(VenueUnavailable):
            await failing.venue.query(child(failing))

    run(story())


def test_an_order_that_bears_its_cancels_id_is_found() -> None:
    async def story() -> None:
        def status(parameters: Mapping[str, str]) -> Any:
            if parameters["origClientOrderId"] != cancel_id_of(OWN_ID):
                return refusal(400, -2013, "Order does not exist.")
            return order_answer(status="CANCELED", clientOrderId=cancel_id_of(OWN_ID))

        stage = Stage(answering({"order.status": status}))
        found = await stage.venue.query(child(stage))
        assert found is not None
        assert (found.outcome, found.venue_client_order_id) == (VenueOutcome.CANCELED, OWN_ID)

    run(story())


def paged(rows: list[Any]) -> Callable[[Mapping[str, str]], Any]:
    def page(parameters: Mapping[str, str]) -> Any:
        first = int(parameters["fromId"])
        return [row for row in rows if row["id"] >= first][:2]

    return page


def test_f26_short_pages_are_not_the_end() -> None:
    async def story() -> None:
        rows = [trade_row(id=number) for number in range(1, 6)]
        stage = Stage(answering({"myTrades": paged(rows), "order.status": order_answer()}))
        fills = await stage.venue.executions(child(stage))
        assert [fill.trade_id for fill in fills] == [1, 2, 3, 4, 5]
        assert {fill.venue_client_order_id for fill in fills} == {OWN_ID}
        assert [each["fromId"] for each in stage.transport.of("myTrades")] == ["0", "3", "5", "6"]

    run(story())


def test_f22_f26_a_full_page_leaves_its_last_trade_whole_for_the_next() -> None:
    async def story() -> None:
        rows = [trade_row(id=number, orderId=1) for number in range(1, PAGE)]
        crossed = [trade_row(id=PAGE, orderId=order_id) for order_id in (1, 2)]
        pages = {"1": [*rows, crossed[0]], str(PAGE): crossed, str(PAGE + 1): []}
        stage = Stage(answering({"myTrades": lambda parameters: pages[parameters["fromId"]]}))
        seen: list[ExecutionReport] = []
        from_id = 1
        while page := await stage.venue.trades("BTCUSDT", from_id):
            seen.extend(page)
            from_id = page[-1].trade_id + 1
        assert len({fill.key for fill in seen}) == len(seen) == PAGE + 1
        assert {fill.venue_client_order_id for fill in seen} == {None}

    run(story())


def test_f41_an_order_that_makes_no_sense_hides_no_other() -> None:
    async def story() -> None:
        orders = [order_answer(orderId=1), order_answer(orderId=2, status="FROZEN")]
        stage = Stage(
            answering({"openOrders.status": lambda _: orders, "allOrders": lambda _: orders})
        )
        assert [each.venue_order_id for each in await stage.venue.open_orders()] == [1]
        assert [each.venue_order_id for each in await stage.venue.recent_orders("BTCUSDT")] == [1]

    run(story())


def test_balances_are_exact_or_not_there() -> None:
    async def story() -> None:
        def account(free: str) -> Any:
            return {"balances": [{"asset": "BTC", "free": free, "locked": "0.5"}]}

        stage = Stage(answering({"account.status": account("1.00000001")}))
        (balance,) = await stage.venue.balances()
        assert balance.free + balance.locked == Decimal("1.50000001")
        broken = Stage(answering({"account.status": account("1e-8")}))
        with pytest.raises(VenueUnavailable):
            await broken.venue.balances()

    run(story())


def test_f17_a_fill_is_told_by_the_answer_and_by_the_stream() -> None:
    async def story() -> None:
        stage = Stage(answering({"order.place": FILLED}))
        reading = Reading(stage)
        await stage.venue.listening()
        await stage.venue.submit(child(stage))
        (socket,) = stage.network.sockets
        socket.event(execution_event(c=OWN_ID))
        socket.event(trade_event(c=OWN_ID))
        await asyncio.sleep(1)
        assert len(reading.fills) == 2
        assert reading.fills[0] == reading.fills[1]
        assert [state.outcome for state in reading.states] == [None, VenueOutcome.FILLED]
        await reading.end()

    run(story())


def test_f16_what_was_answered_before_the_stream_was_heard_is_told_whole() -> None:
    async def story() -> None:
        stage = Stage(answering({"order.place": FILLED}))
        stage.network.is_down = True
        reading = Reading(stage)
        await asyncio.sleep(0)
        await stage.venue.submit(child(stage))
        with pytest.raises(VenueUnavailable):
            await reading.task
        assert [type(each) for each in reading.reports] == [ExecutionReport, OrderReport]

    run(story())


def test_it_listens_only_once_the_venue_is_heard() -> None:
    async def story() -> None:
        stage = Stage(answering({}))
        waiting = asyncio.ensure_future(stage.venue.listening())
        await asyncio.sleep(60)
        assert not waiting.done()
        reading = Reading(stage)
        await waiting
        assert len(stage.network.sockets) == 1
        await reading.end()

    run(story())


def test_f10_a_rejection_on_the_stream_is_asked_about() -> None:
    async def story() -> None:
        stage = Stage(answering({"order.status": order_answer(), "myTrades": lambda _: []}))
        reading = Reading(stage)
        await stage.venue.listening()
        stage.network.sockets[0].event(execution_event(c=OWN_ID, x="REJECTED", X="REJECTED"))
        await asyncio.sleep(1)
        assert [state.outcome for state in reading.states] == [None]
        await reading.end()

    run(story())


def test_f10_a_rejection_of_an_order_that_the_venue_does_not_have_is_believed() -> None:
    async def story() -> None:
        stage = Stage(answering({"order.status": refusal(400, -2013, "no such order")}))
        reading = Reading(stage)
        await stage.venue.listening()
        stage.network.sockets[0].event(
            execution_event(c=OWN_ID, x="REJECTED", X="REJECTED", r="INSUFFICIENT_BALANCES")
        )
        await asyncio.sleep(3)
        # One denial may be a read that lags: the order could live.
        assert reading.states == []
        await asyncio.sleep(4)
        assert [(state.outcome, state.reason) for state in reading.states] == [
            (VenueOutcome.REJECTED, "INSUFFICIENT_BALANCES")
        ]
        await reading.end()

    run(story())


@pytest.mark.parametrize(
    "nonsense",
    [{"X": "FROZEN"}, {"x": "CALCULATED"}, {"z": "1e-05"}, {"z": None}, {"L": 5}, {"T": "now"}],
)
def test_f41_a_report_that_makes_no_sense_is_replaced_by_the_venues_answer(
    nonsense: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        stage = Stage(answering({"order.status": FILLED, "myTrades": paged([trade_row()])}))
        reading = Reading(stage)
        await stage.venue.listening()
        (socket,) = stage.network.sockets
        socket.event(trade_event(**({"c": OWN_ID} | nonsense)))
        socket.event(execution_event(i=12, c="another"))
        await asyncio.sleep(1)
        assert [fill.trade_id for fill in reading.fills] == [5]
        assert {state.venue_order_id: state.outcome for state in reading.states} == {
            11: VenueOutcome.FILLED,
            12: None,
        }
        await reading.end()

    run(story())
    assert {"venue.unreadable", "venue.unreadable_report"} & set(caplog.messages)


def test_f41_a_report_that_nobody_can_clear_up_disturbs_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        stage = Stage(
            answering({"order.status": order_answer(status="FROZEN"), "myTrades": lambda _: []})
        )
        reading = Reading(stage)
        await stage.venue.listening()
        (socket,) = stage.network.sockets
        socket.event(execution_event(X="FROZEN"))
        socket.event(execution_event(i=12))
        await asyncio.sleep(1)
        assert [state.venue_order_id for state in reading.states] == [12]
        assert not reading.task.done()
        await reading.end()

    run(story())
    assert "venue.report_unresolved" in caplog.messages


def test_f25_a_fill_of_a_symbol_that_we_never_heard_of_is_not_dropped() -> None:
    async def story() -> None:
        foreign = exchange_info(symbol="XRPUSDT", baseAsset="XRP")
        stage = Stage(
            answering(
                {
                    "exchangeInfo": lambda parameters: (
                        foreign if parameters.get("symbol") == "XRPUSDT" else exchange_info()
                    ),
                }
            )
        )
        reading = Reading(stage)
        await stage.venue.listening()
        stage.network.sockets[0].event(trade_event(s="XRPUSDT", c="by-hand"))
        await asyncio.sleep(1)
        assert [(fill.base_asset, fill.trade_id) for fill in reading.fills] == [("XRP", 5)]
        await reading.end()

    run(story())


def test_f31_a_stream_that_does_not_tell_an_accepted_order_is_given_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        stage = Stage(answering({"order.place": order_answer(clientOrderId=OWN_ID)}))
        told: list[str] = []
        stage.client.hooks.stream_stale = told.append
        reading = Reading(stage)
        await stage.venue.listening()
        await stage.venue.submit(child(stage))
        with pytest.raises(VenueUnavailable, match="order 11 of BTCUSDT was not told"):
            await reading.task
        assert stage.health.stale == 1
        assert told == ["order 11 of BTCUSDT was not told"]

    run(story())
    assert "venue.stream_stale" in caplog.messages


@pytest.mark.parametrize("before_the_answer", [True, False])
def test_f31_a_stream_that_tells_it_is_trusted(before_the_answer: bool) -> None:
    async def story() -> None:
        stage = Stage(answering({"order.place": order_answer(clientOrderId=OWN_ID)}))
        reading = Reading(stage)
        await stage.venue.listening()
        await stage.client.settle_clock()
        stage.transport.latency_seconds = 0.5
        sending = asyncio.ensure_future(stage.venue.submit(child(stage)))
        await asyncio.sleep(0.1 if before_the_answer else 3)
        stage.network.sockets[0].event(execution_event(c=OWN_ID))
        await sending
        await asyncio.sleep(2 * PATIENCE_SECONDS)
        assert not reading.task.done()
        await reading.end()

    run(story())


def test_f31_a_trade_that_only_the_history_tells_proves_the_stream_deaf() -> None:
    async def story() -> None:
        newest = [5]
        stage = Stage(answering({"myTrades": lambda _: [trade_row(id=newest[0])]}))
        reading = Reading(stage)
        await stage.venue.listening()
        stage.network.sockets[0].event(execution_event(c=OWN_ID))
        await asyncio.sleep(PROBE_SECONDS + 1)
        await stage.venue.probe()  # trades of before the connection prove nothing
        await stage.venue.probe()
        assert not reading.task.done()
        stage.network.sockets[0].event(trade_event(t=6, c=OWN_ID))
        await asyncio.sleep(PROBE_SECONDS + 1)
        newest[0] = 6
        await stage.venue.probe()
        assert not reading.task.done()
        newest[0] = 7
        await stage.venue.probe()
        with pytest.raises(VenueUnavailable, match="trade 7 of BTCUSDT was not told"):
            await reading.task

    run(story())


def test_f31_a_report_that_is_under_way_proves_nothing() -> None:
    async def story() -> None:
        stage = Stage(answering({"myTrades": lambda _: [trade_row(id=7)]}))
        reading = Reading(stage)
        await stage.venue.listening()
        stage.network.sockets[0].event(trade_event(t=6, c=OWN_ID))
        await asyncio.sleep(PROBE_SECONDS + 1)
        probing = asyncio.ensure_future(stage.venue.probe())
        await asyncio.sleep(0.5)
        stage.network.sockets[0].event(trade_event(t=7, i=12, c=OWN_ID))
        await probing
        assert not reading.task.done()
        await reading.end()

    run(story())


def test_f31_a_stream_that_speaks_is_not_probed() -> None:
    async def story() -> None:
        stage = Stage(answering({}))
        reading = Reading(stage)
        await stage.venue.listening()
        stage.network.sockets[0].event(trade_event(t=6, c=OWN_ID))
        await asyncio.sleep(PROBE_SECONDS - 1)
        await stage.venue.probe()
        assert stage.transport.of("myTrades") == []
        await reading.end()

    run(story())


def test_f31_trades_of_a_gap_between_connections_prove_nothing() -> None:
    async def story() -> None:
        stage = Stage(answering({"myTrades": lambda _: [trade_row(id=9)]}))
        reading = Reading(stage)
        await stage.venue.listening()
        stage.network.sockets[0].event(trade_event(t=6, c=OWN_ID))
        await asyncio.sleep(1)
        stage.network.sockets[0].cut()
        with pytest.raises(VenueUnavailable):
            await reading.task
        again = Reading(stage)
        await stage.venue.listening()
        await asyncio.sleep(PROBE_SECONDS)
        await stage.venue.probe()
        await asyncio.sleep(5)
        assert not again.task.done()
        await again.end()

    run(story())


@pytest.mark.parametrize("kind", ["balanceUpdate", "externalLockUpdate"])
def test_f32_money_that_moves_at_the_venue_is_told(kind: str) -> None:
    async def story() -> None:
        stage = Stage(answering({}))
        told: list[tuple[str, Decimal]] = []
        stage.client.hooks.balance_moved = lambda asset, delta, _at: told.append((asset, delta))
        reading = Reading(stage)
        await stage.venue.listening()
        moved = {"e": kind, "E": 1, "a": "BTC", "d": "-1.50000000", "T": 2}
        for event in (moved, moved, moved | {"d": "NaN"}, moved | {"d": 5}, moved | {"d": "2"}):
            stage.network.sockets[0].event(event)
        await asyncio.sleep(1)
        assert told == [("BTC", Decimal("-1.5")), ("BTC", Decimal(2))]
        assert not reading.task.done()
        await reading.end()

    run(story())


def test_a_fault_of_ours_ends_the_stream_and_not_the_process(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        stage = Stage(answering({}))
        reading = Reading(stage)
        await stage.venue.listening()
        monkeypatch.setattr(stage.watch, "reported", None)
        stage.network.sockets[0].event(execution_event())
        with pytest.raises(VenueUnavailable):
            await reading.task

    run(story())
    assert "venue.stream_failed" in caplog.messages


def test_f41_fills_of_an_answer_that_make_no_sense_are_left_to_the_stream(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        stage = Stage(answering({"order.place": FILLED | {"fills": [FILL | {"qty": "1e-2"}]}}))
        reading = Reading(stage)
        await stage.venue.listening()
        report = await stage.venue.submit(child(stage))
        assert report.outcome is VenueOutcome.FILLED
        assert reading.reports == []
        await reading.end()

    run(story())
    assert "venue.unreadable_fills" in caplog.messages


def test_f41_a_trade_that_makes_no_sense_is_not_guessed_at() -> None:
    async def story() -> None:
        stage = Stage(answering({"myTrades": lambda _: [trade_row(qty="NaN")]}))
        with pytest.raises(VenueUnavailable, match="trade 5"):
            await stage.venue.trades("BTCUSDT", 0)

    run(story())
