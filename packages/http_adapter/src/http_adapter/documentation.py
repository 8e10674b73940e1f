"""The OpenAPI document and its pages. Every asset comes from an installed package, none from a CDN."""

from pathlib import Path
from typing import Any, Final

import litestar_offline_docs
from litestar import MediaType, Request, Response, Router, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Tag
from litestar.params import FromPath

from http_adapter.problems import ApiProblem

PATH: Final = "/schema"

_ASSETS: Final = {
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "swagger-ui.css": "text/css; charset=utf-8",
}
_FAVICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16"'
    ' rx="3" fill="#1b3a57"/><path d="M3 11l3-4 3 2 4-5" fill="none" stroke="#fff"'
    ' stroke-width="1.6"/></svg>'
)
_START: Final = (
    'window.ui = SwaggerUIBundle({url: "/schema/openapi.json", dom_id: "#swagger-ui",'
    " deepLinking: true, persistAuthorization: false});"
)
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API reference</title>
<link rel="icon" type="image/svg+xml" href="/schema/assets/favicon.svg">
<link rel="stylesheet" href="/schema/assets/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/schema/assets/swagger-ui-bundle.js"></script>
<script src="/schema/assets/start.js"></script>
</body>
</html>
"""
_CACHED: Final = {"Cache-Control": "public, max-age=3600"}
# Swagger UI styles its elements itself; everything else comes from here and from nowhere else.
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
    " connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)


class SwaggerPage(OpenAPIRenderPlugin):
    """Swagger UI without inline scripts."""

    def __init__(self) -> None:
        """Serve the page at the root and at `/swagger`."""
        super().__init__(path=["/", "/swagger"], media_type=MediaType.HTML, favicon="", style="")

    def render(
        self,
        request: Request[Any, Any, Any],  # noqa: ARG002 - the page is the same for everyone
        openapi_schema: dict[str, Any],  # noqa: ARG002 - the page loads the document itself
    ) -> bytes:
        """Return the page; it loads the document itself."""
        return _PAGE.encode()


def _assets() -> dict[str, tuple[bytes, str]]:
    """Return every asset with its media type, read once."""
    folder = Path(litestar_offline_docs.__file__).parent / "static"
    found = {name: ((folder / name).read_bytes(), kind) for name, kind in _ASSETS.items()}
    found["favicon.svg"] = (_FAVICON.encode(), "image/svg+xml")
    found["start.js"] = (_START.encode(), "text/javascript; charset=utf-8")
    return found


def assets_router() -> Router:
    """Return the routes of the pages' assets: a fixed list of names, so no path can lead out."""
    assets = _assets()

    @get("/{name:str}", include_in_schema=False)
    async def get_asset(name: FromPath[str]) -> Response[bytes]:
        if name not in assets:
            raise ApiProblem("not-found", "there is no such asset")
        content, media_type = assets[name]
        return Response(content=content, media_type=media_type, headers=_CACHED)

    return Router(path=f"{PATH}/assets", route_handlers=[get_asset])


def openapi_config(version: str) -> OpenAPIConfig:
    """Return how the document is made."""
    return OpenAPIConfig(
        title="Trading platform",
        version=version,
        description=(
            "Money and quantities are text, times are RFC 3339 in UTC with microseconds, ids are"
            " UUIDv7. Errors are RFC 9457 problem details; each `type` leads to its own page."
        ),
        openapi_router=Router(
            path=PATH,
            route_handlers=[],
            include_in_schema=False,
            response_headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY},
        ),
        use_handler_docstrings=True,
        render_plugins=[SwaggerPage(), JsonRenderPlugin(), YamlRenderPlugin()],
        security=[{"bearer": []}],
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")
            }
        ),
        tags=[
            Tag(name="customer", description="Own orders, money and account. Role `trader`."),
            Tag(name="administrator", description="Role `admin`."),
            Tag(name="compliance", description="Read-only. Roles `compliance`, `admin`."),
            Tag(name="operation", description="For everyone."),
        ],
    )
