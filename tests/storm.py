"""Many workers of one agency whose alarms are due at the same moment."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from safety_service.domain.words import Role
from safety_service.store import channels, outbox, people
from safety_service.store.visits import VisitRow
from tests.world import MINUTE, World


async def workers(world: World, count: int, **more: Any) -> list[str]:
    """So many more practitioners, each with a chat."""
    names = [f"W{len(world.ids) + number}" for number in range(count)]
    async with world.database.transaction() as tx:
        for name in names:
            made = await people.add(
                tx, world.agency_id, name, email=f"{name}@example.org", phone="07700 900100", **more
            )
            world.ids[name] = made.id
            await people.set_roles(tx, made.id, world.team_id, frozenset({Role.PRACTITIONER}))
            await channels.link(tx, made.id, "telegram", f"chat-{name}")
    return names


async def storm(world: World, count: int) -> list[VisitRow]:
    """So many people inside whose alarm is due now, and was not raised yet."""
    rows = [await world.inside(name, ref=f"S-{name}") for name in await workers(world, count)]
    await world.jump(36)
    return rows


async def waiting(world: World) -> list[outbox.Outgoing]:
    """What waits to go out, taken."""
    async with world.database.transaction() as tx:
        return await outbox.lease(tx, ["telegram", "voice", "sms"], 1000, "test", MINUTE, most=9)


def whose(messages: list[outbox.Outgoing]) -> list[UUID]:
    """Of which visits these tell, in order."""
    return sorted(each.visit_id for each in messages if each.visit_id is not None)
