"""Health, version, metrics, documentation."""

import asyncio
import re
from typing import Any

import attrs
import httpx
import pytest

from http_adapter import create_app, create_operations_app
from http_adapter.documentation import CONTENT_SECURITY_POLICY
from http_adapter.metrics import Metrics
from http_adapter.testing import Platform


def client_of(app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://private.test")


async def test_it_lives_and_says_which_build_it_is(platform: Platform) -> None:
    assert (await platform.client.get("/health/live")).json() == {"status": "live"}
    assert (await platform.client.get("/version")).json() == {"version": "1.2.3", "commit": "abc"}


async def test_each_dependency_is_named(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("http_adapter.operations.CHECK_SECONDS", 0.01)

    async def fine() -> None: ...

    async def broken() -> None:
        raise OSError("db-1.internal:5432 refused")

    async def slow() -> None:
        await asyncio.sleep(5)

    services = attrs.evolve(
        platform.services, health_checks={"store": fine, "venue": broken, "bus": slow}
    )
    async with client_of(create_app(services)) as client:
        answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not ready",
        "checks": {"store": "ok", "venue": "failed", "bus": "timeout"},
    }
    assert (await platform.client.get("/health/ready")).json()["status"] == "ready"


async def test_metrics_are_for_the_private_port(platform: Platform) -> None:
    assert (await platform.client.get("/metrics")).status_code == 404
    await platform.client.get("/version")
    async with client_of(create_operations_app(platform.services, platform.metrics)) as client:
        text = (await client.get("/metrics")).text
        assert 'http_requests_total{method="GET",route="/version",status="200"} 1.0' in text
        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/v1/orders")).status_code == 404
        assert (await client.get("/schema")).status_code == 404
    async with client_of(create_app(platform.services, expose_metrics=True)) as client:
        assert (await client.get("/metrics")).status_code == 200


async def test_unknown_paths_share_one_series(platform: Platform) -> None:
    for number in range(20):
        await platform.client.get(f"/nothing/{number}")
        await platform.client.get(f"/v1/orders/{number}")
    text = platform.metrics.exposition().decode()
    assert 'route="unmatched",status="404"} 20.0' in text
    assert 'route="/v1/orders/{order_id}",status="401"} 20.0' in text
    assert "/nothing/" not in text


def test_a_duration_counts_in_its_bucket_and_in_all_above() -> None:
    metrics = Metrics()
    for seconds in (0.001, 0.0011, 60.0):
        metrics.answered("GET", "/version", 200, seconds)
    text = metrics.exposition().decode()
    for bound, count in (("0.001", 1), ("0.0025", 2), ("10.0", 2), ("+Inf", 3)):
        assert f'http_request_seconds_bucket{{le="{bound}",route="/version"}} {count}.0' in text
    assert 'http_request_seconds_count{route="/version"} 3.0' in text
    assert 'http_request_seconds_sum{route="/version"} 60.0021' in text


async def test_the_queue_is_measured(platform: Platform) -> None:
    services = attrs.evolve(platform.services, queue_length=lambda: 7)
    async with client_of(create_app(services, expose_metrics=True)) as client:
        assert "executor_waiting_commands 7.0" in (await client.get("/metrics")).text


async def test_the_pages_load_from_here_and_from_nowhere_else(platform: Platform) -> None:
    page = await platform.client.get("/schema")
    assert page.status_code == 200
    assert page.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) == 4
    assert "//" not in page.text.replace("<!doctype", "")
    for link in links:
        assert link.startswith("/schema/assets/")
        asset = await platform.client.get(link)
        assert asset.status_code == 200, link
        assert asset.content
    assert "<script>" not in page.text


async def test_the_document_describes_every_route(platform: Platform) -> None:
    document = (await platform.client.get("/schema/openapi.json")).json()
    assert document["openapi"].startswith("3.1")
    operations = {
        operation["operationId"]: operation
        for item in document["paths"].values()
        for operation in item.values()
    }
    place = operations["PlaceOrder"]
    body = place["requestBody"]["content"]["application/json"]["schema"]["$ref"]
    order = document["components"]["schemas"][body.rpartition("/")[2]]
    assert set(order["required"]) == {"symbol", "side", "type"}
    assert "pattern" in str(order["properties"]["quantity"])
    assert "Idempotency-Key" in [one["name"] for one in place["parameters"]]
    assert set(place["responses"]) >= {"202", "400", "401", "403", "409", "422", "429", "503"}
    for status, response in place["responses"].items():
        media = "application/json" if status == "202" else "application/problem+json"
        assert list(response["content"]) == [media], status
    for name, operation in operations.items():
        assert operation["description"], name
        assert operation["tags"], name
    for route in platform.app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if handler.resolve_include_in_schema():
                assert handler.operation_id in operations
    assert document["security"] == [{"bearer": []}]
    assert "bearer" in document["components"]["securitySchemes"]
