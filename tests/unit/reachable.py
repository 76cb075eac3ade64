"""Ways to reach people, for tests: proven ones at once, and what was said on them."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Row, select

from safety_service.store import channels, people
from safety_service.store.channels import Channel, Kind
from safety_service.store.tables.alerts import outbox
from tests.world import World

OFFERED = ("voice", "sms", "email", "hook")


async def has(world: World, who: str, kind: str, address: str) -> Channel:
    """This person has proven this address, and whoever had to agree has agreed."""
    async with world.database.transaction() as tx:
        made = await channels.link(tx, world.ids[who], cast("Kind", kind), address)
        await channels.prove(tx, made.id, "active")
    return made


async def has_no_chat(world: World, who: str) -> None:
    """Nothing but what they prove reaches this person."""
    async with world.database.transaction() as tx:
        await channels.end_all(tx, world.ids[who])


async def said(world: World, who: str, template: str = "") -> list[Row[Any]]:
    """Every message to this person, of templates that begin so, oldest first."""
    async with world.database.reading() as tx:
        rows = await tx.conn.execute(select(outbox).where(outbox.c.person_id == world.ids[who]).order_by(outbox.c.id))
        return [each for each in rows.all() if each.template.startswith(template)]


async def code_for(world: World, who: str) -> str:
    """The code that was sent last."""
    return str((await said(world, who, "channel.code"))[-1].params["code"])


async def states(world: World, who: str) -> dict[str, str]:
    """The state of each of this person's channels that has not ended."""
    async with world.database.reading() as tx:
        return {each.kind: each.state for each in await channels.of_person(tx, world.ids[who])}


async def leaves_rights(world: World, who: str) -> None:
    """This person holds no role any more."""
    async with world.database.transaction() as tx:
        await people.set_roles(tx, world.ids[who], world.team_id, frozenset())
