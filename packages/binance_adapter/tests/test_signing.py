"""Signatures as the venue's documentation computes them; secrets stay secret."""

import base64
import traceback
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from binance_adapter.signing import (
    Credentials,
    Ed25519Signer,
    HmacSigner,
    RsaSigner,
    UnusableKey,
    encode,
    load_credentials,
    signed_parameters,
    signed_query,
    signer_of,
)

# Source: Binance Spot API, "SIGNED endpoint examples" and "SIGNED request example (HMAC)".
API_KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A"
DOCUMENTED = b"NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"
ORDER = {
    "symbol": "LTCBTC",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "1",
    "price": "0.1",
    "recvWindow": "5000",
    "timestamp": "1499827319559",
}
WIDE_DIGITS = "１２３４５６"  # noqa: RUF001 - the documentation's symbol outside of ASCII


@pytest.mark.parametrize(
    ("symbol", "signature"),
    [
        ("LTCBTC", "c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
        (WIDE_DIGITS, "e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"),
    ],
)
def test_a_rest_payload_is_signed_as_it_is_transmitted(symbol: str, signature: str) -> None:
    query = signed_query(ORDER | {"symbol": symbol}, HmacSigner(DOCUMENTED))

    assert query == f"{encode(ORDER | {'symbol': symbol})}&signature={signature}"
    assert query.isascii()


def test_a_space_is_no_plus() -> None:
    assert encode({"a": "b c+d/e"}) == "a=b%20c%2Bd%2Fe"


def test_a_websocket_payload_is_sorted_and_raw() -> None:
    signed = signed_parameters(
        {
            "symbol": "BTCUSDT",
            "side": "SELL",
            "type": "LIMIT",
            "timeInForce": "GTC",
            "quantity": "0.01000000",
            "price": "52000.00",
            "newOrderRespType": "ACK",
            "recvWindow": 100,
            "timestamp": 1645423376532,
        },
        Credentials(api_key=API_KEY, signer=HmacSigner(DOCUMENTED)),
    )

    assert signed["signature"] == "cc15477742bd704c29492d96c7ead9414dfd8e0ec4a00f947bb5bb454ddbd08a"
    assert signed["apiKey"] == API_KEY


def test_a_websocket_payload_has_booleans_as_json_writes_them() -> None:
    class Listening:
        def sign(self, payload: bytes) -> str:
            return payload.decode()

    signed = signed_parameters(
        {"omitZeroBalances": True, "a": WIDE_DIGITS}, Credentials(api_key="k", signer=Listening())
    )

    assert signed["signature"] == f"a={WIDE_DIGITS}&apiKey=k&omitZeroBalances=true"


def pem(key: rsa.RSAPrivateKey | Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def test_an_rsa_key_signs_with_pkcs1_v15_and_sha256_percent_encoded() -> None:
    key = rsa.generate_private_key(65537, 2048)
    signer = signer_of(pem(key))
    payload, _, signature = signed_query(ORDER, signer).partition("&signature=")

    assert isinstance(signer, RsaSigner)
    assert not set("+/=") & set(signature)
    decoded = base64.b64decode(signer.sign(payload.encode()))
    key.public_key().verify(decoded, payload.encode(), PKCS1v15(), hashes.SHA256())


def test_an_ed25519_key_signs_as_rfc_8032_says() -> None:
    # Source: RFC 8032, 7.1, test 2.
    halves = ("4ccd089b28ff96da9db6c346ec114e0f", "5b8a319f35aba624da8cf6ed4fb8a6fb")
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex("".join(halves)))
    signer = signer_of(pem(key))

    assert isinstance(signer, Ed25519Signer)
    assert base64.b64decode(signer.sign(b"\x72")).hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_keys_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "api").write_text(f"{API_KEY}\n")
    (tmp_path / "secret").write_bytes(DOCUMENTED + b"\n")

    credentials = load_credentials(tmp_path / "api", tmp_path / "secret")

    assert credentials.api_key == API_KEY
    assert credentials.signer.sign(b"x") == HmacSigner(DOCUMENTED).sign(b"x")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  \n",
        b"-----BEGIN PRIVATE KEY-----\nTOPSECRET\n-----END PRIVATE KEY-----\n",
        pem(ec.generate_private_key(ec.SECP256R1())),
    ],
    ids=["empty", "blank", "damaged", "elliptic curve"],
)
def test_an_unusable_key_is_named_by_its_file_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "api").write_text(API_KEY)
    (tmp_path / "secret").write_bytes(content)

    with pytest.raises(UnusableKey, match="secret") as raised:
        load_credentials(tmp_path / "api", tmp_path / "secret")
    told = "".join(traceback.format_exception(raised.value))
    assert "TOPSECRET" not in told
    assert API_KEY not in told


def test_a_missing_key_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnusableKey, match="cannot be read"):
        load_credentials(tmp_path / "api", tmp_path / "secret")


@pytest.mark.parametrize(
    "signer",
    [
        HmacSigner(DOCUMENTED),
        RsaSigner(rsa.generate_private_key(65537, 2048)),
        Ed25519Signer(Ed25519PrivateKey.generate()),
    ],
    ids=["hmac", "rsa", "ed25519"],
)
def test_nothing_secret_is_in_a_repr(signer: HmacSigner | RsaSigner | Ed25519Signer) -> None:
    credentials = Credentials(api_key=API_KEY, signer=signer)

    assert repr(credentials) == f"Credentials(api_key=***, signer={type(signer).__name__}(***))"
