"""What every test here has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import unused_port

from safety_service import web
from tests import http
from tests.services.openid import CLIENT, SECRET, Provider, providing
from tests.world import World


@pytest.fixture
async def provider(world: World) -> AsyncIterator[Provider]:
    async with providing(lambda: world.now) as one:
        for name in ("Ann", "Mia", "Dev"):
            one.people[f"sub-{name}"] = {"email": f"{name.lower()}@example.org", "email_verified": True}
        yield one


@pytest.fixture
async def base(world: World, provider: Provider) -> AsyncIterator[str]:
    port = unused_port()
    settings: dict[str, Any] = {
        "oidc_issuer": provider.issuer,
        "oidc_client_id": CLIENT,
        "oidc_client_secret": SECRET,
        "public_url": f"http://127.0.0.1:{port}",
        "telegram_token": "4711:a-token-of-nobody",
    }
    async with http.serving(http.application(world, web, **settings), port) as address:
        provider.back = f"{address}/account/back"
        yield address


@pytest.fixture
async def browser(base: str) -> AsyncIterator[ClientSession]:
    async with http.browsing(base) as one:
        yield one
