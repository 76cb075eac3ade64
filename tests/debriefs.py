"""Debriefs put straight into the rows, as given: for tests of what is done with them afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from safety_service.actions import learning
from safety_service.actions.given import Given
from safety_service.store import visits
from safety_service.store.database import Tx
from safety_service.store.debriefs import Debrief
from safety_service.store.ids import new_id
from safety_service.store.tables.learning import debrief
from tests.world import World


async def given(world: World, who: str = "Ann", *, ref: str = "F-1", whole: bool = True, **more: Any) -> UUID:
    """A debrief of a visit that this person made; what follows from it has followed. Gives its id.

    `answers`, `private`, `behaviours` (the guidance's keys) and `severity` are as given; else it was a quiet visit.
    """
    after = timedelta(minutes=more.pop("after", 0))
    row = await world.plan(who, ref=ref, after=int(after.total_seconds() // 60), minutes=20)
    async with world.database.transaction() as tx:
        return await put(tx, row.id, world.ids[who], whole=whole, **more)


async def put(tx: Tx, visit_id: UUID, worker_id: UUID, *, whole: bool = True, **more: Any) -> UUID:
    """A debrief of this visit, and what follows from it."""
    row = await visits.load(tx, visit_id)
    assert row is not None
    behaviours = tuple(more.pop("behaviours", ()))
    edition = await tx.guidance(row.agency_id)
    values = {
        "id": more.pop("id", None) or new_id(),
        "agency_id": row.agency_id,
        "visit_id": row.id,
        "worker_id": worker_id,
        "family_id": row.family_id,
        "team_id": row.team_id,
        "state": "submitted" if whole else "draft",
        "answers": {**_mood(behaviours), "seen": "alone", **more.pop("answers", {})},
        "severity": more.pop("severity", "none"),
        "asked_at": tx.now,
        "submitted_at": tx.now if whole else None,
        "first_part_at": tx.now,
        "guidance_edition": edition.number,
        **more,
    }
    await tx.conn.execute(insert(debrief).values(values))
    names = {each for each in Debrief.__dataclass_fields__ if each in values}
    kept = Debrief(**{"next_at": None, "stage": None, **{name: values[name] for name in names}})
    follows = Given(
        debrief=kept, visit=row, edition=edition, answers=values["answers"], behaviours=behaviours, whole=whole
    )
    await learning.follow(tx, follows)
    made: UUID = values["id"]
    return made


def _mood(behaviours: tuple[str, ...]) -> dict[str, Any]:
    return {"mood": "bad", "met": list(behaviours)} if behaviours else {"mood": "fine"}
