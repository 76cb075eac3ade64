"""The standing list: who hears when nobody on duty has taken an alert."""

from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select

from safety_service.store.batch import foreseen
from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.people import person, standing


@foreseen
async def of(tx: Tx, agency_id: UUID) -> frozenset[UUID]:
    """Active people on the agency's standing list."""
    return frozenset(await tx.scalars(_OF, agency_id=agency_id))


_OF = Ready(
    select(standing.c.person_id)
    .join(person, person.c.id == standing.c.person_id)
    .where(standing.c.agency_id == bindparam("agency_id"), person.c.active)
)


async def add(tx: Tx, agency_id: UUID, person_id: UUID) -> None:
    """Put a person on the list."""
    await tx.conn.execute(insert(standing).values(agency_id=agency_id, person_id=person_id, created_at=tx.now))


async def remove(tx: Tx, agency_id: UUID, person_id: UUID) -> None:
    """Take a person off the list."""
    here = (standing.c.agency_id == agency_id) & (standing.c.person_id == person_id)
    await tx.conn.execute(delete(standing).where(here))
