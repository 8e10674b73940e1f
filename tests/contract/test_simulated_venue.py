"""The simulated Binance keeps the promises of a venue and of reference prices."""

from decimal import Decimal

import pytest

from binance_sim.engine.commission import CommissionRates
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.symbols import BTCUSDT
from binance_sim.engine.vocabulary import Side
from binance_sim.simulated_market import SimulatedReferencePrices
from binance_sim.venue import SimulatedVenue
from tradecore.memory import SystemClock
from tradecore.ports.reference_prices import ReferencePrices
from tradecore.ports.venue import Venue
from tradecore.testing.contracts.sources import ReferencePricesContract
from tradecore.testing.contracts.venue import VenueContract


def exchange() -> Exchange:
    made = Exchange([BTCUSDT])
    made.open_account("house", rates=CommissionRates())
    made.deposit("house", "USDT", Decimal(1_000_000), 1)
    made.set_liquidity("BTCUSDT", Side.BUY, Decimal(59_990), Decimal(1), 1)
    made.set_liquidity("BTCUSDT", Side.SELL, Decimal(60_010), Decimal("0.004"), 1)
    made.set_liquidity("BTCUSDT", Side.SELL, Decimal(60_020), Decimal(1), 1)
    return made


class TestSimulatedVenue(VenueContract):
    @pytest.fixture
    def venue(self) -> Venue:
        return SimulatedVenue(exchange(), "house", SystemClock())


class TestSimulatedReferencePrices(ReferencePricesContract):
    @pytest.fixture
    def prices(self) -> ReferencePrices:
        return SimulatedReferencePrices(exchange())
