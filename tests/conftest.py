"""What all tests above the unit level share.

The folder below `tests/` is the marker: `pytest -m "not integration"` leaves tests/integration out.
Database fixtures come from `pg_adapter.testing`.
"""

from pathlib import Path

import pytest

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(_HERE):
            folder = item.path.relative_to(_HERE).parts[0]
            item.add_marker(getattr(pytest.mark, folder))
