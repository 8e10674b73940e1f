"""Three small days at a venue that goes wrong; `make chaos-venue` trades ten large ones."""

import logging

import pytest
from chaos.day import Plan, opened
from chaos.verdict import judge

from binance_adapter.connector import TransportKind


@pytest.mark.parametrize(
    ("seed", "transport"),
    [
        (11, TransportKind.WEBSOCKET_API),
        (12, TransportKind.REST),
        (13, TransportKind.WEBSOCKET_API),
    ],
)
async def test_a_day_of_faults_doubles_and_loses_nothing(
    seed: int, transport: TransportKind, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    plan = Plan(seed=seed, orders=600, cuts=5, seconds=6, transport=transport)
    async with opened(plan) as day:
        await day.trade(lambda _: None)
        await day.come_to_rest()
        verdict = await judge(day)

    assert verdict.broken == []
    assert verdict.accepted > 550
    assert verdict.trades > 100
    # A day without faults would prove nothing.
    for kind in ("silence", "fail", "delay_request"):
        assert verdict.met[kind] > 0, kind
