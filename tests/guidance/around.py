"""What the tests around a family begin with: a visit that went badly, other agencies, what is told and chased."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select

from config.guidance import parse_guidance
from safety_service.actions import words
from safety_service.actions.given import Given
from safety_service.actions.words import Word
from safety_service.store import debriefs
from safety_service.store.database import Tx
from safety_service.store.debriefs import Debrief
from safety_service.store.ids import new_id
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.around import partner
from safety_service.store.visits import VisitRow
from tests.world import World

#: Part B, nothing of it known.
CHILD_PART = {f"child_{key}": "not_known" for key, each in parse_guidance("").child.items() if each.answer != "text"}

Follow = Callable[[Tx, Given], Awaitable[None]]


async def bad_visit(world: World, who: str = "Ann", *, ref: str = "F-1") -> VisitRow:
    """Somebody was inside for ten minutes, is out and home."""
    row = await world.inside(who, ref=ref)
    world.clock.move(timedelta(minutes=10))
    await world.do(who, words.left, row.id, Word())
    await world.do(who, words.home, row.id, Word())
    await world.deliver()
    world.sent.clear()
    return row


async def told(
    world: World,
    row: VisitRow,
    follow: Follow,
    *,
    met: tuple[str, ...] = ("open_threat",),
    whole: bool = False,
    who: str = "Ann",
    **answers: Any,
) -> Debrief:
    """The worker's debrief is given, and one part of the learning loop follows from it."""
    async with world.database.transaction() as tx:
        debrief = await debriefs.of_visit(tx, row.id, world.ids[who])
        assert debrief is not None
        edition = await tx.guidance(world.agency_id)
        given = {"met": list(met), **answers}
        await follow(tx, Given(debrief=debrief, visit=row, edition=edition, answers=given, behaviours=met, whole=whole))
    await world.deliver()
    return debrief


async def agency_at(
    world: World, family_id: UUID, organisation: str = "School", *, verified: bool = True, kept_out: str | None = None
) -> UUID:
    """Another agency at this family."""
    partner_id = new_id()
    async with world.database.transaction() as tx:
        await tx.conn.execute(
            insert(partner).values(
                id=partner_id,
                agency_id=world.agency_id,
                family_id=family_id,
                organisation=organisation,
                contact={"name": "Jo Field", "role": "Head", "email": "jo@school.example", "phone": "01632 960111"},
                verified_at=tx.now if verified else None,
                meets=[],
                visits="yes",
                stance="neither",
                kept_out=kept_out,
                created_at=tx.now,
                updated_at=tx.now,
            )
        )
    return partner_id


async def chased(world: World, chase: Callable[[Tx, int], Awaitable[int]]) -> list[str]:
    """What the clock does now: who is told what."""
    await world.deliver()
    world.sent.clear()
    async with world.database.transaction() as tx:
        await chase(tx, 100)
    return sorted(f"{world.name(each.person_id)} {each.template}" for each in await world.deliver())


async def everything_said(world: World) -> str:
    """All params of all messages, as one text."""
    async with world.database.reading() as tx:
        return str([row.params for row in await tx.conn.execute(select(outbox))])
