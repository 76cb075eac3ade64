"""What people were trained in, and when."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import select

from safety_service.store.database import Tx
from safety_service.store.tables.people import training
from safety_service.store.upsert import insert_or


async def of(tx: Tx, person_id: UUID) -> dict[str, date]:
    """The day of each training, by its code."""
    rows = await tx.conn.execute(select(training.c.code, training.c.on).where(training.c.person_id == person_id))
    return {row.code: row.on for row in rows}


async def put(tx: Tx, person_id: UUID, days: Mapping[str, date]) -> None:
    """Keep these; a training that was known gets the new day, and no other is touched."""
    for code, day in days.items():
        put = insert_or(tx, training).values(person_id=person_id, code=code, on=day)
        await tx.conn.execute(put.on_conflict_do_update(index_elements=["person_id", "code"], set_={"on": day}))
