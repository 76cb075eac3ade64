"""Requests to be rung: the amber step between OK and alarm."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.tables.alerts import ring


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A worker asked to be rung; unanswered at `next_at` it becomes an alert."""

    id: UUID
    agency_id: UUID
    worker_id: UUID
    visit_id: UUID | None
    asked_at: datetime
    state: str
    next_at: datetime | None


async def ask(
    tx: Tx, agency_id: UUID, worker_id: UUID, visit_id: UUID | None, asked_at: datetime, next_at: datetime
) -> Ring:
    """Keep a request."""
    new = Ring(
        id=new_id(),
        agency_id=agency_id,
        worker_id=worker_id,
        visit_id=visit_id,
        asked_at=asked_at,
        state="open",
        next_at=next_at,
    )
    values = {name: getattr(new, name) for name in Ring.__dataclass_fields__}
    await tx.conn.execute(insert(ring).values(**values))
    return new


async def open_of(tx: Tx, worker_id: UUID) -> Ring | None:
    """The worker's unanswered request."""
    query = select(ring).where(ring.c.worker_id == worker_id, ring.c.state == "open").with_for_update()
    return _ring((await tx.conn.execute(query)).first())


async def load(tx: Tx, ring_id: UUID, *, lock: bool = False) -> Ring | None:
    """One request; `lock` holds it until the transaction ends. Its visit is locked first, as words do."""
    query = select(ring).where(ring.c.id == ring_id)
    return _ring((await tx.conn.execute(query.with_for_update() if tx.locks(lock) else query)).first())


async def due(tx: Tx, limit: int) -> list[Ring]:
    """Requests that nobody answered in time, held; what others hold is left to them.

    Two sweeps of the same request once had its visit and its agency one each, and both put it off, again and again.
    """
    query = select(ring).where(ring.c.next_at <= tx.now).order_by(ring.c.next_at).limit(limit)
    query = query.with_for_update(skip_locked=True)
    return [found for row in (await tx.conn.execute(query)).all() if (found := _ring(row)) is not None]


async def close(tx: Tx, ring_id: UUID, state: str, by: UUID | None) -> None:
    """A person answered it, or it became an alert."""
    await tx.conn.execute(
        update(ring).where(ring.c.id == ring_id).values(state=state, next_at=None, answered_by=by, answered_at=tx.now)
    )


async def put_off(tx: Tx, ring_id: UUID, until: datetime) -> None:
    """Look at it again later: it could not be worked on."""
    await tx.conn.execute(update(ring).where(ring.c.id == ring_id).values(next_at=until))


def _ring(row: Any) -> Ring | None:
    if row is None:
        return None
    return Ring(**{name: getattr(row, name) for name in Ring.__dataclass_fields__})
