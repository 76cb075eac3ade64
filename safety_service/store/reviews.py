"""Whether a debrief waits for a review, and who did it. The rest of the row is not touched here."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from safety_service.store.database import Tx
from safety_service.store.tables.learning import debrief


@dataclass(frozen=True, slots=True)
class Waiting:
    """A difficult debrief whose review is due."""

    id: UUID
    agency_id: UUID
    visit_id: UUID
    worker_id: UUID


async def file(
    tx: Tx, debrief_id: UUID, review: str, *, sampled: bool = False, next_at: datetime | None = None
) -> None:
    """Say whether it is filed by itself or waits for a review, and when somebody is asked for that."""
    await _set(tx, debrief_id, review=review, sampled=sampled, review_next_at=next_at)


async def done(tx: Tx, debrief_id: UUID, by: UUID, note: str) -> None:
    """It is reviewed, with a note; nobody is asked any more."""
    await _set(
        tx,
        debrief_id,
        state="reviewed",
        review="done",
        review_next_at=None,
        reviewed_by=by,
        reviewed_at=tx.now,
        review_note=note,
    )


async def ask_again(tx: Tx, debrief_id: UUID, at: datetime) -> None:
    """Ask again then."""
    await _set(tx, debrief_id, review_next_at=at)


async def lock(tx: Tx, debrief_id: UUID) -> str | None:
    """Hold the row until the transaction ends; gives its state, None where there is none."""
    query = select(debrief.c.state).where(debrief.c.id == debrief_id).with_for_update()
    return (await tx.conn.execute(query)).scalar_one_or_none()


async def note_of(tx: Tx, debrief_id: UUID) -> str | None:
    """What its reviewer noted."""
    return (await tx.conn.execute(select(debrief.c.review_note).where(debrief.c.id == debrief_id))).scalar_one_or_none()


async def notes_of(tx: Tx, debrief_ids: Collection[UUID]) -> dict[UUID, str]:
    """What the reviewers of these noted."""
    query = select(debrief.c.id, debrief.c.review_note).where(debrief.c.id.in_(tuple(debrief_ids)))
    return {row.id: row.review_note for row in await tx.conn.execute(query) if row.review_note}


async def due(tx: Tx, limit: int) -> list[Waiting]:
    """Those whose review is to be asked for by now, locked; others' locks are stepped over."""
    chosen = select(debrief.c.id, debrief.c.agency_id, debrief.c.visit_id, debrief.c.worker_id)
    query = chosen.where(debrief.c.review_next_at <= tx.now).order_by(debrief.c.review_next_at).limit(limit)
    return [Waiting(*row) for row in await tx.conn.execute(query.with_for_update(skip_locked=True))]


async def _set(tx: Tx, debrief_id: UUID, **values: Any) -> None:
    await tx.conn.execute(update(debrief).where(debrief.c.id == debrief_id).values(**values))
