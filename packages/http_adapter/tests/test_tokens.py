"""Which tokens count, and for whom."""

import json
import time
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from http_adapter import JwtVerifier, LocalIssuer, TokenPolicy
from http_adapter.testing import AUDIENCE, ISSUER, Platform
from tradecore.memory import VirtualClock
from tradecore.ports.token_verifier import InvalidToken

CLOCK = VirtualClock()
ISSUING = LocalIssuer(ISSUER, AUDIENCE, CLOCK)
POLICY = TokenPolicy(issuer=ISSUER, audience=AUDIENCE)
KEY_ID = ISSUING.jwks()["keys"][0]["kid"]


def claims(**changes: Any) -> dict[str, Any]:
    now = int(CLOCK.now().timestamp())
    whole = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "ada",
        "exp": now + 60,
        "realm_access": {"roles": ["trader"]},
        "account_ids": ["a-1"],
    } | changes
    return {name: value for name, value in whole.items() if value is not ...}


def sign(key: Any = ISSUING._key, alg: str = "ES256", kid: Any = KEY_ID, **changes: Any) -> str:
    headers = {} if kid is ... else {"kid": kid}
    return jwt.encode(claims(**changes), key, algorithm=alg, headers=headers)


def encoded(part: Any) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def unsigned(alg: str) -> str:
    return f"{encoded({'alg': alg, 'kid': KEY_ID, 'typ': 'JWT'})}.{encoded(claims())}."


def with_public_key_as_secret() -> str:
    """Sign as HS256 with the text of the public key, as CVE-2015-9235 did."""
    import hashlib
    import hmac

    pem = ISSUING._key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    head = f"{encoded({'alg': 'HS256', 'kid': KEY_ID})}.{encoded(claims())}"
    mac = hmac.new(pem, head.encode(), hashlib.sha256).digest()
    return f"{head}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def swapped_signature() -> str:
    head, body, _ = sign().split(".")
    return f"{head}.{body}.{sign(sub='eve').split('.')[2]}"


NOW = int(CLOCK.now().timestamp())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)

REJECTED = {
    "alg none": unsigned("none"),
    "alg None": unsigned("None"),
    "alg NONE": unsigned("NONE"),
    "alg empty": unsigned(""),
    "alg HS256 with public key": with_public_key_as_secret(),
    "other key, same kid": sign(OTHER_KEY),
    "other algorithm": sign(RSA_KEY, "RS256"),
    "swapped signature": swapped_signature(),
    "unknown kid": sign(kid="other"),
    "no kid": sign(kid=...),
    "kid a path": sign(kid="../../etc/passwd"),
    "wrong audience": sign(aud="other"),
    "no audience": sign(aud=...),
    "wrong issuer": sign(iss="https://evil.test"),
    "issuer with slash": sign(iss=ISSUER + "/"),
    "no issuer": sign(iss=...),
    "no subject": sign(sub=...),
    "empty subject": sign(sub=""),
    "subject with a line break": sign(sub="a\nb"),
    "expired": sign(exp=NOW - 60),
    "no exp": sign(exp=...),
    "exp a text": sign(exp="tomorrow"),
    "exp true": sign(exp=True),
    "exp huge": sign(exp=1e300),
    "not yet": sign(nbf=NOW + 60),
    "nbf a text": sign(nbf="now"),
    "roles a text": sign(realm_access={"roles": "admin"}),
    "roles of numbers": sign(realm_access={"roles": [1]}),
    "account_ids a text": sign(account_ids="a-1"),
    "crit": jwt.encode(
        claims(), ISSUING._key, algorithm="ES256", headers={"kid": KEY_ID, "crit": ["x"]}
    ),
    "garbage": "garbage",
    "dots": "..",
    "many dots": "." * 50,
    "not base64": "%%%.%%%.%%%",
    "a list as header": f"{encoded([])}.{encoded(claims())}.",
    "kid a list": f"{encoded({'alg': 'ES256', 'kid': []})}.{encoded(claims())}.AAAA",
    "deep": f"{urlsafe_b64encode(b'[' * 5000).decode()}.e30.AAAA",
    "unicode": "\u00e9.\u00e9.\u00e9",
}


@pytest.mark.parametrize("token", REJECTED.values(), ids=REJECTED.keys())
async def test_token_is_not_accepted(token: str) -> None:
    verifier = JwtVerifier(POLICY, ISSUING.jwks(), CLOCK)
    with pytest.raises(InvalidToken):
        await verifier.verify(token)
    assert not verifier._verified


async def test_rejected_tokens_are_answered_401_over_http(platform: Platform) -> None:
    for name, token in REJECTED.items():
        answer = await platform.client.get(
            "/v1/balances", headers={"Authorization": b"Bearer " + token.encode("latin-1")}
        )
        assert answer.status_code == 401, name
        assert answer.json()["type"] == "/problems/unauthenticated"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
        assert token not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer " + "x" * 9000},
    ],
)
async def test_no_token_is_answered_401(platform: Platform, headers: dict[str, str]) -> None:
    answer = await platform.client.get("/v1/balances", headers=headers)
    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers


async def test_two_authorization_headers_are_none(platform: Platform) -> None:
    token = platform.trader_token("a")
    answer = await platform.client.get(
        "/v1/balances",
        headers=[("Authorization", "Bearer x"), ("Authorization", f"Bearer {token}")],
    )
    assert answer.status_code == 401


async def test_a_good_token_names_its_principal() -> None:
    principal = await JwtVerifier(POLICY, ISSUING.jwks(), CLOCK).verify(sign())
    assert principal.subject == "ada"
    assert principal.roles == {"trader"}
    assert principal.account_ids == ("a-1",)


async def test_claims_may_be_missing_and_mean_nothing() -> None:
    token = sign(realm_access=..., account_ids=...)
    principal = await JwtVerifier(POLICY, ISSUING.jwks(), CLOCK).verify(token)
    assert principal.roles == frozenset()
    assert principal.account_ids == ()


@pytest.mark.parametrize("algorithm", ["none", "HS256", "", "ES256K"])
def test_a_policy_takes_asymmetric_algorithms_only(algorithm: str) -> None:
    with pytest.raises(ValueError, match="asymmetric"):
        TokenPolicy(issuer=ISSUER, audience=AUDIENCE, algorithms=(algorithm,))


async def test_other_algorithms_count_when_the_policy_names_them() -> None:
    ed_key = ed25519.Ed25519PrivateKey.generate()
    keys = [
        RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True) | {"kid": "rsa", "alg": "RS256"},
        OKPAlgorithm.to_jwk(ed_key.public_key(), as_dict=True) | {"kid": "ed", "alg": "EdDSA"},
        ECAlgorithm.to_jwk(OTHER_KEY.public_key(), as_dict=True) | {"kid": "enc", "use": "enc"},
        {"kty": "oct", "kid": "secret", "k": "c2VjcmV0", "alg": "HS256"},
        {"kty": "strange", "kid": "strange"},
        {"kty": "EC"},
    ]
    policy = TokenPolicy(issuer=ISSUER, audience=AUDIENCE, algorithms=("RS256", "EdDSA", "ES256"))
    verifier = JwtVerifier(policy, {"keys": keys}, CLOCK)
    for key, alg, kid in ((RSA_KEY, "RS256", "rsa"), (ed_key, "EdDSA", "ed")):
        assert (await verifier.verify(sign(key, alg, kid))).subject == "ada"
    with pytest.raises(InvalidToken, match="not known"):
        await verifier.verify(sign(OTHER_KEY, kid="enc"))
    with pytest.raises(InvalidToken, match="its key's"):
        await verifier.verify(sign(OTHER_KEY, kid="rsa"))
    with pytest.raises(InvalidToken, match="its key's"):
        await verifier.verify(sign(RSA_KEY, "RS256", "ed"))


async def test_a_remembered_token_expires_all_the_same() -> None:
    clock = VirtualClock()
    issuer = LocalIssuer(ISSUER, AUDIENCE, clock)
    verifier = JwtVerifier(POLICY, issuer.jwks(), clock)
    token = issuer.issue("ada", roles=["trader"], lifetime=timedelta(seconds=60))
    await verifier.verify(token)
    clock.advance(timedelta(seconds=64))
    await verifier.verify(token)
    clock.advance(timedelta(seconds=1))
    with pytest.raises(InvalidToken, match="expired"):
        await verifier.verify(token)
    assert not verifier._verified


async def test_the_memory_of_tokens_is_bounded() -> None:
    verifier = JwtVerifier(POLICY, ISSUING.jwks(), CLOCK, max_cached=3)
    for number in range(10):
        await verifier.verify(sign(sub=str(number)))
    assert len(verifier._verified) == 3


async def test_replaced_keys_take_their_tokens_with_them() -> None:
    verifier = JwtVerifier(POLICY, ISSUING.jwks(), CLOCK)
    token = sign()
    await verifier.verify(token)
    verifier.replace_keys(LocalIssuer(ISSUER, AUDIENCE, CLOCK).jwks())
    with pytest.raises(InvalidToken):
        await verifier.verify(token)


async def test_a_key_survives_a_restart() -> None:
    again = LocalIssuer.from_pem(ISSUING.to_pem(), ISSUER, AUDIENCE, CLOCK)
    assert again.jwks() == ISSUING.jwks()
    verifier = JwtVerifier(POLICY, ISSUING.jwks(), CLOCK)
    assert (await verifier.verify(again.issue("ada", roles=["admin"]))).roles == {"admin"}
    assert "d" not in again.jwks()["keys"][0]


def test_a_key_of_another_kind_is_refused() -> None:
    pem = RSA_KEY.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with pytest.raises(ValueError, match="elliptic"):
        LocalIssuer.from_pem(pem, ISSUER, AUDIENCE, CLOCK)


async def test_a_remembered_token_is_cheap() -> None:
    """Not a benchmark: a bound that only a lost cache would break (a signature takes 100 us)."""
    verifier = JwtVerifier(POLICY, ISSUING.jwks(), CLOCK)
    token = sign()
    await verifier.verify(token)
    started = time.perf_counter()
    for _ in range(1000):
        await verifier.verify(token)
    assert (time.perf_counter() - started) / 1000 < 50e-6
