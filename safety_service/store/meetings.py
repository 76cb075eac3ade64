"""Meetings of agencies, and joint debriefs (G12)."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from safety_service.store.database import Tx
from safety_service.store.due import due_rows
from safety_service.store.tables.around import meeting


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A row. `body`: `why`, `invited`, `parents`, `parents_why`, `share_what`, `share_how`, `share_when`, and once it
    was held `notes` and `decisions`; once it was cancelled `cancelled_why`."""

    id: UUID
    agency_id: UUID
    team_id: UUID
    family_id: UUID
    kind: str
    state: str = "called"
    called_by: UUID
    called_at: datetime
    meets_at: datetime
    body: dict[str, Any]
    plan_number: int | None = None
    review_on: date | None = None
    next_at: datetime | None
    version: int = 1


async def add(tx: Tx, row: Meeting) -> None:
    """Keep a new one."""
    await tx.conn.execute(insert(meeting).values(**_values(row)))


async def load(tx: Tx, meeting_id: UUID, *, lock: bool = False) -> Meeting | None:
    """The meeting with this id; `lock` holds it until the transaction ends."""
    query = select(meeting).where(meeting.c.id == meeting_id)
    row = (await tx.conn.execute(query.with_for_update() if tx.locks(lock) else query)).one_or_none()
    return None if row is None else _read(row)


async def of_family(tx: Tx, family_id: UUID) -> list[Meeting]:
    """Every meeting about a family, the latest first."""
    order = (meeting.c.meets_at.desc(), meeting.c.id.desc())
    query = select(meeting).where(meeting.c.family_id == family_id).order_by(*order)
    return [_read(row) for row in await tx.conn.execute(query)]


async def save(tx: Tx, row: Meeting) -> Meeting:
    """Write it back as its next version, which is given."""
    following = replace(row, version=row.version + 1)
    await tx.conn.execute(update(meeting).where(meeting.c.id == row.id).values(**_values(following)))
    return following


async def due(tx: Tx, limit: int) -> list[Meeting]:
    """Those to be chased by now, locked, without their body; others' locks are stepped over."""
    return await due_rows(tx, meeting, limit, lambda row: Meeting(**row._mapping, body={}), without=("body",))


async def ask_again(tx: Tx, meeting_id: UUID, at: datetime | None) -> None:
    """When it is to be chased next; None: not any more."""
    values = {"next_at": at, "version": meeting.c.version + 1}
    await tx.conn.execute(update(meeting).where(meeting.c.id == meeting_id).values(**values))


async def reviewed_by(tx: Tx, held: Meeting) -> None:
    """A later meeting stands for the reviews of the family's earlier ones: they are not chased any more."""
    earlier = (meeting.c.family_id == held.family_id, meeting.c.state == "held", meeting.c.id != held.id)
    await tx.conn.execute(update(meeting).where(*earlier).values(next_at=None))


def _read(row: Row[Any]) -> Meeting:
    return Meeting(**row._mapping)


def _values(row: Meeting) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Meeting.__dataclass_fields__}
