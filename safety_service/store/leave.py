"""Leave: when people are away. Why is nobody's business here."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select

from safety_service.domain.gaps import Leave
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.ready import Ready
from safety_service.store.tables.people import leave


async def of_people(tx: Tx, person_ids: Iterable[UUID], starts_at: datetime, ends_at: datetime) -> list[Leave]:
    """When any of these people is away between two moments, the earliest first."""
    wanted = tuple(set(person_ids))
    if not wanted:
        return []
    return [_leave(row) for row in await tx.all(_OF, people=wanted, starts_at=starts_at, ends_at=ends_at)]


_OF = Ready(
    select(leave)
    .where(
        leave.c.person_id.in_(bindparam("people", expanding=True)),
        leave.c.ends_at > bindparam("starts_at"),
        leave.c.starts_at < bindparam("ends_at"),
    )
    .order_by(leave.c.starts_at, leave.c.id)
)


async def get(tx: Tx, leave_id: UUID) -> Leave | None:
    """One of them."""
    row = (await tx.conn.execute(select(leave).where(leave.c.id == leave_id))).first()
    return None if row is None else _leave(row)


async def add(tx: Tx, person_id: UUID, starts_at: datetime, ends_at: datetime, *, by: UUID | None) -> Leave:
    """Somebody will be away."""
    made = Leave(id=new_id(), person_id=person_id, starts_at=starts_at, ends_at=ends_at)
    values = {"id": made.id, "person_id": person_id, "starts_at": starts_at, "ends_at": ends_at}
    await tx.conn.execute(insert(leave).values({**values, "created_by": by, "created_at": tx.now}))
    return made


async def remove(tx: Tx, leave_id: UUID) -> bool:
    """They will not be away after all. False: there was none."""
    return (await tx.conn.execute(delete(leave).where(leave.c.id == leave_id))).rowcount == 1


def _leave(row: Any) -> Leave:
    return Leave(id=row.id, person_id=row.person_id, starts_at=row.starts_at, ends_at=row.ends_at)
