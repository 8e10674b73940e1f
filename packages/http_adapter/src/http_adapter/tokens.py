"""Bearer tokens: JWTs checked against a configured issuer, never against what they say of themselves."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import attrs
import jwt

from tradecore.domain.ids import AccountId
from tradecore.ports.clock import Clock
from tradecore.ports.token_verifier import InvalidToken, Principal

MAX_CACHED_TOKENS: Final = 10_000

#: Asymmetric only: a shared secret in a key set would let every verifier issue tokens.
SUPPORTED_ALGORITHMS: Final = frozenset(
    {"ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA"}
)

# `exp` and `nbf` are compared with our own clock, below.
_OPTIONS: Final = {
    "require": ["exp", "iss", "aud", "sub"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
}


@attrs.frozen(kw_only=True)
class TokenPolicy:
    """What a token must be to count here."""

    issuer: str
    audience: str
    algorithms: tuple[str, ...] = ("ES256",)
    leeway: timedelta = timedelta(seconds=5)

    def __attrs_post_init__(self) -> None:
        """Refuse algorithms that need a shared secret, or none at all."""
        unknown = set(self.algorithms) - SUPPORTED_ALGORITHMS
        if unknown or not self.algorithms:
            raise ValueError(f"not an asymmetric signature algorithm: {sorted(unknown)}")


class JwtVerifier:
    """Verifies JWTs with a set of public keys. Verified tokens are remembered until they expire."""

    def __init__(
        self,
        policy: TokenPolicy,
        jwks: Mapping[str, Any],
        clock: Clock,
        *,
        max_cached: int = MAX_CACHED_TOKENS,
    ) -> None:
        """Take the issuer's keys as its JWKS document says them."""
        self._policy = policy
        self._clock = clock
        self._max_cached = max_cached
        self._verified: dict[bytes, Principal] = {}
        self._keys = _keys_by_id(jwks)

    def replace_keys(self, jwks: Mapping[str, Any]) -> None:
        """Trust these keys from now on; tokens that were verified with others are forgotten."""
        self._keys = _keys_by_id(jwks)
        self._verified.clear()

    async def verify(self, token: str) -> Principal:
        """Return who the token speaks for. Raises InvalidToken."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
        principal = self._verified.get(digest)
        now = self._clock.now()
        if principal is None:
            principal = self._checked(token, now)
            self._remember(digest, principal)
        elif now >= principal.expires_at + self._policy.leeway:
            self._verified.pop(digest, None)
            raise InvalidToken("the token has expired")
        return principal

    def _checked(self, token: str, now: datetime) -> Principal:
        claims = self._signed_claims(token)
        expires_at = _instant(claims, "exp")
        if now >= expires_at + self._policy.leeway:
            raise InvalidToken("the token has expired")
        if "nbf" in claims and now < _instant(claims, "nbf") - self._policy.leeway:
            raise InvalidToken("the token is not valid yet")
        return Principal(
            subject=_subject(claims),
            roles=frozenset(_texts(_member(claims.get("realm_access"), "roles"), "roles")),
            account_ids=tuple(map(AccountId, _texts(claims.get("account_ids"), "account_ids"))),
            expires_at=expires_at,
        )

    def _signed_claims(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.InvalidTokenError, ValueError, RecursionError):
            raise InvalidToken("the token is not a JWT") from None
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in self._policy.algorithms:
            raise InvalidToken("the token's algorithm is not accepted")
        if "crit" in header:
            raise InvalidToken("the token demands an extension")
        key = self._keys.get(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise InvalidToken("the token's key is not known")
        if key.algorithm_name != algorithm:
            raise InvalidToken("the token's algorithm is not its key's")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._policy.audience,
                issuer=self._policy.issuer,
                options=_OPTIONS,  # type: ignore[arg-type] # a TypedDict in pyjwt's own words
            )
        except jwt.InvalidTokenError as error:
            raise InvalidToken(_reason(error)) from None
        except (ValueError, RecursionError):
            raise InvalidToken("the token is not a JWT") from None
        return claims

    def _remember(self, digest: bytes, principal: Principal) -> None:
        if len(self._verified) >= self._max_cached:
            del self._verified[next(iter(self._verified))]
        self._verified[digest] = principal


def _keys_by_id(jwks: Mapping[str, Any]) -> dict[str, jwt.PyJWK]:
    """Return the usable public keys: for signatures, asymmetric, with an id of their own."""
    found: dict[str, jwt.PyJWK] = {}
    for described in jwks.get("keys", ()):
        if described.get("use", "sig") != "sig" or described.get("kty") == "oct":
            continue
        key_id = described.get("kid")
        if not isinstance(key_id, str):
            continue
        try:
            key = jwt.PyJWK(dict(described))
        except jwt.PyJWTError:
            continue  # of a kind that we would not accept in a token either
        if key.algorithm_name in SUPPORTED_ALGORITHMS:
            found[key_id] = key
    return found


_REASONS: Final[Sequence[tuple[type[Exception], str]]] = (
    (jwt.InvalidSignatureError, "the token's signature is not valid"),
    (jwt.InvalidAudienceError, "the token is not for this service"),
    (jwt.InvalidIssuerError, "the token is of another issuer"),
    (jwt.MissingRequiredClaimError, "the token lacks a claim that is needed"),
)


def _reason(error: Exception) -> str:
    return next(
        (reason for kind, reason in _REASONS if isinstance(error, kind)), "the token is not valid"
    )


def _instant(claims: Mapping[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidToken(f"the token's {name} is not a time")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, ValueError):
        raise InvalidToken(f"the token's {name} is not a time") from None


def _subject(claims: Mapping[str, Any]) -> str:
    subject = claims["sub"]
    if not isinstance(subject, str) or not 1 <= len(subject) <= 255 or not subject.isprintable():  # noqa: PLR2004 - OpenID Connect Core, 2
        raise InvalidToken("the token's subject is not valid")
    return subject


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _texts(value: object, name: str) -> list[str]:
    """Return a list of texts; a claim that is not there is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise InvalidToken(f"the token's {name} are not a list of names")
    return value
