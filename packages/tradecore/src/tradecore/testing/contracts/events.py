"""What every consumer of the log of events promises."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from decimal import Decimal

import pytest

from tradecore.memory import SystemClock
from tradecore.messages import codec
from tradecore.ports.events import EventConsumer, EventRecord, ParkedEvent
from tradecore.ports.store import Store
from tradecore.testing.scenario import Scenario, scenario

ConsumerOf = Callable[[str, Sequence[str]], EventConsumer]

SUBMITTED = ("orders.submitted",)
EVERYTHING = ("orders.submitted", "balances.updated", "orders.updated", "executions.recorded")


async def read_all(consumer: EventConsumer, page: int = 7) -> list[EventRecord]:
    """Read page by page to the end, advancing over each page."""
    found: list[EventRecord] = []
    while events := await consumer.read(page):
        assert len(events) <= page
        found.extend(events)
        await consumer.advance(events[-1])
    return found


class EventConsumerContract:
    """Promises of every consumer. Provide the `store` and `consumer_of` fixtures."""

    @pytest.fixture
    def store(self) -> Store:
        """Return an empty store."""
        raise NotImplementedError

    @pytest.fixture
    def consumer_of(self, store: Store) -> ConsumerOf:
        """Return how to get the consumer of a name and topics on the store's log."""
        raise NotImplementedError

    @pytest.fixture
    async def house(self, store: Store) -> AsyncIterator[Scenario]:
        """Yield a furnished house on the store."""
        async with scenario(store, SystemClock()) as ready:
            yield ready

    async def test_every_event_of_its_topics_comes_once(
        self, house: Scenario, consumer_of: ConsumerOf
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        orders = [await house.run(house.buy(account_id)) for _ in range(10)]
        events = await read_all(consumer_of("one", SUBMITTED))
        payloads = [codec.decode_event(one.topic, one.body).payload for one in events]
        assert [payload.order_id for payload in payloads] == [  # type: ignore[union-attr] # of orders
            order.order_id for order in orders
        ]

    async def test_an_accounts_events_come_in_their_sequence_without_a_hole(
        self, house: Scenario, consumer_of: ConsumerOf
    ) -> None:
        accounts = [await house.customer(usdt=Decimal(60_000)) for _ in range(3)]
        await asyncio.gather(
            *(house.run(house.buy(account_id)) for _ in range(10) for account_id in accounts)
        )
        sequences: defaultdict[str, list[int]] = defaultdict(list)
        for event in await read_all(consumer_of("all", EVERYTHING)):
            sequences[event.account_id].append(event.sequence)
        assert set(sequences) == set(accounts)
        for sequence in sequences.values():
            assert sequence == list(range(1, 1 + 2 * 10 + 1))

    async def test_what_was_not_advanced_over_comes_again(
        self, house: Scenario, consumer_of: ConsumerOf
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        for _ in range(5):
            await house.run(house.buy(account_id))
        first = await consumer_of("one", SUBMITTED).read(3)
        again = consumer_of("one", SUBMITTED)
        assert await again.read(3) == first
        await again.advance(first[-1])
        rest = await consumer_of("one", SUBMITTED).read(10)
        assert len(rest) == 2
        assert not {one.event_id for one in rest} & {one.event_id for one in first}

    async def test_consumers_stand_apart(self, house: Scenario, consumer_of: ConsumerOf) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        await house.run(house.buy(account_id))
        assert len(await read_all(consumer_of("one", SUBMITTED))) == 1
        assert len(await read_all(consumer_of("two", SUBMITTED))) == 1

    async def test_events_committed_later_are_read_later(
        self, house: Scenario, consumer_of: ConsumerOf
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        consumer = consumer_of("one", SUBMITTED)
        assert await read_all(consumer) == []
        await house.run(house.buy(account_id))
        assert len(await read_all(consumer)) == 1

    async def test_parking_twice_is_parking_once(
        self, house: Scenario, consumer_of: ConsumerOf
    ) -> None:
        account_id = await house.customer(usdt=Decimal(60_000))
        await house.run(house.buy(account_id))
        consumer = consumer_of("one", SUBMITTED)
        (event,) = await consumer.read(1)
        parked = ParkedEvent(consumer="one", event=event, error="poison", attempts=5)
        await consumer.park(parked)
        await consumer.park(parked)
