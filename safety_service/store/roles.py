"""Who has a role, as ids: for rungs and managers, where nobody's name need be opened."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import bindparam, select

from safety_service.domain.words import Role
from safety_service.store.batch import foreseen
from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.people import membership, person, team


@foreseen
async def with_role(
    tx: Tx, role: Role, *, team_id: UUID | None = None, agency_id: UUID | None = None
) -> frozenset[UUID]:
    """Active people with this role, in a team or anywhere in an agency."""
    within = {"team_id": team_id, "agency_id": agency_id}
    chosen = {name: value for name, value in within.items() if value is not None}
    return frozenset(await tx.scalars(_WITH_ROLE[frozenset(chosen)], role=role, **chosen))


_ROLE = (
    select(person.c.id)
    .join(membership, membership.c.person_id == person.c.id)
    .where(membership.c.role == bindparam("role"), person.c.active)
)
_IN_TEAM = membership.c.team_id == bindparam("team_id")
_IN_AGENCY = person.c.agency_id == bindparam("agency_id")
_WITH_ROLE = {
    frozenset[str](): Ready(_ROLE),
    frozenset({"team_id"}): Ready(_ROLE.where(_IN_TEAM)),
    frozenset({"agency_id"}): Ready(_ROLE.where(_IN_AGENCY)),
    frozenset({"team_id", "agency_id"}): Ready(_ROLE.where(_IN_TEAM, _IN_AGENCY)),
}


@foreseen
async def supervisors_of(tx: Tx, workers: Collection[UUID]) -> frozenset[UUID]:
    """The active supervisors of these people."""
    if not workers:
        return frozenset()
    return frozenset(await tx.scalars(_SUPERVISORS, workers=workers))


_theirs = select(person.c.supervisor_id).where(
    person.c.id.in_(bindparam("workers", expanding=True)), person.c.supervisor_id.is_not(None)
)
_SUPERVISORS = Ready(select(person.c.id).where(person.c.id.in_(_theirs), person.c.active))


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
