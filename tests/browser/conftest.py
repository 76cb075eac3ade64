"""What the tests in a real browser share. What they are about is the page, so one kind of database will do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser.phone import chromium
from tests.browser.service import Service
from tests.world import World


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def browser(chromium_path: Path) -> AsyncIterator[Browser]:
    async with chromium(chromium_path) as browser:
        yield browser


@pytest.fixture
async def service(world: World) -> AsyncIterator[Service]:
    service = Service(world)
    await service.start()
    yield service
    await service.stop()
