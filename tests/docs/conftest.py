"""What the tests of the documentation share: the pages, and the marker of their folder."""

from pathlib import Path

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "docs: what the pages say is so (tests/docs)")


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).parents[2]
