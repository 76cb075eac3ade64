"""Teams of an agency."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import insert, select

from safety_service.domain.canary import TEAM as CANARY
from safety_service.store.database import Tx
from safety_service.store.errors import NoSuchRow
from safety_service.store.ids import new_id
from safety_service.store.tables.people import team


@dataclass(frozen=True, slots=True)
class Team:
    """A team: whose people know one another, and who share a rota."""

    id: UUID
    agency_id: UUID
    name: str


async def get(tx: Tx, team_id: UUID) -> Team:
    """The team. Raises NoSuchRow."""
    row = (await tx.conn.execute(select(team).where(team.c.id == team_id))).first()
    if row is None:
        raise NoSuchRow("team")
    return Team(row.id, row.agency_id, row.name)


async def many(tx: Tx, team_ids: Iterable[UUID]) -> dict[UUID, Team]:
    """The teams with these ids, by name."""
    query = select(team).where(team.c.id.in_(tuple(team_ids))).order_by(team.c.name)
    return {row.id: Team(row.id, row.agency_id, row.name) for row in await tx.conn.execute(query)}


async def by_name(tx: Tx, agency_id: UUID, name: str) -> Team | None:
    """The agency's team with exactly this name."""
    row = (await tx.conn.execute(select(team).where(team.c.agency_id == agency_id, team.c.name == name))).first()
    return None if row is None else Team(row.id, row.agency_id, row.name)


async def every(tx: Tx, agency_id: UUID | None = None) -> list[Team]:
    """All teams of an agency, or of all agencies, by name."""
    query = select(team).where(team.c.id != CANARY).order_by(team.c.name)
    if agency_id is not None:
        query = query.where(team.c.agency_id == agency_id)
    return [Team(row.id, row.agency_id, row.name) for row in await tx.conn.execute(query)]


async def add(tx: Tx, agency_id: UUID, name: str) -> Team:
    """Add a team."""
    made = Team(new_id(), agency_id, name)
    await tx.conn.execute(insert(team).values(id=made.id, agency_id=agency_id, name=name))
    return made
