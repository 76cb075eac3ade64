"""Messages that wait in the outbox and must not go out any more."""

from uuid import UUID

from sqlalchemy import bindparam, or_, select, update

from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import alert, outbox
from safety_service.store.tables.visits import visit, watch


async def drop_pending(tx: Tx, alert_id: UUID, reason: str) -> None:
    """The alert was taken or ended: alarms that have not gone out need not."""
    place = (outbox.c.alert_id == alert_id, outbox.c.state == "pending", outbox.c.template.like("alarm.%"))
    await tx.conn.execute(update(outbox).where(*place).values(state="dropped", error=reason))


async def drop_questions(tx: Tx, visit_id: UUID, person_id: UUID) -> None:
    """A newer word makes older questions stale."""
    await tx.do(ANSWERED, visit_id=visit_id, person_id=person_id)


ANSWERED = Ready(
    update(outbox)
    .where(
        outbox.c.visit_id == bindparam("visit_id"),
        outbox.c.person_id == bindparam("person_id"),
        outbox.c.template.like("ask.%"),
        outbox.c.state == "pending",
    )
    .values(state="dropped", error="answered")
)
QUESTIONS = Ready(
    select(outbox.c.visit_id, outbox.c.person_id).where(
        outbox.c.visit_id.in_(bindparam("visits", expanding=True)),
        outbox.c.template.like("ask.%"),
        outbox.c.state == "pending",
    )
)


async def drop_about(tx: Tx, person_id: UUID, *, worker_id: UUID | None, family_id: UUID | None) -> int:
    """This person is kept off a worker or a family now: what was to tell them of it stays unsaid. Gives how many."""
    if worker_id is not None:
        visits = select(watch.c.visit_id).where(watch.c.worker_id == worker_id)
        alerts = select(alert.c.id).where(or_(alert.c.worker_id == worker_id, alert.c.visit_id.in_(visits)))
    else:
        visits = select(visit.c.id).where(visit.c.family_id == family_id)
        alerts = select(alert.c.id).where(alert.c.visit_id.in_(visits))
    about = or_(outbox.c.visit_id.in_(visits), outbox.c.alert_id.in_(alerts))
    theirs = (outbox.c.person_id == person_id, outbox.c.state == "pending", about)
    return (await tx.conn.execute(update(outbox).where(*theirs).values(state="dropped", error="kept off"))).rowcount
