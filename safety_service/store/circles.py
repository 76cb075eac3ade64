"""Who has to do with a family: the teams that visit it, who went there or is going, who has to do with it now."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from safety_service.domain.words import State, Status
from safety_service.store.database import Tx
from safety_service.store.tables.alerts import alert, told
from safety_service.store.tables.visits import visit, watch

#: Visits that did not happen and will not.
_NEVER = (Status.CANCELLED, Status.NOT_BEGUN)


async def of_family(tx: Tx, family_id: UUID) -> tuple[frozenset[UUID], frozenset[UUID]]:
    """Its teams and its visitors.

    Who called a visit off has not been there; a family of which every visit was called off stays with the teams that
    were to go.
    """
    query = (
        select(visit.c.team_id, watch.c.worker_id, visit.c.status)
        .join(watch, watch.c.visit_id == visit.c.id)
        .where(visit.c.family_id == family_id)
        .distinct()
    )
    rows = (await tx.conn.execute(query)).all()
    went = [row for row in rows if row.status != Status.CANCELLED]
    return frozenset(row.team_id for row in went or rows), frozenset(row.worker_id for row in went)


async def goes_there(tx: Tx, family_id: UUID, person_id: UUID, since: datetime, until: datetime) -> bool:
    """Whether this person has a visit there of their own that begins or ended in this time, or runs."""
    own = (visit.c.family_id == family_id, watch.c.worker_id == person_id, visit.c.status.not_in(_NEVER))
    near = (visit.c.starts_at < until) & ((visit.c.ends_at >= since) | watch.c.next_at.is_not(None))
    query = select(visit.c.id).join(watch, watch.c.visit_id == visit.c.id).where(*own, near).limit(1)
    return (await tx.conn.execute(query)).first() is not None


async def alarmed_about(tx: Tx, family_id: UUID, person_id: UUID) -> bool:
    """Whether this person was told of an alert on a visit there that is open still."""
    about = (visit.c.family_id == family_id, told.c.person_id == person_id, alert.c.state != State.RESOLVED)
    joined = alert.join(visit, visit.c.id == alert.c.visit_id).join(told, told.c.alert_id == alert.c.id)
    return (await tx.conn.execute(select(alert.c.id).select_from(joined).where(*about).limit(1))).first() is not None
