"""Hundreds of people who are out at once, put into rows directly: what is tried is the page, not how they got there."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import insert

from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.tables.people import membership, person
from safety_service.store.tables.visits import family, visit, watch
from tests.world import MINUTE, World

FIRST = ("Ann", "Bo", "Cy", "Dee", "Eve", "Flo", "Gus", "Hal", "Ida", "Jo")
LAST = ("Archer", "Baker", "Carter", "Dyer", "Elliott", "Fisher", "Glover", "Hughes", "Iqbal", "Jarvis")
RISKS = ("low", "medium", "high")


async def crowd(world: World, count: int) -> list[UUID]:
    """So many workers of the world's team, each inside a visit of an hour; gives the visits' ids."""
    visits: list[UUID] = []
    async with world.database.transaction() as tx:
        for number in range(count):
            visits.append(await _out(tx, world, number))
    return visits


async def _out(tx: Tx, world: World, number: int) -> UUID:
    name = f"{FIRST[number % 10]} {LAST[number // 10 % 10]} {number}"
    worker_id, family_id, visit_id = new_id(), new_id(), new_id()
    keep = tx.conn.execute
    about = {"agency_id": world.agency_id, "created_at": tx.now}
    await keep(insert(person).values(id=worker_id, name=name, active=True, **about))
    await keep(insert(membership).values(person_id=worker_id, team_id=world.team_id, role="practitioner"))
    await keep(insert(family).values(id=family_id, ref=f"F-{1000 + number}", **about))
    said = tx.now - (number % 14) * MINUTE
    values = {
        "id": visit_id,
        "team_id": world.team_id,
        "family_id": family_id,
        "status": "begun",
        "because": [],
        "risk": RISKS[number % 3],
        "purpose": "review",
        "address": {"text": f"{number} Long Elm Row, Elmchester"},
        "starts_at": said,
        "ends_at": said + timedelta(hours=1),
        "travel": 30 * MINUTE,
        "answers": {},
    }
    await keep(insert(visit).values(**values, created_by=worker_id, **about))
    due = said + (15 + number % 15) * MINUTE
    times = {"due_at": due, "next_at": due, "alarm_at": due + 5 * MINUTE, "last_word_at": said, "stage": "ask"}
    await keep(
        insert(watch).values(
            visit_id=visit_id,
            worker_id=worker_id,
            phase="inside",
            interval=15 * MINUTE,
            ends_at=said + timedelta(hours=1),
            **times,
        )
    )
    return visit_id
