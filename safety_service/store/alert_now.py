"""Whether anything about an alert has changed: small questions, asked again and again while its page is open."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, bindparam, func, or_, select

from safety_service.domain.words import State
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
    theirs = or_(said.c.visit_id == alert.c.visit_id, alert.c.visit_id.is_(None) & said.c.visit_id.is_(None))
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
    """The unresolved alerts about this visit, and about this worker and no visit."""
    return await tx.scalars(_OPEN_ABOUT, worker=worker_id, visit=visit_id)


_WITHOUT = and_(alert.c.worker_id == bindparam("worker"), alert.c.visit_id.is_(None))
_OPEN_ABOUT = Ready(
    select(alert.c.id).where(or_(alert.c.visit_id == bindparam("visit"), _WITHOUT), alert.c.state != State.RESOLVED)
)


async def without_visit(tx: Tx, worker_id: UUID, open_at: datetime, opened_by: datetime) -> list[UUID]:
    """Alerts about this worker and no visit that were opened by one time, and not resolved before the other."""
    then = (alert.c.opened_at <= opened_by, or_(alert.c.resolved_at.is_(None), alert.c.resolved_at >= open_at))
    query = select(alert.c.id).where(alert.c.worker_id == worker_id, alert.c.visit_id.is_(None), *then)
    return list((await tx.conn.execute(query)).scalars())
