"""Every error has a problem of its own, and none tells of the inside."""

import asyncio
import gc
import logging
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from http_adapter import problems
from http_adapter.problem_types import CONDITIONS, PROBLEM_TYPES
from http_adapter.testing import ORDER, Platform
from tradecore.application.executor import ExecutorFull, ExecutorStopped
from tradecore.domain import errors
from tradecore.domain.errors import Conflict, DomainError, InvalidCommand, NotFound, Refusal
from tradecore.ports.store import (
    CommitOutcomeUnknown,
    ConcurrentUpdate,
    ConstraintViolated,
    LockTimeout,
    StatementFailed,
    StoreError,
    StoreUnavailable,
)
from tradecore.ports.token_verifier import VerifierUnavailable

SECRET = "postgresql://db-1.internal:5432 SELECT * FROM wallets"


def leaves(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    below = kind.__subclasses__()
    if not below:
        yield kind
    for one in below:
        yield from leaves(one)


# attrs makes a class with slots anew; the first one is listed until it is collected.
gc.collect()
LEAVES = sorted(leaves(DomainError), key=lambda kind: kind.__name__)
STATUS_OF_BRANCH = {InvalidCommand: 400, NotFound: 404, Refusal: 422, Conflict: 409}


@pytest.mark.parametrize("kind", LEAVES)
def test_every_refusal_has_a_problem_of_its_branch(kind: type[DomainError]) -> None:
    problem = PROBLEM_TYPES[kind.code]
    branch = next(one for one in STATUS_OF_BRANCH if issubclass(kind, one))
    expected = 422 if kind is errors.IdempotencyKeyReused else STATUS_OF_BRANCH[branch]
    assert problem.status == expected
    assert problem.title
    assert problem.remedy


def test_every_code_of_the_domain_is_its_own() -> None:
    assert len({kind.code for kind in LEAVES}) == len(LEAVES)


async def test_every_problem_has_a_page(platform: Platform) -> None:
    index = await platform.client.get("/problems")
    for code, kind in PROBLEM_TYPES.items():
        assert f'"/problems/{code}"' in index.text
        page = await platform.client.get(f"/problems/{code}")
        assert page.status_code == 200
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert str(kind.status) in page.text
    assert (await platform.client.get("/problems/none")).status_code == 404


@attrs.define
class Failing:
    """An executor that raises what it is told to."""

    error: BaseException

    async def execute(self, command: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ExecutorFull(SECRET), 429, "queue-full"),
        (ExecutorStopped(SECRET), 503, "stopping"),
        (StoreUnavailable(SECRET), 503, "store-unavailable"),
        (LockTimeout(SECRET), 503, "busy"),
        (ConcurrentUpdate(SECRET), 503, "busy"),
        (CommitOutcomeUnknown(SECRET), 503, "outcome-unknown"),
        (VerifierUnavailable(SECRET), 503, "verifier-unavailable"),
        (ConstraintViolated(SECRET), 500, "internal-error"),
        (StatementFailed(SECRET), 500, "internal-error"),
        (StoreError(SECRET), 500, "internal-error"),
        (ValueError(SECRET), 500, "internal-error"),
        (AssertionError(SECRET), 500, "internal-error"),
        (RecursionError(SECRET), 500, "internal-error"),
        (KeyError(SECRET), 500, "internal-error"),
    ],
)
async def test_conditions_are_told_without_the_inside(
    trading: Platform, caplog: pytest.LogCaptureFixture, error: Exception, status: int, code: str
) -> None:
    token = trading.trader_token(await trading.open_account())
    object.__setattr__(trading.services, "executor", Failing(error))
    with caplog.at_level(logging.WARNING):
        answer = await trading.client.post(
            "/v1/orders",
            json=ORDER,
            headers=trading.headers(token, "k", X_Correlation_Id="conversation-1"),
        )
    assert answer.status_code == status
    problem = answer.json()
    assert problem["type"] == f"/problems/{code}"
    assert problem["correlation_id"] == "conversation-1"
    assert answer.headers["X-Correlation-Id"] == "conversation-1"
    assert "SELECT" not in answer.text
    assert "internal:5432" not in answer.text
    assert "Traceback" not in answer.text
    if status in (429, 503):
        assert int(answer.headers["Retry-After"]) >= 1
    if status == 500:
        assert [record.message for record in caplog.records] == ["http.request_failed"]


def test_every_condition_names_a_problem() -> None:
    assert {code for code, _ in CONDITIONS.values()} <= set(PROBLEM_TYPES)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v2/orders", 404),
        ("DELETE", "/v1/orders", 405),
        ("POST", "/health/live", 405),
        ("GET", "/../../etc/passwd", 404),
        ("GET", "/metrics", 404),
        ("GET", "/schema/assets/..%2f..%2fsecret", 404),
        ("GET", "/schema/nothing.json", 404),
    ],
)
async def test_the_routers_own_errors_are_problems_too(
    platform: Platform, method: str, path: str, status: int
) -> None:
    answer = await platform.client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(answer.json()) == {
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "correlation_id",
        "errors",
    }
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Correlation-Id"] == answer.json()["correlation_id"]
    if status == 405:
        assert answer.headers["Allow"]


@pytest.mark.parametrize("wished", ["", "x" * 65, "a b", "a\u00e9", "a<b", "a;b"])
async def test_a_correlation_id_that_is_not_safe_is_replaced(
    platform: Platform, wished: str
) -> None:
    answer = await platform.client.get(
        "/version",
        headers={"X-Correlation-Id": wished.encode("latin-1")},  # type: ignore[dict-item]
    )
    assert answer.headers.get_list("X-Correlation-Id") != [wished]


async def test_answers_about_money_are_not_kept_by_anyone(trading: Platform) -> None:
    token = trading.trader_token(await trading.open_account())
    answer = await trading.client.get("/v1/balances", headers=trading.headers(token))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "Server" not in answer.headers


async def test_a_slow_body_is_given_up(trading: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("http_adapter.exchange.BODY_SECONDS", 0.01)
    token = trading.trader_token(await trading.open_account())

    async def slow() -> Any:
        yield b'{"symbol":'
        await asyncio.sleep(5)
        yield b'"BTCUSDT"}'

    answer = await trading.client.post(
        "/v1/orders", content=slow(), headers=trading.headers(token, "k")
    )
    assert answer.status_code == 408


def test_a_problem_without_errors_says_so() -> None:
    assert problems.of_exception(ValueError("x")).errors == ()
