"""What a worker's own day is drawn from, besides their visits: what they have not told, and what they have not read."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Table, exists, func, or_, select

from safety_service.domain.plan import HOLDS
from safety_service.store.database import Tx
from safety_service.store.tables.learning import debrief, item
from safety_service.store.tables.plans import briefing_read, measure, plan_version, undertaking
from safety_service.store.tables.visits import family, risk_fact, visit


@dataclass(frozen=True, slots=True)
class Untold:
    """A debrief that is not given yet. `begun`: its first part is."""

    id: UUID
    ref: str
    starts_at: datetime
    begun: bool


async def untold(tx: Tx, worker_id: UUID, limit: int) -> list[Untold]:
    """What this worker has not told yet, the oldest first."""
    query = (
        select(debrief.c.id, family.c.ref, visit.c.starts_at, debrief.c.first_part_at)
        .join(visit, visit.c.id == debrief.c.visit_id)
        .join(family, family.c.id == visit.c.family_id)
        # Not submitted is what a draft is; the index has it so.
        .where(debrief.c.worker_id == worker_id, debrief.c.submitted_at.is_(None), debrief.c.state == "draft")
        .order_by(debrief.c.asked_at, debrief.c.id)
        .limit(limit)
    )
    return [
        Untold(row.id, row.ref, row.starts_at, begun=row.first_part_at is not None)
        for row in await tx.conn.execute(query)
    ]


async def unread(tx: Tx, person_id: UUID, family_ids: Collection[UUID]) -> frozenset[UUID]:
    """Of these families those of which there is something to read that this person has not said they have read."""
    if not family_ids:
        return frozenset()
    newest = select(func.max(plan_version.c.number)).where(plan_version.c.family_id == family.c.id).scalar_subquery()
    was_read = exists().where(
        briefing_read.c.family_id == family.c.id,
        briefing_read.c.person_id == person_id,
        briefing_read.c.plan_number == func.coalesce(newest, 0),
    )
    told = or_(debrief.c.submitted_at.is_not(None), debrief.c.first_part_at.is_not(None))
    anything = or_(
        family.c.record.is_not(None),
        _of(plan_version),
        _of(risk_fact),
        _of(measure, measure.c.state.in_(HOLDS)),
        _of(debrief, told),
        _of(item, item.c.closed_at.is_(None), item.c.kind != "supervision"),
        _of(undertaking, undertaking.c.state.in_(("open", "broken"))),
    )
    query = select(family.c.id).where(family.c.id.in_(family_ids), ~was_read, anything)
    return frozenset((await tx.conn.execute(query)).scalars())


def _of(table: Table, *more: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(table.c.family_id == family.c.id, *more)
