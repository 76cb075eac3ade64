"""The schema: what the steps make is what the tables say; made once, by one, with the right keys, by newest code."""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text

from config.policy import PolicyError
from safety_service.store import migrate, schema, sealing
from safety_service.store.database import Database
from safety_service.store.engines import open_for_upgrade
from safety_service.store.errors import KeysDoNotOpen, SchemaIsNewer, SchemaIsOlder
from safety_service.store.sealing import KeyRing, new_key
from safety_service.store.tables import metadata
from safety_service.store.tables.system import policy_edition, secret
from tests.services.postgres import PostgresServer
from tests.services.template import TEST_KEY, execute

Found = TypeVar("Found")
UPGRADE = """
import asyncio
from safety_service.store import migrate, sealing
sealing.use(sealing.KeyRing([{key!r}]))
asyncio.run(migrate.upgrade({url!r}))
"""


async def on(url: str, do: Callable[[Connection], Found]) -> Found:
    """Do this in a transaction on a connection of its own."""
    engine = open_for_upgrade(url)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(do)
    finally:
        await engine.dispose()


@pytest.fixture(autouse=True)
def _keys() -> None:
    sealing.use(KeyRing([TEST_KEY]))


@pytest.fixture(params=["sqlite", "postgresql"])
async def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database in which nothing is."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/new/doorstep.db"
        return
    server = request.getfixturevalue("postgres_server")
    name = f"empty_{uuid.uuid4().hex}"
    await execute(server, f'CREATE DATABASE "{name}"')
    yield server.url(name)
    await execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def shape(connection: Connection) -> dict[str, Any]:
    """Everything that the database itself knows of its tables, the texts of checks and partial indexes included."""
    seen = inspect(connection)
    return {
        table: {
            "columns": [(each["name"], str(each["type"]), each["nullable"], each["default"]) for each in columns],
            "primary key": seen.get_pk_constraint(table),
            "references": sorted(map(str, seen.get_foreign_keys(table))),
            "unique": sorted(map(str, seen.get_unique_constraints(table))),
            "checks": sorted((each["name"] or "", each["sqltext"]) for each in seen.get_check_constraints(table)),
            "indexes": sorted(_index(dict(each)) for each in seen.get_indexes(table)),
        }
        for table in seen.get_table_names()
        if table != "alembic_version" and (columns := seen.get_columns(table))
    }


def _index(index: dict[str, Any]) -> tuple[str, str, bool, list[str]]:
    where = [str(value) for value in index.get("dialect_options", {}).values()]
    return index["name"], str(index["column_names"]), bool(index["unique"]), where


async def test_alembic_finds_no_difference_between_the_steps_and_the_tables(database_url: str) -> None:
    def differences(connection: Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata))

    assert await on(database_url, differences) == []


async def test_the_steps_make_every_default_check_and_partial_index_of_the_tables(database_url: str) -> None:
    def make_anew(connection: Connection) -> None:
        metadata.drop_all(connection)
        metadata.create_all(connection)

    by_the_steps = await on(database_url, shape)
    await on(database_url, make_anew)
    assert by_the_steps == await on(database_url, shape)
    assert len(by_the_steps["alert"]["checks"]) == 13


async def test_a_new_database_gets_its_index_key_sealed_and_the_first_policy(empty_url: str) -> None:
    await migrate.upgrade(empty_url, '[taken]\ndanger = "4m"\n')
    database = await Database.open(empty_url)
    async with database.reading() as tx:
        assert (await tx.policy()).taken.danger.total_seconds() == 240
        assert (await tx.conn.execute(select(policy_edition.c.number))).scalars().all() == [1]
        kept = (await tx.conn.execute(text("SELECT value FROM secret WHERE name = 'index'"))).scalar_one()
        opened = select(secret.c.value).where(secret.c.name == "index")
        assert sealing.ring().open(kept).decode() == (await tx.conn.execute(opened)).scalar_one()
    await database.close()


async def test_a_bad_first_policy_makes_nothing(empty_url: str) -> None:
    with pytest.raises(PolicyError):
        await migrate.upgrade(empty_url, "[risk.high]\ngrace = '9h'\n")
    await migrate.upgrade(empty_url)
    assert await migrate.is_current(empty_url)


async def test_upgrading_again_changes_nothing(database_url: str) -> None:
    def all_of_it(connection: Connection) -> list[Any]:
        rows = [connection.execute(select(table)).all() for table in (secret, policy_edition)]
        return [shape(connection), *rows]

    before = await on(database_url, all_of_it)
    await migrate.upgrade(database_url, "[taken]\ndanger = '4m'\n")
    assert await on(database_url, all_of_it) == before


async def test_several_processes_may_upgrade_at_once(empty_url: str) -> None:
    program = UPGRADE.format(key=TEST_KEY, url=empty_url)
    started = [await asyncio.create_subprocess_exec(sys.executable, "-c", program) for _ in range(3)]
    assert [await process.wait() for process in started] == [0, 0, 0]
    assert await migrate.is_current(empty_url)


async def test_on_postgresql_who_comes_second_waits_for_the_first(postgres_server: PostgresServer) -> None:
    name = f"empty_{uuid.uuid4().hex}"
    await execute(postgres_server, f'CREATE DATABASE "{name}"')
    first = await asyncpg.connect(postgres_server.url(name))
    await first.execute("SELECT pg_advisory_lock($1)", migrate.UPGRADING)
    second = asyncio.create_task(migrate.upgrade(postgres_server.url(name)))
    while not await first.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"):
        assert not second.done()
    assert await first.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await first.close()
    await second
    assert await migrate.is_current(postgres_server.url(name))
    await execute(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def test_what_was_begun_and_failed_leaves_no_trace(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> str:
        raise RuntimeError("the power went")

    with monkeypatch.context() as patched:
        patched.setattr(sealing, "new_index_key", fails)
        with pytest.raises(RuntimeError, match="the power went"):
            await migrate.upgrade(empty_url)
    assert await on(empty_url, shape) == {}
    await migrate.upgrade(empty_url)


async def test_with_wrong_keys_nothing_starts_and_nothing_is_overwritten(database_url: str) -> None:
    def sealed(connection: Connection) -> Any:
        return connection.execute(text("SELECT name, value FROM secret")).all()

    before = await on(database_url, sealed)
    sealing.use(KeyRing([new_key()]))
    with pytest.raises(KeysDoNotOpen):
        await Database.open(database_url)
    with pytest.raises(KeysDoNotOpen):
        await migrate.upgrade(database_url)
    assert await on(database_url, sealed) == before


async def test_one_of_two_keys_that_is_missing_stops_the_start(database_url: str) -> None:
    newer = new_key()
    sealing.use(KeyRing([newer, TEST_KEY]))
    await migrate.upgrade(database_url)
    for left in (newer, TEST_KEY):
        sealing.use(KeyRing([left]))
        for refuses in (Database.open, migrate.upgrade):
            with pytest.raises(KeysDoNotOpen):
                await refuses(database_url)
    sealing.use(KeyRing([newer, TEST_KEY]))
    await (await Database.open(database_url)).close()


async def test_older_code_refuses_a_newer_schema(database_url: str) -> None:
    def as_newer_code_left_it(connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = '9001'"))

    await on(database_url, as_newer_code_left_it)
    for refuses in (Database.open, migrate.upgrade, migrate.is_current):
        with pytest.raises(SchemaIsNewer, match="9001"):
            await refuses(database_url)


async def test_a_running_process_sees_that_newer_code_upgraded(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.must_be_current()
        await tx.conn.execute(text("UPDATE alembic_version SET version_num = '9001'"))
        with pytest.raises(SchemaIsNewer):
            await tx.must_be_current()


async def test_a_database_without_its_schema_is_not_opened(empty_url: str) -> None:
    if empty_url.startswith("sqlite:///"):
        Path(empty_url.removeprefix("sqlite:///")).parent.mkdir(exist_ok=True, parents=True)
    with pytest.raises(SchemaIsOlder, match=schema.head()):
        await Database.open(empty_url)
    assert not await migrate.is_current(empty_url)
