"""Visits to come, and those that run: what a family's plan is held against."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, tuple_, update

from safety_service.domain.words import Status
from safety_service.store import plans, visits
from safety_service.store.database import Tx
from safety_service.store.tables.plans import plan_version
from safety_service.store.tables.visits import risk_fact, visit, watch
from safety_service.store.visits import VisitRow

_WAITS = (Status.PLANNED, Status.WAITING)
#: Longer than any transaction takes, and than it takes to look at every watch there is.
JUST_NOW = timedelta(minutes=15)
#: So many watches are looked at in one go: with a hundred thousand, to look at all of them takes half a second.
LOOKED_AT = 1000


class Place(NamedTuple):
    """How far it was looked."""

    next_at: datetime
    visit_id: UUID


async def of_family(tx: Tx, family_id: UUID) -> list[UUID]:
    """Visits to this family that have not begun, or that somebody is inside of."""
    open_yet = select(visit.c.id).where(visit.c.family_id == family_id, visit.c.status.in_((*_WAITS, Status.BEGUN)))
    return list((await tx.conn.execute(open_yet)).scalars())


async def of_workers(tx: Tx, worker_id: UUID) -> list[UUID]:
    """Visits on which this worker is watched and which have not begun, or that they are inside of."""
    rows = await visits.live_of_worker(tx, worker_id)
    return [each.id for each in rows if each.visit.status in (*_WAITS, Status.BEGUN)]


async def going_to(tx: Tx, family_id: UUID) -> frozenset[UUID]:
    """Who goes on those visits: what makes them safer, or leaves them as they are, is not theirs to decide."""
    open_yet = (visit.c.family_id == family_id, visit.c.status.in_((*_WAITS, Status.BEGUN)))
    query = select(watch.c.worker_id).join(visit, visit.c.id == watch.c.visit_id).where(*open_yet)
    return frozenset((await tx.conn.execute(query)).scalars())


async def next_start(tx: Tx, family_id: UUID) -> datetime | None:
    """When the next visit to this family is to begin. One that is late already gives nobody time to decide."""
    to_come = (visit.c.family_id == family_id, visit.c.status.in_(_WAITS), visit.c.starts_at > tx.now)
    query = select(func.min(visit.c.starts_at)).where(*to_come)
    at: datetime | None = (await tx.conn.execute(query)).scalar()
    return at


@dataclass(frozen=True, slots=True)
class Behind:
    """Visits that are behind, and the place from which to look on; None: all have been looked at."""

    ids: list[UUID]
    on: Place | None


async def behind(tx: Tx, after: Place | None, limit: int) -> Behind:
    """Visits that somebody is watched on, and that were planned without what was being written in that moment.

    Their family's plan has a newer number than they were held against; or a fact was made while they were planned,
    which makes no new number where its measures hold already. A thousand watches are looked at, by their next moment;
    at most so many visits are given, locked; others' locks are stepped over.
    """
    looked_at = _watched(after).order_by(watch.c.next_at, watch.c.visit_id)
    some = looked_at.limit(LOOKED_AT).subquery()
    newer = select(plan_version.c.id).where(
        plan_version.c.family_id == visit.c.family_id,
        plan_version.c.number > func.coalesce(visit.c.plan_number, plans.NONE),
    )
    held = (visit.c.status.in_((*_WAITS, Status.BEGUN)), or_(newer.exists(), _met_in_that_moment(tx)))
    query = select(some.c.next_at, visit.c.id).join(some, some.c.visit_id == visit.c.id).where(*held)
    query = query.order_by(some.c.next_at, visit.c.id).limit(limit)
    found = (await tx.conn.execute(query.with_for_update(of=visit, skip_locked=True, key_share=True))).all()
    if len(found) == limit:
        on: Place | None = Place(*found[-1])
    else:
        last = (await tx.conn.execute(looked_at.offset(LOOKED_AT - 1).limit(1))).first()
        on = None if last is None else Place(last.next_at, last.visit_id)
    return Behind(list(dict.fromkeys(each.id for each in found)), on)


def _watched(after: Place | None) -> Select[tuple[datetime, UUID]]:
    watched = select(watch.c.next_at, watch.c.visit_id).where(watch.c.next_at.is_not(None))
    if after is None:
        return watched
    place = tuple_(watch.c.next_at, watch.c.visit_id) > tuple_(after.next_at, after.visit_id)
    return watched.where(watch.c.next_at >= after.next_at, place)


def _met_in_that_moment(tx: Tx) -> ColumnElement[bool]:
    """Both are so young that neither may have seen the other. A visit that is looked at once more stays as it is."""
    lately = tx.now - JUST_NOW
    made = exists().where(risk_fact.c.family_id == visit.c.family_id, risk_fact.c.created_at > lately)
    return (visit.c.created_at > lately) & made


async def restate(tx: Tx, before: VisitRow, after: VisitRow) -> None:
    """Write what a later look made of a visit that this transaction has locked: its risk, its watches, its lacks."""
    await visits.save(tx, before.visit, after.visit)
    looked_at = {"because": after.because, "lacking": after.lacking, "plan_number": after.plan_number}
    again = update(visit).where(visit.c.id == after.id)
    await tx.conn.execute(again.values(risk=after.visit.risk, version=visit.c.version + 1, **looked_at))
