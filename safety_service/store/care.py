"""What an agency shows of its care for a period: rows and counts by team, never by worker."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select

from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.store.tables.alerts import alert
from safety_service.store.tables.learning import debrief
from safety_service.store.tables.people import membership, person, training
from safety_service.store.tables.plans import measure
from safety_service.store.tables.system import event_log
from safety_service.store.tables.visits import family, visit, watch

Teams = Collection[UUID]
#: Ids in one statement, at most.
BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """An alert, when somebody first took it, and whom it is about: for exclusions, not for lists."""

    id: UUID
    number: int
    kind: str
    state: str
    team_id: UUID | None
    opened_at: datetime
    taken_at: datetime | None
    resolved_at: datetime | None
    found: str | None
    known_by: str | None
    visit_id: UUID | None
    worker_id: UUID | None
    family_id: UUID | None
    ref: str | None


async def alerts(tx: Tx, teams: Teams, since: datetime, until: datetime) -> list[AlertLine]:
    """Alerts of these teams that opened in this time, the oldest first."""
    # For these alerts only: the log holds every word that anybody ever said.
    takes = event_log.c.alert_id == alert.c.id, event_log.c.verb == "took"
    taken_at = select(func.min(event_log.c.at)).where(*takes).scalar_subquery().label("taken_at")
    joined = alert.outerjoin(visit, visit.c.id == alert.c.visit_id).outerjoin(family, family.c.id == visit.c.family_id)
    own = (alert.c.id, alert.c.number, alert.c.kind, alert.c.state, alert.c.team_id, alert.c.opened_at)
    ended = (alert.c.resolved_at, alert.c.found, alert.c.known_by, alert.c.visit_id, alert.c.worker_id)
    query = select(*own, taken_at, *ended, visit.c.family_id, family.c.ref).select_from(joined)
    there = alert.c.team_id.in_(tuple(teams)), alert.c.opened_at >= since, alert.c.opened_at < until
    rows = await tx.conn.execute(query.where(*there).order_by(alert.c.opened_at, alert.c.id))
    return [AlertLine(**row._mapping) for row in rows]


async def visits(tx: Tx, teams: Teams, since: datetime, until: datetime) -> dict[tuple[UUID, str], int]:
    """How many visits of this time there are, by team and status."""
    there = visit.c.team_id.in_(tuple(teams)), visit.c.starts_at >= since, visit.c.starts_at < until
    query = select(visit.c.team_id, visit.c.status, func.count()).where(*there)
    rows = await tx.conn.execute(query.group_by(visit.c.team_id, visit.c.status))
    return {(team, status): count for team, status, count in rows}


async def debriefs(tx: Tx, teams: Teams, since: datetime, until: datetime) -> list[tuple[UUID, str, str | None, int]]:
    """Debriefs that were asked for in this time: (team, state, review, count)."""
    there = debrief.c.team_id.in_(tuple(teams)), debrief.c.asked_at >= since, debrief.c.asked_at < until
    query = select(debrief.c.team_id, debrief.c.state, debrief.c.review, func.count()).where(*there)
    rows = await tx.conn.execute(query.group_by(debrief.c.team_id, debrief.c.state, debrief.c.review))
    return [(team, state, review, count) for team, state, review, count in rows]


async def measures(tx: Tx, teams: Teams) -> dict[tuple[UUID, str], int]:
    """Measures as they stand now, by state, for the families that each team has visited."""
    theirs = select(visit.c.team_id, visit.c.family_id).where(visit.c.team_id.in_(tuple(teams))).distinct().subquery()
    joined = measure.join(theirs, theirs.c.family_id == measure.c.family_id)
    query = select(theirs.c.team_id, measure.c.state, func.count()).select_from(joined)
    rows = await tx.conn.execute(query.group_by(theirs.c.team_id, measure.c.state))
    return {(team, state): count for team, state, count in rows}


async def trained(tx: Tx, team_id: UUID, code: str, since: date | None) -> tuple[int, int]:
    """How many of those who visit in this team there are, and how many of them have this training since then."""
    has = (training.c.person_id == person.c.id) & (training.c.code == code)
    counts = training.c.on.is_not(None) if since is None else training.c.on >= since
    visiting = select(membership.c.person_id).where(
        membership.c.team_id == team_id, membership.c.role == Role.PRACTITIONER
    )
    query = (
        select(func.count(), func.coalesce(func.sum(case((counts, 1), else_=0)), 0))
        .select_from(person.outerjoin(training, has))
        .where(person.c.active, person.c.id.in_(visiting))
    )
    everybody, those = (await tx.conn.execute(query)).one()
    return int(everybody), int(those)


async def workers_of(tx: Tx, visit_ids: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Who goes on these visits: for exclusions."""
    found: dict[UUID, set[UUID]] = {each: set() for each in visit_ids}
    for some in _batched(visit_ids):
        query: Any = select(watch.c.visit_id, watch.c.worker_id).where(watch.c.visit_id.in_(some))
        for visit_id, worker_id in await tx.conn.execute(query):
            found[visit_id].add(worker_id)
    return {each: frozenset(workers) for each, workers in found.items()}


def _batched(ids: Collection[UUID]) -> Iterator[tuple[UUID, ...]]:
    """So many at a time as a statement takes."""
    every = tuple(ids)
    return (every[start : start + BATCH] for start in range(0, len(every), BATCH))
