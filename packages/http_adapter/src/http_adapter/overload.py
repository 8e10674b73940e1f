"""What answers where there is no room for the application: ASGI, and nothing of Litestar's."""

from uuid import uuid4

from litestar.types import Receive, Scope, Send

from http_adapter.problems import ApiProblem, encoded


async def too_many_connections(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 503 at once, and let the connection go."""
    correlation_id = str(uuid4())
    problem = ApiProblem(
        "too-many-connections",
        "as many connections are open as are allowed",
        headers={"Connection": "close", "X-Correlation-Id": correlation_id},
    )
    await encoded(scope["path"], problem, correlation_id).to_asgi_response()(scope, receive, send)
