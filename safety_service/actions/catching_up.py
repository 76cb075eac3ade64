"""Visits that their family's plan has gone past: planned while it changed, they are looked at again."""

from datetime import timedelta
from uuid import UUID

from safety_service.actions import renewing
from safety_service.store import coming, stamps
from safety_service.store.database import Tx

_NAME = "visits_behind"
_FIRST = UUID(int=0)
#: What could not be held against its plan is tried again after this.
AGAIN = timedelta(minutes=1)


async def catch_up(tx: Tx, limit: int) -> int:
    """Hold visits against the newest number of their plan; one that fails stops no other. Gives how many they were.

    Planning waits for nobody who writes a plan, so it may miss what is being written; this finds it.
    """
    before = await stamps.last(tx, _NAME)
    last = None if before is None else before.info.get("after")
    if before is not None and last is None and tx.now - before.at < AGAIN:
        return 0
    ids = await coming.behind(tx, _FIRST if last is None else UUID(last), limit)
    await renewing.renew(tx, ids)
    if ids or last is not None:
        await stamps.stamp(tx, _NAME, {"after": str(ids[-1]) if len(ids) == limit else None})
    return len(ids)
