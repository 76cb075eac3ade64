"""Taking up watches whose next moment has come: of what others have in hand, nothing is waited for."""

from uuid import UUID

from safety_service.store import agencies
from safety_service.store import visits_sql as sql
from safety_service.store.database import Tx


class _InHand(Exception):
    """Others hold these agencies."""

    def __init__(self, agencies: set[UUID]) -> None:
        super().__init__()
        self.agencies = agencies


async def due(tx: Tx, limit: int) -> list[tuple[UUID, UUID]]:
    """(visit, worker), new alarms first. What another transaction holds stays due: visits, and the alarms of an agency.

    An alarm counts up its agency's numbers. A process that was suspended in the middle of one kept the agencies of all
    others from being watched; and two sweeps that hold one agency each would wait for the other's. So the agencies are
    held from here on, or their alarms are left alone.
    """
    others: set[UUID] = set()
    while True:
        try:
            async with tx.savepoint():
                return await _taken_up(tx, limit, others)
        except _InHand as found:
            # Their visits are let go: whoever holds the agency may want them next.
            others |= found.agencies


async def _taken_up(tx: Tx, limit: int, others: set[UUID]) -> list[tuple[UUID, UUID]]:
    found = await tx.all(sql.DUE, now=tx.now, limit=limit, but=others)
    wanted = {each.agency_id for each in found if each.alarm_at <= tx.now}
    if in_hand := wanted - await agencies.lock_free(tx, wanted):
        raise _InHand(in_hand)
    return [(each.visit_id, each.worker_id) for each in found]
