"""Stop trading, wholly or in part, and let it go on."""

from typing import Final

import msgspec
from litestar import Response, get, post
from litestar.params import JSONBody

from http_adapter import parameters
from http_adapter.answers import answer, execute
from http_adapter.exchange import ApiRequest, exchange_of
from http_adapter.fields import Instant, Sentence, instant
from http_adapter.idempotency import origin
from http_adapter.operations_spec import READ_PROBLEMS, WRITE_PROBLEMS, Keyed
from http_adapter.problems import ApiProblem, FieldError
from tradecore.application.commands.freeze import LiftFreeze, SetFreeze
from tradecore.domain.freezes import Freeze, FreezeMode, FreezeScope


class FreezeTarget(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to let go on."""

    scope: FreezeScope
    target: str = ""
    reason: Sentence


class NewFreeze(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What to stop, and how far. `target` is a symbol, an account's id, or empty."""

    scope: FreezeScope
    target: str = ""
    mode: FreezeMode = FreezeMode.HALT
    reason: Sentence


class FreezeMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A standing order to stop."""

    scope: FreezeScope
    target: str
    mode: FreezeMode
    reason: str
    frozen_by: str
    frozen_at: Instant

    @classmethod
    def of(cls, freeze: Freeze) -> "FreezeMessage":
        """Return the freeze."""
        return cls(
            scope=freeze.scope,
            target=freeze.target,
            mode=freeze.mode,
            reason=freeze.reason,
            frozen_by=freeze.frozen_by,
            frozen_at=instant(freeze.frozen_at),
        )


class FreezeList(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that stands frozen."""

    items: tuple[FreezeMessage, ...]
    next_cursor: str | None = None


@post(
    "/freeze",
    status_code=200,
    operation_id="Freeze",
    operation_class=Keyed,
    responses=WRITE_PROBLEMS,
)
async def freeze(request: ApiRequest, data: JSONBody[NewFreeze]) -> Response[FreezeMessage]:
    """Stop the platform, a symbol or an account; replaces a freeze that stands there."""
    command = SetFreeze(
        **await origin(request),
        scope=data.scope,
        target=_target(data.scope, data.target),
        mode=data.mode,
        reason=data.reason,
    )
    return await execute(request, command, FreezeMessage.of)


@post(
    "/unfreeze",
    status_code=200,
    operation_id="Unfreeze",
    operation_class=Keyed,
    responses=WRITE_PROBLEMS,
)
async def unfreeze(request: ApiRequest, data: JSONBody[FreezeTarget]) -> Response[FreezeMessage]:
    """Lift a freeze. Answers the freeze that was lifted."""
    command = LiftFreeze(
        **await origin(request),
        scope=data.scope,
        target=_target(data.scope, data.target),
        reason=data.reason,
    )
    return await execute(request, command, FreezeMessage.of)


@get("/freeze", operation_id="ListFreezes", responses=READ_PROBLEMS)
async def list_freezes(request: ApiRequest) -> Response[FreezeList]:
    """List what stands frozen."""
    freezes = await exchange_of(request).services.queries.list_freezes()
    return answer(FreezeList(items=tuple(map(FreezeMessage.of, freezes))))


def _target(scope: FreezeScope, target: str) -> str:
    """Return the target if it fits the scope. Raises ApiProblem, UnknownAccount or -Instrument."""
    match scope:
        case FreezeScope.ACCOUNT:
            return parameters.account_id(target)
        case FreezeScope.SYMBOL:
            return parameters.symbol(target)
        case FreezeScope.PLATFORM:
            if target:
                detail = "must be empty for the whole platform"
                raise ApiProblem(
                    "invalid-request",
                    f"target {detail}",
                    errors=(FieldError(detail=detail, pointer="/target"),),
                )
            return target


HANDLERS: Final = (freeze, unfreeze, list_freezes)
