"""Everybody of an agency by name: names are sealed, so they are opened and put in order here, and nothing else is."""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from safety_service.domain.duty import Shift
from safety_service.domain.words import Kind
from safety_service.store.database import Tx
from safety_service.store.errors import KeysDoNotOpen
from safety_service.store.people import GONE, UNREAD
from safety_service.store.tables.alerts import alert
from safety_service.store.tables.people import membership, person, rota

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody, as far as a list in order needs it."""

    id: UUID
    name: str


async def names(tx: Tx, agency_id: UUID, *, team_id: UUID | None = None, active: bool = True) -> list[Named]:
    """Who works there (or did, where `active` is false), or is in this team, by name."""
    wanted = [person.c.agency_id == agency_id, person.c.active.is_(active)]
    if team_id is not None:
        wanted.append(person.c.id.in_(select(membership.c.person_id).where(membership.c.team_id == team_id)))
    return await _by_name(tx, *wanted)


async def named(tx: Tx, person_ids: Collection[UUID]) -> list[Named]:
    """These people, by name."""
    return await _by_name(tx, person.c.id.in_(tuple(person_ids)))


async def teams_of_each(tx: Tx, agency_id: UUID, *, active: bool = True) -> dict[UUID, frozenset[UUID]]:
    """Everybody who works there (or did), with their teams: nobody's name is opened."""
    query = (
        select(person.c.id, membership.c.team_id)
        .outerjoin(membership, membership.c.person_id == person.c.id)
        .where(person.c.agency_id == agency_id, person.c.active.is_(active))
    )
    found: dict[UUID, set[UUID]] = {}
    for row in await tx.conn.execute(query):
        found.setdefault(row.id, set()).update([row.team_id] if row.team_id else [])
    return {each: frozenset(teams) for each, teams in found.items()}


async def _by_name(tx: Tx, *wanted: ColumnElement[bool]) -> list[Named]:
    try:
        rows = (await tx.conn.execute(select(person.c.id, person.c.name).where(*wanted))).all()
        found = [Named(row.id, row.name or GONE) for row in rows]
    except KeysDoNotOpen:
        ids = (await tx.conn.execute(select(person.c.id).where(*wanted))).scalars().all()
        found = [Named(each, await _name(tx, each)) for each in ids]
    return sorted(found, key=lambda each: (each.name.casefold(), each.id))


async def _name(tx: Tx, person_id: UUID) -> str:
    """One that no key opens is in the list all the same, so that somebody sees it."""
    try:
        return (await tx.conn.execute(select(person.c.name).where(person.c.id == person_id))).scalar_one() or GONE
    except KeysDoNotOpen:
        log.error("a name that no key opens: %s", person_id)  # noqa: TRY400 - the id says it all
        return UNREAD


async def sizes(tx: Tx, team_ids: Iterable[UUID], but: Collection[UUID]) -> dict[UUID, int]:
    """How many active people are in each of these teams, without these; who is in none is not in it."""
    query = (
        select(membership.c.team_id, func.count(membership.c.person_id.distinct()))
        .join(person, person.c.id == membership.c.person_id)
        .where(membership.c.team_id.in_(tuple(team_ids)), person.c.active)
        .group_by(membership.c.team_id)
    )
    if but:
        query = query.where(person.c.id.not_in(tuple(but)))
    return {team_id: int(count) for team_id, count in await tx.conn.execute(query)}


async def owned_by(tx: Tx, person_id: UUID) -> list[tuple[UUID | None, UUID | None, Kind]]:
    """The worker, the visit and the kind of each open alert that is this person's; nothing is held by looking."""
    query = select(alert.c.worker_id, alert.c.visit_id, alert.c.kind).where(
        alert.c.owner_id == person_id, alert.c.state == "taken"
    )
    return [(row.worker_id, row.visit_id, Kind(row.kind)) for row in await tx.conn.execute(query)]


async def shifts_of(tx: Tx, person_id: UUID, after: datetime) -> list[Shift]:
    """The shifts of one person that end after then, the earliest first; what is only offered is none."""
    query = select(rota).where(rota.c.person_id == person_id, rota.c.ends_at > after, rota.c.offered.is_(False))
    return [
        Shift(
            id=row.id,
            team_id=row.team_id,
            post=row.post,
            person_id=row.person_id,
            starts_at=row.starts_at,
            ends_at=row.ends_at,
            covers_id=row.covers_id,
        )
        for row in await tx.conn.execute(query.order_by(rota.c.starts_at, rota.c.id))
    ]
