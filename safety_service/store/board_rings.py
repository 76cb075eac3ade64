"""Who asked to be rung and was not yet, for the board."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, or_, select

from safety_service.domain.words import Phase
from safety_service.store.board import name_of, raw, seen
from safety_service.store.database import Tx
from safety_service.store.exclusions import KeptOff
from safety_service.store.tables.alerts import ring
from safety_service.store.tables.people import membership, person
from safety_service.store.tables.visits import visit, watch


@dataclass(frozen=True, slots=True)
class OpenRing:
    """Somebody who asked to be rung. At `next_at` it becomes an alert."""

    worker_id: UUID
    visit_id: UUID | None
    asked_at: datetime
    next_at: datetime
    worker: str


async def open_rings(tx: Tx, reader_id: UUID, teams: Collection[UUID], kept_off: KeptOff, limit: int) -> list[OpenRing]:
    """Those of these teams, the oldest first; never the reader's own, nor of a visit on which they are watched now."""
    mine = watch.alias("mine")
    along = exists().where(mine.c.visit_id == ring.c.visit_id, mine.c.worker_id == reader_id)
    theirs = exists().where(membership.c.person_id == ring.c.worker_id, membership.c.team_id.in_(teams))
    query = (
        select(ring.c.worker_id, ring.c.visit_id, ring.c.asked_at, ring.c.next_at, raw(person.c.name, "name"))
        .join(person, person.c.id == ring.c.worker_id)
        .outerjoin(visit, visit.c.id == ring.c.visit_id)
        # What is open is armed: the index is of those.
        .where(ring.c.next_at.is_not(None), ring.c.worker_id != reader_id)
        .where(or_(visit.c.team_id.in_(teams), and_(ring.c.visit_id.is_(None), theirs)))
        .where(~along.where(mine.c.phase != Phase.DONE), *seen(kept_off, ring.c.visit_id, visit.c.family_id))
        .order_by(ring.c.asked_at, ring.c.id)
        .limit(limit)
    )
    if kept_off.workers:
        query = query.where(ring.c.worker_id.not_in(kept_off.workers))
    return [_ring(row) for row in await tx.conn.execute(query)]


def _ring(row: Any) -> OpenRing:
    return OpenRing(row.worker_id, row.visit_id, row.asked_at, row.next_at, name_of(row.name))
