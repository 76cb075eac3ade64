"""Signing in with a work account, step by step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from aiohttp import ClientSession
from sqlalchemy import func, select

from safety_service.actions import again
from safety_service.store import identities
from tests.services.openid import Provider
from tests.world import World

LATER = again.WITHIN + timedelta(seconds=1)


async def off(browser: ClientSession, path: str = "/account/enter") -> str:
    """Sent off: gives the address of the service's page."""
    async with browser.get(path, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
        return answer.headers["Location"]


async def chosen(browser: ClientSession, there: str, subject: str) -> str:
    """Who signs in there; gives the address that leads back."""
    async with browser.get(there) as answer:
        assert answer.status == 200 and subject in await answer.text()
    async with browser.post(there, data={"sub": subject}, allow_redirects=False) as answer:
        return answer.headers["Location"]


async def back(browser: ClientSession, address: str) -> tuple[int, str]:
    async with browser.get(address, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def signs_in(browser: ClientSession, subject: str, path: str = "/account/enter") -> tuple[int, str]:
    return await back(browser, await chosen(browser, await off(browser, path), subject))


async def status(browser: ClientSession, path: str = "/hello") -> int:
    async with browser.get(path, allow_redirects=False) as answer:
        return answer.status


async def counted(world: World, table: Any) -> int:
    async with world.database.reading() as tx:
        return int((await tx.conn.execute(select(func.count()).select_from(table))).scalar_one())


async def linked(world: World, provider: Provider, who: str) -> None:
    """This person's account speaks for them already."""
    async with world.database.transaction() as tx:
        await identities.add(tx, world.ids[who], provider.issuer, f"sub-{who}", "active")
