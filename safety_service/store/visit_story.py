"""What is kept of one visit besides its row: decisions, what was done to it, debriefs, what its workers were asked."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from safety_service.domain.timeline import Deed
from safety_service.domain.words import Decided
from safety_service.store.database import Tx
from safety_service.store.tables.learning import debrief
from safety_service.store.tables.system import event_log
from safety_service.store.tables.visits import decision, visit

#: What was done to the plan of a visit. Nothing of an alert is among it: that is told by the alert.
OF_THE_PLAN = ("planned", "changed", "held_against_plan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A decision, and whether it stands: the plan that it was made for has not been changed since."""

    kind: Decided
    reason: str
    by: UUID
    at: datetime
    stands: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A debrief of the visit, without a word of what it says."""

    id: UUID
    worker_id: UUID
    state: str
    severity: str
    first_part_at: datetime | None
    submitted_at: datetime | None


async def decisions(tx: Tx, visit_id: UUID) -> list[Made]:
    """Every decision, the oldest first."""
    changed = select(visit.c.changed_version).where(visit.c.id == visit_id)
    since = (await tx.conn.execute(changed)).scalar_one_or_none() or 0
    query = select(decision).where(decision.c.visit_id == visit_id).order_by(decision.c.id)
    rows = (await tx.conn.execute(query)).all()
    return [
        Made(
            kind=Decided(row.kind),
            reason=row.reason,
            by=row.by,
            at=row.at,
            stands=row.visit_version >= since and row is rows[-1],
        )
        for row in rows
    ]


async def deeds(tx: Tx, visit_id: UUID) -> list[Deed]:
    """What was done to its plan, in order."""
    its = (event_log.c.visit_id == visit_id, event_log.c.verb.in_(OF_THE_PLAN), event_log.c.subject == "visit")
    rows = await tx.conn.execute(select(event_log).where(*its).order_by(event_log.c.at, event_log.c.id))
    return [
        Deed(at=row.at, verb=row.verb, by=row.actor_id, about=row.subject_id, details=row.details or {}) for row in rows
    ]


async def debriefs(tx: Tx, visit_id: UUID, workers: Collection[UUID]) -> list[Told]:
    """Those of these workers."""
    columns = (debrief.c[name] for name in Told.__dataclass_fields__)
    query = select(*columns).where(debrief.c.visit_id == visit_id, debrief.c.worker_id.in_(tuple(workers)))
    return [_told(row) for row in await tx.conn.execute(query.order_by(debrief.c.id))]


def _told(row: Any) -> Told:
    return Told(**{name: getattr(row, name) for name in Told.__dataclass_fields__})
