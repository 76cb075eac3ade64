"""What has been kept long enough: found, and removed with all that belongs to it. What is held or still open stays."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, not_, or_, select, update

from safety_service.store import holds
from safety_service.store.database import Tx
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.around import share
from safety_service.store.tables.learning import (
    debrief,
    debrief_addendum,
    debrief_behaviour,
    debrief_comment,
    debrief_word,
    item,
)
from safety_service.store.tables.plans import measure, undertaking_note
from safety_service.store.tables.visits import visit

_UNDECIDED = ("proposed", "provisional")
#: A debrief's own: they go with it.
_OWN = (debrief_behaviour, debrief_word, debrief_addendum, debrief_comment, undertaking_note)


@dataclass(frozen=True, slots=True)
class Old:
    """Something that has been kept long enough."""

    id: UUID
    agency_id: UUID


async def old_debriefs(tx: Tx, before: datetime, limit: int) -> list[Old]:
    """Debriefs given (or asked for, and never given) before this moment; the oldest first.

    Not those of a family that is held, nor those of which something is still open or undecided.
    """
    is_open = exists().where(item.c.debrief_id == debrief.c.id, item.c.closed_at.is_(None))
    undecided = exists().where(measure.c.debrief_id == debrief.c.id, measure.c.state.in_(_UNDECIDED))
    at = func.coalesce(debrief.c.submitted_at, debrief.c.asked_at)
    query = select(debrief.c.id, debrief.c.agency_id).where(
        debrief.c.asked_at < before,
        at < before,
        or_(debrief.c.family_id.is_(None), debrief.c.family_id.not_in(holds.held())),
        not_(is_open),
        not_(undecided),
    )
    rows = await tx.conn.execute(query.order_by(debrief.c.asked_at).limit(limit))
    return [Old(*row) for row in rows]


async def remove_debriefs(tx: Tx, ids: Collection[UUID]) -> None:
    """Remove these, what was added to them, and what they can be found by. Measures and sharing records stay."""
    these = tuple(ids)
    for table in _OWN:
        await tx.conn.execute(delete(table).where(table.c.debrief_id.in_(these)))
    await tx.conn.execute(delete(item).where(item.c.debrief_id.in_(these)))
    for table in (measure, share):
        await tx.conn.execute(update(table).where(table.c.debrief_id.in_(these)).values(debrief_id=None))
    await tx.conn.execute(delete(debrief).where(debrief.c.id.in_(these)))


async def old_messages(tx: Tx, before: datetime, limit: int) -> list[Old]:
    """Messages that went out before this moment. Those of alerts are evidence and stay; so do a held family's."""
    over = outbox.c.state.in_(("sent", "failed", "dropped"))
    theirs = select(visit.c.id).where(visit.c.family_id.in_(holds.held()))
    kept = outbox.c.visit_id.is_not(None) & outbox.c.visit_id.in_(theirs)
    query = select(outbox.c.id, outbox.c.agency_id).where(
        over, outbox.c.created_at < before, outbox.c.alert_id.is_(None), not_(kept)
    )
    rows = await tx.conn.execute(query.order_by(outbox.c.id).limit(limit))
    return [Old(*row) for row in rows]


async def remove_messages(tx: Tx, ids: Collection[UUID]) -> None:
    """Remove these."""
    await tx.conn.execute(delete(outbox).where(outbox.c.id.in_(tuple(ids))))
