"""Transactions: kept whole or not at all, one time each, and nothing follows what was not kept."""

from sqlalchemy import insert, select

from safety_service.store.database import Database
from safety_service.store.ids import new_id
from safety_service.store.tables.people import agency


async def test_what_a_transaction_wrote_is_read_by_the_next(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.conn.execute(insert(agency).values(id=new_id(), name="Northfield", created_at=tx.now))
    async with database.reading() as tx:
        assert (await tx.conn.execute(select(agency.c.name, agency.c.created_at))).one() == ("Northfield", tx.now)
