"""A token issuer for development and tests: it says whatever it is asked to. Never in production."""

import base64
import hashlib
import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from tradecore.ports.clock import Clock

ALGORITHM: Final = "ES256"
DEFAULT_LIFETIME: Final = timedelta(hours=1)


class LocalIssuer:
    """Signs tokens with an ES256 key of its own."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        clock: Clock,
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> None:
        """Take a key, or make one."""
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._key = key or ec.generate_private_key(ec.SECP256R1())
        self._public = ECAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        self._key_id = _thumbprint(self._public)

    @classmethod
    def from_pem(cls, pem: bytes, issuer: str, audience: str, clock: Clock) -> "LocalIssuer":
        """Return the issuer whose key `to_pem` wrote. Raises ValueError."""
        key = serialization.load_pem_private_key(pem, password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("not a private key on an elliptic curve")  # noqa: TRY004 - the file's content, not a type
        return cls(issuer, audience, clock, key)

    def to_pem(self) -> bytes:
        """Return the private key, unencrypted: whoever calls keeps it where only it can read."""
        return self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )

    def jwks(self) -> dict[str, Any]:
        """Return the public key as a JWKS document (RFC 7517)."""
        return {
            "keys": [{**self._public, "kid": self._key_id, "use": "sig", "alg": ALGORITHM}],
        }

    def issue(
        self,
        subject: str,
        *,
        roles: Iterable[str],
        account_ids: Iterable[str] = (),
        lifetime: timedelta = DEFAULT_LIFETIME,
    ) -> str:
        """Return a token with the claims that Keycloak would write."""
        now = self._clock.now()
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": subject,
            "iat": int(now.timestamp()),
            "exp": int((now + lifetime).timestamp()),
            "realm_access": {"roles": list(roles)},
            "account_ids": list(account_ids),
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self._key_id})


def _thumbprint(public: dict[str, Any]) -> str:
    """Return the key's id (RFC 7638): the same key has the same id after a restart."""
    members = {name: public[name] for name in ("crv", "kty", "x", "y")}
    digest = hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
