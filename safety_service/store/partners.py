"""Other agencies at a family: whom to reach there, what they meet, whether they still go."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.tables.around import partner


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Another agency. `contact`: name, role, email, phone; `meets`: behaviours by the guidance's keys.

    `kept_out`: why it must not learn what is shared about the family. `verified_at`: somebody made sure of the contact.
    """

    id: UUID
    agency_id: UUID
    family_id: UUID
    organisation: str
    contact: Mapping[str, str]
    verified_at: datetime | None = None
    verified_by: UUID | None = None
    meets: tuple[str, ...] = ()
    visits: str = "not_known"
    withheld: str | None = None
    stance: str = "not_known"
    kept_out: str | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime
    updated_by: UUID | None = None
    ended_at: datetime | None = None


async def add(tx: Tx, agency_id: UUID, family_id: UUID, organisation: str, *, by: UUID, **more: Any) -> Partner:
    """Keep a new one; `more` are columns of Partner."""
    made = Partner(
        id=new_id(),
        agency_id=agency_id,
        family_id=family_id,
        organisation=organisation,
        created_at=tx.now,
        updated_at=tx.now,
        updated_by=by,
        **more,
    )
    await tx.conn.execute(insert(partner).values(_values(made)))
    return made


async def of_family(tx: Tx, family_id: UUID, *, ended: bool = False) -> list[Partner]:
    """The agencies at a family, the oldest first; with those that have left it, where asked."""
    query = select(partner).where(partner.c.family_id == family_id).order_by(partner.c.id)
    if not ended:
        query = query.where(partner.c.ended_at.is_(None))
    return [_read(row) for row in await tx.conn.execute(query)]


async def load(tx: Tx, partner_id: UUID, *, lock: bool = False) -> Partner | None:
    """The agency with this id; `lock` holds it until the transaction ends."""
    query = select(partner).where(partner.c.id == partner_id)
    row = (await tx.conn.execute(query.with_for_update() if tx.locks(lock) else query)).one_or_none()
    return None if row is None else _read(row)


async def save(tx: Tx, row: Partner) -> None:
    """Write it back."""
    await tx.conn.execute(update(partner).where(partner.c.id == row.id).values(_values(row)))


def _read(row: Row[Any]) -> Partner:
    kept = {name: row._mapping[partner.c[name]] for name in Partner.__dataclass_fields__}
    return Partner(**{**kept, "meets": tuple(kept["meets"])})


def _values(row: Partner) -> dict[str, Any]:
    kept = {name: getattr(row, name) for name in Partner.__dataclass_fields__}
    return {**kept, "meets": list(row.meets), "contact": dict(row.contact)}
