"""Supervisions (G11), and what a worker's agenda is made of. What was written down of one is never changed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select

from safety_service.store.database import Tx
from safety_service.store.tables.around import supervision
from safety_service.store.tables.learning import debrief, debrief_behaviour
from safety_service.store.tables.visits import family, visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervision:
    """A row. `body`: `discussed`, `notes`, `agreed`, `closed`, `opened`, `judgements`, `settled`."""

    id: UUID
    agency_id: UUID
    worker_id: UUID
    supervisor_id: UUID
    at: datetime
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MetBy:
    """What a worker met on one visit, by the guidance's keys."""

    debrief_id: UUID
    family_id: UUID
    family_ref: str
    on: date
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Private:
    """The private part of a debrief: for the worker and their supervisor."""

    debrief_id: UUID
    family_id: UUID
    team_id: UUID
    submitted_at: datetime
    private: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Overdue:
    """A debrief that was not given yet, and since when it is wanted."""

    debrief_id: UUID
    family_id: UUID
    family_ref: str
    asked_at: datetime


async def add(tx: Tx, row: Supervision) -> None:
    """Keep a new one; it stands."""
    values = {name: getattr(row, name) for name in Supervision.__dataclass_fields__}
    await tx.conn.execute(insert(supervision).values(**values))


async def of_worker(tx: Tx, worker_id: UUID) -> list[Supervision]:
    """Every supervision of a worker, the oldest first."""
    query = select(supervision).where(supervision.c.worker_id == worker_id).order_by(supervision.c.at, supervision.c.id)
    return [Supervision(**row._mapping) for row in await tx.conn.execute(query)]


async def last_of(tx: Tx, worker_ids: Collection[UUID]) -> dict[UUID, datetime]:
    """When each of these was supervised last; who never was is not in it."""
    latest = select(supervision.c.worker_id, func.max(supervision.c.at).label("at"))
    query = latest.where(supervision.c.worker_id.in_(worker_ids)).group_by(supervision.c.worker_id)
    return {row.worker_id: row.at for row in await tx.conn.execute(query)}


async def met_by(tx: Tx, worker_id: UUID, since: date) -> list[MetBy]:
    """What this worker met since then, a row for each debrief, the newest first; without what counts for nothing."""
    columns = debrief_behaviour.c
    query = (
        select(columns.debrief_id, columns.kind, columns.family_id, columns.on.label("day"), family.c.ref)
        .join(family, family.c.id == columns.family_id)
        .where(columns.worker_id == worker_id, columns.on >= since, columns.severity != "none")
        .order_by(columns.on.desc(), columns.debrief_id, columns.kind)
    )
    rows: dict[UUID, MetBy] = {}
    for row in await tx.conn.execute(query):
        before = rows.get(row.debrief_id)
        kinds = (*(() if before is None else before.kinds), row.kind)
        rows[row.debrief_id] = MetBy(row.debrief_id, row.family_id, row.ref, row.day, kinds)
    return list(rows.values())


async def private_of(tx: Tx, worker_id: UUID, since: datetime) -> list[Private]:
    """The private parts of what this worker told since then, the newest first."""
    query = (
        select(debrief.c.id, visit.c.family_id, visit.c.team_id, debrief.c.submitted_at, debrief.c.private)
        .join(visit, visit.c.id == debrief.c.visit_id)
        .where(debrief.c.worker_id == worker_id, debrief.c.submitted_at >= since, debrief.c.private.is_not(None))
        .order_by(debrief.c.submitted_at.desc(), debrief.c.id)
    )
    rows = await tx.conn.execute(query)
    return [Private(*row) for row in rows if row.private]


async def overdue_of(tx: Tx, worker_id: UUID, before: datetime) -> list[Overdue]:
    """Debriefs that were wanted before then and were not given, the oldest first."""
    query = (
        select(debrief.c.id, visit.c.family_id, family.c.ref, debrief.c.asked_at)
        .join(visit, visit.c.id == debrief.c.visit_id)
        .join(family, family.c.id == visit.c.family_id)
        .where(debrief.c.worker_id == worker_id, debrief.c.state == "draft", debrief.c.asked_at < before)
        .order_by(debrief.c.asked_at, debrief.c.id)
    )
    return [Overdue(row.id, row.family_id, row.ref, row.asked_at) for row in await tx.conn.execute(query)]
