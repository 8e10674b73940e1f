"""What clocks, sources of ids and reference prices promise."""

import re
from datetime import UTC, timedelta

import pytest

from tradecore.domain.instruments import Side
from tradecore.ports.clock import Clock
from tradecore.ports.id_factory import IdFactory
from tradecore.ports.reference_prices import ReferencePrices

UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class ClockContract:
    """Promises of every clock. Subclass it and provide the `clock` fixture."""

    @pytest.fixture
    def clock(self) -> Clock:
        """Return a clock."""
        raise NotImplementedError

    async def test_now_is_aware_and_in_utc(self, clock: Clock) -> None:
        assert clock.now().tzinfo is UTC

    async def test_sleeping_moves_it_at_least_so_far(self, clock: Clock) -> None:
        before = clock.now()
        await clock.sleep(0.01)
        assert clock.now() - before >= timedelta(milliseconds=9)


class IdFactoryContract:
    """Promises of every source of identifiers. Subclass it and provide the `ids` fixture."""

    @pytest.fixture
    def ids(self) -> IdFactory:
        """Return a factory."""
        raise NotImplementedError

    def test_ids_are_uuidv7_in_canonical_text(self, ids: IdFactory) -> None:
        assert all(UUID7.fullmatch(ids.new_id()) for _ in range(1_000))

    def test_later_ids_are_greater(self, ids: IdFactory) -> None:
        drawn = [ids.new_id() for _ in range(10_000)]
        assert drawn == sorted(drawn)
        assert len(set(drawn)) == len(drawn)


class ReferencePricesContract:
    """Promises of reference prices. Provide `prices`, which know BTCUSDT and no XYZUSDT."""

    @pytest.fixture
    def prices(self) -> ReferencePrices:
        """Return prices that know BTCUSDT only."""
        raise NotImplementedError

    def test_a_known_symbol_has_a_bid_below_its_ask(self, prices: ReferencePrices) -> None:
        price = prices.find("BTCUSDT")
        assert price is not None
        assert price.symbol == "BTCUSDT"
        assert 0 < price.bid < price.ask
        assert price.at.tzinfo is not None

    def test_a_buy_looks_at_the_ask_and_a_sell_at_the_bid(self, prices: ReferencePrices) -> None:
        price = prices.find("BTCUSDT")
        assert price is not None
        assert (price.toward(Side.BUY), price.toward(Side.SELL)) == (price.ask, price.bid)

    def test_an_unknown_symbol_has_no_price(self, prices: ReferencePrices) -> None:
        assert prices.find("XYZUSDT") is None
