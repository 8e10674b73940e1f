"""The checklist names tests that exist, and what it says of secrets is so."""

import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pg_adapter.roles import RoleDsns
from tradecore_server import logs, settings

ROOT = Path(__file__).parents[2]
SECRET = "hunter" + "2" * 3
ROWS = [
    [cell.strip() for cell in line.strip("|\n").split(" | ")]
    for line in (ROOT / "docs/security-checklist.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and "`test_" in line
]


@pytest.fixture(scope="module")
def tests() -> set[str]:
    sources = (*ROOT.glob("*/*/tests/**/*.py"), *ROOT.glob("*/*/src/**/*.py"))
    return {
        name
        for path in (*sources, *ROOT.glob("tests/**/*.py"))
        for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_row_is_proved_by_tests_that_exist(row: list[str], tests: set[str]) -> None:
    named = re.findall(r"`(test_\w+)`", row[-1])

    assert named
    assert set(named) <= tests


def test_a_secret_never_shows_itself() -> None:
    loaded = settings.load({"TRADECORE_DATABASE_URL": f"postgresql://app:{SECRET}@db/x"})

    assert SECRET in (loaded.database_url or "")
    assert SECRET not in repr(loaded)
    assert SECRET not in repr(RoleDsns(owner=SECRET, application=SECRET))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    logs.configure("INFO")
    yield written
    root.handlers[:], root.level = handlers, level


def fail(token: str) -> None:
    raise ValueError(len(token))


def test_a_secret_is_blanked_in_the_log(log: io.StringIO) -> None:
    logger = logging.getLogger("anyone")
    logger.warning("asked", extra={"authorization": f"Bearer {SECRET}", "Password": SECRET})
    try:
        fail(SECRET)
    except ValueError:
        logger.exception("failed")

    assert "asked" in log.getvalue()
    assert "failed" in log.getvalue()
    assert SECRET not in log.getvalue()
