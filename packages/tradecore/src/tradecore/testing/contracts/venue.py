"""What every venue promises, seen through the port."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import attrs
import pytest

from tradecore.domain.ids import AccountId, OrderId, venue_client_order_id
from tradecore.domain.instruments import OrderType, Side, TimeInForce
from tradecore.domain.money import Price, Quantity
from tradecore.domain.venue_orders import VenueOrder, VenueOutcome
from tradecore.ports.venue import (
    ExecutionReport,
    OrderReport,
    Venue,
    VenueOutcomeUnknown,
    VenueRejected,
    VenueReport,
    VenueUnavailable,
)

RESTING_PRICE = Price(Decimal(50_000))
TAKING_PRICE = Price(Decimal(70_000))


def child_of(number: int, price: Price) -> VenueOrder:
    """Return a first child that buys 0.01 BTC."""
    order_id = OrderId(f"01900000-0000-7000-8000-{number:012x}")
    return VenueOrder(
        order_id=order_id,
        account_id=AccountId("01900000-0000-7000-8000-00000000000a"),
        child=1,
        venue_client_order_id=venue_client_order_id(order_id, 1, 1),
        symbol="BTCUSDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=Quantity(Decimal("0.01")),
        quote_quantity=None,
        price=price,
        attempted_at=datetime.now(UTC),
        receive_window=timedelta(hours=1),
    )


RESTING = child_of(1, RESTING_PRICE)
TAKING = child_of(2, TAKING_PRICE)


def known(child: VenueOrder, report: OrderReport) -> VenueOrder:
    """Return the child as it is once the venue's id is known."""
    return attrs.evolve(child, venue_order_id=report.venue_order_id)


class VenueContract:
    """Promises of every venue.

    Provide the `venue` fixture: BTCUSDT rests at 50,000, fills whole at 70,000, and the account
    holds 1,000,000 USDT.
    """

    @pytest.fixture
    def venue(self) -> Venue:
        """Return a venue with a market around 60,000."""
        raise NotImplementedError

    async def test_an_order_that_rests_is_alive_and_open(self, venue: Venue) -> None:
        report = await venue.submit(RESTING)
        assert report.outcome is None
        assert report.filled_quantity == 0
        assert [one.venue_order_id for one in await venue.open_orders()] == [report.venue_order_id]

    async def test_an_order_that_fills_says_so_and_shows_its_executions(self, venue: Venue) -> None:
        report = await venue.submit(TAKING)
        assert (report.outcome, report.filled_quantity) == (VenueOutcome.FILLED, Decimal("0.01"))
        executions = await venue.executions(known(TAKING, report))
        assert sum(one.quantity for one in executions) == Decimal("0.01")
        assert {one.venue_order_id for one in executions} == {report.venue_order_id}
        assert {(one.base_asset, one.quote_asset) for one in executions} == {("BTC", "USDT")}
        assert await venue.open_orders() == []

    async def test_what_was_never_sent_is_not_known(self, venue: Venue) -> None:
        assert await venue.query(RESTING) is None
        assert list(await venue.executions(RESTING)) == []

    async def test_an_order_is_found_by_our_id_and_by_the_venues(self, venue: Venue) -> None:
        report = await venue.submit(TAKING)
        assert await venue.query(TAKING) == report
        assert await venue.query(known(TAKING, report)) == report

    async def test_the_same_order_twice_is_never_taken_twice(self, venue: Venue) -> None:
        await venue.submit(RESTING)
        with pytest.raises(VenueOutcomeUnknown):
            await venue.submit(RESTING)
        assert len(await venue.open_orders()) == 1

    async def test_a_request_that_comes_too_late_is_refused(self, venue: Venue) -> None:
        now = await venue.time()
        late = attrs.evolve(
            TAKING, attempted_at=now - timedelta(seconds=6), receive_window=timedelta(seconds=5)
        )
        with pytest.raises(VenueUnavailable):
            await venue.submit(late)
        assert await venue.query(TAKING) is None

    async def test_a_cancel_ends_it_and_it_is_still_found(self, venue: Venue) -> None:
        report = await venue.submit(RESTING)
        canceled = await venue.cancel(known(RESTING, report))
        assert canceled.outcome is VenueOutcome.CANCELED
        assert canceled.venue_client_order_id == RESTING.venue_client_order_id
        found = await venue.query(known(RESTING, report))
        assert found is not None
        assert found.outcome is VenueOutcome.CANCELED
        assert await venue.open_orders() == []

    async def test_a_cancel_of_what_has_ended_is_refused(self, venue: Venue) -> None:
        report = await venue.submit(TAKING)
        with pytest.raises(VenueRejected):
            await venue.cancel(known(TAKING, report))

    async def test_the_stream_tells_a_fill_before_its_end(self, venue: Venue) -> None:
        seen: list[VenueReport] = []

        async def listen(reports: AsyncIterator[VenueReport]) -> None:
            async for report in reports:
                seen.append(report)
                if isinstance(report, OrderReport) and report.outcome is not None:
                    return

        async with asyncio.timeout(5):
            listener = asyncio.ensure_future(listen(venue.reports()))
            await asyncio.sleep(0)
            await venue.submit(TAKING)
            await listener
        fills = [report for report in seen if isinstance(report, ExecutionReport)]
        assert sum(fill.quantity for fill in fills) == Decimal("0.01")
        assert isinstance(seen[-1], OrderReport)
        assert seen[-1].outcome is VenueOutcome.FILLED

    async def test_what_is_held_moves_by_what_was_traded(self, venue: Venue) -> None:
        before = {one.asset: one.free + one.locked for one in await venue.balances()}
        report = await venue.submit(TAKING)
        after = {one.asset: one.free + one.locked for one in await venue.balances()}
        executions = await venue.executions(known(TAKING, report))
        paid = sum(one.notional for one in executions)
        commission = sum(one.commission for one in executions)
        assert before["USDT"] - after["USDT"] == paid
        assert after["BTC"] - before.get("BTC", Decimal(0)) == Decimal("0.01") - commission

    async def test_recent_orders_hold_those_that_ended_too(self, venue: Venue) -> None:
        resting = await venue.submit(RESTING)
        taking = await venue.submit(TAKING)
        assert list(await venue.recent_orders("BTCUSDT")) == [resting, taking]
        canceled = await venue.cancel(known(RESTING, resting))
        assert list(await venue.recent_orders("BTCUSDT")) == [canceled, taking]

    async def test_trades_come_in_pages_by_id_until_one_is_empty(self, venue: Venue) -> None:
        report = await venue.submit(TAKING)
        known_fills = [
            attrs.evolve(one, venue_client_order_id=None)
            for one in await venue.executions(known(TAKING, report))
        ]
        seen: list[ExecutionReport] = []
        from_id = 0
        while page := await venue.trades("BTCUSDT", from_id):
            seen.extend(page)
            from_id = page[-1].trade_id + 1
        assert seen == known_fills
        again = await venue.trades("BTCUSDT", seen[-1].trade_id)
        assert list(again) == seen[-1:]

    async def test_what_happens_once_it_listens_is_told(self, venue: Venue) -> None:
        async with asyncio.timeout(5):
            first = asyncio.ensure_future(anext(venue.reports()))
            await venue.listening()
            report = await venue.submit(RESTING)
            assert await first == report
