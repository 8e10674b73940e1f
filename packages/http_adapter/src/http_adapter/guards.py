"""Who may come in: a gate per router checks the token and the role before any handler runs."""

from collections.abc import Callable
from typing import Final

from litestar.types import ASGIApp, Receive, Scope, Send

from http_adapter import parameters
from http_adapter.exchange import ApiRequest, Exchange, exchange_of, principal_of
from http_adapter.problems import ApiProblem, FieldError
from tradecore.domain.errors import UnknownAccount
from tradecore.domain.ids import AccountId
from tradecore.ports.token_verifier import InvalidToken, Principal, Role

MAX_TOKEN_CHARACTERS: Final = 8192


def gate(*roles: Role) -> Callable[[ASGIApp], ASGIApp]:
    """Return a middleware that lets in whoever has one of `roles`.

    A middleware and not a Litestar guard: guards copy the whole handler for every call.
    """
    allowed = frozenset(roles)

    def wrap(app: ASGIApp) -> ASGIApp:
        async def checked(scope: Scope, receive: Receive, send: Send) -> None:
            exchange: Exchange = scope["state"]["exchange"]
            principal = await authenticate(exchange)
            if allowed.isdisjoint(principal.roles):
                raise ApiProblem("forbidden", f"this needs the role {' or '.join(sorted(allowed))}")
            exchange.principal = principal
            if scope["query_string"]:
                parameters.require_clean_query(scope)
            await app(scope, receive, send)

        return checked

    return wrap


async def authenticate(exchange: Exchange) -> Principal:
    """Return who the bearer token speaks for. Raises ApiProblem 401."""
    scheme, _, token = (exchange.header(b"authorization") or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _unauthenticated("an access token is needed", "")
    if b"authorization" in exchange.repeated or len(token) > MAX_TOKEN_CHARACTERS:
        raise _unauthenticated("the Authorization header is not valid", "invalid_request")
    try:
        return await exchange.services.verifier.verify(token)
    except InvalidToken as error:
        raise _unauthenticated(str(error), "invalid_token") from None


def _unauthenticated(detail: str, error: str) -> ApiProblem:
    challenge = 'Bearer realm="tradecore"' + (f', error="{error}"' if error else "")
    return ApiProblem("unauthenticated", detail, headers={"WWW-Authenticate": challenge})


def account_of(request: ApiRequest) -> AccountId:
    """Return the account that a trader acts for: its only one, or the one in X-Account-Id.

    Another's account is answered exactly like one that does not exist.
    """
    principal = principal_of(request)
    exchange = exchange_of(request)
    named = exchange.header(b"x-account-id")
    if b"x-account-id" in exchange.repeated:
        raise _account_required("X-Account-Id came twice")
    if named is not None:
        if named not in principal.account_ids:
            raise UnknownAccount(account_id=named[:64])
        return parameters.account_id(named)
    if len(principal.account_ids) == 1:
        return principal.account_ids[0]
    if not principal.account_ids:
        raise ApiProblem("forbidden", "the token names no account")
    raise _account_required("is required: the token is good for several accounts")


def _account_required(detail: str) -> ApiProblem:
    return ApiProblem(
        "account-required",
        f"X-Account-Id {detail}" if detail.startswith("is ") else detail,
        errors=(FieldError(detail=detail, parameter="X-Account-Id"),),
    )
