"""Messages that wait in the outbox and must not go out any more."""

from uuid import UUID

from sqlalchemy import or_, select, update

from safety_service.store.database import Tx
from safety_service.store.tables.alerts import alert, outbox
from safety_service.store.tables.visits import visit, watch


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
