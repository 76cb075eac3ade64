"""What an administrator does on the pages of people."""

from __future__ import annotations

from uuid import UUID

from aiohttp import ClientSession

from safety_service.actions import exclusions
from safety_service.store import people
from safety_service.store.people import Person
from tests.world import World

COLUMNS = "agency,team,name,email,phone,roles,supervisor_email,training"


async def get(session: ClientSession, path: str) -> tuple[int, str]:
    async with session.get(path) as answer:
        return answer.status, await answer.text()


async def post(session: ClientSession, path: str, fields: object = None, **more: str) -> tuple[int, str]:
    async with session.post(path, data=more if fields is None else fields) as answer:
        return answer.status, await answer.text()


async def known(world: World, who: str | UUID) -> Person:
    async with world.database.reading() as tx:
        return await people.get(tx, world.ids[who] if isinstance(who, str) else who)


def page_of(world: World, who: str, more: str = "") -> str:
    return f"/people/{world.ids[who]}{more}"


async def keep_off(world: World, who: str, off: str) -> None:
    async with world.database.transaction() as tx:
        await exclusions.add(tx, None, world.ids[who], worker_id=world.ids[off], reason="was married to them")


def rows(*given: str) -> str:
    return "\n".join([COLUMNS, *given])
