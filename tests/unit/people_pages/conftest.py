"""What every test here has."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from safety_service import web
from tests.http import application, browsing, serving, signed_in
from tests.world import World


@pytest.fixture
async def base(world: World) -> AsyncIterator[str]:
    async with serving(application(world, web)) as address:
        yield address


@pytest.fixture
async def adam(world: World, base: str) -> AsyncIterator[ClientSession]:
    async with browsing(base) as session:
        await signed_in(world, session, "Adam")
        yield session
