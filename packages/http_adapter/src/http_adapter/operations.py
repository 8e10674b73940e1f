"""Whether it lives, whether it can work, which build it is, what it counts."""

import asyncio
from collections.abc import Mapping
from typing import Final

import msgspec
from litestar import Response, get

from http_adapter.answers import answer
from http_adapter.exchange import ApiRequest, exchange_of
from http_adapter.services import HealthCheck

CHECK_SECONDS: Final = 2.0


class Liveness(msgspec.Struct, frozen=True, kw_only=True):
    """The process answers."""

    status: str = "live"


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Whether requests can be served; each dependency by name: `ok`, `failed`, `timeout`."""

    status: str
    checks: dict[str, str]


class VersionMessage(msgspec.Struct, frozen=True, kw_only=True):
    """Which build this is."""

    version: str
    commit: str


@get("/health/live", operation_id="GetLiveness")
async def get_liveness() -> Response[Liveness]:
    """Tell that the process answers."""
    return answer(Liveness())


@get("/health/ready", operation_id="GetReadiness")
async def get_readiness(request: ApiRequest) -> Response[Readiness]:
    """Ask every dependency. 503 when one of them does not answer."""
    checks = await _asked(exchange_of(request).services.health_checks)
    ready = all(result == "ok" for result in checks.values())
    return answer(
        Readiness(status="ready" if ready else "not ready", checks=checks),
        status=200 if ready else 503,
    )


@get("/version", operation_id="GetVersion")
async def get_version(request: ApiRequest) -> Response[VersionMessage]:
    """Tell which build this is."""
    version = exchange_of(request).services.version
    return answer(VersionMessage(version=version.version, commit=version.commit))


@get("/metrics", include_in_schema=False, media_type="text/plain")
async def get_metrics(request: ApiRequest) -> Response[bytes]:
    """Return the counters in the Prometheus text format."""
    return Response(
        content=exchange_of(request).metrics.exposition(),
        media_type="text/plain; version=0.0.4; charset=utf-8",
    )


async def _asked(checks: Mapping[str, HealthCheck]) -> dict[str, str]:
    results = await asyncio.gather(*(_result(check) for check in checks.values()))
    return dict(zip(checks, results, strict=True))


async def _result(check: HealthCheck) -> str:
    """Return how a dependency is; why it fails is for the logs of whoever owns it."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except TimeoutError:
        return "timeout"
    except Exception:  # noqa: BLE001 - whatever it raises, it is not well
        return "failed"
    return "ok"


PUBLIC_HANDLERS: Final = (get_liveness, get_readiness, get_version)
