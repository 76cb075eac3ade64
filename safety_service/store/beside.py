"""Who is on a visit together just now: what must not reach a worker's screen must not be on a screen beside it (P5)."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select

from safety_service.domain.words import Phase
from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import alert
from safety_service.store.tables.visits import said, visit, watch

#: So long before the planned start they may be at the door together. A visit that is further off keeps nobody away:
#: whoever has one with the worker next week is wanted when the worker calls today.
MEET_BEFORE = timedelta(minutes=30)


async def of(tx: Tx, workers: Collection[UUID]) -> frozenset[UUID]:
    """Everybody else who is, or is about to be, on one visit with any of these people."""
    if not workers:
        return frozenset()
    soon = tx.now + MEET_BEFORE
    return frozenset(await tx.scalars(_BESIDE, workers=tuple(workers), soon=soon)) - frozenset(workers)


async def of_each(tx: Tx, workers: Collection[UUID | None]) -> dict[UUID | None, frozenset[UUID]]:
    """By worker: everybody else who is, or is about to be, on one visit with them."""
    found: dict[UUID | None, set[UUID]] = defaultdict(set)
    if workers:
        for each in await tx.all(_BESIDE_EACH, workers=tuple(workers), soon=tx.now + MEET_BEFORE):
            found[each.mine].add(each.theirs)
    return {worker_id: frozenset(others - {worker_id}) for worker_id, others in found.items()}


async def since(tx: Tx, person_id: UUID) -> datetime | None:
    """Since when this person is, or is about to be, on the visits that they are on now; None: they are on none."""
    soon = tx.now + MEET_BEFORE
    now = select(watch.c.visit_id).where(watch.c.worker_id == person_id, _there(watch.c.phase, watch.c.due_at))
    rows = (await tx.conn.execute(now, {"soon": soon})).scalars().all()
    planned = select(func.min(visit.c.starts_at)).where(visit.c.id.in_(rows))
    begun = select(func.min(said.c.said_at)).where(said.c.visit_id.in_(rows), said.c.kind == "begin")
    # Whoever goes in early is together early.
    found = [(await tx.conn.execute(each)).scalar() for each in (planned, begun)] if rows else []
    return min((each - MEET_BEFORE for each in found if each is not None), default=None)


@dataclass(frozen=True, slots=True)
class Unclosed:
    """An alert that is not closed: since when, about whom, and at which family."""

    id: UUID
    opened_at: datetime
    worker_id: UUID | None
    family_id: UUID | None


async def unclosed(tx: Tx, person_id: UUID, there: Collection[UUID]) -> list[Unclosed]:
    """Alerts about this person, a visit of theirs, or those beside them, that are not closed."""
    with_them = select(watch.c.visit_id).where(watch.c.worker_id == person_id)
    theirs = alert.c.worker_id.in_((person_id, *there)) | alert.c.visit_id.in_(with_them)
    columns = alert.c.id, alert.c.opened_at, alert.c.worker_id, visit.c.family_id
    query = select(*columns).outerjoin_from(alert, visit, visit.c.id == alert.c.visit_id)
    rows = await tx.conn.execute(query.where(alert.c.open_key.is_not(None), theirs))
    return [Unclosed(*row) for row in rows]


_mine, _theirs = watch.alias("mine"), watch.alias("theirs")


def _there(phase: ColumnElement[str], due_at: ColumnElement[object]) -> ColumnElement[bool]:
    at_the_door = and_(phase == Phase.BEGIN, due_at <= bindparam("soon", type_=watch.c.due_at.type))
    return or_(phase.in_((Phase.INSIDE, Phase.HOME)), at_the_door)


_TOGETHER = (
    select(_theirs.c.worker_id)
    .join_from(_mine, _theirs, _theirs.c.visit_id == _mine.c.visit_id)
    .where(
        _mine.c.worker_id.in_(bindparam("workers", expanding=True)),
        _there(_mine.c.phase, _mine.c.due_at),
        _there(_theirs.c.phase, _theirs.c.due_at),
    )
)
_BESIDE = Ready(_TOGETHER)
_BESIDE_EACH = Ready(_TOGETHER.with_only_columns(_mine.c.worker_id.label("mine"), _theirs.c.worker_id.label("theirs")))
