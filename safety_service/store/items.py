"""Open items: what stays open, in somebody's sight, until somebody says what became of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, insert, or_, select, update

from safety_service.store import unopened
from safety_service.store.database import Tx
from safety_service.store.due import due_rows
from safety_service.store.exclusions import KeptOff
from safety_service.store.ids import new_id
from safety_service.store.tables.learning import item
from safety_service.store.tables.visits import family


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A row. `body`: `text`, and by kind more; `worker_id`: whose supervision it stands in."""

    id: UUID
    agency_id: UUID
    team_id: UUID
    family_id: UUID | None = None
    worker_id: UUID | None = None
    debrief_id: UUID | None = None
    kind: str
    key: str = ""
    body: Mapping[str, Any]
    owner_id: UUID | None = None
    due_on: date | None = None
    next_at: datetime | None = None
    opened_at: datetime
    opened_by: UUID | None = None
    closed_at: datetime | None = None
    closed_by: UUID | None = None
    closed_note: str | None = None


async def add(tx: Tx, row: Item) -> Item:
    """Keep a new one; its id and time of opening are set here."""
    made = replace(row, id=new_id(), opened_at=tx.now)
    await tx.conn.execute(insert(item).values(**_values(made)))
    return made


async def load(tx: Tx, item_id: UUID, *, lock: bool = False) -> Item | None:
    """The item with this id; `lock` holds it until the transaction ends."""
    query = select(item).where(item.c.id == item_id)
    row = (await tx.conn.execute(query.with_for_update() if tx.locks(lock) else query)).one_or_none()
    return None if row is None else _read(row)


async def save(tx: Tx, row: Item) -> None:
    """Write it back."""
    await tx.conn.execute(update(item).where(item.c.id == row.id).values(**_values(row)))


async def open_of_family(tx: Tx, family_id: UUID) -> list[Item]:
    """What is open about a family, the oldest first; what belongs into a supervision is not among it."""
    return await _open(tx, item.c.family_id == family_id, item.c.kind != "supervision")


async def open_of_worker(tx: Tx, worker_id: UUID) -> list[Item]:
    """What is open for a worker: theirs to do, or to be talked about in their supervision."""
    return await _open(tx, or_(item.c.worker_id == worker_id, item.c.owner_id == worker_id))


async def open_of_teams(tx: Tx, teams: Collection[UUID], limit: int, kept_off: KeptOff) -> list[Item]:
    """What is open in these teams, the oldest first; neither of a supervision, nor of what the reader is kept off."""
    off = [or_(item.c.family_id.is_(None), item.c.family_id.not_in(kept_off.families))] if kept_off.families else []
    off += [or_(item.c.worker_id.is_(None), item.c.worker_id.not_in(kept_off.workers))] if kept_off.workers else []
    return await _open(tx, item.c.team_id.in_(teams), item.c.kind != "supervision", *off, limit=limit)


async def of_debrief(tx: Tx, debrief_id: UUID) -> list[Item]:
    """What a debrief opened, closed ones too."""
    rows = await tx.conn.execute(select(item).where(item.c.debrief_id == debrief_id).order_by(item.c.id))
    return [_read(row) for row in rows]


async def due(tx: Tx, limit: int) -> list[Item]:
    """Those to be asked after by now, locked; others' locks are stepped over."""
    return await due_rows(tx, item, limit, _read)


async def refs_of(tx: Tx, rows: Collection[Item]) -> dict[UUID, str]:
    """The references of the families that these are about, by the family's id."""
    wanted = {each.family_id for each in rows if each.family_id is not None}
    query = select(family.c.id, family.c.ref).where(family.c.id.in_(wanted))
    return {row.id: row.ref for row in await tx.conn.execute(query)}


async def _open(tx: Tx, *about: ColumnElement[bool], limit: int | None = None) -> list[Item]:
    query = select(item).where(item.c.closed_at.is_(None), *about).order_by(item.c.opened_at, item.c.id)
    found = await unopened.rows(tx, query if limit is None else query.limit(limit), body={"text": unopened.UNREAD})
    return [Item(**{name: getattr(row, name) for name in Item.__dataclass_fields__}) for row in found]


def _read(row: Row[Any]) -> Item:
    return Item(**row._mapping)


def _values(row: Item) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in item.columns} | {"body": dict(row.body)}
