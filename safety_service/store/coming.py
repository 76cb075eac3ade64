"""Visits to come, and those that run: what a family's plan is held against."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, or_, select, update

from safety_service.domain.words import Status
from safety_service.store import plans, visits
from safety_service.store.database import Tx
from safety_service.store.tables.plans import plan_version
from safety_service.store.tables.visits import risk_fact, visit, watch
from safety_service.store.visits import VisitRow

_WAITS = (Status.PLANNED, Status.WAITING)
#: Longer than any transaction takes, and than it takes to be looked for.
JUST_NOW = timedelta(minutes=5)


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


async def behind(tx: Tx, after: UUID, limit: int) -> list[UUID]:
    """Visits that somebody is watched on, and that were planned without what was being written in that moment.

    Their family's plan has a newer number than they were held against; or a fact was made while they were planned,
    which makes no new number where its measures hold already. By id, beginning after one, locked; others' locks are
    stepped over.
    """
    newer = select(plan_version.c.id).where(
        plan_version.c.family_id == visit.c.family_id,
        plan_version.c.number > func.coalesce(visit.c.plan_number, plans.NONE),
    )
    watched = select(watch.c.visit_id).where(watch.c.next_at.is_not(None))
    held = (visit.c.id.in_(watched), visit.c.status.in_((*_WAITS, Status.BEGUN)), visit.c.id > after)
    missed = or_(newer.exists(), _met_in_that_moment(tx))
    query = select(visit.c.id).where(*held, missed).order_by(visit.c.id).limit(limit)
    return list((await tx.conn.execute(query.with_for_update(of=visit, skip_locked=True, key_share=True))).scalars())


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
