"""Whether anything about an alert has changed: small questions, asked again and again while its page is open."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select

from safety_service.domain.words import Kind, State
from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import alert, outbox
from safety_service.store.tables.system import event_log
from safety_service.store.tables.visits import said, visit


async def mark_of(tx: Tx, alert_id: UUID) -> str:
    """Another mark whenever something was done, said, sent or reached since; looking at the alert changes nothing."""
    done = select(func.count()).where(event_log.c.alert_id == alert_id, event_log.c.verb != "read")
    sendings = select(
        func.count(),
        func.count(outbox.c.sent_at),
        func.count(outbox.c.reached_at),
        func.sum(outbox.c.attempts),
    ).where(outbox.c.alert_id == alert_id)
    theirs = or_(said.c.visit_id == alert.c.visit_id, said.c.visit_id.is_(None))
    words = select(func.max(said.c.heard_at)).where(said.c.worker_id == alert.c.worker_id, theirs)
    planned = select(visit.c.version).where(visit.c.id == alert.c.visit_id)
    query = select(
        alert.c.version,
        done.scalar_subquery(),
        *(each.correlate(alert).scalar_subquery() for each in (words, planned)),
    )
    first = (await tx.conn.execute(query.where(alert.c.id == alert_id))).one()
    second = (await tx.conn.execute(sendings)).one()
    return ".".join(str(each) for each in (*first, *second))


async def was_read(tx: Tx, alert_id: UUID, person_id: UUID) -> bool:
    """Whether the log says that this person has opened the alert."""
    by_them = (event_log.c.alert_id == alert_id, event_log.c.actor_id == person_id, event_log.c.verb == "read")
    return (await tx.conn.execute(select(event_log.c.id).where(*by_them).limit(1))).first() is not None


async def open_about(tx: Tx, worker_id: UUID, visit_id: UUID | None) -> list[UUID]:
    """The unresolved alerts about this visit, and about this worker."""
    return await tx.scalars(_OPEN_ABOUT, worker=worker_id, visit=visit_id)


_OPEN_ABOUT = Ready(
    select(alert.c.id).where(
        or_(alert.c.visit_id == bindparam("visit"), alert.c.worker_id == bindparam("worker")),
        alert.c.state != State.RESOLVED,
    )
)


@dataclass(frozen=True, slots=True)
class Cry:
    """An unresolved alert about a worker: of what kind, and on which visit, if on any."""

    kind: Kind
    visit_id: UUID | None


async def cries_of(tx: Tx, worker_id: UUID) -> list[Cry]:
    """The unresolved alerts about this worker, the latest first. Nothing that is sealed is read."""
    theirs = (alert.c.worker_id == worker_id, alert.c.state != State.RESOLVED)
    query = select(alert.c.kind, alert.c.visit_id).where(*theirs).order_by(alert.c.opened_at.desc(), alert.c.id.desc())
    return [Cry(Kind(each.kind), each.visit_id) for each in await tx.conn.execute(query)]


async def around(tx: Tx, worker_id: UUID, at: datetime, ahead: timedelta) -> list[UUID]:
    """Alerts about this worker that were open at this time; and those of no visit that opened so soon after it."""
    opened = or_(alert.c.opened_at <= at, alert.c.visit_id.is_(None) & (alert.c.opened_at <= at + ahead))
    not_over = or_(alert.c.resolved_at.is_(None), alert.c.resolved_at >= at)
    query = select(alert.c.id).where(alert.c.worker_id == worker_id, opened, not_over)
    return list((await tx.conn.execute(query)).scalars())
