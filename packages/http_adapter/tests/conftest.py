"""The platform in memory behind the real routes."""

from collections.abc import AsyncIterator

import pytest

from http_adapter.testing import Platform, platform_in_memory


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    """The platform with nothing in it."""
    async with platform_in_memory() as running:
        yield running


@pytest.fixture
async def trading(platform: Platform) -> Platform:
    """The platform with BTCUSDT offered and the house's inventory booked."""
    await platform.offer()
    return platform
