"""Written undertakings (G8): what is expected of a family. Notes are added to them, and never changed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from safety_service.store.database import Tx
from safety_service.store.due import due_rows
from safety_service.store.ids import new_id
from safety_service.store.tables.plans import undertaking, undertaking_note


@dataclass(frozen=True, slots=True, kw_only=True)
class Undertaking:
    """A row. `body`: `concern`, `expected`, `otherwise`, `told`, `told_on`, `agencies` (who: what they do then)."""

    id: UUID
    agency_id: UUID
    family_id: UUID
    body: dict[str, Any]
    state: str = "open"
    made_by: UUID
    made_at: datetime
    review_on: date
    next_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What was said of an undertaking, by whom and when; `state`: what it was from then on."""

    undertaking_id: UUID
    state: str
    note: str
    by: UUID
    at: datetime
    debrief_id: UUID | None = None


async def add(tx: Tx, row: Undertaking) -> None:
    """Keep a new one."""
    await tx.conn.execute(insert(undertaking).values(**_values(row)))


async def load(tx: Tx, undertaking_id: UUID, *, lock: bool = False) -> Undertaking | None:
    """The undertaking with this id; `lock` holds it until the transaction ends."""
    query = select(undertaking).where(undertaking.c.id == undertaking_id)
    row = (await tx.conn.execute(query.with_for_update() if tx.locks(lock) else query)).one_or_none()
    return None if row is None else _read(row)


async def of_family(tx: Tx, family_id: UUID) -> list[Undertaking]:
    """Every undertaking of a family, the newest first."""
    query = select(undertaking).where(undertaking.c.family_id == family_id).order_by(undertaking.c.id.desc())
    return [_read(row) for row in await tx.conn.execute(query)]


async def open_of_family(tx: Tx, family_id: UUID, *, lock: bool = False) -> list[Undertaking]:
    """Those that hold now, the oldest first: broken ones too, for what follows from that is not over.

    `lock` holds them until the transaction ends.
    """
    holding = (undertaking.c.family_id == family_id, undertaking.c.state.in_(("open", "broken")))
    query = select(undertaking).where(*holding).order_by(undertaking.c.id)
    return [_read(row) for row in await tx.conn.execute(query.with_for_update() if tx.locks(lock) else query)]


async def save(tx: Tx, row: Undertaking) -> None:
    """Write back what may change: its state and when it is looked at. What was written down stays."""
    changing = {"state": row.state, "review_on": row.review_on, "next_at": row.next_at}
    await tx.conn.execute(update(undertaking).where(undertaking.c.id == row.id).values(changing))


async def add_note(tx: Tx, note: Note) -> None:
    """Add a note; it is never changed."""
    values = {name: getattr(note, name) for name in Note.__dataclass_fields__}
    await tx.conn.execute(insert(undertaking_note).values(id=new_id(), **values))


async def notes_of(tx: Tx, undertaking_ids: Collection[UUID]) -> dict[UUID, list[Note]]:
    """What was noted of each, the oldest first."""
    found: dict[UUID, list[Note]] = {each: [] for each in undertaking_ids}
    if not found:
        return found
    query = select(undertaking_note).where(undertaking_note.c.undertaking_id.in_(tuple(found)))
    for row in await tx.conn.execute(query.order_by(undertaking_note.c.id)):
        values = {name: getattr(row, name) for name in Note.__dataclass_fields__}
        found[row.undertaking_id].append(Note(**values))
    return found


async def due(tx: Tx, limit: int) -> list[Undertaking]:
    """Those to be looked at by now, locked; others' locks are stepped over."""
    return await due_rows(tx, undertaking, limit, _read)


def _read(row: Row[Any]) -> Undertaking:
    return Undertaking(**row._mapping)


def _values(row: Undertaking) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Undertaking.__dataclass_fields__}
