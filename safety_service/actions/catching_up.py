"""Visits that their family's plan has gone past: planned while it changed, they are looked at again."""

from datetime import datetime, timedelta
from uuid import UUID

from safety_service.actions import renewing
from safety_service.store import coming, stamps
from safety_service.store.database import Tx

_NAME = "visits_behind"
#: What could not be held against its plan is tried again after this.
AGAIN = timedelta(minutes=1)


async def catch_up(tx: Tx, limit: int) -> int:
    """Hold visits against the newest number of their plan; one that fails stops no other. Gives how many they were.

    Planning waits for nobody who writes a plan, so it may miss what is being written; this finds it.
    """
    before = await stamps.last(tx, _NAME)
    kept = None if before is None else before.info.get("after")
    place = kept if isinstance(kept, list) else None
    if before is not None and place is None and tx.now - before.at < AGAIN:
        return 0
    found = await coming.behind(tx, None if place is None else _place(*place), limit)
    await renewing.renew(tx, found.ids)
    if found.ids or found.on or place is not None:
        on = None if found.on is None else [found.on.next_at.isoformat(), str(found.on.visit_id)]
        await stamps.stamp(tx, _NAME, {"after": on})
    return len(found.ids)


def _place(next_at: str, visit_id: str) -> coming.Place:
    return coming.Place(datetime.fromisoformat(next_at), UUID(visit_id))
