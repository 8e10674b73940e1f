"""What the OpenAPI document says besides what signatures say: headers, and problems."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from litestar.datastructures import ResponseHeader
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Operation, Parameter, Schema
from litestar.openapi.spec.enums import OpenAPIType

from http_adapter.problem_types import PROBLEM_TYPES
from http_adapter.problems import MEDIA_TYPE, Problem

_KEY: Final = Parameter(
    name="Idempotency-Key",
    param_in="header",
    required=True,
    description="Your own name for this request. Sent again with the same body, it gets the first"
    " answer again and nothing is done twice.",
    schema=Schema(type=OpenAPIType.STRING, min_length=1, max_length=64),
)
_ACCOUNT: Final = Parameter(
    name="X-Account-Id",
    param_in="header",
    required=False,
    description="Which account to act for; needed when the token is good for several.",
    schema=Schema(type=OpenAPIType.STRING),
)


def _add(operation: Operation, *parameters: Parameter) -> None:
    operation.parameters = [*(operation.parameters or ()), *parameters]


@dataclass
class Keyed(Operation):
    """An administrator's write: takes an Idempotency-Key."""

    def __post_init__(self) -> None:
        """Document the header."""
        _add(self, _KEY)


@dataclass
class OfAccount(Operation):
    """A customer's route: acts for an account."""

    def __post_init__(self) -> None:
        """Document the header."""
        _add(self, _ACCOUNT)


@dataclass
class KeyedOfAccount(Operation):
    """A customer's write: acts for an account and takes an Idempotency-Key."""

    def __post_init__(self) -> None:
        """Document both headers."""
        _add(self, _KEY, _ACCOUNT)


def problem_responses(*statuses: int) -> Mapping[int, ResponseSpec]:
    """Return the documented problems of some statuses."""
    return {status: _spec(status) for status in statuses}


def _spec(status: int) -> ResponseSpec:
    codes = ", ".join(code for code, kind in PROBLEM_TYPES.items() if kind.status == status)
    return ResponseSpec(
        data_container=Problem,
        generate_examples=False,
        media_type=MEDIA_TYPE,
        description=f"Problem: {codes}.",
    )


REPLAYED_HEADER: Final = ResponseHeader(
    name="Idempotency-Replayed",
    description="`true` when this is the first answer again.",
    documentation_only=True,
)

READ_PROBLEMS: Final[Mapping[int, Any]] = problem_responses(400, 401, 403, 404, 503)
WRITE_PROBLEMS: Final[Mapping[int, Any]] = problem_responses(
    400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503
)
