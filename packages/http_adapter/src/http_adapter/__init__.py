"""HTTP behind the use cases of tradecore: routes, problem details, generated OpenAPI."""

from http_adapter.app import create_app, create_operations_app
from http_adapter.local_issuer import LocalIssuer
from http_adapter.metrics import Metrics
from http_adapter.services import HealthCheck, Services, Version
from http_adapter.tokens import JwtVerifier, TokenPolicy

__all__ = [
    "HealthCheck",
    "JwtVerifier",
    "LocalIssuer",
    "Metrics",
    "Services",
    "TokenPolicy",
    "Version",
    "create_app",
    "create_operations_app",
]
