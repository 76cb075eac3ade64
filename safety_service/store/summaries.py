"""Contact summaries: what a family takes away from a contact."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from safety_service.store.database import Tx
from safety_service.store.tables.plans import contact_summary


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A summary. `given`: read_out, printed, sent; None: not yet."""

    id: UUID
    agency_id: UUID
    family_id: UUID
    visit_id: UUID
    by: UUID
    at: datetime
    body: Mapping[str, Any]
    given: str | None = None


async def add(tx: Tx, row: Summary) -> None:
    """Keep a new one; those before it stay."""
    values = {name: getattr(row, name) for name in Summary.__dataclass_fields__}
    await tx.conn.execute(insert(contact_summary).values({**values, "body": dict(row.body)}))


async def of_visit(tx: Tx, visit_id: UUID) -> Summary | None:
    """The last one of a visit."""
    query = select(contact_summary).where(contact_summary.c.visit_id == visit_id)
    row = (await tx.conn.execute(query.order_by(contact_summary.c.at.desc(), contact_summary.c.id.desc()))).first()
    return None if row is None else _read(row)


async def of_family(tx: Tx, family_id: UUID, limit: int) -> list[Summary]:
    """Those of a family, newest first."""
    query = select(contact_summary).where(contact_summary.c.family_id == family_id)
    rows = await tx.conn.execute(query.order_by(contact_summary.c.at.desc(), contact_summary.c.id.desc()).limit(limit))
    return [_read(row) for row in rows]


async def give(tx: Tx, summary_id: UUID, how: str) -> None:
    """How the family got it."""
    await tx.conn.execute(update(contact_summary).where(contact_summary.c.id == summary_id).values(given=how))


def _read(row: Row[Any]) -> Summary:
    return Summary(**row._mapping)
