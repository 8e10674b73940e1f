"""The page behind every problem's `type`."""

from html import escape
from typing import Final

from litestar import Response, get
from litestar.params import FromPath

from http_adapter.problem_types import PROBLEM_TYPES, ProblemType
from http_adapter.problems import ApiProblem


@get("/problems", operation_id="ListProblemTypes", media_type="text/html")
async def list_problem_types() -> Response[str]:
    """List every problem that the API can answer with."""
    rows = "".join(
        f'<li><a href="/problems/{escape(kind.code)}">{escape(kind.code)}</a>'
        f" ({kind.status}): {escape(kind.title)}</li>"
        for kind in PROBLEM_TYPES.values()
    )
    return _page("Problems", f"<ul>{rows}</ul>")


@get("/problems/{code:str}", operation_id="GetProblemType", media_type="text/html")
async def get_problem_type(code: FromPath[str]) -> Response[str]:
    """Explain one problem: what it means and what to do."""
    kind = PROBLEM_TYPES.get(code)
    if kind is None:
        raise ApiProblem("not-found", "there is no such problem type")
    return _page(kind.title, _explanation(kind))


def _explanation(kind: ProblemType) -> str:
    return (
        f"<p><code>{escape(kind.code)}</code>, answered with status {kind.status}.</p>"
        f"<p>{escape(kind.remedy)}</p>"
        '<p><a href="/problems">All problems</a></p>'
    )


def _page(title: str, content: str) -> Response[str]:
    return Response(
        content=f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title></head><body><h1>{escape(title)}</h1>{content}</body></html>",
        media_type="text/html",
        headers={"Cache-Control": "public, max-age=3600"},
    )


HANDLERS: Final = (list_problem_types, get_problem_type)
