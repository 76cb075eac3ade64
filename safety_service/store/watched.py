"""Who is being watched just now, for those who look after the watch itself."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, or_, select

from safety_service.domain.words import Phase
from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.visits import visit, watch


@dataclass(frozen=True, slots=True)
class Watched:
    """Somebody who is being watched on a visit of this team's."""

    worker_id: UUID
    visit_id: UUID
    team_id: UUID
    agency_id: UUID


@dataclass(frozen=True, slots=True)
class Where:
    """Where somebody is in their visit, and the number of the last question that they were asked."""

    visit_id: UUID
    phase: Phase
    ask: int


async def out_there(tx: Tx) -> list[Watched]:
    """Everyone who is inside, on the way home, or should have begun by now."""
    query = (
        select(watch.c.worker_id, watch.c.visit_id, visit.c.team_id, visit.c.agency_id)
        .join(visit, visit.c.id == watch.c.visit_id)
        .where(*_out_there(tx))
        .order_by(watch.c.visit_id, watch.c.worker_id)
    )
    return [Watched(*row) for row in await tx.conn.execute(query)]


async def where(tx: Tx, workers: Collection[UUID]) -> dict[UUID, Where]:
    """Where each of these people is who is out there. Whoever is inside one visit is not asked about another."""
    query = select(watch.c.worker_id, watch.c.visit_id, watch.c.phase, watch.c.ask)
    query = query.where(watch.c.worker_id.in_(workers), *_out_there(tx)).order_by(watch.c.due_at)
    found: dict[UUID, Where] = {}
    for worker_id, visit_id, phase, ask in await tx.conn.execute(query):
        known = found.get(worker_id)
        if known is None or _NEARER.index(Phase(phase)) < _NEARER.index(known.phase):
            found[worker_id] = Where(visit_id, Phase(phase), ask)
    return found


_NEARER = (Phase.INSIDE, Phase.HOME, Phase.BEGIN)


def _out_there(tx: Tx) -> tuple[ColumnElement[bool], ...]:
    under_way = watch.c.phase.in_((Phase.INSIDE, Phase.HOME))
    should_be = and_(watch.c.phase == Phase.BEGIN, watch.c.due_at <= tx.now)
    return (watch.c.next_at.is_not(None), or_(under_way, should_be))


async def inside_elsewhere(tx: Tx, visit_id: UUID) -> frozenset[UUID]:
    """Who goes on this visit and is inside another one."""
    return frozenset(await tx.scalars(_INSIDE_ELSEWHERE, visit_id=visit_id))


_THIS = bindparam("visit_id", type_=watch.c.visit_id.type)
_INSIDE_ELSEWHERE = Ready(
    select(watch.c.worker_id).where(
        watch.c.worker_id.in_(select(watch.c.worker_id).where(watch.c.visit_id == _THIS)),
        watch.c.visit_id != _THIS,
        watch.c.phase == Phase.INSIDE,
    )
)
