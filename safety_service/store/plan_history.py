"""A plan's versions one by one: when each was made, and any of them by its number."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from safety_service.store.database import Tx
from safety_service.store.plans import Version
from safety_service.store.tables.plans import plan_version


async def made_on(tx: Tx, family_id: UUID) -> list[tuple[int, datetime]]:
    """The number of each version and when it was made, the oldest first; nothing of it is opened."""
    query = select(plan_version.c.number, plan_version.c.made_at).where(plan_version.c.family_id == family_id)
    return [(row.number, row.made_at) for row in await tx.conn.execute(query.order_by(plan_version.c.number))]


async def numbered(tx: Tx, family_id: UUID, number: int) -> Version | None:
    """The version with this number."""
    one = (plan_version.c.family_id == family_id, plan_version.c.number == number)
    row = (await tx.conn.execute(select(plan_version).where(*one))).one_or_none()
    return None if row is None else Version(**row._mapping)
