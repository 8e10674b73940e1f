"""What accounts may do and what they pay: the defaults, and each account's own."""

from typing import Final

from litestar import Response, get, put
from litestar.params import FromPath, JSONBody

from http_adapter.admin.accounts import account_named
from http_adapter.answers import answer, execute
from http_adapter.exchange import ApiRequest, exchange_of
from http_adapter.idempotency import origin
from http_adapter.limit_messages import (
    FeesDefinition,
    FeesMessage,
    LimitsDefinition,
    LimitsMessage,
    Source,
    effective_fees,
    effective_limits,
)
from http_adapter.operations_spec import READ_PROBLEMS, WRITE_PROBLEMS
from tradecore.application.commands.set_limits import SetFees, SetLimits
from tradecore.domain.ids import HOUSE, AccountId


@get("/limits/default", operation_id="GetDefaultLimits", responses=READ_PROBLEMS)
async def get_default_limits(request: ApiRequest) -> Response[LimitsMessage]:
    """Read the limits of accounts that have none of their own."""
    return await _limits(request, HOUSE)


@put("/limits/default", operation_id="PutDefaultLimits", responses=WRITE_PROBLEMS)
async def put_default_limits(
    request: ApiRequest, data: JSONBody[LimitsDefinition]
) -> Response[LimitsMessage]:
    """Set the limits of accounts that have none of their own."""
    return await _put_limits(request, HOUSE, data)


@get("/accounts/{account_id:str}/limits", operation_id="GetLimits", responses=READ_PROBLEMS)
async def get_limits(request: ApiRequest, account_id: FromPath[str]) -> Response[LimitsMessage]:
    """Read the limits that hold for an account."""
    return await _limits(request, (await account_named(request, account_id)).account_id)


@put("/accounts/{account_id:str}/limits", operation_id="PutLimits", responses=WRITE_PROBLEMS)
async def put_limits(
    request: ApiRequest, account_id: FromPath[str], data: JSONBody[LimitsDefinition]
) -> Response[LimitsMessage]:
    """Set an account's own limits, whole: what is left out is off."""
    account = await account_named(request, account_id)
    return await _put_limits(request, account.account_id, data)


@get("/fees", operation_id="GetDefaultFees", responses=READ_PROBLEMS)
async def get_default_fees(request: ApiRequest) -> Response[FeesMessage]:
    """Read the fee policy of accounts that have none of their own."""
    return await _fees(request, HOUSE)


@put("/fees", operation_id="PutDefaultFees", responses=WRITE_PROBLEMS)
async def put_default_fees(
    request: ApiRequest, data: JSONBody[FeesDefinition]
) -> Response[FeesMessage]:
    """Set the fee policy of accounts that have none of their own."""
    return await _put_fees(request, HOUSE, data)


@get("/accounts/{account_id:str}/fees", operation_id="GetFees", responses=READ_PROBLEMS)
async def get_fees(request: ApiRequest, account_id: FromPath[str]) -> Response[FeesMessage]:
    """Read the fee policy that holds for an account."""
    return await _fees(request, (await account_named(request, account_id)).account_id)


@put("/accounts/{account_id:str}/fees", operation_id="PutFees", responses=WRITE_PROBLEMS)
async def put_fees(
    request: ApiRequest, account_id: FromPath[str], data: JSONBody[FeesDefinition]
) -> Response[FeesMessage]:
    """Set an account's own fee policy, from its next fill on."""
    account = await account_named(request, account_id)
    return await _put_fees(request, account.account_id, data)


async def _limits(request: ApiRequest, account_id: AccountId) -> Response[LimitsMessage]:
    queries = exchange_of(request).services.queries
    return answer(LimitsMessage.of(*await effective_limits(queries, account_id)))


async def _put_limits(
    request: ApiRequest, account_id: AccountId, data: LimitsDefinition
) -> Response[LimitsMessage]:
    command = SetLimits(
        **await origin(request, required=False), account_id=account_id, limits=data.to_domain()
    )
    source = Source.of(account_id)
    return await execute(request, command, lambda row: LimitsMessage.of(row.limits, source))


async def _fees(request: ApiRequest, account_id: AccountId) -> Response[FeesMessage]:
    queries = exchange_of(request).services.queries
    return answer(FeesMessage.of(*await effective_fees(queries, account_id)))


async def _put_fees(
    request: ApiRequest, account_id: AccountId, data: FeesDefinition
) -> Response[FeesMessage]:
    command = SetFees(
        **await origin(request, required=False), account_id=account_id, policy=data.to_domain()
    )
    source = Source.of(account_id)
    return await execute(request, command, lambda row: FeesMessage.of(row.policy, source))


HANDLERS: Final = (
    get_default_limits,
    put_default_limits,
    get_limits,
    put_limits,
    get_default_fees,
    put_default_fees,
    get_fees,
    put_fees,
)
