"""Filters that somebody keeps for a page: their own, sealed, for nobody else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select

from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.tables.people import saved_filter

#: Behind the name of a page: what was typed there once, and is kept for a while only.
NOW = ":now"


@dataclass(frozen=True, slots=True)
class Kept:
    """A filter: what its owner calls it, and the fields of the page's form, by name."""

    id: UUID
    name: str
    query: Mapping[str, str]


async def of_person(tx: Tx, person_id: UUID, page: str) -> list[Kept]:
    """This person's filters for a page, in the order in which they were kept."""
    whose = saved_filter.c.person_id == person_id, saved_filter.c.page == page
    query = select(saved_filter.c.id, saved_filter.c.name, saved_filter.c.query).where(*whose)
    rows = await tx.conn.execute(query.order_by(saved_filter.c.id))
    return [Kept(row.id, row.name, row.query or {}) for row in rows]


async def count(tx: Tx, person_id: UUID, page: str) -> int:
    """How many of them this person keeps for a page."""
    whose = saved_filter.c.person_id == person_id, saved_filter.c.page == page
    return int((await tx.conn.execute(select(func.count()).select_from(saved_filter).where(*whose))).scalar_one())


async def add(tx: Tx, person_id: UUID, page: str, name: str, query: Mapping[str, str]) -> UUID:
    """Keep one; its id."""
    made = new_id()
    values = {"id": made, "person_id": person_id, "page": page, "name": name, "query": dict(query)}
    await tx.conn.execute(insert(saved_filter).values(**values, created_at=tx.now))
    return made


async def since(tx: Tx, person_id: UUID, page: str, filter_id: UUID, begin: datetime) -> Mapping[str, str] | None:
    """What one of this person's looks for, if it was kept at that moment or later."""
    theirs = saved_filter.c.id == filter_id, saved_filter.c.person_id == person_id, saved_filter.c.page == page
    query = select(saved_filter.c.query).where(*theirs, saved_filter.c.created_at >= begin)
    found: Mapping[str, str] | None = (await tx.conn.execute(query)).scalar_one_or_none()
    return found


async def drop_all_but(tx: Tx, person_id: UUID, page: str, newest: int) -> None:
    """Keep only this person's newest ones for a page."""
    whose = saved_filter.c.person_id == person_id, saved_filter.c.page == page
    older = select(saved_filter.c.id).where(*whose).order_by(saved_filter.c.id.desc()).offset(newest)
    await tx.conn.execute(delete(saved_filter).where(saved_filter.c.id.in_(older)))


async def drop(tx: Tx, person_id: UUID, filter_id: UUID) -> bool:
    """Keep it no longer; False: this person has none with that id."""
    theirs = saved_filter.c.id == filter_id, saved_filter.c.person_id == person_id
    return (await tx.conn.execute(delete(saved_filter).where(*theirs))).rowcount == 1
