"""The account's stream: subscribed, renewed before its end, never a storm, never deaf for long."""

import asyncio
from collections.abc import Iterable
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest

from binance_adapter import calls
from binance_adapter.backoff import VENUE_CONNECTIONS
from binance_adapter.errors import VenueAuthFailed
from binance_adapter.messages import ExecutionEvent
from binance_adapter.signing import Credentials, HmacSigner
from binance_adapter.sockets import Rejection
from binance_adapter.testing import (
    ScriptedSocket,
    Stage,
    execution_event,
    loop_time,
    subscribing,
)
from binance_adapter.user_events import UserEvent
from binance_adapter.user_stream import (
    ANSWER_SECONDS,
    LIFE_SECONDS,
    OVERLAP_SECONDS,
    QUIET_SECONDS,
)
from tradecore.ports.venue import VenueUnavailable
from tradecore.testing.simulation import run


def stage() -> Stage:
    return Stage(lambda _call, _parameters: {})


class Listening:
    """A running stream, and what it told."""

    def __init__(self, of: Stage) -> None:
        self.of = of
        self.events: list[UserEvent] = []
        self.connected_at: list[float] = []
        self.task = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        connected = self.connected_at.append
        async with aclosing(self.of.stream.events(lambda: connected(loop_time()))) as events:
            async for event in events:
                self.events.append(event)

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    @property
    def order_ids(self) -> list[int]:
        return [event.order_id for event in self.events if isinstance(event, ExecutionEvent)]


def test_it_subscribes_with_a_signature_of_the_venues_time() -> None:
    async def story() -> None:
        on = stage()
        listening = Listening(on)
        await asyncio.sleep(1)
        (asked,) = on.network.sockets[0].sent
        assert asked["method"] == calls.SUBSCRIBE.name
        assert set(asked["params"]) == {"apiKey", "timestamp", "recvWindow", "signature"}
        assert listening.connected_at == [0.01]
        await listening.end()
        assert on.network.sockets[0].is_closed

    run(story())


def test_events_come_in_order_and_others_than_reports_are_passed_over() -> None:
    async def story() -> None:
        on = stage()
        listening = Listening(on)
        await asyncio.sleep(1)
        socket = on.network.sockets[0]
        for event in (
            execution_event(i=1),
            {"e": "outboundAccountPosition", "B": []},
            {"e": "somethingNew", "x": {"y": 1}},
            execution_event(i=2),
            {"e": "listStatus"},
            execution_event(i=3),
        ):
            socket.event(event)
        await asyncio.sleep(1)
        assert listening.order_ids == [1, 2, 3]
        await listening.end()

    run(story())


def test_an_event_that_overtakes_the_answer_to_the_subscription_is_kept() -> None:
    def overtaken(message: dict[str, Any]) -> Iterable[Any]:
        yield {"event": execution_event(i=7)}
        yield from subscribing(message)

    async def story() -> None:
        on = stage()
        on.network.answer = overtaken
        listening = Listening(on)
        await asyncio.sleep(1)
        assert listening.order_ids == [7]
        await listening.end()

    run(story())


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": 401, "error": {"code": -2015, "msg": "Invalid API-key"}}, VenueAuthFailed),
        ({"status": 400, "error": {"code": -1021, "msg": "Timestamp"}}, VenueUnavailable),
        ({"status": 500, "error": {"code": -1000, "msg": "unknown"}}, VenueUnavailable),
        ({"status": 200, "result": {"unexpected": 1}}, None),
    ],
)
def test_f42_a_refused_subscription_ends_the_stream_and_closes_the_socket(
    answer: dict[str, Any], error: type[Exception] | None
) -> None:
    async def story() -> None:
        on = stage()
        on.network.answer = lambda message: [answer | {"id": message["id"]}]
        listening = Listening(on)
        await asyncio.sleep(1)
        if error is None:
            assert listening.connected_at
            await listening.end()
        else:
            with pytest.raises(error):
                await listening.task
        assert on.network.sockets[0].is_closed

    run(story())


def test_f30_a_cut_stream_says_so() -> None:
    async def story() -> None:
        on = stage()
        listening = Listening(on)
        await asyncio.sleep(1)
        on.network.sockets[0].event(execution_event(i=1))
        on.network.sockets[0].cut()
        with pytest.raises(VenueUnavailable):
            await listening.task
        assert listening.order_ids == [1]

    run(story())


def test_f30_a_hundred_cuts_in_a_minute_stay_within_the_venues_connections() -> None:
    async def story() -> None:
        on = stage()

        async def cut_again_and_again() -> None:
            for _ in range(100):
                await asyncio.sleep(0.6)
                for socket in on.network.sockets:
                    socket.cut()

        async def listen_again_and_again() -> None:
            while True:
                listening = Listening(on)
                await asyncio.gather(listening.task, return_exceptions=True)

        following = asyncio.ensure_future(listen_again_and_again())
        await cut_again_and_again()
        await asyncio.sleep(240)
        attempts = len(on.network.attempts_at)
        assert 5 <= attempts <= VENUE_CONNECTIONS / 5
        waits = [
            b - a for a, b in zip(on.network.attempts_at, on.network.attempts_at[1:], strict=False)
        ]
        assert max(waits) <= 31
        assert not on.network.sockets[-1].is_closed
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    run(story())


def test_a_venue_that_refuses_connections_for_long_is_not_stormed() -> None:
    async def story() -> None:
        on = stage()
        on.network.is_down = True

        async def listen_again_and_again() -> None:
            while True:
                await asyncio.gather(Listening(on).task, return_exceptions=True)

        following = asyncio.ensure_future(listen_again_and_again())
        await asyncio.sleep(3600)
        in_any_five_minutes = max(
            sum(1 for at in on.network.attempts_at if begin <= at < begin + 300)
            for begin in on.network.attempts_at
        )
        assert in_any_five_minutes <= VENUE_CONNECTIONS / 5
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

    run(story())


def test_f30_the_connection_is_changed_before_the_venue_ends_it() -> None:
    async def story() -> None:
        on = stage()
        listening = Listening(on)
        await asyncio.sleep(24 * 3600 - 60)
        assert len(on.network.sockets) == 2
        old, new = on.network.sockets
        assert old.is_closed
        assert not new.is_closed
        assert 0.9 * LIFE_SECONDS < on.network.attempts_at[1] <= LIFE_SECONDS + 1
        new.event(execution_event(i=5))
        await asyncio.sleep(1)
        assert listening.order_ids == [5]
        assert len(listening.connected_at) == 1
        await listening.end()

    run(story())


def test_f30_a_shutdown_that_is_announced_loses_and_doubles_nothing() -> None:
    async def story() -> None:
        on = stage()
        listening = Listening(on)
        await asyncio.sleep(1)
        (old,) = on.network.sockets
        old.event(execution_event(i=1, I=1))
        old.push({"event": {"e": "serverShutdown", "E": 1}})
        await asyncio.sleep(2)
        (_, new) = on.network.sockets
        old.event(execution_event(i=9, I=9))  # it had left before the new one was subscribed
        for number in (2, 3):
            for socket in (old, new):
                socket.event(execution_event(i=number, I=number))
        await asyncio.sleep(1)
        old.cut()
        new.event(execution_event(i=4, I=4))
        await asyncio.sleep(OVERLAP_SECONDS)
        assert listening.order_ids == [1, 9, 2, 3, 4]
        assert old.is_closed
        await listening.end()

    run(story())


def test_f30_a_renewal_that_fails_leaves_the_old_connection_speaking() -> None:
    async def story() -> None:
        on = stage()
        listening = Listening(on)
        await asyncio.sleep(1)
        (old,) = on.network.sockets
        on.network.is_down = True
        old.push({"event": {"e": "serverShutdown", "E": 1}})
        await asyncio.sleep(3)
        old.event(execution_event(i=2))
        await asyncio.sleep(2)
        assert listening.order_ids == [2]
        on.network.is_down = False
        await asyncio.sleep(20)
        assert len(on.network.sockets) == 2
        await listening.end()

    run(story())


def test_f31_a_quiet_stream_is_asked_about_and_kept_while_it_answers() -> None:
    async def story() -> None:
        on = stage()
        listening = Listening(on)
        await asyncio.sleep(10 * QUIET_SECONDS)
        (socket,) = on.network.sockets
        asked = [each for each in socket.sent if each["method"] == "session.subscriptions"]
        assert len(asked) >= 5
        assert not listening.task.done()
        await listening.end()

    run(story())


@pytest.mark.parametrize(
    "answers", [[], [{"id": "session.subscriptions", "status": 200, "result": []}]]
)
def test_f31_a_stream_that_does_not_answer_or_is_not_subscribed_is_given_up(
    answers: list[Any],
) -> None:
    def deaf(message: dict[str, Any]) -> Iterable[Any]:
        return subscribing(message) if message["method"] == calls.SUBSCRIBE.name else answers

    async def story() -> None:
        on = stage()
        on.network.answer = deaf
        told: list[str] = []
        on.client.hooks.stream_stale = told.append
        listening = Listening(on)
        with pytest.raises(VenueUnavailable):
            await listening.task
        assert len(told) == on.health.stale == (not answers)
        assert loop_time() <= QUIET_SECONDS + ANSWER_SECONDS + 3

    run(story())


def test_a_subscription_that_the_venue_ends_breaks_the_stream() -> None:
    async def story() -> None:
        on = stage()
        listening = Listening(on)
        await asyncio.sleep(1)
        on.network.sockets[0].event({"e": "eventStreamTerminated", "E": 1})
        with pytest.raises(VenueUnavailable):
            await listening.task

    run(story())


def test_f31_a_stream_that_is_distrusted_begins_anew() -> None:
    async def story() -> None:
        on = stage()
        listening = Listening(on)
        await asyncio.sleep(1)
        on.stream.distrust("a trade was not told")
        with pytest.raises(VenueUnavailable, match="a trade was not told"):
            await listening.task

    run(story())


def test_f41_frames_that_make_no_sense_are_told_and_the_stream_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def story() -> None:
        on = stage()
        listening = Listening(on)
        await asyncio.sleep(1)
        socket: ScriptedSocket = on.network.sockets[0]
        for frame in (b"\xff\xfe", b"{", b"null", b'{"event":1}', b'{"event":{"e":5}}'):
            socket.push(frame)
        socket.event({"e": "executionReport"})
        socket.event(execution_event(i=2))
        await asyncio.sleep(1)
        assert listening.order_ids == [2]
        assert len(listening.events) == 1
        await listening.end()

    run(story())
    assert caplog.messages.count("venue.unreadable") == 6


def test_f36_nothing_is_connected_during_a_ban() -> None:
    async def story() -> None:
        on = stage()
        on.client._banned_until = on.now() + (on.now() - on.now().replace(minute=0, hour=0))
        listening = Listening(on)
        with pytest.raises(VenueUnavailable, match="banned"):
            await listening.task
        assert on.network.attempts_at == []

    run(story())


def test_f36_a_ban_that_is_told_when_connecting_is_obeyed_by_all() -> None:
    async def story() -> None:
        on = stage()
        on.network.is_down = True
        on.network.rejection = Rejection(418, 120.0)
        with pytest.raises(VenueUnavailable):
            await Listening(on).task
        assert on.client.banned_until is not None
        assert timedelta(seconds=119) < on.client.banned_until - on.now() <= timedelta(seconds=120)

    run(story())


def test_f42_a_key_that_is_revoked_while_we_listen_is_told() -> None:
    async def story() -> None:
        on = stage()
        told: list[str] = []
        on.client.hooks.authentication_failed = told.append
        listening = Listening(on)
        await asyncio.sleep(1)
        on.network.sockets[0].push(
            {"id": None, "status": 401, "error": {"code": -2015, "msg": "Invalid API-key"}}
        )
        with pytest.raises(VenueAuthFailed):
            await listening.task
        assert told == ["-2015 Invalid API-key"]

    run(story())


def test_what_connecting_weighs_is_counted() -> None:
    async def story() -> None:
        on = stage()
        listening = Listening(on)
        await asyncio.sleep(1)
        assert on.budgets.used()["REQUEST_WEIGHT-1M"][0] == 1 + calls.SUBSCRIBE.weight
        await listening.end()

    run(story())


def test_too_many_connections_stop_connections_alone() -> None:
    async def story() -> None:
        on = stage()
        on.network.is_down = True
        on.network.rejection = Rejection(429, None)
        with pytest.raises(VenueUnavailable):
            await Listening(on).task
        assert on.client.banned_until is None

    run(story())


def test_f42_a_key_is_changed_without_a_gap() -> None:
    async def story() -> None:
        on = stage()
        listening = Listening(on)
        await asyncio.sleep(1)
        on.stream.credentials = Credentials(api_key="another", signer=HmacSigner(b"word"))
        on.stream.renew()
        await asyncio.sleep(3)
        old, new = on.network.sockets
        assert new.sent[0]["params"]["apiKey"] == "another"
        assert not old.is_closed
        old.event(execution_event(i=1, I=1))
        old.push({"id": None, "status": 401, "error": {"code": -2015, "msg": "Invalid API-key"}})
        new.event(execution_event(i=2, I=2))
        await asyncio.sleep(1)
        assert listening.order_ids == [1, 2]
        assert not listening.task.done()
        await listening.end()

    run(story())
