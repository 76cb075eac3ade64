"""A database that is busy or away: the word is told so, nothing of it is kept, and the next one works."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text, update

from safety_service.store import engines, in_time, migrate, sealing
from safety_service.store.database import Database
from safety_service.store.errors import AllInUse, DatabaseAway, TryAgain
from safety_service.store.ready import Ready
from safety_service.store.sealing import KeyRing
from safety_service.store.tables.people import agency
from safety_service.transact import in_transaction
from tests.services.postgres import PostgresServer
from tests.services.template import TEST_KEY
from tests.unit import rows


@pytest.fixture(autouse=True)
def _keys() -> None:
    sealing.use(KeyRing([TEST_KEY]))


async def names(database: Database) -> list[str]:
    async with database.reading() as tx:
        return list((await tx.conn.execute(select(agency.c.name).order_by(agency.c.name))).scalars())


async def test_another_process_that_holds_sqlite_too_long_is_try_again(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url)
    async with database.reading() as tx:
        await tx.conn.execute(text("SELECT 1"))
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None) as somebody:
        async with database.transaction() as tx:
            # The driver waits as long as it was told to: for the test, not at all.
            await tx.conn.execute(text("PRAGMA busy_timeout = 0"))
        somebody.execute("BEGIN IMMEDIATE")
        with pytest.raises(TryAgain):
            async with database.transaction():
                pass
        somebody.execute("ROLLBACK")
        async with database.transaction() as tx:
            await rows.agency(tx)
    somebody.close()
    await database.close()


async def test_a_deadlock_is_try_again_for_one_and_nothing_for_the_other(postgres_url: str) -> None:
    database = await Database.open(postgres_url)
    async with database.transaction() as tx:
        first, second = await rows.agency(tx, "first"), await rows.agency(tx, "second")
    both = asyncio.Barrier(2)

    async def lock(*order: UUID) -> None:
        async with database.transaction() as tx:
            for row in order:
                await tx.conn.execute(update(agency).where(agency.c.id == row).values(last_number=1))
                if row is order[0]:
                    await both.wait()

    ends = await asyncio.gather(lock(first, second), lock(second, first), return_exceptions=True)
    assert sorted(map(repr, ends)) == ["None", repr(TryAgain("the database is busy with others"))]
    await database.close()


async def test_a_column_that_an_upgrade_changes_under_a_connection_is_try_again_once(postgres_url: str) -> None:
    ours, upgrade = await Database.open(postgres_url, pool_size=1), await Database.open(postgres_url)
    of_agencies = Ready(select(agency.c.timezone))

    async def zones() -> list[str]:
        async with ours.transaction() as tx:
            return await tx.scalars(of_agencies)

    assert await zones() == []
    async with upgrade.transaction() as tx:
        await tx.conn.execute(text("ALTER TABLE agency ALTER COLUMN timezone TYPE varchar(90)"))
    with pytest.raises(TryAgain):
        await zones()
    assert await zones() == []
    await ours.close()
    await upgrade.close()


async def test_postgresql_gives_the_time_and_ends_what_is_stuck(postgres_url: str) -> None:
    database = await Database.open(postgres_url)
    async with database.transaction() as tx:
        its_time = (await tx.conn.execute(text("SELECT clock_timestamp()"))).scalar_one()
        assert timedelta() < its_time - tx.now < timedelta(seconds=5) and tx.now.tzinfo is UTC
        limits = {}
        for limit in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
            limits[limit] = (await tx.conn.execute(text(f"SHOW {limit}"))).scalar_one()
        assert limits == {
            "statement_timeout": "30s",
            "lock_timeout": "8s",
            "idle_in_transaction_session_timeout": "10s",
        }
    await database.close()


async def test_after_postgresql_was_restarted_one_transaction_is_told_and_the_next_works(
    own_postgres: PostgresServer,
) -> None:
    await migrate.upgrade(own_postgres.url())
    database = await Database.open(own_postgres.url(), pool_size=3)

    async def word() -> None:
        async with database.transaction() as tx:
            await rows.agency(tx, "lost")
            assert await names(database) == []  # a second connection, idle when the server goes
            own_postgres.restart()
            await rows.agency(tx, "lost, too")

    with pytest.raises(DatabaseAway):
        await word()
    async with database.transaction() as tx:
        await rows.agency(tx, "kept")
    assert await names(database) == ["kept"]
    await database.close()


async def test_while_postgresql_is_away_every_transaction_says_so_at_once(own_postgres: PostgresServer) -> None:
    await migrate.upgrade(own_postgres.url())
    database = await Database.open(own_postgres.url())
    own_postgres.stop()
    for way in (database.transaction, database.reading, database.transaction):
        with pytest.raises(DatabaseAway):
            async with way():
                pass
    with pytest.raises(DatabaseAway):
        await Database.open(own_postgres.url())
    own_postgres.start()
    async with database.transaction() as tx:
        await rows.agency(tx, "kept")
    await database.close()


async def test_a_pool_that_is_used_up_is_try_again(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "WAIT_FOR_CONNECTION", 0.1)
    database = await Database.open(postgres_url, pool_size=1)
    async with database.transaction():
        with pytest.raises(TryAgain):
            async with database.reading():
                pass
    await database.close()


async def test_who_has_a_connection_of_its_own_waits_for_nobody(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "WAIT_FOR_CONNECTION", 0.1)
    database = await Database.open(postgres_url, pool_size=1)
    watch = database.apart()
    async with database.transaction():
        assert database.all_in_use
        async with watch.transaction() as tx:
            await rows.agency(tx, "watched")
    assert await names(watch) == ["watched"]
    await database.close()


async def test_for_a_connection_one_waits_once(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "WAIT_FOR_CONNECTION", 0.1)
    database = await Database.open(postgres_url, pool_size=1)
    waits: list[AllInUse] = []
    monkeypatch.setattr(in_time, "connected", _counting(engines.connected, waits))
    async with database.transaction():
        with pytest.raises(AllInUse):
            await in_transaction(database, lambda tx: rows.agency(tx, "never"))
    assert len(waits) == 1
    await database.close()


def _counting(connected: Any, waits: list[AllInUse]) -> Any:
    @asynccontextmanager
    async def counting(engine: Any) -> AsyncIterator[Any]:
        try:
            async with connected(engine) as connection:
                yield connection
        except AllInUse as error:
            waits.append(error)
            raise

    return counting


async def test_a_statement_that_is_never_answered_is_given_up(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "LONGEST_STATEMENT", 0.1)
    database = await Database.open(postgres_url)
    with pytest.raises(DatabaseAway):
        async with database.reading() as tx:
            await tx.conn.execute(text("SELECT pg_sleep(60)"))
    async with database.transaction() as tx:
        await rows.agency(tx)
    await database.close()


@pytest.mark.parametrize("found", ["nothing", "no database"])
async def test_a_file_that_cannot_be_used_is_a_database_that_is_away(tmp_path: Path, found: str) -> None:
    path = tmp_path / "folder/doorstep.db"
    if found == "no database":
        path.parent.mkdir()
        path.write_text("these are notes, and not a database\n" * 99)
    with pytest.raises(DatabaseAway):
        await Database.open(f"sqlite:///{path}")
    # The driver's thread reports to the event loop once more before it ends.
    while any("_connection_worker" in thread.name for thread in threading.enumerate()):
        await asyncio.sleep(0)


async def test_a_disk_that_is_full_is_a_database_that_is_away_until_there_is_room(sqlite_url: str) -> None:
    database = await Database.open(sqlite_url)

    async def write() -> None:
        async with database.transaction() as tx:
            for n in range(200):
                await rows.agency(tx, f"{n:0200}")

    async with database.transaction() as tx:
        await tx.conn.execute(text("PRAGMA max_page_count = 1"))
    with pytest.raises(DatabaseAway):
        await write()
    async with database.transaction() as tx:
        await tx.conn.execute(text("PRAGMA max_page_count = 100000"))
    await write()
    assert len(await names(database)) == 200
    await database.close()


def test_another_kind_of_database_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="mysql"):
        engines.driver_url("mysql://host/db")
