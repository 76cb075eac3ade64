"""Whose phone must not ring: workers under duress, as far as somebody may know of it (P5)."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from safety_service.domain.words import Kind, State
from safety_service.store import beside
from safety_service.store.batch import foreseen
from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import alert
from safety_service.store.tables.visits import watch


async def known_to(tx: Tx, worker_id: UUID, readers: Collection[UUID]) -> frozenset[UUID]:
    """Those of the readers who may know that this worker is under duress; of one who is not, nobody.

    Never the worker, nor whoever is beside them now, nor who goes on the visit that it is of: what they read is that
    of any other day. One call of several is enough to know of.
    """
    going: dict[UUID, set[UUID | None]] = defaultdict(set)
    for row in await cries_of(tx, worker_id):
        going[row.id].add(row.worker_id)
    if not going:
        return frozenset()
    on_each_visit = set.intersection(*going.values())
    return frozenset(readers) - {worker_id} - on_each_visit - await beside.of(tx, {worker_id})


@foreseen
async def cries_of(tx: Tx, worker_id: UUID) -> list[Any]:
    """Each open duress of this worker, with everybody who goes on its visit."""
    return await tx.all(_GOING, worker_id=worker_id)


async def known_by(tx: Tx, reader_id: UUID, workers: Collection[UUID]) -> frozenset[UUID]:
    """Those of the workers who are under duress, as far as this reader may know."""
    found = frozenset(await tx.scalars(WHO, workers=tuple(workers))) if workers else frozenset()
    return frozenset({each for each in found if await known_to(tx, each, [reader_id])})


_OPEN = (alert.c.kind == Kind.DURESS, alert.c.state != State.RESOLVED)
WHO = Ready(select(alert.c.worker_id).where(alert.c.worker_id.in_(bindparam("workers", expanding=True)), *_OPEN))
_GOING = Ready(
    select(alert.c.id, watch.c.worker_id)
    .join_from(alert, watch, watch.c.visit_id == alert.c.visit_id, isouter=True)
    .where(alert.c.worker_id == bindparam("worker_id"), *_OPEN)
)
