"""A call for help that nobody has answered: whoever called is told so, and whom to ring."""

from datetime import timedelta

from safety_service.actions.apart import by_itself
from safety_service.actions.telling import Priority, tell
from safety_service.domain.words import Kind, Phase
from safety_service.store import agencies, alerts, visits
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx

#: Who has not been answered by then is told; after a gap it is told late, and after this not any more.
AFTER, UNTIL = timedelta(seconds=60), timedelta(minutes=10)


async def chase_unread(tx: Tx, limit: int) -> int:
    """Tell them, once for each alert. Of duress nobody hears anything."""
    waiting = await alerts.unread(tx, Kind.SOS, tx.now - AFTER, tx.now - UNTIL, limit)
    for row in waiting:
        await by_itself(tx, _tell(tx, row), f"a worker was not told that nobody has alert {row.alert.number}")
    return len(waiting)


async def _tell(tx: Tx, row: AlertRow) -> None:
    worker_id = row.alert.worker_id
    if worker_id is None:
        return
    office = (await agencies.get(tx, row.agency_id)).office_phone or (await tx.policy()).office_number
    live = await visits.live_of_worker(tx, worker_id)
    inside = any(each.visit.watch(worker_id).phase is Phase.INSIDE for each in live)
    # Behind a door it is said so that nobody else can read anything in it.
    params = {"office_phone": office, **({"variant": "inside"} if inside else {})}
    await tell(
        tx,
        [worker_id],
        "worker.unread",
        params,
        priority=Priority.QUESTION,
        visit_id=row.alert.visit_id,
        expires_at=row.alert.opened_at + UNTIL,
        dedupe=f"unread:{row.id}",
    )
