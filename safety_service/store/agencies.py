"""Agencies: whose data it is, which clock their day runs by, and whether Telegram may carry it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update

from safety_service.domain.canary import AGENCY as CANARY
from safety_service.store.batch import Batch
from safety_service.store.database import Tx
from safety_service.store.errors import NoSuchRow
from safety_service.store.ids import new_id
from safety_service.store.ready import Ready
from safety_service.store.tables.people import agency, person

_COLUMNS = (
    agency.c.id,
    agency.c.name,
    agency.c.timezone,
    agency.c.demonstration,
    agency.c.assessed_at,
    agency.c.assessed_by,
    agency.c.office_phone,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """An agency. `assessed_at`: when its data-protection assessment was confirmed; None: not yet."""

    id: UUID
    name: str
    timezone: str
    demonstration: bool
    assessed_at: datetime | None
    assessed_by: str | None
    office_phone: str

    @property
    def telegram_allowed(self) -> bool:
        """Telegram may carry more than linking."""
        return self.demonstration or self.assessed_at is not None


async def get(tx: Tx, agency_id: UUID) -> Agency:
    """The agency, read once in a transaction. Raises NoSuchRow."""
    known: Agency | None = tx.remembered.get((agency.name, agency_id))
    if known is not None:
        return known
    row = await tx.first(_GET, id=agency_id)
    if row is None:
        raise NoSuchRow("agency")
    found = tx.remembered[agency.name, agency_id] = _agency(row)
    return found


async def of_person(tx: Tx, person_id: UUID) -> Agency:
    """The agency that this person works for. Raises NoSuchRow."""
    row = await tx.first(_OF_PERSON, person_id=person_id)
    if row is None:
        raise NoSuchRow("person")
    return _agency(row)


async def by_name(tx: Tx, name: str) -> Agency | None:
    """The agency with exactly this name; the canary's has none for anybody."""
    named = agency.c.name == name, agency.c.id != CANARY
    row = (await tx.conn.execute(select(*_COLUMNS).where(*named))).first()
    return None if row is None else _agency(row)


async def every(tx: Tx) -> list[Agency]:
    """All agencies, by name; the canary's is none of anybody's."""
    query = select(*_COLUMNS).where(agency.c.id != CANARY).order_by(agency.c.name)
    return [_agency(row) for row in await tx.conn.execute(query)]


async def add(
    tx: Tx, name: str, *, timezone: str = "Europe/London", office_phone: str = "", demonstration: bool = False
) -> Agency:
    """Add an agency."""
    made = Agency(
        id=new_id(),
        name=name,
        timezone=timezone,
        demonstration=demonstration,
        assessed_at=None,
        assessed_by=None,
        office_phone=office_phone,
    )
    values = {
        "id": made.id,
        "name": name,
        "timezone": timezone,
        "demonstration": demonstration,
        "office_phone": office_phone,
        "created_at": tx.now,
    }
    await tx.conn.execute(insert(agency).values(values))
    return made


async def confirm(tx: Tx, agency_id: UUID, by: str) -> None:
    """The data-protection assessment is confirmed, by whom."""
    tx.remembered.pop((agency.name, agency_id), None)
    await tx.conn.execute(update(agency).where(agency.c.id == agency_id).values(assessed_at=tx.now, assessed_by=by))


async def set_office_phone(tx: Tx, agency_id: UUID, phone: str) -> None:
    """What a worker rings when nobody answers here."""
    tx.remembered.pop((agency.name, agency_id), None)
    await tx.conn.execute(update(agency).where(agency.c.id == agency_id).values(office_phone=phone))


async def lock_free(tx: Tx, agency_ids: Collection[UUID]) -> frozenset[UUID]:
    """Of these, those whose numbers nobody else is counting: held now, as by counting one up."""
    return frozenset(await tx.scalars(_FREE, ids=agency_ids) if agency_ids else ())


async def next_number(tx: Tx, agency_id: UUID) -> int:
    """The next short alert number of this agency; each is given once."""
    if isinstance(tx, Batch):
        return await _next_of_many(tx, agency_id)
    counted = update(agency).where(agency.c.id == agency_id).values(last_number=agency.c.last_number + 1)
    return int((await tx.conn.execute(counted.returning(agency.c.last_number))).scalar_one())


async def _next_of_many(tx: Batch, agency_id: UUID) -> int:
    """The agency is held from the first number on, as one that is counted up is; how far it came is written once."""
    given = ("number of", agency_id)
    if given not in tx.known:
        tx.known[given] = await tx.scalar(_LAST_NUMBER, id=agency_id)
    tx.known[given] += 1
    tx.write_last(_COUNTED, agency_id, {"this": agency_id, "last_number": tx.known[given]})
    return int(tx.known[given])


_LAST_NUMBER = Ready(select(agency.c.last_number).where(agency.c.id == bindparam("id")).with_for_update(key_share=True))
_FREE = Ready(
    select(agency.c.id)
    .where(agency.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(agency.c.id)
    .with_for_update(key_share=True, skip_locked=True)
)
_COUNTED = Ready(update(agency).where(agency.c.id == bindparam("this")), "last_number")
_GET = Ready(select(*_COLUMNS).where(agency.c.id == bindparam("id")))
_OF_PERSON = Ready(
    select(*_COLUMNS).join(person, person.c.agency_id == agency.c.id).where(person.c.id == bindparam("person_id"))
)


def _agency(row: Any) -> Agency:
    return Agency(**row._asdict())
