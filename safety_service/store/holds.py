"""Holds: families whose records retention does not touch. A hold ends; it is never deleted."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, insert, select, update

from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.tables.around import hold
from safety_service.store.tables.visits import family


@dataclass(frozen=True, slots=True)
class Hold:
    """A family's records are kept, whatever policy says, until it ends."""

    id: UUID
    agency_id: UUID
    family_id: UUID
    ref: str
    why: str
    at: datetime


def held() -> Select[tuple[UUID]]:
    """The families that are held now."""
    return select(hold.c.family_id).where(hold.c.ended_at.is_(None))


async def of_family(tx: Tx, family_id: UUID) -> Hold | None:
    """What holds this family's records, if anything does."""
    found = await _where(tx, hold.c.family_id == family_id)
    return found[0] if found else None


async def every(tx: Tx, agency_id: UUID) -> list[Hold]:
    """All that have not ended, the oldest first."""
    return await _where(tx, hold.c.agency_id == agency_id)


async def add(tx: Tx, agency_id: UUID, family_id: UUID, why: str, by: UUID) -> UUID:
    """Hold a family's records from now on; if its file is being removed in this moment, what is left of it."""
    await tx.conn.execute(select(family.c.id).where(family.c.id == family_id).with_for_update())
    hold_id = new_id()
    values = {"id": hold_id, "agency_id": agency_id, "family_id": family_id, "why": why, "by": by, "at": tx.now}
    await tx.conn.execute(insert(hold).values(values))
    return hold_id


async def end(tx: Tx, hold_id: UUID, by: UUID) -> None:
    """It holds no more."""
    await tx.conn.execute(update(hold).where(hold.c.id == hold_id).values(ended_at=tx.now, ended_by=by))


async def _where(tx: Tx, condition: ColumnElement[bool]) -> list[Hold]:
    query = select(hold.c.id, hold.c.agency_id, hold.c.family_id, family.c.ref, hold.c.why, hold.c.at)
    joined = query.join(family, family.c.id == hold.c.family_id).where(hold.c.ended_at.is_(None), condition)
    return [Hold(*row) for row in await tx.conn.execute(joined.order_by(hold.c.at, hold.c.id))]
