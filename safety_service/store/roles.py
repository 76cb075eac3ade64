"""Who has a role, as ids: for rungs and managers, where nobody's name need be opened."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select

from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.store.tables.people import membership, person, team


async def with_role(
    tx: Tx, role: Role, *, team_id: UUID | None = None, agency_id: UUID | None = None
) -> frozenset[UUID]:
    """Active people with this role, in a team or anywhere in an agency."""
    query = select(person.c.id).join(membership, membership.c.person_id == person.c.id)
    query = query.where(membership.c.role == role, person.c.active)
    if team_id is not None:
        query = query.where(membership.c.team_id == team_id)
    if agency_id is not None:
        query = query.where(person.c.agency_id == agency_id)
    return frozenset((await tx.conn.execute(query)).scalars())


async def supervisors_of(tx: Tx, workers: Collection[UUID]) -> frozenset[UUID]:
    """The active supervisors of these people."""
    if not workers:
        return frozenset()
    theirs = select(person.c.supervisor_id).where(person.c.id.in_(workers), person.c.supervisor_id.is_not(None))
    query = select(person.c.id).where(person.c.id.in_(theirs), person.c.active)
    return frozenset((await tx.conn.execute(query)).scalars())


async def supervised_by(tx: Tx, person_id: UUID) -> frozenset[UUID]:
    """The active people whose supervisor this is."""
    query = select(person.c.id).where(person.c.supervisor_id == person_id, person.c.active)
    return frozenset((await tx.conn.execute(query)).scalars())


async def active(tx: Tx, people: Collection[UUID]) -> frozenset[UUID]:
    """Those of these people who are active."""
    query = select(person.c.id).where(person.c.id.in_(people), person.c.active)
    return frozenset((await tx.conn.execute(query)).scalars())


async def teams_of_agency(tx: Tx, agency_id: UUID) -> list[UUID]:
    """Every team of an agency."""
    return list((await tx.conn.execute(select(team.c.id).where(team.c.agency_id == agency_id))).scalars())
