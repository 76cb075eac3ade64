"""What was met at families, visit by visit: a row for each behaviour of each debrief. No case text."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import bindparam, select

from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.learning import debrief_behaviour


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A behaviour (a key of the guidance) that a worker met, and when."""

    kind: str
    group: str
    severity: str
    on: date
    worker_id: UUID
    debrief_id: UUID


async def of_family(tx: Tx, family_id: UUID) -> list[Met]:
    """All that was met at a family, the newest first."""
    return [Met(**row._mapping) for row in await tx.all(_OF_FAMILY, family_id=family_id)]


_OF_FAMILY = Ready(
    select(*(debrief_behaviour.c[name] for name in Met.__dataclass_fields__))
    .where(debrief_behaviour.c.family_id == bindparam("family_id"))
    .order_by(debrief_behaviour.c.on.desc(), debrief_behaviour.c.kind)
)
