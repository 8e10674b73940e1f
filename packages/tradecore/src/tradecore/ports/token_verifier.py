"""Who is calling: what a bearer token says, once its signature and claims have been checked."""

from datetime import datetime
from enum import StrEnum
from typing import Protocol

import attrs

from tradecore.domain.ids import AccountId


class Role(StrEnum):
    """What a principal may do."""

    TRADER = "trader"
    ADMIN = "admin"
    COMPLIANCE = "compliance"


@attrs.frozen(kw_only=True)
class Principal:
    """The caller, as the token's issuer vouches for it."""

    subject: str
    roles: frozenset[str]  #: any of `Role`, and names that mean nothing here
    account_ids: tuple[AccountId, ...]  #: the accounts that a trader may act for
    expires_at: datetime


class InvalidToken(Exception):
    """The token is not accepted; `args[0]` says why, in words that name no secret."""


class VerifierUnavailable(Exception):
    """The issuer's keys are not known and cannot be had now: nobody can be recognised."""


class TokenVerifier(Protocol):
    """Tells who a token speaks for."""

    async def verify(self, token: str) -> Principal:
        """Return the principal. A token that was verified before costs a look-up, until it expires.

        Raises:
            InvalidToken: malformed, not signed by the issuer, not for us, or not now.
            VerifierUnavailable: the keys to check it with are away.
        """
