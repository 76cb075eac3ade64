"""What the tests about plans do again and again: a visit that went badly, and what a manager says of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select

from config.forms_debrief import debrief_form
from safety_service.actions import debriefs, measures, plan_chases, words
from safety_service.actions.measures import Verdict
from safety_service.actions.words import Word
from safety_service.domain.plan import Measure, MeasureDecision
from safety_service.store import measures as rows
from safety_service.store import plans, training
from safety_service.store.debriefs import Debrief, of_visit
from safety_service.store.plans import Version
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.system import event_log
from safety_service.store.visits import VisitRow
from tests.world import World

#: What the debrief insists on after a hard visit, beside what was met.
HARD = {"mood": "bad", "seen": "alone", "go_on": "yes", "hurt": "no"}


async def trained(world: World, *names: str) -> None:
    """These are trained: no visit of theirs lacks that."""
    async with world.database.transaction() as tx:
        for name in names:
            await training.put(tx, world.ids[name], {"personal_safety": tx.now.date()})


async def been(world: World, who: str = "Ann", *, ref: str = "F-1", **more: Any) -> VisitRow:
    """Somebody was inside for ten minutes, and is home."""
    row = await world.inside(who, ref=ref, **more)
    world.clock.move(timedelta(minutes=10))
    await world.do(who, words.left, row.id, Word())
    await world.do(who, words.home, row.id, Word())
    return await world.visit(row.id)


async def told(world: World, *met: str, who: str = "Ann", ref: str = "F-1", **more: Any) -> Debrief:
    """After such a visit part A is told: this was met."""
    row = await been(world, who, ref=ref, **more)
    return await first_part(world, row, *met, who=who)


async def first_part(world: World, row: VisitRow, *met: str, who: str = "Ann") -> Debrief:
    """Part A of the debrief of this visit."""
    async with world.database.reading() as tx:
        debrief = await of_visit(tx, row.id, world.ids[who])
    assert debrief is not None
    await world.do(who, debriefs.answer, debrief.id, {**HARD, "met": list(met)})
    given = await world.do(who, debriefs.give_first_part, debrief.id)
    await world.deliver()
    return given


async def the_rest(world: World, debrief: Debrief, who: str = "Ann", **answers: Any) -> Debrief:
    """The rest of it, and it is given."""
    async with world.database.reading() as tx:
        guidance = (await tx.guidance(world.agency_id)).guidance
    kept = await world.do(who, debriefs.answer, debrief.id, answers)
    for key in debriefs.missing(guidance, kept):
        await world.do(who, debriefs.answer, debrief.id, {key: _any_answer(debrief_form(guidance).step(key))})
    given = await world.do(who, debriefs.submit, debrief.id, {})
    await world.deliver()
    return given


def _any_answer(step: Any) -> Any:
    if step.options:
        return [step.options[-1]] if step.kind == "many" else step.options[-1]
    return "not much"


async def all_of(world: World, row: VisitRow | Debrief) -> dict[str, Measure]:
    """The family's measures, by key (the last one of each)."""
    assert row.family_id is not None
    async with world.database.reading() as tx:
        return {each.key: each for each in await rows.of_family(tx, row.family_id)}


async def versions(world: World, family_id: UUID | None) -> list[Version]:
    """The plan's versions, the oldest first."""
    assert family_id is not None
    async with world.database.reading() as tx:
        return list(reversed(await plans.of_family(tx, family_id)))


async def says(world: World, who: str, measure: Measure, kind: str, reason: str = "holds", **changes: Any) -> Measure:
    """A manager's decision."""
    verdict = Verdict(kind=MeasureDecision(kind), reason=reason, changes=changes)
    made = await world.do(who, measures.decide, measure.id, verdict)
    await world.deliver()
    return made


async def chased(world: World, **after: float) -> list[str]:
    """So much later, what the clock does about plans: who is told what."""
    await world.deliver()
    world.sent.clear()
    world.clock.move(timedelta(**after))
    for chase in (plan_chases.chase_measures, plan_chases.chase_reviews, plan_chases.chase_courses):
        async with world.database.transaction() as tx:
            await chase(tx, 100)
    return sorted(f"{world.name(each.person_id)} {each.template}" for each in await world.deliver())


async def logged(world: World, subject: str) -> list[str]:
    """The verbs of the evidence log about this, the oldest first."""
    async with world.database.reading() as tx:
        query = select(event_log.c.verb).where(event_log.c.subject == subject).order_by(event_log.c.id)
        return list((await tx.conn.execute(query)).scalars())


async def everything_said_to(world: World, who: str) -> str:
    """All that this person was sent, as one text."""
    async with world.database.reading() as tx:
        query = select(outbox.c.params).where(outbox.c.person_id == world.ids[who])
        return str(list((await tx.conn.execute(query)).scalars()))
