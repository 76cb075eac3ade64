"""A database that answers and keeps nothing, its disk being full or it being read-only: said as that, and mended."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import select, text

from safety_service.store import stamps
from safety_service.store.database import Database
from safety_service.store.errors import CannotKeep
from safety_service.store.tables.people import agency
from scheduler import auditor
from scheduler.auditor import Auditor
from tests.unit import rows

Hinder = Callable[[Database, bool], Awaitable[None]]


async def no_room(database: Database, hindered: bool) -> None:
    """No room for another page; PostgreSQL says so itself, as it would when the disk is full."""
    if database.dialect == "sqlite":
        await _pragma(database, f"max_page_count = {1 if hindered else 100000}")
        return
    full = "BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END"
    refuse = (
        f"CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ {full} $$",
        "CREATE TRIGGER no_room BEFORE INSERT ON agency EXECUTE FUNCTION no_room()",
    )
    for statement in refuse if hindered else ("DROP FUNCTION no_room CASCADE",):
        async with database.transaction() as tx:
            await tx.conn.execute(text(statement))


async def read_only(database: Database, hindered: bool) -> None:
    """As a replica is, or a file system that the kernel no longer trusts."""
    if database.dialect == "sqlite":
        await (_pragma(database, "query_only = ON") if hindered else database.close())
        return
    async with database._write.connect() as connection:
        await connection.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE"))
        name = (await connection.execute(text("SELECT current_database()"))).scalar_one()
        await connection.execute(text("ROLLBACK"))
        await connection.execute(text("BEGIN READ WRITE"))
        on = "on" if hindered else "off"
        await connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {on}'))
        await connection.execute(text("COMMIT"))
    await database.close()  # it holds for new connections


async def _pragma(database: Database, pragma: str) -> None:
    connection = await database._write.connect()
    await connection.execute(text(f"PRAGMA {pragma}"))
    await connection.close()


each_way = pytest.mark.parametrize("hinder", [no_room, read_only])


@asynccontextmanager
async def hindered(database: Database, hinder: Hinder) -> AsyncIterator[None]:
    await hinder(database, True)
    yield
    await hinder(database, False)


async def write(database: Database) -> None:
    async with database.transaction() as tx:
        for n in range(100):
            await rows.agency(tx, f"{n:0200}")


@each_way
async def test_a_database_that_keeps_nothing_says_so_and_works_again_by_itself(
    database: Database, hinder: Hinder
) -> None:
    async with hindered(database, hinder):
        for _ in range(2):
            with pytest.raises(CannotKeep, match="disk is full, or it may only be read"):
                await write(database)
        async with database.reading() as tx:
            assert (await tx.conn.execute(text("SELECT count(*) FROM agency"))).scalar() == 0
    await write(database)


async def test_a_service_on_it_is_not_ready_says_why_and_its_heart_stands_still(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Auditor(database, polls=False)

    async def why() -> bool:
        await one._try_to_keep()
        return any("keeps nothing" in each for each in (await one.health()).faults)

    monkeypatch.setattr(auditor, "FRESH", 0.0)
    async with database.transaction() as tx:
        for part in ("sweep", "dispatcher"):
            await stamps.stamp(tx, part)
    assert not await why()
    assert await one._beats(await one.audit())
    async with hindered(database, read_only):
        assert await why()
        assert not (await one.health()).ready
        assert not await one._beats(await one.audit())
    assert not await why()
    assert (await one.health()).ready


async def test_what_follows_a_transaction_that_the_database_undid_is_not_kept_row_by_row(database: Database) -> None:
    """As SQLite does it where its disk is full: all is gone, and the next statement would stand alone."""
    if database.dialect != "sqlite":
        pytest.skip("PostgreSQL refuses everything after such an error by itself")
    with pytest.raises(CannotKeep):
        await _write_after_the_end(database)
    async with database.reading() as tx:
        assert (await tx.conn.execute(select(agency.c.name))).all() == []


async def _write_after_the_end(database: Database) -> None:
    async with database.transaction() as tx:
        await rows.agency(tx, "before")
        with contextlib.suppress(CannotKeep):
            async with tx.savepoint():
                raw = (await tx.conn.get_raw_connection()).driver_connection
                assert isinstance(raw, sqlite3.Connection)
                raw.rollback()
                await stamps.stamp(tx, "within")
        with contextlib.suppress(CannotKeep):
            await rows.agency(tx, "after")
