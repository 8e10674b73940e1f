"""The adapter against the simulated venue on the wire, while the venue misbehaves."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

import attrs
import pytest

from binance_adapter.bans import FileBanStore
from binance_adapter.connector import (
    BinanceConnector,
    ConnectorSettings,
    Outside,
    TransportKind,
    open_connector,
)
from binance_adapter.endpoints import Endpoints
from binance_adapter.errors import VenueAuthFailed, VenueThrottled
from binance_adapter.exchange_info import InstrumentChange
from binance_adapter.signing import Credentials, signer_of
from binance_sim.engine.exchange import Exchange
from binance_sim.engine.symbols import BTCUSDT, PriceFilter
from binance_sim.engine.vocabulary import Side as EngineSide
from binance_sim.faults.rules import Rule
from binance_sim.testing import build_exchange, with_stp_none
from binance_sim.wire.keys import hmac_key
from binance_sim.wire.server import Server, serving
from tradecore.domain.ids import AccountId, OrderId, venue_client_order_id
from tradecore.domain.instruments import OrderType, Side, TimeInForce
from tradecore.domain.money import Price, Quantity
from tradecore.domain.venue_orders import VenueOrder, VenueOutcome
from tradecore.memory import SystemClock
from tradecore.ports.market_data import CandleInterval, CandleSpan
from tradecore.ports.venue import (
    ExecutionReport,
    OrderReport,
    VenueError,
    VenueOutcomeUnknown,
    VenueRejected,
    VenueReport,
    VenueUnavailable,
)

API_KEY: Final = "omnibus" + "K" * 57
WORD: Final = "the-word-of-the-omnibus-account"
S: Final = timedelta(seconds=1)


@pytest.fixture
def exchange() -> Exchange:
    return build_exchange(symbols=[BTCUSDT], accounts=["house", "stranger"])


@pytest.fixture
async def server(exchange: Exchange) -> AsyncIterator[Server]:
    keys = [hmac_key(API_KEY, WORD, "house")]
    async with serving(exchange, keys, clock=SystemClock()) as served:
        yield served


@asynccontextmanager
async def connected(
    server: Server, kind: TransportKind = TransportKind.REST, **outside: Any
) -> AsyncIterator[BinanceConnector]:
    settings = ConnectorSettings(
        endpoints=Endpoints(
            rest=server.rest_url, websocket_api=server.ws_api_url, streams=server.stream_url
        ),
        symbols=("BTCUSDT",),
        transport=kind,
    )
    credentials = Credentials(api_key=API_KEY, signer=signer_of(WORD.encode()))
    around = Outside(clock=SystemClock(), **outside)
    async with open_connector(settings, credentials, around) as opened:
        yield opened


@pytest.fixture(params=list(TransportKind))
async def connector(
    request: pytest.FixtureRequest, server: Server
) -> AsyncIterator[BinanceConnector]:
    async with connected(server, request.param) as opened:
        yield opened


def child(number: int = 1, **changes: Any) -> VenueOrder:
    """Return a child that buys 0.01 BTC at 50,000, where nothing else rests."""
    order_id = OrderId(f"01900000-0000-7000-8000-{number:012x}")
    order = VenueOrder(
        order_id=order_id,
        account_id=AccountId("a"),
        child=1,
        venue_client_order_id=venue_client_order_id(order_id, 1, 1),
        symbol="BTCUSDT",
        side=Side.BUY,
        type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
        quantity=Quantity(Decimal("0.01")),
        quote_quantity=None,
        price=Price(Decimal(50_000)),
        attempted_at=datetime.now(UTC),
        receive_window=5 * S,
    )
    return attrs.evolve(order, **changes)


class Reading:
    """A running `reports`, and what it told."""

    def __init__(self, connector: BinanceConnector) -> None:
        self.reports: list[VenueReport] = []
        self.told = asyncio.Event()
        self._venue = connector.venue
        self.task = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        async with aclosing(self._venue.reports()) as reports:
            async for report in reports:
                self.reports.append(report)
                self.told.set()

    async def until(self, *outcomes: VenueOutcome | None) -> None:
        """Return once states with these outcomes, in this order, were told."""
        await self._until(lambda: [each.outcome for each in self.states] == list(outcomes))

    async def until_told(self, *outcomes: VenueOutcome | None) -> None:
        """Return once a state with each of these outcomes was told."""
        await self._until(lambda: set(outcomes) <= {each.outcome for each in self.states})

    async def _until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not is_so():
                self.told.clear()
                await self.told.wait()

    @property
    def states(self) -> list[OrderReport]:
        return [each for each in self.reports if isinstance(each, OrderReport)]

    @property
    def fills(self) -> list[ExecutionReport]:
        return [each for each in self.reports if isinstance(each, ExecutionReport)]

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
async def reading(connector: BinanceConnector) -> AsyncIterator[Reading]:
    running = Reading(connector)
    async with asyncio.timeout(5):
        await connector.venue.listening()
    yield running
    await running.end()


EXECUTED = [
    Rule(kind="silence", method="order.place", cut=True),
    Rule(kind="fail", method="order.place", status=503),
    Rule(kind="fail", method="order.place", status=504, code=-1007),
    Rule(kind="fail", method="order.place", status=400, code=-1006),
    Rule(kind="fail", method="order.place", status=400, code=-9999, message="of tomorrow"),
    Rule(kind="garble_answer", method="order.place"),
    Rule(kind="unknown_status", method="order.place"),
]


@pytest.mark.parametrize("rule", EXECUTED, ids=lambda rule: f"{rule.kind} {rule.code or ''}")
async def test_f01_f02_an_order_whose_answer_is_lost_is_found_by_asking(
    server: Server, exchange: Exchange, connector: BinanceConnector, rule: Rule
) -> None:
    rule_id = server.faults.add(rule)
    order = child()
    with pytest.raises(VenueOutcomeUnknown):
        await connector.venue.submit(order)
    server.faults.remove(rule_id)

    found = await connector.venue.query(order)
    assert found is not None
    assert found.outcome is None
    assert len(exchange.history.open_orders("house")) == 1


@pytest.mark.parametrize(
    "rule",
    [
        Rule(kind="drop_request", method="order.place", cut=True),
        Rule(kind="fail", method="order.place", status=502, executed=False),
        Rule(kind="fail", method="order.place", code=-1001, executed=False),
    ],
    ids=lambda rule: f"{rule.kind} {rule.code or ''}",
)
async def test_f02_an_order_that_did_not_arrive_is_just_as_unknown(
    server: Server, exchange: Exchange, connector: BinanceConnector, rule: Rule
) -> None:
    rule_id = server.faults.add(rule)
    order = child()
    with pytest.raises(VenueOutcomeUnknown):
        await connector.venue.submit(order)
    server.faults.remove(rule_id)

    assert await connector.venue.query(order) is None
    assert len(exchange.history.open_orders("house")) == 0


async def test_f03_a_late_twin_dies_at_the_venue(
    server: Server, exchange: Exchange, connector: BinanceConnector
) -> None:
    server.faults.add(Rule(kind="delay_request", method="order.place", seconds=0.6))
    order = child(receive_window=0.5 * S)
    with pytest.raises(VenueUnavailable):
        await connector.venue.submit(order)

    assert len(exchange.history.open_orders("house")) == 0


async def test_f03_a_request_held_before_the_engine_dies_as_well(
    server: Server, exchange: Exchange, connector: BinanceConnector
) -> None:
    server.faults.add(Rule(kind="delay_engine", method="order.place", seconds=0.6))
    with pytest.raises(VenueUnavailable):
        await connector.venue.submit(child(receive_window=0.5 * S))

    assert len(exchange.history.open_orders("house")) == 0


async def test_f06_a_request_that_arrives_twice_is_one_order(
    server: Server, exchange: Exchange, connector: BinanceConnector
) -> None:
    server.faults.add(Rule(kind="duplicate_request", method="order.place"))
    await connector.venue.submit(child())
    with pytest.raises(VenueOutcomeUnknown, match="Duplicate"):
        await connector.venue.submit(child())

    assert len(exchange.history.open_orders("house")) == 1


async def test_f05_an_order_that_reads_do_not_show_yet_is_denied_and_then_found(
    server: Server, connector: BinanceConnector
) -> None:
    server.desk.lags.new_order_us = 300_000
    order = child()
    await connector.venue.submit(order)
    assert await connector.venue.query(order) is None
    await asyncio.sleep(0.35)
    assert await connector.venue.query(order) is not None


@pytest.mark.parametrize("skew", [2.0, -2.0, -86_400.0], ids=["ahead", "behind", "a day behind"])
async def test_f38_orders_get_through_though_the_venues_clock_jumps(
    server: Server, connector: BinanceConnector, skew: float
) -> None:
    await connector.venue.balances()
    server.time.skew_us = int(skew * 1_000_000)

    await connector.venue.balances()
    report = await connector.venue.submit(child())
    assert report.outcome is None


async def test_f38_an_attempt_that_is_old_by_the_venues_clock_is_refused_by_it(
    server: Server, exchange: Exchange, connector: BinanceConnector
) -> None:
    server.time.skew_us = 10_000_000
    with pytest.raises(VenueUnavailable):
        await connector.venue.submit(child())
    assert len(exchange.history.open_orders("house")) == 0


async def test_f17_stream_answer_and_history_tell_one_fill_alike(
    exchange: Exchange, connector: BinanceConnector, reading: Reading
) -> None:
    sell(exchange)
    order = child()
    report = await connector.venue.submit(order)
    await reading.until(None, VenueOutcome.FILLED)

    history = await connector.venue.executions(
        attrs.evolve(order, venue_order_id=report.venue_order_id)
    )
    assert len(reading.fills) == 2
    assert reading.fills[0] == reading.fills[1] == history[0]


async def test_f22_two_of_ours_who_meet_are_two_fills_of_one_trade(
    exchange: Exchange, server: Server
) -> None:
    exchange.replace_rules(with_stp_none(BTCUSDT))
    async with connected(server) as connector:
        resting = await connector.venue.submit(child(1))
        taking = await connector.venue.submit(child(2, side=Side.SELL))
        fills = await connector.venue.trades("BTCUSDT", 0)

    assert taking.outcome is VenueOutcome.FILLED
    assert [(fill.venue_order_id, fill.side) for fill in fills] == [
        (resting.venue_order_id, Side.BUY),
        (taking.venue_order_id, Side.SELL),
    ]
    assert len({fill.trade_id for fill in fills}) == 1
    assert len({fill.key for fill in fills}) == 2


async def test_f23_where_they_may_not_meet_the_resting_order_ends(
    connector: BinanceConnector, reading: Reading
) -> None:
    resting = await connector.venue.submit(child(1))
    taking = await connector.venue.submit(child(2, side=Side.SELL))
    await reading.until(None, None, VenueOutcome.EXPIRED_IN_MATCH)

    assert reading.states[-1].venue_order_id == resting.venue_order_id
    assert taking.outcome is None
    assert reading.fills == []


def sell(exchange: Exchange) -> None:
    """Let a stranger offer 0.01 BTC at 50,000."""
    exchange.set_liquidity("BTCUSDT", EngineSide.SELL, Decimal(50_000), Decimal("0.01"), 1)


async def test_f30_what_a_cut_stream_did_not_tell_is_in_the_history(
    server: Server, exchange: Exchange, connector: BinanceConnector, reading: Reading
) -> None:
    first = await connector.venue.submit(child(1))
    await reading.until(None)
    server.faults.add(Rule(kind="cut_stream", times=1))
    await connector.venue.submit(child(2))
    with pytest.raises(VenueUnavailable):
        await reading.task

    again = Reading(connector)
    async with asyncio.timeout(5):
        await connector.venue.listening()
    known = {each.venue_order_id for each in await connector.venue.open_orders()}
    assert first.venue_order_id in known
    assert len(known) == 2
    await connector.venue.cancel(child(1, venue_order_id=first.venue_order_id))
    await again.until(VenueOutcome.CANCELED)
    await again.end()


async def test_f30_a_storm_of_cuts_costs_few_connections_also_by_the_venues_count(
    server: Server,
) -> None:
    async with connected(server) as connector:

        async def listen_again_and_again() -> None:
            while True:
                await asyncio.gather(Reading(connector).task, return_exceptions=True)

        following = asyncio.ensure_future(listen_again_and_again())
        for _ in range(100):
            await asyncio.sleep(0.02)
            for connection in tuple(server.connections.all):
                connection.cut()
        counted = server.meter.visitor("127.0.0.1").connections.used
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    assert 2 <= counted <= 6
    assert counted == connector.connections.used


@pytest.mark.parametrize(
    "rule",
    [
        Rule(kind="duplicate_event"),
        Rule(kind="unknown_event"),
        Rule(kind="unknown_event_field"),
        Rule(kind="delay_event", seconds=0.05),
        Rule(kind="reorder_events", times=1),
    ],
    ids=lambda rule: rule.kind,
)
async def test_f41_a_stream_that_is_odd_is_understood(
    server: Server, exchange: Exchange, connector: BinanceConnector, reading: Reading, rule: Rule
) -> None:
    server.faults.add(rule)
    sell(exchange)
    await connector.venue.submit(child())
    await reading.until_told(None, VenueOutcome.FILLED)
    assert {fill.key for fill in reading.fills} == {reading.fills[0].key}


async def test_f41_a_status_of_tomorrow_is_asked_about(
    server: Server, exchange: Exchange, connector: BinanceConnector, reading: Reading
) -> None:
    server.faults.add(Rule(kind="unknown_event_status"))
    sell(exchange)
    await connector.venue.submit(child())
    await reading.until_told(VenueOutcome.FILLED)
    assert {fill.key for fill in reading.fills} == {reading.fills[0].key}


async def test_f41_fields_of_tomorrow_are_passed_over(
    server: Server, connector: BinanceConnector
) -> None:
    server.faults.add(Rule(kind="unknown_field"))
    report = await connector.venue.submit(child())
    found = await connector.venue.query(child(venue_order_id=report.venue_order_id))
    assert found == report
    assert await connector.venue.balances()


async def test_f36_a_ban_is_obeyed_across_restarts(server: Server, tmp_path: Any) -> None:
    bans = FileBanStore(tmp_path / "ban")
    visitor = server.meter.visitor("127.0.0.1")
    for kind in TransportKind:
        async with connected(server, kind, bans=bans) as connector:
            await connector.venue.time()
            visitor.ban(server.time.now_us() + 60_000_000)
            with pytest.raises(VenueThrottled):
                await connector.venue.balances()
        asked = visitor.requests.used
        async with connected(server, kind, bans=bans) as connector:
            with pytest.raises(VenueThrottled):
                await connector.venue.submit(child())
            with pytest.raises(VenueUnavailable):
                await Reading(connector).task
        assert visitor.requests.used == asked
        (tmp_path / "ban").unlink()
        visitor.ban(0)


async def test_f36_what_the_venue_counts_is_what_we_count(
    server: Server, connector: BinanceConnector
) -> None:
    for number in range(5):
        await connector.venue.submit(child(number))
    await connector.venue.open_orders()

    used = connector.client.budgets.used()
    assert used["REQUEST_WEIGHT-1M"][0] == server.meter.visitor("127.0.0.1").weight.used
    assert used["ORDERS-1D"][0] == 5


async def test_f42_a_revoked_key_is_told_by_every_source(
    server: Server, connector: BinanceConnector
) -> None:
    told: list[str] = []
    connector.client.hooks.authentication_failed = told.append
    await connector.venue.balances()
    server.keyring.get(API_KEY).is_revoked = True
    with pytest.raises(VenueAuthFailed):
        await connector.venue.submit(child())
    with pytest.raises(VenueAuthFailed):
        await connector.venue.balances()
    with pytest.raises(VenueError):
        await Reading(connector).task
    assert told
    assert API_KEY not in "".join(told)


async def test_a_running_connector_knows_rules_prices_and_how_it_fares(
    server: Server, connector: BinanceConnector
) -> None:
    changes: list[InstrumentChange] = []
    told = asyncio.Event()

    def changed(change: InstrumentChange) -> None:
        changes.append(change)
        told.set()

    running = asyncio.ensure_future(connector.run(changed))
    async with asyncio.timeout(5):
        await told.wait()
    health = connector.health()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert [change.after.symbol for change in changes] == ["BTCUSDT"]
    assert changes[0].after.price_filter.tick_size == Decimal("0.01")
    assert health.last_success_at is not None
    assert health.banned_until is None
    assert health.clock_ahead is None or abs(health.clock_ahead) < S
    assert {"REQUEST_WEIGHT-1M", "ORDERS-10S", "ORDERS-1D"} <= set(health.budgets_used)


async def test_prices_follow_the_market_at_once(
    exchange: Exchange, connector: BinanceConnector
) -> None:
    running = asyncio.ensure_future(connector.prices.run())
    async with asyncio.timeout(5):
        await until(lambda: "book_tickers" in connector.client.health.reconnects)
        exchange.set_liquidity("BTCUSDT", EngineSide.BUY, Decimal(49_000), Decimal(1), 1)
        sell(exchange)
        await until(lambda: connector.prices.find("BTCUSDT") is not None)
        exchange.set_liquidity("BTCUSDT", EngineSide.BUY, Decimal(49_500), Decimal(1), 1)
        await until(lambda: bid_of(connector) == 49_500)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - the adapter has no event to wait for
        await asyncio.sleep(0.01)


def bid_of(connector: BinanceConnector) -> Decimal | None:
    found = connector.prices.find("BTCUSDT")
    return None if found is None else found.bid


async def test_f30_a_server_that_ends_is_left_before_and_nothing_is_missed(
    server: Server, connector: BinanceConnector, reading: Reading
) -> None:
    first = await connector.venue.submit(child(1))
    await reading.until(None)
    server.announce_shutdown(0.5)
    async with asyncio.timeout(5):
        await until(lambda: connector.client.health.reconnects["user_stream"] == 2)
    second = await connector.venue.submit(child(2))
    await asyncio.sleep(0.6)
    await connector.venue.cancel(child(1, venue_order_id=first.venue_order_id))
    await reading.until(None, None, VenueOutcome.CANCELED)
    assert [state.venue_order_id for state in reading.states] == [
        first.venue_order_id,
        second.venue_order_id,
        first.venue_order_id,
    ]


async def test_f40_a_tick_that_changes_is_told_soon_after_it_refuses(
    server: Server, exchange: Exchange, connector: BinanceConnector
) -> None:
    await connector.symbols.refresh()
    filters = tuple(
        attrs.evolve(each, tick_size=Decimal(100)) if isinstance(each, PriceFilter) else each
        for each in BTCUSDT.filters
    )
    exchange.replace_rules(attrs.evolve(BTCUSDT, filters=filters))
    with pytest.raises(VenueRejected, match="PRICE_FILTER"):
        await connector.venue.submit(child(price=Price(Decimal(50_010))))
    (change,) = await connector.symbols.refresh()
    assert change.after.price_filter.tick_size == 100


async def test_the_market_is_passed_through(
    exchange: Exchange, connector: BinanceConnector
) -> None:
    sell(exchange)
    await connector.venue.submit(child(quantity=Quantity(Decimal("0.004"))))
    book = await connector.market_data.book("BTCUSDT", 5)
    assert (book.asks[0].price, book.asks[0].quantity) == (50_000, Decimal("0.006"))
    (trade,) = (await connector.market_data.trades("BTCUSDT")).trades
    assert (trade.price, trade.notional) == (50_000, 200)
    span = CandleSpan(interval=CandleInterval.MINUTE_1)
    assert (await connector.market_data.candles("BTCUSDT", span)).candles[-1].close == 50_000


async def test_f42_two_keys_overlap_while_one_takes_over(
    server: Server, connector: BinanceConnector, reading: Reading
) -> None:
    await connector.venue.submit(child(1))
    await reading.until(None)
    following = "following" + "K" * 55
    server.keyring.add(hmac_key(following, WORD, "house"))
    connector.change_key(Credentials(api_key=following, signer=signer_of(WORD.encode())))
    async with asyncio.timeout(5):
        await until(lambda: connector.client.health.reconnects["user_stream"] == 2)
    server.keyring.get(API_KEY).is_revoked = True

    await connector.venue.submit(child(2))
    await reading.until(None, None)
    assert not reading.task.done()


async def test_f32_a_deposit_at_the_venue_is_told(
    exchange: Exchange, connector: BinanceConnector, reading: Reading
) -> None:
    told: asyncio.Queue[tuple[str, Decimal]] = asyncio.Queue()
    connector.client.hooks.balance_moved = lambda asset, delta, _at: told.put_nowait((asset, delta))
    exchange.deposit("house", "BTC", Decimal("2.5"), 1)
    async with asyncio.timeout(5):
        assert await told.get() == ("BTC", Decimal("2.5"))
    assert reading.reports == []
