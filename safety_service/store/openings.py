"""Families that somebody opened and said why: until when that lets them read, and whether a manager has seen it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, insert, select, update

from safety_service.store.database import Tx
from safety_service.store.exclusions import KeptOff
from safety_service.store.ids import new_id
from safety_service.store.tables.people import membership
from safety_service.store.tables.visits import family, family_opening, visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A row. `ref`: the family's reference."""

    id: UUID
    agency_id: UUID
    family_id: UUID
    ref: str
    person_id: UUID
    reason: str
    at: datetime
    until: datetime
    seen_by: UUID | None
    seen_at: datetime | None


async def add(tx: Tx, agency_id: UUID, family_id: UUID, person_id: UUID, reason: str, until: datetime) -> UUID:
    """Keep that somebody opened it now. Gives the row's id."""
    made = new_id()
    row = {"id": made, "agency_id": agency_id, "family_id": family_id, "person_id": person_id}
    await tx.conn.execute(insert(family_opening).values(**row, reason=reason, at=tx.now, until=until))
    return made


async def open_for(tx: Tx, person_id: UUID, family_id: UUID) -> bool:
    """Whether an opening of this person's still holds."""
    one = family_opening.c
    held = select(one.id).where(one.person_id == person_id, one.family_id == family_id, one.until > tx.now)
    return (await tx.conn.execute(held.limit(1))).first() is not None


async def of_family(tx: Tx, family_id: UUID, limit: int, but: Collection[UUID] = ()) -> list[Opening]:
    """The last ones of a family, the newest first; none by `but`."""
    one = family_opening.c
    query = _rows().where(one.family_id == family_id, one.person_id.not_in(tuple(but)))
    return await _read(tx, query.order_by(one.at.desc(), one.id.desc()).limit(limit))


async def unseen(tx: Tx, teams: Collection[UUID], but: UUID, kept_off: KeptOff, limit: int) -> list[Opening]:
    """What no manager of these teams has seen, the oldest first; none of `but`'s own, nor what they are kept off.

    A family that nobody visits is looked after by the managers of whoever opened it.
    """
    one = family_opening.c
    opened_by = one.person_id != but, one.person_id.not_in(tuple(kept_off.workers))
    query = _rows().where(one.seen_at.is_(None), *opened_by, one.family_id.not_in(tuple(kept_off.families)))
    visited = exists().where(visit.c.family_id == one.family_id)
    theirs = exists().where(visit.c.family_id == one.family_id, visit.c.team_id.in_(tuple(teams)))
    opener = exists().where(membership.c.person_id == one.person_id, membership.c.team_id.in_(tuple(teams)))
    return await _read(tx, query.where(theirs | (~visited & opener)).order_by(one.at, one.id).limit(limit))


async def since(tx: Tx, since: datetime, until: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """Which families were opened in this time, and by whom; each pair once."""
    one = family_opening.c
    query = select(one.family_id, one.person_id).where(one.at >= since, one.at < until).distinct().limit(limit)
    return [(row.family_id, row.person_id) for row in await tx.conn.execute(query)]


async def load(tx: Tx, opening_id: UUID) -> Opening | None:
    """One of them."""
    found = await _read(tx, _rows().where(family_opening.c.id == opening_id))
    return found[0] if found else None


async def see(tx: Tx, opening_id: UUID, by: UUID) -> bool:
    """A manager has looked at it. False: somebody had before."""
    new = (family_opening.c.id == opening_id) & family_opening.c.seen_at.is_(None)
    return (await tx.conn.execute(update(family_opening).where(new).values(seen_by=by, seen_at=tx.now))).rowcount == 1


def _rows() -> Any:
    return select(family_opening, family.c.ref).join(family, family.c.id == family_opening.c.family_id)


async def _read(tx: Tx, query: Any) -> list[Opening]:
    rows: list[Row[Any]] = list(await tx.conn.execute(query))
    return [Opening(**row._mapping) for row in rows]
