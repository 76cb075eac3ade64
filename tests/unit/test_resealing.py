"""What stands is guarded as before: only its seal may change, and only within the transaction that has the mark."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import LargeBinary

from safety_service.store import presence, resealing, sealing
from safety_service.store.database import Tx
from safety_service.store.moving_rows import is_sealed
from safety_service.store.tables import metadata
from safety_service.store.tables.system import lease
from safety_service.store.types import REMOVED
from tests.lived import NEVER_CHANGED, SAID, live
from tests.world import World


@pytest.fixture
async def lived(world: World) -> World:
    """Every table that is never changed has a row."""
    return await live(world)


async def changed(tx: Tx, table: str, **values: Any) -> None:
    """Try to change every row of it that has something sealed."""
    here = metadata.tables[table]
    sealed = next(each for each in here.columns if is_sealed(each))
    async with tx.savepoint():
        await tx.conn.execute(update(here).where(sealed.is_not(None)).values(values))


@pytest.mark.parametrize("table", NEVER_CHANGED)
async def test_nothing_else_may_change_what_stands(lived: World, table: str) -> None:
    column = next(each for each in metadata.tables[table].columns if is_sealed(each))
    raw = {column.name: bindparam("raw", sealing.ring().seal(b'"other"'), type_=LargeBinary)}
    empty = {column.name: bindparam("raw", REMOVED, type_=LargeBinary)}
    mark = insert(lease).values(name=resealing.MARK, holder="a test", until=lived.now)
    async with lived.database.transaction() as tx:
        with pytest.raises(DBAPIError, match=r"append-only|never changed"):
            await changed(tx, table, **raw)
        await tx.conn.execute(mark)
        await changed(tx, table, **raw)
        other = next(each for each in metadata.tables[table].columns if each.name in ("at", "said_at", "made_at"))
        with pytest.raises(DBAPIError, match=r"append-only|never changed"):
            await changed(tx, table, **{other.name: lived.now - presence.FORGOTTEN})
        if table not in ("event_log", "said", "decision"):
            with pytest.raises(DBAPIError, match=r"append-only|never changed"):
                await changed(tx, table, **empty)
        await tx.conn.execute(delete(lease).where(lease.c.name == resealing.MARK))


async def test_what_was_emptied_is_never_filled_again(lived: World) -> None:
    async with lived.database.transaction() as tx:
        await changed(tx, "said", note=bindparam("raw", REMOVED, type_=LargeBinary))
        await tx.conn.execute(insert(lease).values(name=resealing.MARK, holder="a test", until=lived.now))
        with pytest.raises(DBAPIError, match="append-only"):
            await changed(tx, "said", note=SAID)
        await tx.conn.execute(delete(lease).where(lease.c.name == resealing.MARK))
