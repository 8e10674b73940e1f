"""The applications: one for the public port, a small one for the private."""

from collections.abc import Sequence
from typing import Final

from litestar import Litestar, Router
from litestar.handlers import HTTPRouteHandler
from litestar.types import ControllerRouterHandler, Middleware

from http_adapter import documentation, operations, problem_pages, problems
from http_adapter.admin import accounts, connector, freezes, funding, instruments, rules
from http_adapter.body_dto import StrictBody
from http_adapter.compliance import audit
from http_adapter.edge import Edge
from http_adapter.exchange import ApiRequest
from http_adapter.guards import gate
from http_adapter.metrics import Metrics
from http_adapter.services import Services
from http_adapter.v1 import account, market, market_data, money, orders
from tradecore.ports.token_verifier import Role

MAX_BODY_BYTES: Final = 64 * 1024

CUSTOMER: Final = (
    *orders.HANDLERS,
    *money.HANDLERS,
    *market.HANDLERS,
    *market_data.HANDLERS,
    *account.HANDLERS,
)
ADMINISTRATOR: Final = (
    *accounts.HANDLERS,
    *funding.HANDLERS,
    *rules.HANDLERS,
    *freezes.HANDLERS,
    *instruments.HANDLERS,
    *connector.HANDLERS,
)

_TRADER: Final = (Role.TRADER,)
_ADMIN: Final = (Role.ADMIN,)
_COMPLIANCE: Final = (Role.COMPLIANCE, Role.ADMIN)


def create_app(
    services: Services, *, metrics: Metrics | None = None, expose_metrics: bool = False
) -> Litestar:
    """Return the public application.

    `metrics` are shared with `create_operations_app`, which serves them on a private port;
    `expose_metrics` serves them here too.
    """
    public = [*operations.PUBLIC_HANDLERS, *problem_pages.HANDLERS]
    if expose_metrics:
        public.append(operations.get_metrics)
    return _application(
        services,
        metrics or Metrics(services.queue_length),
        [
            _router("/v1", _TRADER, "customer", *CUSTOMER),
            _router(
                "/v1/admin",
                _ADMIN,
                "administrator",
                *ADMINISTRATOR,
            ),
            _router("/v1/compliance", _COMPLIANCE, "compliance", *audit.HANDLERS),
            Router(
                path="/",
                route_handlers=public,
                tags=["operation"],
                security=[{}],
                opt={"roles": ()},
            ),
            documentation.assets_router(),
        ],
        documented=True,
    )


def create_operations_app(services: Services, metrics: Metrics) -> Litestar:
    """Return the application of a private port: health, version, metrics; no documentation."""
    return _application(
        services,
        metrics,
        [*operations.PUBLIC_HANDLERS, operations.get_metrics],
        documented=False,
    )


def _router(path: str, roles: tuple[Role, ...], tag: str, *handlers: HTTPRouteHandler) -> Router:
    middleware: Middleware = gate(*roles)
    return Router(
        path=path,
        route_handlers=handlers,
        middleware=[middleware],
        tags=[tag],
        opt={"roles": roles},
    )


def _application(
    services: Services,
    metrics: Metrics,
    handlers: Sequence[ControllerRouterHandler],
    *,
    documented: bool,
) -> Litestar:
    app = Litestar(
        route_handlers=handlers,
        dto=StrictBody,
        return_dto=None,
        request_class=ApiRequest,
        request_max_body_size=MAX_BODY_BYTES,
        exception_handlers={Exception: problems.handle},
        openapi_config=documentation.openapi_config(services.version.version)
        if documented
        else None,
        logging_config=None,
        debug=False,
    )
    # Around Litestar itself, so that an unknown path gets its headers and its count too.
    app.asgi_handler = Edge(app.asgi_handler, services, metrics)
    return app
