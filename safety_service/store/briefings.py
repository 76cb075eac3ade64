"""Who has read the briefing of a family: once for each version of its plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.tables.learning import debrief
from safety_service.store.tables.plans import briefing_read, plan_version
from safety_service.store.tables.visits import risk_fact, visit
from safety_service.store.upsert import insert_or


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A debrief, as far as a briefing needs it: part E is not read."""

    id: UUID
    worker_id: UUID
    answers: Mapping[str, Any]
    severity: str
    starts_at: datetime


async def plan_number(tx: Tx, family_id: UUID) -> int:
    """The number of the family's plan as it stands; 0: there is none yet."""
    newest = select(func.max(plan_version.c.number)).where(plan_version.c.family_id == family_id)
    return int((await tx.conn.execute(newest)).scalar() or 0)


async def mark(tx: Tx, family_id: UUID, person_id: UUID, number: int, visit_id: UUID | None) -> bool:
    """They have read it. False: they had said so before."""
    row = insert_or(tx, briefing_read).values(
        id=new_id(), family_id=family_id, person_id=person_id, visit_id=visit_id, plan_number=number, at=tx.now
    )
    once = row.on_conflict_do_nothing(index_elements=["family_id", "person_id", "plan_number"])
    return (await tx.conn.execute(once)).rowcount == 1


async def read_at(tx: Tx, family_id: UUID, person_id: UUID, number: int) -> datetime | None:
    """When they said that they had read it, at this version of the plan."""
    columns = briefing_read.c
    query = select(columns.at).where(
        columns.family_id == family_id, columns.person_id == person_id, columns.plan_number == number
    )
    at: datetime | None = (await tx.conn.execute(query)).scalar_one_or_none()
    return at


async def readers(tx: Tx, family_id: UUID, number: int) -> frozenset[UUID]:
    """Who has read it at this version of the plan or a later one."""
    columns = briefing_read.c
    query = select(columns.person_id).where(columns.family_id == family_id, columns.plan_number >= number)
    return frozenset((await tx.conn.execute(query)).scalars())


async def has_facts(tx: Tx, family_id: UUID) -> bool:
    """Whether any risk fact is kept of the family."""
    query = select(risk_fact.c.id).where(risk_fact.c.family_id == family_id).limit(1)
    return (await tx.conn.execute(query)).first() is not None


async def last_told(tx: Tx, family_id: UUID, limit: int) -> list[Told]:
    """The last debriefs of a family that were given at least in part, newest first."""
    query = (
        select(debrief.c.id, debrief.c.worker_id, debrief.c.answers, debrief.c.severity, visit.c.starts_at)
        .join(visit, visit.c.id == debrief.c.visit_id)
        .where(
            debrief.c.family_id == family_id,
            (debrief.c.submitted_at.is_not(None)) | (debrief.c.first_part_at.is_not(None)),
        )
        .order_by(visit.c.starts_at.desc(), debrief.c.id.desc())
        .limit(limit)
    )
    return [Told(**row._mapping) for row in await tx.conn.execute(query)]
