"""API keys: whose they are, what they may do, and whether a signature is theirs.

HMAC keys share a secret (hex, any letter case); RSA (PKCS#1 v1.5, SHA-256) and Ed25519 keys leave
their public half here, and sign in base64. Source: Binance Spot API, "Request security".
"""

import base64
import binascii
import hmac
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final

import attrs
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key


class Security(StrEnum):
    """What a method asks of a request; the words are the venue's."""

    NONE = "NONE"
    USER_DATA = "USER_DATA"
    USER_STREAM = "USER_STREAM"
    TRADE = "TRADE"


ALL_PERMISSIONS: Final = frozenset({Security.USER_DATA, Security.USER_STREAM, Security.TRADE})


@attrs.define(kw_only=True, eq=False)
class ApiKey:
    """One key of one account; exactly one of the two secrets' halves is there."""

    api_key: str
    account: str
    hmac_secret: bytes | None = attrs.field(default=None, repr=False)
    public_key: Ed25519PublicKey | RSAPublicKey | None = attrs.field(default=None, repr=False)
    permissions: frozenset[Security] = ALL_PERMISSIONS
    is_revoked: bool = False

    @property
    def may_log_on(self) -> bool:
        """Whether `session.logon` takes it: Ed25519 only."""
        return isinstance(self.public_key, Ed25519PublicKey)

    def signed(self, payload: bytes, signature: str) -> bool:
        """Whether `signature` is this key's over exactly `payload`."""
        if self.hmac_secret is not None:
            expected = hmac.digest(self.hmac_secret, payload, "sha256").hex()
            return hmac.compare_digest(expected.encode(), signature.lower().encode())
        try:
            given = base64.b64decode(signature, validate=True)
            if isinstance(self.public_key, Ed25519PublicKey):
                self.public_key.verify(given, payload)
            else:
                assert self.public_key is not None
                self.public_key.verify(given, payload, PKCS1v15(), SHA256())
        except (binascii.Error, ValueError, InvalidSignature):
            return False
        return True


def hmac_key(api_key: str, secret: str, account: str) -> ApiKey:
    """Return a key that signs with a shared secret."""
    return ApiKey(api_key=api_key, account=account, hmac_secret=secret.encode())


def public_key(api_key: str, pem: bytes, account: str) -> ApiKey:
    """Return a key by its public half in PEM. Raises ValueError unless Ed25519 or RSA."""
    loaded = load_pem_public_key(pem)
    if not isinstance(loaded, Ed25519PublicKey | RSAPublicKey):
        raise ValueError("a public key must be Ed25519 or RSA")  # noqa: TRY004 - a file's content
    return ApiKey(api_key=api_key, account=account, public_key=loaded)


class Keyring:
    """Every key, by its name."""

    def __init__(self, keys: Iterable[ApiKey] = ()) -> None:
        self._keys = {key.api_key: key for key in keys}

    def add(self, key: ApiKey) -> None:
        """Add a key, or replace one of the same name."""
        self._keys[key.api_key] = key

    def find(self, api_key: str) -> ApiKey | None:
        """Return a key that still holds, None for an unknown or revoked one."""
        found = self._keys.get(api_key)
        return None if found is None or found.is_revoked else found

    def get(self, api_key: str) -> ApiKey:
        """Return a key, revoked or not. Raises KeyError."""
        return self._keys[api_key]

    def __iter__(self) -> Iterator[ApiKey]:
        """Yield every key, revoked ones too."""
        return iter(self._keys.values())
