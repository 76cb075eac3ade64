"""Debriefs: one for each worker of a visit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from safety_service.store.database import Tx
from safety_service.store.tables.learning import debrief


@dataclass(frozen=True, slots=True, kw_only=True)
class Debrief:
    """A row. `answers` are by question key; `next_at` and `stage` say when and how it is chased."""

    id: UUID
    agency_id: UUID
    visit_id: UUID
    worker_id: UUID
    state: str = "draft"
    answers: Mapping[str, Any]
    severity: str = "none"
    wants_to_talk: bool = False
    asked_at: datetime
    next_at: datetime | None
    stage: str | None
    submitted_at: datetime | None = None


async def add(tx: Tx, row: Debrief) -> None:
    """Keep a new one."""
    await tx.conn.execute(insert(debrief).values(**_values(row)))


async def load(tx: Tx, debrief_id: UUID, *, lock: bool = False) -> Debrief | None:
    """The debrief with this id; `lock` holds it until the transaction ends."""
    query = select(debrief).where(debrief.c.id == debrief_id)
    row = (await tx.conn.execute(query.with_for_update() if lock else query)).one_or_none()
    return None if row is None else _read(row)


async def of_visit(tx: Tx, visit_id: UUID, worker_id: UUID) -> Debrief | None:
    """This worker's debrief of this visit."""
    query = select(debrief).where(debrief.c.visit_id == visit_id, debrief.c.worker_id == worker_id)
    row = (await tx.conn.execute(query)).one_or_none()
    return None if row is None else _read(row)


async def open_of(tx: Tx, worker_id: UUID) -> list[Debrief]:
    """What this worker has not told yet, the oldest first."""
    chosen = select(debrief).where(debrief.c.worker_id == worker_id, debrief.c.state == "draft")
    rows = await tx.conn.execute(chosen.order_by(debrief.c.asked_at, debrief.c.id))
    return [_read(row) for row in rows]


async def due(tx: Tx, limit: int) -> list[Debrief]:
    """Those to be chased by now, locked; others' locks are stepped over."""
    chosen = select(debrief).where(debrief.c.next_at <= tx.now).order_by(debrief.c.next_at).limit(limit)
    rows = await tx.conn.execute(chosen.with_for_update(skip_locked=True))
    return [_read(row) for row in rows]


async def save(tx: Tx, row: Debrief) -> None:
    """Write it back."""
    await tx.conn.execute(update(debrief).where(debrief.c.id == row.id).values(**_values(row)))


def _read(row: Row[Any]) -> Debrief:
    return Debrief(**row._mapping)


def _values(row: Debrief) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in debrief.columns} | {"answers": dict(row.answers)}
