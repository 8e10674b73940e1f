"""Who issues tokens in the embedded default: a key in the data folder, for development only."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Final

from http_adapter.local_issuer import LocalIssuer
from http_adapter.tokens import JwtVerifier, TokenPolicy
from tradecore.ports.clock import Clock

ISSUER: Final = "https://localhost/tradecore"
AUDIENCE: Final = "tradecore"
LIFETIME: Final = timedelta(hours=12)


def load_issuer(data_directory: Path, clock: Clock) -> LocalIssuer:
    """Return the issuer whose key is in the data folder, made there at the first call."""
    path = data_directory / "issuer.pem"
    if path.exists():
        return LocalIssuer.from_pem(path.read_bytes(), ISSUER, AUDIENCE, clock)
    issuer = LocalIssuer(ISSUER, AUDIENCE, clock)
    data_directory.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(issuer.to_pem())
    return issuer


def build_verifier(issuer: LocalIssuer, clock: Clock) -> JwtVerifier:
    """Return a verifier that trusts the local issuer, as it would any OIDC issuer."""
    return JwtVerifier(TokenPolicy(issuer=ISSUER, audience=AUDIENCE), issuer.jwks(), clock)
