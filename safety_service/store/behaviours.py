"""What was met at families, visit by visit: a row for each behaviour of each debrief. No case text."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select

from safety_service.store.database import Tx
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
    columns = debrief_behaviour.c
    query = select(debrief_behaviour).where(columns.family_id == family_id).order_by(columns.on.desc(), columns.kind)
    return [
        Met(
            kind=row._mapping[columns.kind],
            group=row._mapping[columns.group],
            severity=row._mapping[columns.severity],
            on=row._mapping[columns.on],
            worker_id=row._mapping[columns.worker_id],
            debrief_id=row._mapping[columns.debrief_id],
        )
        for row in await tx.conn.execute(query)
    ]
