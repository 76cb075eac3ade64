"""Which visits to a family were told of, whatever was met there: so that quiet ones are seen, too."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from safety_service.store.database import Tx
from safety_service.store.tables.learning import debrief
from safety_service.store.tables.visits import visit


async def of_family(tx: Tx, family_id: UUID) -> list[tuple[UUID, datetime]]:
    """Who told, at least in part, and when the visit began, the oldest first."""
    given = or_(debrief.c.submitted_at.is_not(None), debrief.c.first_part_at.is_not(None))
    query = select(debrief.c.worker_id, visit.c.starts_at).join(visit, visit.c.id == debrief.c.visit_id)
    rows = await tx.conn.execute(query.where(debrief.c.family_id == family_id, given).order_by(visit.c.starts_at))
    return [(row.worker_id, row.starts_at) for row in rows]
