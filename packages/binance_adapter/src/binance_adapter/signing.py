"""Signatures of requests, and keys that show themselves to nobody.

Source: Binance Spot API, "Request security". The REST payload is what goes over the wire,
percent-encoded before it is signed; the WebSocket API payload is sorted by name and raw.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol, assert_never
from urllib.parse import quote, urlencode

import attrs
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_PEM: Final = b"-----BEGIN"
_HIDDEN: Final = "***"


class UnusableKey(Exception):
    """A key file that cannot be used. The text names the file, never what is in it."""


class Signer(Protocol):
    """Signs payloads; knows the secret and keeps it."""

    def sign(self, payload: bytes) -> str:
        """Return the signature of `payload` as the venue compares it, not yet encoded."""


class HmacSigner:
    """HMAC-SHA256, as hexadecimal digits."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return f"HmacSigner({_HIDDEN})"

    def sign(self, payload: bytes) -> str:
        return hmac.new(self._secret, payload, hashlib.sha256).hexdigest()


class RsaSigner:
    """RSASSA-PKCS1-v1_5 with SHA-256, as base64."""

    def __init__(self, key: RSAPrivateKey) -> None:
        self._key = key

    def __repr__(self) -> str:
        return f"RsaSigner({_HIDDEN})"

    def sign(self, payload: bytes) -> str:
        return base64.b64encode(self._key.sign(payload, PKCS1v15(), hashes.SHA256())).decode()


class Ed25519Signer:
    """Ed25519, as base64: the kind that the venue recommends."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def __repr__(self) -> str:
        return f"Ed25519Signer({_HIDDEN})"

    def sign(self, payload: bytes) -> str:
        return base64.b64encode(self._key.sign(payload)).decode()


@attrs.frozen(kw_only=True)
class Credentials:
    """An API key and what signs for it. Neither is ever in a text that this program writes."""

    api_key: str = attrs.field(repr=lambda _: _HIDDEN)
    signer: Signer


def load_credentials(api_key_file: Path, secret_file: Path) -> Credentials:
    """Return the key in two files: the API key, and a PEM private key or an HMAC secret.

    Raises:
        UnusableKey: a file cannot be read or is empty, or its key is of no supported kind.
    """
    api_key = _read(api_key_file).decode("ascii", "replace").strip()
    return Credentials(api_key=api_key, signer=signer_of(_read(secret_file), str(secret_file)))


def signer_of(secret: bytes, name: str = "the secret") -> Signer:
    """Return what signs with `secret`; PEM is RSA or Ed25519, all else an HMAC secret.

    Raises:
        UnusableKey: PEM that is neither, is encrypted or damaged.
    """
    if not secret.lstrip().startswith(_PEM):
        return HmacSigner(secret.strip())
    try:
        key = load_pem_private_key(secret, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # What the parser says may quote the file.
        raise UnusableKey(f"{name} holds no unencrypted private key in PEM") from None
    if isinstance(key, Ed25519PrivateKey):
        return Ed25519Signer(key)
    if isinstance(key, RSAPrivateKey):
        return RsaSigner(key)
    raise UnusableKey(f"{name} is neither an RSA nor an Ed25519 key")


def encode(parameters: Mapping[str, str]) -> str:
    """Return parameters as they travel in a REST request: percent-encoded UTF-8."""
    return urlencode(parameters, quote_via=quote, safe="")


def signed_query(parameters: Mapping[str, str], signer: Signer) -> str:
    """Return the encoded parameters of a REST request with their signature at the end."""
    payload = encode(parameters)
    return f"{payload}&signature={quote(signer.sign(payload.encode()), safe='')}"


Parameter = str | int | bool


def signed_parameters(
    parameters: Mapping[str, Parameter], credentials: Credentials
) -> dict[str, Parameter]:
    """Return the parameters of a WebSocket API request with API key and signature."""
    named: dict[str, Parameter] = {**parameters, "apiKey": credentials.api_key}
    payload = "&".join(f"{name}={_plain(named[name])}" for name in sorted(named))
    return {**named, "signature": credentials.signer.sign(payload.encode())}


def _plain(value: Parameter) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | str():
            return str(value)
        case _:
            assert_never(value)


def _read(file: Path) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UnusableKey(f"{file} cannot be read: {error.strerror}") from error
    if not content.strip():
        raise UnusableKey(f"{file} is empty")
    return content
