"""One request: limits before it, a deadline, and an error that says what became of it."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from binance_adapter import calls
from binance_adapter.bans import MemoryBanStore
from binance_adapter.calls import Call
from binance_adapter.client import BACK_OFF, DEADLINE_SECONDS, PATIENCE_SECONDS
from binance_adapter.clock_offset import Stamp
from binance_adapter.errors import (
    VenueAuthFailed,
    VenueClockRefused,
    VenueThrottled,
)
from binance_adapter.messages import Account, OrderAnswer
from binance_adapter.metrics import ERRORS, LATENCY, METRICS, REQUESTS
from binance_adapter.testing import Stage, loop_time, order_answer, refusal
from binance_adapter.transport import Answer, AnswerLost, NotSent
from binance_adapter.weights import LimitKind, RateLimit, Usage
from tradecore.ports.venue import VenueError, VenueOutcomeUnknown, VenueRejected, VenueUnavailable
from tradecore.testing.simulation import run

STAMP = Stamp(timestamp=1, receive_window=5000)
ACCOUNT = {"balances": []}


async def place(stage: Stage) -> OrderAnswer:
    return await stage.client.write(calls.PLACE, {"symbol": "BTCUSDT"}, OrderAnswer, STAMP)


async def account(stage: Stage) -> Account:
    return await stage.client.read(calls.ACCOUNT, {}, Account)


@pytest.mark.parametrize(
    ("said", "of_a_write", "of_a_read"),
    [
        (NotSent("refused"), VenueUnavailable, VenueUnavailable),
        (AnswerLost("cut"), VenueOutcomeUnknown, VenueUnavailable),
        (Answer(status=200, body=b"<html>"), VenueOutcomeUnknown, VenueUnavailable),
        (Answer(status=200, body=b'{"orderId":"x"}'), VenueOutcomeUnknown, VenueUnavailable),
        (refusal(502, None, "bad gateway"), VenueOutcomeUnknown, VenueUnavailable),
        (refusal(400, -1013, "Filter failure: LOT_SIZE"), VenueRejected, VenueUnavailable),
        (refusal(400, -99, "new"), VenueOutcomeUnknown, VenueUnavailable),
        (refusal(401, -2015, "Invalid API-key"), VenueAuthFailed, VenueAuthFailed),
    ],
    ids=["not sent", "lost", "no JSON", "another shape", "502", "refused", "unknown code", "key"],
)
def test_f01_f02_only_what_is_proved_is_said_of_a_write(
    said: object, of_a_write: type[VenueError], of_a_read: type[VenueError]
) -> None:
    async def story() -> None:
        stage = Stage(lambda _call, _parameters: said)
        with pytest.raises(VenueError) as written:
            await place(stage)
        with pytest.raises(VenueError) as read:
            await account(stage)
        assert (type(written.value), type(read.value)) == (of_a_write, of_a_read)
        assert len(stage.transport.of("order.place")) == 1

    run(story())


def test_f01_a_venue_that_stays_silent_is_given_up_in_time() -> None:
    async def story() -> None:
        stage = Stage(lambda _call, _parameters: order_answer())
        stage.transport.latency_seconds = 3600.0
        with pytest.raises(VenueOutcomeUnknown):
            await place(stage)
        assert loop_time() == DEADLINE_SECONDS

    run(story())


def test_f38_a_question_whose_timestamp_is_refused_is_asked_again_by_a_fresh_clock() -> None:
    async def story() -> None:
        refusals = [refusal(400, -1021, "Timestamp ... ahead of the server's time.")]
        stage = Stage(lambda _call, _parameters: refusals.pop() if refusals else ACCOUNT)
        stage.transport.skew = timedelta(days=-1)
        await account(stage)
        assert [name for name, _ in stage.transport.requests] == [
            "time",
            "account.status",
            "time",
            "account.status",
        ]
        sent = int(stage.transport.of("account.status")[1]["timestamp"])
        told = stage.now() - timedelta(days=1)
        assert abs(sent / 1000 - told.timestamp()) < 1

    run(story())


def test_f38_a_write_whose_timestamp_is_refused_is_not_sent_again() -> None:
    async def story() -> None:
        stage = Stage(lambda _call, _parameters: refusal(400, -1021, "outside of the recvWindow."))
        await stage.client.settle_clock()
        with pytest.raises(VenueClockRefused):
            await place(stage)
        assert len(stage.transport.of("order.place")) == 1
        assert stage.venue_clock.is_due

    run(story())


def test_f38_a_step_of_our_wall_clock_does_not_move_what_is_sent() -> None:
    async def story() -> None:
        stage = Stage(lambda _call, _parameters: ACCOUNT)
        await account(stage)
        stage.clock.advance(timedelta(days=1))
        await account(stage)
        first, second = (int(each["timestamp"]) for each in stage.transport.of("account.status"))
        assert 0 <= second - first < 1000

    run(story())


def test_f36_a_ban_is_obeyed_and_told_to_the_next_process() -> None:
    async def story() -> None:
        bans = MemoryBanStore()
        stage = Stage(
            lambda _call, _parameters: refusal(418, -1003, "banned", retry_after_seconds=120.0),
            bans=bans,
        )
        with pytest.raises(VenueThrottled):
            await account(stage)
        until = stage.now() + timedelta(seconds=120)
        assert bans.load() == until

        following = Stage(lambda _call, _parameters: ACCOUNT, bans=bans)
        with pytest.raises(VenueThrottled) as refused:
            await account(following)
        assert refused.value.until == until
        assert following.transport.requests == []
        assert following.client.banned_until == until
        await asyncio.sleep(120)
        await account(following)

    run(story())


def test_f36_a_ban_of_longer_than_the_venue_knows_is_a_wrong_clock() -> None:
    class Forever:
        def load(self) -> datetime | None:
            return datetime.max.replace(tzinfo=UTC)

        def save(self, until: datetime) -> None:
            raise OSError("full")

    async def story() -> None:
        stage = Stage(lambda _call, _parameters: ACCOUNT, bans=Forever())
        assert stage.client.banned_until is None
        await account(stage)

    run(story())


def test_f36_a_ban_that_cannot_be_kept_is_obeyed_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Full(MemoryBanStore):
        def save(self, until: datetime) -> None:
            raise OSError("no space left")

    async def story() -> None:
        stage = Stage(
            lambda _call, _parameters: refusal(429, -1003, "slow down", retry_after_seconds=7.0),
            bans=Full(),
        )
        for _ in range(2):
            with pytest.raises(VenueThrottled):
                await account(stage)
        assert len(stage.transport.of("account.status")) == 1

    run(story())
    assert "venue.ban_not_kept" in caplog.messages


def test_f36_a_limit_without_a_time_is_waited_out_for_a_while() -> None:
    async def story() -> None:
        stage = Stage(lambda _call, _parameters: refusal(429, -1003, "slow down"))
        with pytest.raises(VenueThrottled) as refused:
            await account(stage)
        assert refused.value.until is not None
        assert refused.value.until - stage.venue_clock.now() == BACK_OFF

    run(story())


def test_f36_too_many_orders_stop_orders_alone() -> None:
    async def story() -> None:
        def script(call: Call, _parameters: Mapping[str, str]) -> Any:
            return refusal(429, -1015, "Too many orders.") if call is calls.PLACE else ACCOUNT

        stage = Stage(script)
        await stage.client.settle_clock()
        for _ in range(2):
            with pytest.raises(VenueThrottled):
                await place(stage)
        await account(stage)
        assert len(stage.transport.of("order.place")) == 1
        assert stage.client.banned_until is None

    run(story())


def test_a_request_waits_for_room_in_a_limit_if_there_is_some_soon() -> None:
    async def story() -> None:
        stage = Stage(lambda _call, _parameters: order_answer())
        stage.budgets.replace([RateLimit(kind=LimitKind.ORDERS, unit="SECOND", count=2, limit=1)])
        await stage.client.settle_clock()
        await place(stage)
        await place(stage)
        assert 1.0 < loop_time() <= 2.0

    run(story())


def test_a_request_that_would_wait_too_long_is_refused_unsent() -> None:
    async def story() -> None:
        stage = Stage(lambda _call, _parameters: order_answer())
        stage.budgets.replace([RateLimit(kind=LimitKind.ORDERS, unit="DAY", count=1, limit=1)])
        await stage.client.settle_clock()
        await place(stage)
        with pytest.raises(VenueThrottled):
            await place(stage)
        assert loop_time() < PATIENCE_SECONDS
        assert len(stage.transport.of("order.place")) == 1

    run(story())


def test_what_the_venue_counted_is_counted_here() -> None:
    async def story() -> None:
        said = Answer(
            status=200,
            body=b'{"balances":[]}',
            usages=(Usage(name="REQUEST_WEIGHT-1M", used=4321),),
        )
        stage = Stage(lambda _call, _parameters: said)
        await account(stage)
        assert stage.budgets.used()["REQUEST_WEIGHT-1M"] == (4321, 6000)

    run(story())


def test_f42_a_refused_key_is_told_to_a_person(caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        stage = Stage(lambda _call, _parameters: refusal(401, -2015, "Invalid API-key"))
        told: list[str] = []
        stage.client.hooks.authentication_failed = told.append
        with pytest.raises(VenueAuthFailed):
            await account(stage)
        assert told == ["-2015 Invalid API-key"]

    with caplog.at_level(logging.ERROR):
        run(story())
    assert "venue.auth_failed" in caplog.messages


def test_f42_a_key_that_is_taken_again_is_told_once() -> None:
    async def story() -> None:
        answers: list[Any] = [
            *({"balances": []}, refusal(401, -2015, "Invalid API-key")),
            *({"balances": []}, {"balances": []}),
        ]
        stage = Stage(lambda _call, _parameters: answers.pop(0))
        told: list[str] = []
        stage.client.hooks.authentication_failed = lambda _: told.append("refused")
        stage.client.hooks.authenticated = lambda: told.append("taken")
        await account(stage)
        with pytest.raises(VenueAuthFailed):
            await account(stage)
        await stage.client.time()
        assert told == ["refused"]
        await account(stage)
        await account(stage)
        assert told == ["refused", "taken"]

    run(story())


def test_f40_a_filter_that_refuses_has_the_rules_read_again() -> None:
    async def story() -> None:
        stage = Stage(lambda _call, _parameters: refusal(400, -1013, "Filter failure: LOT_SIZE"))
        told: list[bool] = []
        stage.client.hooks.filter_refused = lambda: told.append(True)
        with pytest.raises(VenueRejected, match="-1013 Filter failure: LOT_SIZE"):
            await place(stage)
        assert told == [True]

    run(story())


def test_the_clock_is_measured_once_for_all_who_need_it() -> None:
    async def story() -> None:
        stage = Stage(lambda _call, _parameters: ACCOUNT)
        stage.transport.latency_seconds = 0.1
        await asyncio.gather(*(account(stage) for _ in range(5)))
        assert len(stage.transport.of("time")) == 1

    run(story())


def test_a_clock_that_cannot_be_measured_again_goes_on_as_it_was() -> None:
    async def story() -> None:
        stage = Stage(lambda _call, _parameters: ACCOUNT)
        await account(stage)
        stage.client.health.observer = Counting()
        real, stage.client._transport = stage.client._transport, Refusing()
        stage.venue_clock.distrust()
        await stage.client.settle_clock()
        assert stage.venue_clock.is_known
        assert stage.venue_clock.is_due
        stage.client._transport = real
        await account(stage)
        assert not stage.venue_clock.is_due

    run(story())


class Refusing:
    async def send(self, call: Call, parameters: Mapping[str, str]) -> Answer:
        raise NotSent("refused")


class Counting:
    """An observer that remembers what it was told."""

    def __init__(self) -> None:
        self.counted: list[tuple[str, dict[str, str]]] = []
        self.measured: dict[str, float] = {}

    def count(self, metric: str, labels: Mapping[str, str]) -> None:
        self.counted.append((metric, dict(labels)))

    def measure(self, metric: str, labels: Mapping[str, str], value: float) -> None:
        self.measured[metric] = value


def test_every_figure_has_its_name() -> None:
    async def story() -> None:
        said: list[Any] = [refusal(400, -1121, "Invalid symbol."), ACCOUNT]
        stage = Stage(lambda _call, _parameters: said.pop())
        counting = stage.health.observer = Counting()
        stage.transport.latency_seconds = 0.25
        await account(stage)
        with pytest.raises(VenueUnavailable):
            await account(stage)
        assert (REQUESTS, {"call": "account.status", "outcome": "ok"}) in counting.counted
        assert (REQUESTS, {"call": "account.status", "outcome": "rejected"}) in counting.counted
        assert (ERRORS, {"code": "-1121"}) in counting.counted
        assert counting.measured[LATENCY] == 0.5
        assert set(counting.measured) | {name for name, _ in counting.counted} <= set(METRICS)

    run(story())


def test_health_shows_how_the_conversation_goes() -> None:
    async def story() -> None:
        said: list[Any] = [refusal(400, -1121, "Invalid symbol."), ACCOUNT]
        stage = Stage(lambda _call, _parameters: said.pop())
        await account(stage)
        with pytest.raises(VenueUnavailable):
            await account(stage)
        assert stage.health.last_success_at == stage.now()
        assert stage.health.last_error == "account.status: -1121 Invalid symbol."

    run(story())
