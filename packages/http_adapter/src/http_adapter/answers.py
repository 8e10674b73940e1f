"""Answers: a message encoded once, and what came of a command, the same however often asked."""

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec
from litestar import Response

from http_adapter import problems
from http_adapter.encoded import Encoded
from http_adapter.exchange import ApiRequest, exchange_of
from tradecore.application.command import Command
from tradecore.application.outcomes import Outcome

MessageT = TypeVar("MessageT", bound=msgspec.Struct)
AnswerT = TypeVar("AnswerT")

REPLAYED: Final = "Idempotency-Replayed"

_encode: Final = msgspec.json.Encoder().encode


def answer(
    message: MessageT, *, status: int = 200, headers: dict[str, str] | None = None
) -> Response[MessageT]:
    """Return `message` as JSON."""
    return Encoded(_encode(message), status=status, headers=headers)


async def execute(
    request: ApiRequest,
    command: Command[AnswerT],
    shape: Callable[[AnswerT], MessageT],
    *,
    status: int = 200,
) -> Response[MessageT]:
    """Run `command` and return its answer, or its refusal. Raises what the executor raises."""
    outcome = await exchange_of(request).services.executor.execute(command)
    return of_outcome(request, outcome, shape, status=status)


def of_outcome(
    request: ApiRequest,
    outcome: Outcome[AnswerT],
    shape: Callable[[AnswerT], MessageT],
    *,
    status: int,
) -> Response[MessageT]:
    """Return what came of a command. The body is built from what was kept and nothing else, so a
    repeated request gets the first answer byte for byte.
    """
    headers = {REPLAYED: "true"} if outcome.replayed else {}
    if outcome.refusal is not None:
        refusal = problems.of_domain(outcome.refusal)
        refusal.headers.update(headers)
        return problems.to_response(request, refusal, outcome.correlation_id)
    assert outcome.answer is not None
    return answer(shape(outcome.answer), status=status, headers=headers)
