"""The platform's conversation with its venue, seen from outside: metrics, health, catch-up, market."""

import json
import uuid
from typing import Any

import httpx

from binance_adapter.metrics import METRICS
from tradecore_server.testing import Command, Launch, Process


def administrator(tradecore: Command) -> dict[str, str]:
    done = tradecore("token", "admin")
    assert done.returncode == 0, done.stderr
    return {"Authorization": f"Bearer {done.stdout.strip()}"}


def logged(platform: Process, message: str) -> list[dict[str, Any]]:
    """Return what was logged with this message."""
    lines = [line for line in platform.said.splitlines() if line.startswith("{")]
    return [one for one in map(json.loads, lines) if one.get("event") == message]


def test_every_metric_of_the_connector_is_on_the_operations_port(
    launch: Launch, environment: dict[str, str]
) -> None:
    platform = launch()
    port = environment["TRADECORE_OPERATIONS_PORT"]
    text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    described = {line.split()[2] for line in text.splitlines() if line.startswith("# HELP")}
    for name, sentence in METRICS.items():
        assert described & {name, f"{name}_total"}, name
        assert sentence in text
    assert 'venue_requests_total{call="exchangeInfo",outcome="ok"}' in text
    assert 'venue_connections_total{outcome="opened",stream="user_stream"} 1.0' in text
    assert 'venue_budget_used_ratio{limit="REQUEST_WEIGHT-1M"}' in text
    assert 'venue_request_seconds_bucket{call="time",le="10.0"}' in text
    with platform.client() as client:
        assert client.get("/metrics").status_code == 404


def test_an_administrator_sees_the_conversation_and_catches_up_once(
    launch: Launch, tradecore: Command
) -> None:
    platform, admin = launch(), administrator(tradecore)
    with platform.client() as client:
        placed = client.post(
            "/v1/orders",
            json={"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.001"},
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )
        assert placed.status_code == 202
        health = client.get("/v1/admin/connector", headers=admin).json()
        assert health["last_success_at"] is not None
        assert {one["name"] for one in health["streams"]} >= {"user_stream", "book_tickers"}
        assert abs(health["clock_ahead_milliseconds"]) < 1000
        path, headers = "/v1/admin/connector/catch-up", admin | {"Idempotency-Key": "once"}
        first = client.post(path, json={"symbol": "BTCUSDT", "from_trade_id": 0}, headers=headers)
        assert first.status_code == 200, first.text
        again = client.post(path, json={"symbol": "BTCUSDT", "from_trade_id": 0}, headers=headers)
        assert again.content == first.content
        assert [one["symbol"] for one in first.json()["cursors"]] == ["BTCUSDT"]
    assert tradecore("verify").returncode == 0


def test_the_market_is_passed_through_from_the_venue(launch: Launch) -> None:
    with launch().client() as client:
        book = client.get("/v1/market/BTCUSDT/book?limit=5").json()
        assert len(book["bids"]) == len(book["asks"]) == 5
        assert book["age_milliseconds"] < 5000
        assert client.get("/v1/market/BTCUSDT/trades?limit=2").json()["symbol"] == "BTCUSDT"
        candles = client.get("/v1/market/BTCUSDT/candles?interval=1m&limit=3").json()
        assert candles["interval"] == "1m"


def test_an_undisturbed_start_calls_nobody_and_changes_no_instrument(
    launch: Launch, tradecore: Command
) -> None:
    first = launch()
    first.interrupt()
    second, admin = launch(), administrator(tradecore)
    with second.client() as client:
        audit = client.get("/v1/compliance/audit?action=put_instrument", headers=admin).json()
    assert {one["actor"] for one in audit["items"]} == {"seed"}
    assert logged(first, "platform.stopping")
    assert [logged(one, "alert.raised") for one in (first, second)] == [[], []]
