"""Whom to reach in other agencies about a family, as far as sharing needs to know."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from safety_service.store.database import Tx
from safety_service.store.tables.around import partner


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Another agency's contact. `kept_out`: why it must not learn of things; `contact`: name, role, email, phone."""

    id: UUID
    organisation: str
    contact: dict[str, Any]
    verified_at: datetime | None
    kept_out: str | None
    ended_at: datetime | None

    @property
    def may_learn(self) -> bool:
        """Whether it works with the family still, and nothing says that it must not know."""
        return self.ended_at is None and not self.kept_out


async def of_family(tx: Tx, family_id: UUID, *, ended: bool = False) -> list[Contact]:
    """The contacts at a family; with those that have ended, where asked."""
    columns = [partner.c[name] for name in Contact.__dataclass_fields__]
    query = select(*columns).where(partner.c.family_id == family_id).order_by(partner.c.id)
    if not ended:
        query = query.where(partner.c.ended_at.is_(None))
    return [Contact(**row._mapping) for row in await tx.conn.execute(query)]
