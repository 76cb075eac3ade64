"""The workers' words, as they were said."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, insert, select

from safety_service.store import unopened
from safety_service.store.batch import foreseen
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.ready import Ready
from safety_service.store.tables.visits import said


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One word: what, when, by which way, with what."""

    worker_id: UUID
    visit_id: UUID | None
    kind: str
    said_at: datetime
    via: str
    note: str | None = None
    position: dict[str, Any] | None = None


async def add(tx: Tx, word: Said) -> None:
    """Keep a word; it is never changed."""
    kept = {name: getattr(word, name) for name in _FIELDS}
    await tx.do(ADD, id=new_id(), heard_at=tx.now, **kept)


_FIELDS = tuple(name for name in Said.__dataclass_fields__)
ADD = Ready(insert(said), "id", "heard_at", *_FIELDS)


async def of_visit(tx: Tx, visit_id: UUID) -> list[Said]:
    """Every word on a visit, in the order in which it was heard."""
    rows = await unopened.rows(tx, select(said).where(said.c.visit_id == visit_id).order_by(said.c.id))
    return [read(row) for row in rows]


@foreseen
async def last_position(tx: Tx, worker_id: UUID, visit_id: UUID | None) -> Said | None:
    """The last word that carried a position: of this visit, or (without a visit) of this worker."""
    row = (await tx.conn.execute(_placed(worker_id, visit_id, *said.c))).first()
    return None if row is None else read(row)


async def last_placed(tx: Tx, worker_id: UUID, visit_id: UUID | None) -> datetime | None:
    """When that was said; where it was is not opened."""
    last: datetime | None = (await tx.conn.execute(_placed(worker_id, visit_id, said.c.said_at))).scalar()
    return last


def _placed(worker_id: UUID, visit_id: UUID | None, *columns: ColumnElement[Any]) -> Select[Any]:
    place = said.c.worker_id == worker_id if visit_id is None else said.c.visit_id == visit_id
    query = select(*columns).where(place, said.c.worker_id == worker_id, func.length(said.c.position) > 0)
    return query.order_by(said.c.said_at.desc()).limit(1)


@foreseen
async def last_of(tx: Tx, worker_id: UUID, kind: str, since: datetime) -> Said | None:
    """The worker's last word of this kind since then."""
    query = select(said).where(said.c.worker_id == worker_id, said.c.heard_at >= since, said.c.kind == kind)
    row = (await tx.conn.execute(query.order_by(said.c.heard_at.desc()).limit(1))).first()
    return None if row is None else read(row)


def read(row: Any) -> Said:
    """One word, of its row."""
    return Said(
        worker_id=row.worker_id,
        visit_id=row.visit_id,
        kind=row.kind,
        said_at=row.said_at,
        via=row.via,
        note=row.note,
        position=row.position,
    )
