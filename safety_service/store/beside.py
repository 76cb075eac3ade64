"""Who is on a visit together just now: what must not reach a worker's screen must not be on a screen beside it (P5)."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, or_, select

from safety_service.domain.words import Phase
from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.visits import watch

#: So long before the planned start they may be at the door together. A visit that is further off keeps nobody away:
#: whoever has one with the worker next week is wanted when the worker calls today.
MEET_BEFORE = timedelta(minutes=30)


async def of(tx: Tx, workers: Collection[UUID]) -> frozenset[UUID]:
    """Everybody else who is, or is about to be, on one visit with any of these people."""
    if not workers:
        return frozenset()
    soon = tx.now + MEET_BEFORE
    return frozenset(await tx.scalars(_BESIDE, workers=tuple(workers), soon=soon)) - frozenset(workers)


_mine, _theirs = watch.alias("mine"), watch.alias("theirs")


def _there(phase: ColumnElement[str], due_at: ColumnElement[object]) -> ColumnElement[bool]:
    at_the_door = and_(phase == Phase.BEGIN, due_at <= bindparam("soon", type_=watch.c.due_at.type))
    return or_(phase.in_((Phase.INSIDE, Phase.HOME)), at_the_door)


_BESIDE = Ready(
    select(_theirs.c.worker_id)
    .join_from(_mine, _theirs, _theirs.c.visit_id == _mine.c.visit_id)
    .where(
        _mine.c.worker_id.in_(bindparam("workers", expanding=True)),
        _there(_mine.c.phase, _mine.c.due_at),
        _there(_theirs.c.phase, _theirs.c.due_at),
    )
)
