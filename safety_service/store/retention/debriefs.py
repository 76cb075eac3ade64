"""Debriefs, with all that was added to them and all that they can be found by."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, not_, or_, select, update

from safety_service.store.database import Tx
from safety_service.store.retention.kept import free_family
from safety_service.store.retention.rule import Query, Rule, always, filled, sealed_of
from safety_service.store.retention.words import empty_files
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
from safety_service.store.tables.visits import kept_file

_UNDECIDED = ("proposed", "provisional")
#: A debrief's own: they go with it.
_OWN = (debrief_behaviour, debrief_word, debrief_addendum, debrief_comment, undertaking_note, item)


def _debriefs(before: datetime) -> Query:
    """Given (or asked for, and never given) before this moment; nothing of them was open or undecided since."""
    since = or_(item.c.closed_at.is_(None), item.c.closed_at >= before)
    is_open = exists().where(item.c.debrief_id == debrief.c.id, since)
    undecided = exists().where(measure.c.debrief_id == debrief.c.id, measure.c.state.in_(_UNDECIDED))
    query = select(debrief.c.id, debrief.c.agency_id).where(
        debrief.c.asked_at < before,
        func.coalesce(debrief.c.submitted_at, debrief.c.asked_at) < before,
        free_family(debrief.c.family_id),
        not_(is_open),
        not_(undecided),
    )
    return query.order_by(debrief.c.asked_at)


async def remove_debriefs(tx: Tx, ids: Sequence[UUID]) -> None:
    """Remove these, what was added to them, and what they can be found by. Measures and sharing records stay."""
    files = select(kept_file.c.id).where(kept_file.c.debrief_id.in_(ids), filled(kept_file.c.body))
    await empty_files(tx, (await tx.conn.execute(files)).scalars().all())
    for table in _OWN:
        await tx.conn.execute(delete(table).where(table.c.debrief_id.in_(ids)))
    for table in (measure, share):
        await tx.conn.execute(update(table).where(table.c.debrief_id.in_(ids)).values(debrief_id=None))
    await tx.conn.execute(delete(debrief).where(debrief.c.id.in_(ids)))


RULES = (
    Rule(
        name="debriefs",
        lasts="debriefs",
        old=always(_debriefs),
        remove=remove_debriefs,
        covers=sealed_of(debrief, debrief_addendum, debrief_comment),
    ),
)
