"""Who has to do with a family: the teams that visit it, and everybody who ever went there or is going."""

from uuid import UUID

from sqlalchemy import select

from safety_service.store.database import Tx
from safety_service.store.tables.visits import visit, watch


async def of_family(tx: Tx, family_id: UUID) -> tuple[frozenset[UUID], frozenset[UUID]]:
    """Its teams and its visitors."""
    query = (
        select(visit.c.team_id, watch.c.worker_id)
        .join(watch, watch.c.visit_id == visit.c.id)
        .where(visit.c.family_id == family_id)
        .distinct()
    )
    rows = (await tx.conn.execute(query)).all()
    return frozenset(row.team_id for row in rows), frozenset(row.worker_id for row in rows)
