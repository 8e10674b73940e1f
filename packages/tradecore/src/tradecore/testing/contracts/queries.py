"""What every adapter of the queries promises."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from tradecore.application.commands.freeze import SetFreeze
from tradecore.application.commands.open_attempt import OpenAttempt
from tradecore.application.commands.record_report import RejectAttempt
from tradecore.domain.freezes import FreezeMode, FreezeScope
from tradecore.domain.ids import HOUSE, AccountId, OrderId
from tradecore.domain.instruments import Side
from tradecore.domain.venue_orders import VenueOutcome
from tradecore.memory import SystemClock
from tradecore.ports.queries import InvalidCursor, OrderFilter, Paging, Queries
from tradecore.ports.store import Store
from tradecore.testing.scenario import BTCUSDT, Scenario, scenario

NOBODY = AccountId("01900000-0000-7000-8000-0000000000aa")
NOTHING = OrderId("01900000-0000-7000-8000-0000000000bb")


class QueriesContract:
    """Promises of every adapter. Provide the `store` and `queries` fixtures, on the same books."""

    @pytest.fixture
    def store(self) -> Store:
        """Return an empty store."""
        raise NotImplementedError

    @pytest.fixture
    def queries(self, store: Store) -> Queries:
        """Return the queries on that store's books."""
        raise NotImplementedError

    @pytest.fixture
    async def house(self, store: Store) -> AsyncIterator[Scenario]:
        """Yield a furnished house on the store."""
        async with scenario(store, SystemClock()) as ready:
            yield ready

    async def test_the_house_is_no_customer(self, house: Scenario, queries: Queries) -> None:
        account_id = await house.customer()
        listed = (await queries.list_accounts(Paging())).rows
        assert [account.account_id for account in listed] == [account_id]

    async def test_what_does_not_exist_is_not_found(self, queries: Queries) -> None:
        assert await queries.find_account(NOBODY) is None
        assert await queries.find_order(NOBODY, NOTHING) is None
        assert await queries.find_order_by_client_order_id(NOBODY, "mine") is None
        assert await queries.find_instrument("XYZUSDT") is None
        assert await queries.find_reservation(NOTHING) is None
        assert list(await queries.list_order_events(NOTHING)) == []

    async def test_l14_another_accounts_order_is_not_found(
        self, house: Scenario, queries: Queries
    ) -> None:
        mine, theirs = await house.customer(usdt=Decimal(1_000)), await house.customer()
        order = await house.run(house.buy(mine, client_order_id="mine"))
        assert await queries.find_order(mine, order.order_id) == order
        assert await queries.find_order(theirs, order.order_id) is None
        assert await queries.find_order_by_client_order_id(mine, "mine") == order
        assert await queries.find_order_by_client_order_id(theirs, "mine") is None

    async def test_orders_are_filtered(self, house: Scenario, queries: Queries) -> None:
        account_id = await house.customer(usdt=Decimal(10_000), btc=Decimal(1))
        bought = await house.run(house.buy(account_id))
        sold = await house.run(house.sell(account_id))
        gone = await house.run(house.buy(account_id))
        await house.run(house.cancel(gone))

        async def ids(which: OrderFilter) -> set[str]:
            page = await queries.list_orders(account_id, which, Paging())
            return {order.order_id for order in page.rows}

        assert await ids(OrderFilter()) == {bought.order_id, sold.order_id, gone.order_id}
        assert await ids(OrderFilter(open=True)) == {bought.order_id, sold.order_id}
        assert await ids(OrderFilter(open=False)) == {gone.order_id}
        assert await ids(OrderFilter(side=Side.SELL)) == {sold.order_id}
        assert await ids(OrderFilter(symbol="ETHUSDT")) == set()
        assert await ids(OrderFilter(created_to=bought.created_at)) == set()

    @pytest.mark.parametrize("newest_first", [True, False])
    async def test_pages_are_whole_and_stable_while_rows_are_added(
        self, house: Scenario, queries: Queries, newest_first: bool
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        placed = [(await house.run(house.buy(account_id))).order_id for _ in range(7)]
        paging = Paging(limit=3, newest_first=newest_first)
        seen = []
        cursor = None
        for _ in range(3):
            page = await queries.list_orders(
                account_id,
                OrderFilter(),
                Paging(limit=3, cursor=cursor, newest_first=newest_first),
            )
            seen += [order.order_id for order in page.rows]
            cursor = page.next_cursor
            if newest_first:
                await house.run(house.buy(account_id))
        assert paging.limit == 3
        assert seen == (list(reversed(placed)) if newest_first else placed)
        assert cursor is None

    async def test_a_cursor_of_ones_own_making_is_refused(
        self, house: Scenario, queries: Queries
    ) -> None:
        account_id = await house.customer()
        with pytest.raises(InvalidCursor):
            await queries.list_orders(account_id, OrderFilter(), Paging(cursor="made up"))

    async def test_an_orders_story_is_told_in_order(
        self, house: Scenario, queries: Queries
    ) -> None:
        account_id = await house.customer(usdt=Decimal(1_000))
        order = await house.run(house.buy(account_id))
        child = await house.send(order, 71)
        execution = await house.filled(child, Decimal("0.004"))
        await house.run(house.ended(child, VenueOutcome.CANCELED, Decimal("0.004")))
        events = await queries.list_order_events(order.order_id)
        assert [event.version for event in events] == [1, 2, 3, 4]
        assert [event.status for event in events] == [
            "PENDING_NEW",
            "NEW",
            "PARTIALLY_FILLED",
            "CANCELED",
        ]
        (last,) = await queries.list_venue_orders(order.order_id)
        assert last.outcome is VenueOutcome.CANCELED
        reservation = await queries.find_reservation(order.order_id)
        assert reservation is not None
        assert (reservation.consumed, reservation.released) == (Decimal(240), Decimal(360))
        executions = await queries.list_executions(account_id, Paging(), order_id=order.order_id)
        assert list(executions.rows) == [execution]
        lines = await queries.list_ledger(account_id, Paging(), reference=execution.key.reference)
        assert sorted((line.asset, line.amount) for line in lines.rows) == [
            ("BTC", Decimal("-0.00000001")),
            ("BTC", Decimal("0.004")),
            ("USDT", Decimal(-240)),
        ]

    async def test_open_attempts_are_those_whose_end_is_not_known(
        self, house: Scenario, queries: Queries
    ) -> None:
        account_id = await house.customer(usdt=Decimal(10_000))
        live = await house.send(await house.run(house.buy(account_id)), 1)
        ahead = await house.send(await house.run(house.buy(account_id)), 2)
        await house.run(house.ended(ahead, VenueOutcome.FILLED, Decimal("0.01")))
        gone = await house.send(await house.run(house.buy(account_id)), 3)
        await house.run(house.ended(gone, VenueOutcome.CANCELED, Decimal(0)))
        assert [one.order_id for one in await queries.list_open_attempts()] == [ahead.order_id]
        living = {one.order_id for one in await queries.list_living_children()}
        assert living == {live.order_id, ahead.order_id}

    async def test_pending_cancels_are_found(self, house: Scenario, queries: Queries) -> None:
        account_id = await house.customer(usdt=Decimal(10_000))
        order = await house.run(house.buy(account_id))
        child = await house.send(order, 1)
        assert list(await queries.list_pending_cancels()) == []
        await house.run(house.cancel(order))
        assert list(await queries.list_pending_cancels()) == [child]

    async def test_a_child_that_lives_on_after_its_order_is_a_pending_cancel(
        self, house: Scenario, queries: Queries
    ) -> None:
        account_id = await house.customer(usdt=Decimal(10_000))
        order = await house.run(house.buy(account_id))
        attempt = await house.run(OpenAttempt(**house.head(), order_id=order.order_id))
        refusal = RejectAttempt(
            **house.head(),
            order_id=order.order_id,
            child=1,
            attempted_at=attempt.child.attempted_at,
            reason="spurious",
        )
        await house.run(refusal)
        assert list(await queries.list_pending_cancels()) == []
        await house.filled(attempt.child, Decimal("0.004"))
        (unwanted,) = await queries.list_pending_cancels()
        assert unwanted.venue_client_order_id == attempt.child.venue_client_order_id
        await house.run(house.ended(unwanted, VenueOutcome.CANCELED, Decimal("0.005")))
        assert list(await queries.list_pending_cancels()) == []

    async def test_house_balances_mirror_what_customers_have(
        self, house: Scenario, queries: Queries
    ) -> None:
        await house.customer(usdt=Decimal(1_000))
        balances = {
            (one.account, one.asset): one.amount for one in await queries.list_house_balances()
        }
        assert balances["venue:binance", "USDT"] == Decimal(-10_000_000)
        assert balances["treasury", "USDT"] == Decimal(10_000_000 - 1_000)
        assert not any(account.startswith("client:") for account, _ in balances)

    async def test_the_last_ids_of_the_venue_are_the_highest(
        self, house: Scenario, queries: Queries
    ) -> None:
        account_id = await house.customer(usdt=Decimal(10_000))
        child = await house.send(await house.run(house.buy(account_id)), 71)
        await house.run(house.fill(child, Decimal("0.004"), trade_id=900))
        await house.send(await house.run(house.buy(account_id)), 65)
        (last,) = await queries.list_last_venue_ids()
        assert (last.symbol, last.venue_order_id, last.trade_id) == ("BTCUSDT", 71, 900)

    async def test_instruments_freezes_and_audits_are_listed(
        self, house: Scenario, queries: Queries
    ) -> None:
        await house.run(
            SetFreeze(
                **house.head(),
                scope=FreezeScope.PLATFORM,
                target="",
                mode=FreezeMode.HALT,
                reason="drill",
            )
        )
        assert list(await queries.list_instruments()) == [BTCUSDT]
        assert [freeze.reason for freeze in await queries.list_freezes()] == ["drill"]
        audits = await queries.list_audits(Paging(), action="freeze")
        assert [audit.reason for audit in audits.rows] == ["drill"]

    async def test_the_books_are_everything(self, house: Scenario, queries: Queries) -> None:
        account_id = await house.customer(usdt=Decimal(1_000))
        order = await house.run(house.buy(account_id))
        books = await queries.books()
        assert {account.account_id for account in books.accounts} == {HOUSE, account_id}
        assert [one.order_id for one in books.orders] == [order.order_id]
        assert len(books.outbox) == 3
        assert len(books.journal_entries) == 3
