"""Whether anything about an alert has changed: small questions, asked again and again while its page is open."""

from uuid import UUID

from sqlalchemy import func, or_, select

from safety_service.store.database import Tx
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
