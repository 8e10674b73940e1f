"""From the simulated venue's wire to an alert: what is noticed there reaches the books."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

import attrs
import pytest

from binance_adapter import exchange_info, stream_watch
from binance_adapter.connector import (
    BinanceConnector,
    ConnectorSettings,
    Outside,
    TransportKind,
    open_connector,
)
from binance_adapter.endpoints import Endpoints
from binance_adapter.signing import Credentials, signer_of
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.symbols import BTCUSDT, PriceFilter
from binance_sim.engine.vocabulary import SymbolStatus
from binance_sim.faults.rules import Rule
from binance_sim.testing import build_exchange
from binance_sim.wire.keys import hmac_key
from binance_sim.wire.server import Server, serving
from tradecore.application.commands.put_instrument import PutInstrument
from tradecore.application.processes import tell_of_venue as process
from tradecore.application.processes.gateway import Gateway
from tradecore.application.processes.tell_of_venue import VenueNews, tell_of_venue
from tradecore.domain.instruments import InstrumentState
from tradecore.memory import MemoryQueries, MemoryStore, SystemClock
from tradecore.messages import codec, topics
from tradecore.messages.payloads import AlertPayload
from tradecore.ports.venue import VenueError
from tradecore.testing.contracts.venue import RESTING
from tradecore.testing.scenario import scenario
from tradecore_server import venue

API_KEY: Final = "omnibus" + "K" * 57
WORD: Final = "the-word-of-the-omnibus-account"


@pytest.fixture
def exchange() -> Exchange:
    return build_exchange(symbols=[BTCUSDT], accounts=["house"])


@pytest.fixture
async def server(exchange: Exchange) -> AsyncIterator[Server]:
    keys = [hmac_key(API_KEY, WORD, "house")]
    async with serving(exchange, keys, clock=SystemClock()) as served:
        yield served


@pytest.fixture
async def connector(server: Server) -> AsyncIterator[BinanceConnector]:
    where = Endpoints(
        rest=server.rest_url, websocket_api=server.ws_api_url, streams=server.stream_url
    )
    settings = ConnectorSettings(
        endpoints=where, symbols=("BTCUSDT",), transport=TransportKind.WEBSOCKET_API
    )
    credentials = Credentials(api_key=API_KEY, signer=signer_of(WORD.encode()))
    async with open_connector(settings, credentials, Outside(clock=SystemClock())) as opened:
        yield opened


@attrs.frozen
class Books:
    """Where alerts end up."""

    store: MemoryStore
    connector: BinanceConnector

    def alerts(self, kind: str) -> list[AlertPayload]:
        payloads = [
            codec.decode_event(one.topic, one.body).payload
            for one in self.store.tables.outbox
            if one.topic == topics.ALERTS_RAISED.name
        ]
        return [one for one in payloads if isinstance(one, AlertPayload) and one.kind == kind]


@pytest.fixture
async def books(
    connector: BinanceConnector, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Books]:
    """A furnished house in memory that trades BTCUSDT by the venue's rules, and listens."""
    monkeypatch.setattr(process, "CLOCK_SECONDS", 0.1)
    monkeypatch.setattr(exchange_info, "SHORTEST_SECONDS", 0.1)
    clock, news = SystemClock(), VenueNews()
    store = MemoryStore(clock)

    async def listen() -> None:
        while True:
            try:
                async with aclosing(connector.venue.reports()) as reports:
                    async for _ in reports:
                        pass
            except VenueError:
                await asyncio.sleep(0.05)

    async with scenario(store, clock) as house:
        listed = (await connector.symbols.get("BTCUSDT")).instrument
        await house.run(PutInstrument(**house.head(), instrument=listed))
        gateway = Gateway(
            executor=house.executor,
            queries=MemoryQueries(store.tables),
            venue=connector.venue,
            ids=house.ids,
        )
        jobs = [listen(), venue.follow(connector, news)]
        jobs.append(tell_of_venue(news, gateway, connector, clock))
        running = [asyncio.ensure_future(job) for job in jobs]
        async with asyncio.timeout(5):
            await connector.venue.listening()
        yield Books(store, connector)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(8):
        while not is_so():  # noqa: ASYNC110 - the books have no event to wait for
            await asyncio.sleep(0.01)


async def test_f32_a_deposit_at_the_venue_becomes_an_alert_with_its_amount(
    exchange: Exchange, books: Books
) -> None:
    exchange.deposit("house", "BTC", Decimal("2.5"), 1)
    await until(lambda: books.alerts("venue_transfer"))
    (alert,) = books.alerts("venue_transfer")
    assert (alert.subject, alert.amount) == ("BTC", "2.5")


async def test_f42_a_revoked_key_becomes_one_alert_without_the_key(
    server: Server, connector: BinanceConnector, books: Books
) -> None:
    server.keyring.get(API_KEY).is_revoked = True
    for _ in range(3):
        with pytest.raises(VenueError):
            await connector.venue.balances()
    await until(lambda: books.alerts("venue_auth"))
    (alert,) = books.alerts("venue_auth")
    assert API_KEY not in alert.detail
    server.keyring.get(API_KEY).is_revoked = False
    await connector.venue.balances()
    assert len(books.alerts("venue_auth")) == 1


async def test_f31_a_stream_that_keeps_an_order_to_itself_becomes_an_alert(
    server: Server,
    connector: BinanceConnector,
    books: Books,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_watch, "PATIENCE_SECONDS", 0.2)
    server.faults.add(Rule(kind="mute"))
    await connector.venue.submit(attrs.evolve(RESTING, attempted_at=datetime.now(UTC)))
    await until(lambda: books.alerts("stream_stale"))
    assert "was not told" in books.alerts("stream_stale")[0].detail


async def test_f40_a_new_tick_and_a_halt_reach_the_house(
    exchange: Exchange, connector: BinanceConnector, books: Books
) -> None:
    filters = tuple(
        attrs.evolve(each, tick_size=Decimal("0.5")) if isinstance(each, PriceFilter) else each
        for each in BTCUSDT.filters
    )
    exchange.replace_rules(attrs.evolve(BTCUSDT, filters=filters, status=SymbolStatus.HALT))
    connector.client.hooks.filter_refused()  # as a refused order would

    offered = books.store.tables.instruments
    await until(lambda: offered["BTCUSDT"].price_filter.tick_size == Decimal("0.5"))
    assert offered["BTCUSDT"].state is InstrumentState.TRADING
    (alert,) = books.alerts("venue_symbol")
    assert alert.detail == "was TRADING, is HALT at the venue; the house says TRADING"


async def test_f38_a_venues_clock_that_jumps_becomes_one_alert(
    server: Server, connector: BinanceConnector, books: Books
) -> None:
    await connector.client.time()
    server.time.skew_us = -86_400_000_000
    await connector.client.time()
    await until(lambda: books.alerts("clock_offset"))
    await asyncio.sleep(0.3)
    (alert,) = books.alerts("clock_offset")
    assert "behind ours" in alert.detail
