import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "security: what must never leak (tests/security)")
