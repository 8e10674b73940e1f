"""Market streams on a real socket."""

from collections.abc import AsyncIterator

import pytest

from binance_sim.wire.testing import World, running


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as found:
        yield found


async def cross(world: World) -> None:
    await world.bob.order("SELL", "0.5", "50000")
    await world.alice.order("BUY", "0.2", "50000")


async def test_a_raw_stream_and_a_combined_one_carry_the_same_trade(world: World) -> None:
    async with (
        world.stream("/ws/btcusdt@trade") as raw,
        world.stream("/stream?streams=btcusdt@trade/btcusdt@aggTrade") as combined,
    ):
        await cross(world)

        trade = await raw.receive()
        assert trade | {"E": 0, "T": 0} == {
            "e": "trade",
            "E": 0,
            "s": "BTCUSDT",
            "t": 1,
            "p": "50000.00000000",
            "q": "0.20000000",
            "T": 0,
            "m": False,
            "M": True,
        }
        assert await combined.receive() == {"stream": "btcusdt@trade", "data": trade}
        assert (await combined.receive())["data"]["e"] == "aggTrade"


async def test_a_copy_of_the_book_follows_the_stream_from_a_snapshot(world: World) -> None:
    async with world.stream("/ws/btcusdt@depth@100ms") as stream:
        await world.bob.order("SELL", "0.5", "50000")
        first = await stream.receive()
        snapshot = (await world.alice.public("depth", symbol="BTCUSDT")).body
        await world.alice.order("BUY", "0.2", "50000")
        second = await stream.receive()

        assert first["U"] <= first["u"] <= snapshot["lastUpdateId"]
        assert second["U"] == first["u"] + 1
        assert snapshot["asks"] == [["50000.00000000", "0.50000000"]]
        assert second["a"] == [["50000.00000000", "0.30000000"]]


async def test_subscriptions_change_on_the_open_socket(world: World) -> None:
    async with world.stream("/ws") as stream:
        await stream.send({"method": "SUBSCRIBE", "params": ["btcusdt@bookTicker"], "id": "a"})
        assert await stream.receive() == {"result": None, "id": "a"}
        await world.bob.order("SELL", "0.5", "50000")
        answers = [await stream.receive()]
        if answers[0]["a"] == "0.00000000":  # the empty book may be told first
            answers.append(await stream.receive())
        assert answers[-1]["a"] == "50000.00000000"

        await stream.send({"method": "LIST_SUBSCRIPTIONS", "id": 2})
        assert await stream.receive() == {"result": ["btcusdt@bookTicker"], "id": 2}
        await stream.send({"method": "UNSUBSCRIBE", "params": ["btcusdt@bookTicker"], "id": 3})
        assert await stream.receive() == {"result": None, "id": 3}


async def test_too_many_messages_in_a_second_end_the_connection(world: World) -> None:
    async with world.stream("/ws") as stream:
        for number in range(12):
            await stream.send({"method": "LIST_SUBSCRIPTIONS", "id": number})

        while (message := await stream.socket.receive(timeout=2)).type.name == "TEXT":
            pass
        assert message.type.name in {"CLOSE", "CLOSED"}
        assert stream.socket.close_code == 1008
