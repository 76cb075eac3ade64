"""Which visits and alerts somebody else has in hand: asked without waiting for them."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import bindparam, select

from safety_service.domain.words import State
from safety_service.store.alerts import ALARMED
from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import alert
from safety_service.store.tables.visits import visit


async def alarmed(tx: Tx, visit_ids: Collection[UUID]) -> frozenset[UUID]:
    """Of these visits those with an alert that is open."""
    return frozenset(await tx.scalars(ALARMED, visits=visit_ids) if visit_ids else ())


async def held(tx: Tx, visit_ids: Collection[UUID]) -> frozenset[UUID]:
    """Of these visits those with an open alert that another transaction holds. The alerts of the others are locked."""
    if not visit_ids:
        return frozenset()
    mine = set(await tx.scalars(_FREE, visits=visit_ids))
    return frozenset(each.visit_id for each in await tx.all(_OPEN, visits=visit_ids) if each.id not in mine)


async def taken(tx: Tx, visit_ids: Collection[UUID]) -> frozenset[UUID]:
    """Of these visits those that another transaction holds, or an open alert of theirs. The others are locked."""
    if not visit_ids:
        return frozenset()
    mine = frozenset(await tx.scalars(_FREE_VISITS, visits=visit_ids))
    return (frozenset(visit_ids) - mine) | await held(tx, mine)


async def held_of(tx: Tx, workers: Collection[UUID]) -> frozenset[UUID]:
    """As `held`, of workers: those with an open alert without a visit that another transaction holds."""
    if not workers:
        return frozenset()
    mine = set(await tx.scalars(_FREE_OF, workers=workers))
    return frozenset(each.worker_id for each in await tx.all(_OPEN_OF, workers=workers) if each.id not in mine)


_FREE_VISITS = Ready(
    select(visit.c.id)
    .where(visit.c.id.in_(bindparam("visits", expanding=True)))
    .with_for_update(key_share=True, skip_locked=True)
)
_ALERTS = select(alert.c.id, alert.c.visit_id).where(
    alert.c.visit_id.in_(bindparam("visits", expanding=True)), alert.c.state != State.RESOLVED
)
_OPEN = Ready(_ALERTS)
_FREE = Ready(_ALERTS.with_for_update(key_share=True, skip_locked=True))
_ALERTS_OF = select(alert.c.id, alert.c.worker_id).where(
    alert.c.worker_id.in_(bindparam("workers", expanding=True)),
    alert.c.visit_id.is_(None),
    alert.c.state != State.RESOLVED,
)
_OPEN_OF = Ready(_ALERTS_OF)
_FREE_OF = Ready(_ALERTS_OF.with_for_update(key_share=True, skip_locked=True))
