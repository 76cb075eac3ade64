"""What the worker of an alert says on other visits while it is open: it is for whoever comes, as all that they say."""

from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from safety_service.actions import matters
from safety_service.domain.timeline import WordSaid
from safety_service.store import timelines
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx


async def words(tx: Tx, row: AlertRow, workers: AbstractSet[UUID], reader_id: UUID | None) -> list[WordSaid]:
    """Since it opened and until it was closed, but for visits that the reader is kept off; `workers`: of its visit.

    `reader_id` None: the machine's own command line.
    """
    alert = row.alert
    about = await _visits(tx, row, workers, reader_id)
    if alert.worker_id is None or not about:
        return []
    found = await timelines.words_on(tx, about, alert.worker_id, alert.opened_at, alert.resolved_at or tx.now)
    return [replace(each, elsewhere=True) for each in found]


async def last_heard(tx: Tx, row: AlertRow, workers: AbstractSet[UUID], reader_id: UUID) -> datetime | None:
    """When the last of them was heard; nothing of them is opened."""
    return max((await _visits(tx, row, workers, reader_id)).values(), default=None)


async def _visits(tx: Tx, row: AlertRow, workers: AbstractSet[UUID], reader_id: UUID | None) -> dict[UUID, datetime]:
    alert = row.alert
    # Whoever went along on the alert's visit has nothing to do with where the worker goes next.
    if alert.worker_id is None or (reader_id in workers and reader_id != alert.worker_id):
        return {}
    spoken = await timelines.visits_spoken_of(tx, alert.worker_id, alert.opened_at, alert.resolved_at or tx.now)
    others = {each: at for each, at in spoken.items() if each != alert.visit_id}
    barred = set[UUID]() if reader_id is None else await matters.kept_off(tx, reader_id, others)
    return {each: at for each, at in others.items() if each not in barred}
