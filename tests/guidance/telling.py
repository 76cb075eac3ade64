"""Telling of a visit in tests: a worker was there, and says how it was, in the chat or on our own page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from safety_service.actions import debriefs, words
from safety_service.actions.words import Word
from safety_service.store import debriefs as rows
from safety_service.store import families, items
from safety_service.store.debriefs import Debrief
from safety_service.store.items import Item
from safety_service.store.visits import VisitRow
from tests.talk import Talk
from tests.world import World

#: Part A of a visit that was hard.
HARD: dict[str, Any] = {"mood": "bad", "seen": "with_others", "go_on": "yes", "met": ["argued"]}
#: Part B, where it was more than mixed feelings.
CHILD: dict[str, Any] = {
    f"child_{key}": "no" for key in ("quiet_to_stay_safe", "too_scared", "pleasing", "blaming", "siding", "safe_topics")
}


async def out(world: World, who: str = "Ann", ref: str = "F-1") -> VisitRow:
    """They were inside for ten minutes, are out and home."""
    row = await world.inside(who, ref=ref)
    world.clock.move(timedelta(minutes=10))
    await world.do(who, words.left, row.id, Word())
    await world.do(who, words.home, row.id, Word())
    return row


async def debrief_of(world: World, visit: VisitRow, who: str = "Ann") -> Debrief:
    """The debrief as it is now."""
    async with world.database.reading() as tx:
        row = await rows.of_visit(tx, visit.id, world.ids[who])
    assert row is not None
    return row


async def tells(world: World, visit: VisitRow, answers: dict[str, Any], who: str = "Ann") -> Debrief:
    """Part A, and whatever else was answered."""
    row = await debrief_of(world, visit, who)
    await world.do(who, debriefs.answer, row.id, answers)
    return await world.do(who, debriefs.give_first_part, row.id)


async def gives(world: World, visit: VisitRow, answers: dict[str, Any], who: str = "Ann") -> Debrief:
    """The whole."""
    return await world.do(who, debriefs.submit, (await debrief_of(world, visit, who)).id, answers)


async def facts_of(world: World, ref: str = "F-1") -> list[str]:
    """The kinds of risk fact that stand on a family."""
    async with world.database.reading() as tx:
        family_id = await families.by_ref(tx, world.agency_id, ref)
        assert family_id is not None
        return sorted(each.kind for each in await families.facts(tx, family_id))


async def open_items(world: World, visit: VisitRow, kind: str = "") -> list[Item]:
    """What is open about this family."""
    async with world.database.reading() as tx:
        found = await items.open_of_family(tx, visit.family_id)
    return [each for each in found if kind in ("", each.kind)]


async def roadside(talk: Talk, who: str, *labels: str) -> None:
    """Press these, one after the other, in the newest message that has them."""
    for label in labels:
        await talk.presses(who, label)
