"""Which venue the platform trades at: a simulated one of its own, over the wire, or Binance."""

import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

from binance_adapter import endpoints
from binance_adapter.bans import FileBanStore
from binance_adapter.connector import (
    BinanceConnector,
    ConnectorSettings,
    Outside,
    TransportKind,
    open_connector,
)
from binance_adapter.endpoints import Endpoints
from binance_adapter.metrics import Observer
from binance_adapter.signing import Credentials, signer_of
from binance_sim.engine.exchange import Exchange
from binance_sim.wire.keys import hmac_key
from binance_sim.wire.limits import UNLIMITED
from binance_sim.wire.server import Settings as ServerSettings
from binance_sim.wire.server import serving
from tradecore.application.processes.tell_of_venue import VenueNews
from tradecore.ports.clock import Clock
from tradecore_server.settings import InvalidSettings, Settings, VenueChoice
from tradecore_server.simulated_venue import OMNIBUS

BINANCE: Final[Mapping[VenueChoice, Endpoints]] = {
    VenueChoice.LIVE: endpoints.LIVE,
    VenueChoice.TESTNET: endpoints.TESTNET,
    VenueChoice.DEMO: endpoints.DEMO,
}


@contextlib.asynccontextmanager
async def simulated(
    settings: Settings, exchange: Exchange, clock: Clock, observer: Observer | None = None
) -> AsyncIterator[BinanceConnector]:
    """Serve `exchange` on a free local port, and yield the conversation with it.

    Its limits are raised: the real venue lets one account place 100 orders in ten seconds. The key
    is made anew at each start and known to nobody else.
    """
    api_key, secret = secrets.token_hex(32), secrets.token_hex(32)
    async with serving(
        exchange,
        [hmac_key(api_key, secret, OMNIBUS)],
        clock=clock,
        settings=ServerSettings(limits=UNLIMITED),
    ) as server:
        where = Endpoints(
            rest=server.rest_url, websocket_api=server.ws_api_url, streams=server.stream_url
        )
        credentials = Credentials(api_key=api_key, signer=signer_of(secret.encode()))
        outside = Outside(clock=clock, observer=observer)
        async with open_connector(_concerns(settings, where), credentials, outside) as connector:
            yield connector


@contextlib.asynccontextmanager
async def binance(
    settings: Settings, clock: Clock, observer: Observer | None = None
) -> AsyncIterator[BinanceConnector]:
    """Yield the conversation with Binance. Raises InvalidSettings without a key and a secret."""
    if settings.binance_api_key is None or settings.binance_secret is None:
        raise InvalidSettings(
            f"TRADECORE_VENUE={settings.venue} needs TRADECORE_BINANCE_API_KEY_FILE and"
            " TRADECORE_BINANCE_SECRET_FILE"
        )
    credentials = Credentials(
        api_key=str(settings.binance_api_key),
        signer=signer_of(settings.binance_secret.encode(), "TRADECORE_BINANCE_SECRET"),
    )
    outside = Outside(
        clock=clock, observer=observer, bans=FileBanStore(_ban_file(settings.data_directory))
    )
    where = BINANCE[settings.venue]
    async with open_connector(_concerns(settings, where), credentials, outside) as connector:
        yield connector


async def follow(connector: BinanceConnector, news: VenueNews) -> None:
    """Keep the connector's time, prices and symbols up to date, and leave what it notices in `news`.

    Runs until cancelled.
    """
    hooks = connector.client.hooks
    hooks.authentication_failed = news.key_refused
    hooks.authenticated = news.key_taken
    hooks.stream_stale = news.stream_stale
    hooks.balance_moved = news.money_moved
    await connector.run(lambda change: news.symbol_changed(change.before, change.after))


def _concerns(settings: Settings, where: Endpoints) -> ConnectorSettings:
    return ConnectorSettings(
        endpoints=where, symbols=settings.symbols, transport=TransportKind.WEBSOCKET_API
    )


def _ban_file(data_directory: Path) -> Path:
    data_directory.mkdir(parents=True, exist_ok=True)
    return data_directory / "venue_banned_until"
