"""A store in which something happened: every table that is never changed has a row, and there is a file."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from safety_service.actions import words
from safety_service.actions.words import Word
from safety_service.store import kept_files
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.tables import metadata
from safety_service.store.tables.around import supervision
from safety_service.store.tables.learning import debrief_addendum
from safety_service.store.tables.people import person
from safety_service.store.tables.plans import course, measure, measure_decision, undertaking, undertaking_note
from safety_service.store.tables.visits import decision, family
from scheduler.linker import Linker
from tests import debriefs
from tests.world import World

#: The database refuses to change these.
NEVER_CHANGED = (
    *("event_log", "said", "decision", "plan_version", "measure_decision", "course", "undertaking_note"),
    *("supervision", "debrief_addendum"),
)
PHOTO = bytes(range(256)) * 300
SAID = "went up to the third floor, a dog on the stairs"


async def live(world: World) -> World:
    """Ann met a threat, and somebody decided; Ben is inside, and his alarm is open."""
    debrief_id = await debriefs.given(world, behaviours=("open_threat",), severity="high")
    async with world.database.transaction() as tx:
        await _stands(tx, world, debrief_id)
        await _file(tx, world, debrief_id)
        # Ids grow: the one whom Ann refers to came after her.
        supervised = update(person).where(person.c.id == world.ids["Ann"])
        await tx.conn.execute(supervised.values(supervisor_id=world.ids["Mia"], responder={"car": "a red one"}))
    row = await world.inside("Ben", ref="F-2")
    await world.do("Ben", words.ok, row.id, Word(note=SAID))
    await world.later(50)
    await world.jump(1)
    await Linker(world.database, "test").once()
    async with world.database.reading() as tx:
        for table in NEVER_CHANGED:
            assert (await tx.conn.execute(select(metadata.tables[table]).limit(1))).first(), f"no row of {table}"
    return world


async def _stands(tx: Tx, world: World, debrief_id: UUID) -> None:
    here = {"agency_id": world.agency_id}
    by: dict[str, Any] = {"by": world.ids["Mia"], "at": tx.now}
    family_id = (await tx.conn.execute(select(family.c.id))).scalars().first()
    visit_id = (await tx.conn.execute(select(metadata.tables["visit"].c.id))).scalars().first()
    measure_id = (await tx.conn.execute(select(measure.c.id))).scalars().first()
    undertaken, soon = new_id(), (tx.now + timedelta(days=30)).date()
    rows: list[tuple[Any, dict[str, Any]]] = [
        (decision, {"visit_id": visit_id, "kind": "go_ahead", "reason": SAID, "visit_version": 1, **by}),
        (measure_decision, {"measure_id": measure_id, "kind": "accept", "reason": SAID, **by}),
        (course, {**here, "family_id": family_id, "kind": "as_it_is", "reason": SAID, "until_on": soon, **by}),
        (debrief_addendum, {"debrief_id": debrief_id, "text": SAID, **by}),
        (supervision, {**here, "worker_id": world.ids["Ann"], "supervisor_id": by["by"], "at": tx.now, "body": {}}),
    ]
    for table, values in rows:
        await tx.conn.execute(insert(table).values(id=new_id(), **values))
    made = {"family_id": family_id, "body": {"concern": SAID}, "state": "open", "review_on": soon, **here}
    await tx.conn.execute(insert(undertaking).values(id=undertaken, made_by=by["by"], made_at=tx.now, **made))
    note = {"undertaking_id": undertaken, "state": "open", "note": SAID, **by}
    await tx.conn.execute(insert(undertaking_note).values(id=new_id(), **note))


async def _file(tx: Tx, world: World, debrief_id: UUID) -> None:
    known = {"person_id": world.ids["Ann"], "visit_id": None, "debrief_id": debrief_id, "agency_id": world.agency_id}
    when = {"next_at": None, "said_at": tx.now, "kept_at": tx.now, "gone": None}
    kind = {"kind": "photo", "media_type": "image/jpeg", "size": len(PHOTO), "seconds": None, "source": None}
    await kept_files.add(tx, kept_files.new(**known, **when, **kind, attempts=0), "a photo", PHOTO)
