"""Questions as they were put to somebody: a row of the outbox each."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from safety_service.store import unopened
from safety_service.store.database import Tx
from safety_service.store.tables.alerts import outbox


async def last(tx: Tx, visit_id: UUID, person_id: UUID, template: str) -> dict[str, Any] | None:
    """What filled the newest question of this kind; None: none was put, or none that a key opens."""
    query = select(outbox.c.params).where(
        outbox.c.visit_id == visit_id, outbox.c.person_id == person_id, outbox.c.template == template
    )
    rows = await unopened.rows(tx, query.order_by(outbox.c.id.desc()).limit(1))
    found: dict[str, Any] | None = rows[0].params if rows else None
    return found
