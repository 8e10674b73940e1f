"""Quotas come from what the venue itself says."""

from binance_adapter.connector import ConnectorSettings, Outside, open_connector
from binance_adapter.endpoints import Endpoints
from binance_adapter.signing import Credentials, signer_of
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.symbols import BTCUSDT
from binance_sim.wire.keys import hmac_key
from binance_sim.wire.server import serving
from tradecore.domain.risk import Limits
from tradecore.memory import SystemClock
from tradecore_server.quotas import default_limits

API_KEY, SECRET = "omnibus" + "K" * 57, "the-word-of-the-omnibus-account"


async def test_f37_a_customer_gets_a_fifth_of_what_the_venue_grants_the_house() -> None:
    exchange = Exchange([BTCUSDT])
    exchange.open_account("house")
    keys = [hmac_key(API_KEY, SECRET, "house")]
    clock = SystemClock()
    async with serving(exchange, keys, clock=clock) as server:
        where = Endpoints(
            rest=server.rest_url, websocket_api=server.ws_api_url, streams=server.stream_url
        )
        settings = ConnectorSettings(endpoints=where, symbols=("BTCUSDT",))
        credentials = Credentials(api_key=API_KEY, signer=signer_of(SECRET.encode()))
        async with open_connector(settings, credentials, Outside(clock=clock)) as connector:
            symbol = await connector.symbols.get("BTCUSDT")
            limits = default_limits([symbol], connector.client.budgets.used())

    # The venue: 200 open orders a symbol, 100 orders in ten seconds.
    assert limits == Limits(max_open_orders=40, max_orders_per_second=2)


def test_where_the_venue_states_no_limits_there_are_none() -> None:
    assert default_limits([], {}) == Limits()
