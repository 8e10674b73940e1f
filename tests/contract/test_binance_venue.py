"""The Binance adapter keeps the promises of a venue, spoken to over the wire, either way."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

import attrs
import pytest

from binance_adapter.connector import (
    BinanceConnector,
    ConnectorSettings,
    Outside,
    TransportKind,
    open_connector,
)
from binance_adapter.endpoints import Endpoints
from binance_adapter.signing import Credentials, signer_of
from binance_sim.engine.commission import CommissionRates
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.symbols import BTCUSDT
from binance_sim.engine.vocabulary import Side
from binance_sim.wire.keys import hmac_key
from binance_sim.wire.server import Server, serving
from tradecore.memory import SystemClock
from tradecore.ports.market_data import MarketData
from tradecore.ports.reference_prices import ReferencePrices
from tradecore.ports.venue import Venue
from tradecore.testing.contracts.market_data import MarketDataContract
from tradecore.testing.contracts.sources import ReferencePricesContract
from tradecore.testing.contracts.venue import TAKING, VenueContract

API_KEY, WORD = "omnibus" + "K" * 57, "the-word-of-the-omnibus-account"


def exchange() -> Exchange:
    made = Exchange([BTCUSDT])
    made.open_account("house", rates=CommissionRates())
    made.deposit("house", "USDT", Decimal(1_000_000), 1)
    made.set_liquidity("BTCUSDT", Side.BUY, Decimal(59_980), Decimal(1), 1)
    made.set_liquidity("BTCUSDT", Side.BUY, Decimal(59_990), Decimal(1), 1)
    made.set_liquidity("BTCUSDT", Side.SELL, Decimal(60_010), Decimal("0.004"), 1)
    made.set_liquidity("BTCUSDT", Side.SELL, Decimal(60_020), Decimal(1), 1)
    made.set_liquidity("BTCUSDT", Side.SELL, Decimal(60_030), Decimal(1), 1)
    return made


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    keys = [hmac_key(API_KEY, WORD, "house")]
    async with serving(exchange(), keys, clock=SystemClock()) as served:
        yield served


@pytest.fixture(params=list(TransportKind))
async def connector(
    request: pytest.FixtureRequest, server: Server
) -> AsyncIterator[BinanceConnector]:
    settings = ConnectorSettings(
        endpoints=Endpoints(
            rest=server.rest_url, websocket_api=server.ws_api_url, streams=server.stream_url
        ),
        symbols=("BTCUSDT",),
        transport=request.param,
    )
    credentials = Credentials(api_key=API_KEY, signer=signer_of(WORD.encode()))
    async with open_connector(settings, credentials, Outside(clock=SystemClock())) as opened:
        yield opened


class TestBinanceVenue(VenueContract):
    @pytest.fixture
    def venue(self, connector: BinanceConnector) -> Venue:
        return connector.venue


class TestMarketData(MarketDataContract):
    @pytest.fixture
    async def market_data(self, connector: BinanceConnector) -> MarketData:
        # Takes from two levels: two trades.
        await connector.venue.submit(attrs.evolve(TAKING, attempted_at=datetime.now(UTC)))
        return connector.market_data


class TestBookTickers(ReferencePricesContract):
    @pytest.fixture
    async def prices(self, connector: BinanceConnector) -> ReferencePrices:
        await connector.prices.confirm()
        return connector.prices
