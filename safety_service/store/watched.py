"""Who is being watched just now, for those who look after the watch itself."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import and_, or_, select

from safety_service.domain.words import Phase
from safety_service.store.database import Tx
from safety_service.store.tables.visits import visit, watch


@dataclass(frozen=True, slots=True)
class Watched:
    """Somebody who is being watched on a visit of this team's."""

    worker_id: UUID
    visit_id: UUID
    team_id: UUID
    agency_id: UUID


async def out_there(tx: Tx) -> list[Watched]:
    """Everyone who is inside, on the way home, or should have begun by now."""
    under_way = watch.c.phase.in_((Phase.INSIDE, Phase.HOME))
    should_be = and_(watch.c.phase == Phase.BEGIN, watch.c.due_at <= tx.now)
    query = (
        select(watch.c.worker_id, watch.c.visit_id, visit.c.team_id, visit.c.agency_id)
        .join(visit, visit.c.id == watch.c.visit_id)
        .where(watch.c.next_at.is_not(None), or_(under_way, should_be))
        .order_by(watch.c.visit_id, watch.c.worker_id)
    )
    return [Watched(*row) for row in await tx.conn.execute(query)]
