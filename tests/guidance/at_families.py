"""What the tests about families do again and again."""

from datetime import date
from typing import Any

from safety_service.actions import facts, families
from safety_service.actions.facts import NewFact
from safety_service.actions.families import Family
from safety_service.actions.given import Given
from safety_service.actions.partners import follow
from safety_service.store import debriefs, visits
from safety_service.store import families as rows
from safety_service.store.debriefs import Debrief, Met
from safety_service.store.ids import new_id
from safety_service.store.risk_facts import FactRow
from tests.world import World

REF = "F-1"


async def change(world: World, who: str = "Ann", **changes: Any) -> Family:
    """Change the record of the family as it stands now."""
    async with world.database.reading() as tx:
        row = await rows.load(tx, world.agency_id, REF)
    assert row is not None
    return await world.do(who, families.change, REF, row.version, changes)


async def fact(world: World, kind: str, who: str = "Ann", *, on: date | None = None, **more: Any) -> FactRow:
    """Add a risk fact by hand."""
    given = NewFact(kind=kind, on=on or world.now.date(), source=more.pop("source", "police"), **more)
    return await world.do(who, facts.add, REF, given)


async def told(world: World, *met: str, who: str = "Ann", on: date | None = None, **answers: Any) -> Debrief:
    """A debrief of a visit, with what was met, as it stands after it was given."""
    planned = await world.plan(who)
    async with world.database.transaction() as tx:
        row = await visits.load(tx, planned.id)
        assert row is not None
        edition = await tx.guidance(world.agency_id)
        given = Debrief(
            id=new_id(),
            agency_id=world.agency_id,
            visit_id=row.id,
            worker_id=world.ids[who],
            state="submitted",
            answers={"mood": "bad", "met": list(met), **answers},
            asked_at=tx.now,
            next_at=None,
            stage=None,
            submitted_at=tx.now,
            first_part_at=tx.now,
            family_id=row.family_id,
            team_id=row.team_id,
        )
        await debriefs.add(tx, given)
        known = edition.guidance.behaviours
        kinds = [
            Met(kind=each, group=known[each].group, severity=known[each].severity, on=on or tx.now.date())
            for each in met
        ]
        await debriefs.add_met(tx, given, kinds)
        await follow(
            tx,
            Given(debrief=given, visit=row, edition=edition, answers=given.answers, behaviours=met, whole=True),
        )
    return given
