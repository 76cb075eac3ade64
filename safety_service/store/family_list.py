"""The families that somebody may know of, by reference, a page at a time; and what waits at each."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from safety_service.domain.plan import UNDECIDED
from safety_service.domain.words import Status
from safety_service.store.database import Tx
from safety_service.store.exclusions import KeptOff
from safety_service.store.tables.learning import debrief
from safety_service.store.tables.plans import measure, plan_version, undertaking
from safety_service.store.tables.visits import family, risk_fact, visit, watch

#: Visits that are still to come, or run.
_AHEAD = (Status.PLANNED, Status.WAITING, Status.BEGUN)
_UNDECIDED = [str(each) for each in UNDECIDED]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who looks: the teams that they read, whether families that nobody visits yet are theirs, what they are kept
    off."""

    agency_id: UUID
    person_id: UUID
    teams: frozenset[UUID]
    manages: bool
    kept_off: KeptOff


@dataclass(frozen=True, slots=True)
class Listed:
    """A family in a list. `managed`: one of the teams that were asked about goes there."""

    id: UUID
    ref: str
    managed: bool


async def listed(
    tx: Tx,
    reader: Reader,
    managed: Collection[UUID],
    limit: int,
    *,
    text: str = "",
    after: str = "",
    waiting: bool = False,
    own: bool = False,
) -> list[Listed]:
    """Those that the reader may know of, by reference, beginning after one.

    `text`: stands in the reference; `waiting`: something proposed there is undecided; `own`: they go there themselves.
    """
    mine = family.c.id.in_(_visited_by(reader.person_id))
    theirs = visited_by_teams(managed)
    query = select(family.c.id, family.c.ref, theirs.label("managed")).where(
        family.c.agency_id == reader.agency_id,
        family.c.ref > after,
        mine if own else or_(mine, *_by_team(reader)),
        family.c.id.not_in(tuple(reader.kept_off.families)),
    )
    if text:
        query = query.where(family.c.ref.contains(text, autoescape=True))
    if waiting:
        there = select(measure.c.family_id).where(measure.c.agency_id == reader.agency_id, *undecided(reader.kept_off))
        query = query.where(theirs, family.c.id.in_(there))
    rows = await tx.conn.execute(query.order_by(family.c.ref).limit(limit))
    return [Listed(row.id, row.ref, bool(row.managed)) for row in rows]


def _visited_by(person_id: UUID) -> Any:
    joined = select(visit.c.family_id).join(watch, watch.c.visit_id == visit.c.id)
    return joined.where(watch.c.worker_id == person_id, visit.c.status != Status.CANCELLED)


def visited_by_teams(teams: Collection[UUID]) -> ColumnElement[bool]:
    """Of a row of `family`: one of these teams goes there; where every visit was called off, those that were to go."""
    there = visit.alias("there")
    of_teams = and_(there.c.family_id == family.c.id, there.c.team_id.in_(tuple(teams)))
    went = exists().where(visit.c.family_id == family.c.id, visit.c.status != Status.CANCELLED)
    return exists().where(of_teams, or_(there.c.status != Status.CANCELLED, ~went))


def _by_team(reader: Reader) -> list[ColumnElement[bool]]:
    if not reader.teams:
        return []
    nobody_yet = ~exists().where(visit.c.family_id == family.c.id)
    return [visited_by_teams(reader.teams), *([nobody_yet] if reader.manages else [])]


def undecided(kept_off: KeptOff) -> list[ColumnElement[bool]]:
    """Measures that wait for a decision, without what was first told by workers whom somebody is kept off."""
    # The second says no more than the first, but in the words of the index of what is asked about.
    waits: list[ColumnElement[bool]] = [measure.c.state.in_(_UNDECIDED), measure.c.next_at.is_not(None)]
    if not kept_off.workers:
        return waits
    told = select(debrief.c.id).join(watch, watch.c.visit_id == debrief.c.visit_id)
    off = told.where(watch.c.worker_id.in_(tuple(kept_off.workers)), debrief.c.id == measure.c.debrief_id)
    return [*waits, ~off.exists()]


@dataclass(frozen=True, slots=True)
class Next:
    """The visit that comes next, or runs: when, at which risk."""

    starts_at: datetime
    risk: str
    status: str


async def coming(tx: Tx, reader: Reader, families: Collection[Listed], since: datetime) -> dict[UUID, Next]:
    """The next visit to each of these families since then; where they are not managed, only the reader's own.

    Never of workers whom the reader is kept off.
    """
    columns = (visit.c.family_id, visit.c.starts_at, visit.c.risk, visit.c.status)
    own = exists().where(watch.c.visit_id == visit.c.id, watch.c.worker_id == reader.person_id)
    query = select(*columns).where(
        visit.c.family_id.in_([each.id for each in families]),
        visit.c.status.in_(_AHEAD),
        visit.c.starts_at >= since,
        or_(own, visit.c.family_id.in_([each.id for each in families if each.managed])),
    )
    if reader.kept_off.workers:
        off = watch.c.worker_id.in_(tuple(reader.kept_off.workers))
        query = query.where(~exists().where(watch.c.visit_id == visit.c.id, off))
    found: dict[UUID, Next] = {}
    for row in await tx.conn.execute(query.order_by(visit.c.starts_at, visit.c.id)):
        found.setdefault(row.family_id, Next(row.starts_at, row.risk, row.status))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How much waits at a family: proposals without a decision, facts and undertakings and a plan to look at again."""

    proposals: int = 0
    facts: int = 0
    undertakings: int = 0
    plan: bool = False

    @property
    def anything(self) -> bool:
        """Whether there is any of it."""
        return bool(self.proposals or self.facts or self.undertakings or self.plan)


async def waits(tx: Tx, family_ids: Collection[UUID], today: date, kept_off: KeptOff) -> dict[UUID, Waits]:
    """What waits at each of these families on this day, for somebody who is kept off some workers."""
    ids = tuple(family_ids)
    if not ids:
        return {}
    proposals = await _counted(tx, measure, measure.c.family_id.in_(ids), *undecided(kept_off))
    still = (risk_fact.c.review_on <= today, risk_fact.c.ended_on.is_(None))
    facts = await _counted(tx, risk_fact, risk_fact.c.family_id.in_(ids), *still)
    again = (undertaking.c.state.in_(("open", "broken")), undertaking.c.review_on <= today)
    undertakings = await _counted(tx, undertaking, undertaking.c.family_id.in_(ids), *again)
    plans = await _plans(tx, ids, today)
    return {
        each: Waits(
            proposals=proposals.get(each, 0),
            facts=facts.get(each, 0),
            undertakings=undertakings.get(each, 0),
            plan=each in plans,
        )
        for each in ids
    }


async def _counted(tx: Tx, table: Any, *where: ColumnElement[bool]) -> dict[UUID, int]:
    query = select(table.c.family_id, func.count().label("many")).where(*where).group_by(table.c.family_id)
    return {row.family_id: row.many for row in await tx.conn.execute(query)}


async def _plans(tx: Tx, ids: Collection[UUID], today: date) -> set[UUID]:
    """Whose newest plan was to be looked at again by this day."""
    newest = (
        select(plan_version.c.family_id, func.max(plan_version.c.number).label("number"))
        .where(plan_version.c.family_id.in_(tuple(ids)))
        .group_by(plan_version.c.family_id)
        .subquery()
    )
    same = (plan_version.c.family_id == newest.c.family_id) & (plan_version.c.number == newest.c.number)
    query = select(plan_version.c.family_id).join(newest, same).where(plan_version.c.review_on <= today)
    return set((await tx.conn.execute(query)).scalars())
