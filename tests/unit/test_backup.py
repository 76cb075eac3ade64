"""A copy of the database is made while words go on, is of one moment, and tells nothing that was sealed."""

import json
import os
import sqlite3
import stat
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from safety_service.store import agencies, backup, libpq, manifest, migrate, restore, sealing
from safety_service.store.clock import SetClock
from safety_service.store.database import Database
from safety_service.store.engines import driver_url, open_for_upgrade
from safety_service.store.errors import CopyFailed, SchemaIsNewer, SchemaIsOlder
from safety_service.store.sealing import KeyRing, new_key
from tests.conftest import START
from tests.services.postgres import PostgresServer
from tests.services.template import TEST_KEY, execute
from tests.world import World, build


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where copies go."""
    made = tmp_path / "copies"
    made.mkdir()
    return made


@pytest.fixture
async def at_work(database_url: str, database: Database) -> World:
    """Ann is inside, and Ben's alarm is open."""
    world = await build(database)
    await world.inside("Ben", ref="F-2")
    await world.later(60)
    await world.inside("Ann", address="4 Hidden Lane")
    return world


async def nothing(_database: Database) -> None:
    """As it was copied."""


async def test_a_copy_says_what_it_is_of_and_is_for_its_owner_alone(
    at_work: World, database_url: str, folder: Path
) -> None:
    made = await backup.save(database_url, folder / "copy")
    assert made.counts["watched"] == 2 and made.counts["open alerts"] == 1 and made.counts["people"] == 6
    assert sorted(each.name for each in folder.iterdir()) == ["copy", "copy.json"]
    assert {stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()} == {0o600}
    assert manifest.read(folder / "copy") == made


async def test_nothing_that_is_sealed_and_no_key_can_be_read_in_it(
    at_work: World, database_url: str, folder: Path
) -> None:
    await backup.save(database_url, folder / "copy")
    for each in folder.iterdir():
        content = each.read_bytes()
        for secret in (b"4 Hidden Lane", b"07700 9000", TEST_KEY.encode()):
            assert secret not in content, each.name


async def test_a_copy_is_never_written_over_anything(at_work: World, database_url: str, folder: Path) -> None:
    (folder / "copy").write_text("my notes")
    with pytest.raises(CopyFailed, match="nothing is overwritten"):
        await backup.save(database_url, folder / "copy")
    (folder / "copy").rename(folder / "second.json")
    with pytest.raises(CopyFailed, match="nothing is overwritten"):
        await backup.save(database_url, folder / "second")
    assert (folder / "second.json").read_text() == "my notes"
    assert [each.name for each in folder.iterdir()] == ["second.json"]


async def test_words_that_are_kept_while_it_is_made_neither_wait_nor_begin_it_anew(
    sqlite_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    steps: list[int] = []
    with sqlite3.connect(path, isolation_level=None, timeout=0) as other:

        def while_it_goes_on(_status: int, left: int, _all: int) -> None:
            steps.append(left)
            assert len(steps) < 1000, "it begins anew for ever"
            other.execute("INSERT INTO stamp (name, at, info) VALUES (?, '2026-01-01', '{}')", (f"word {len(steps)}",))

        (folder / "half").touch()
        _step_by_step(monkeypatch, while_it_goes_on)
        backup.copy_sqlite(path, folder / "half")
        words = other.execute("SELECT count(*) FROM stamp").fetchone()[0]
    other.close()
    assert words == len(steps) > 10
    assert steps == sorted(steps, reverse=True), "it never began anew"
    with sqlite3.connect(folder / "half") as copy:
        assert copy.execute("SELECT count(*) FROM stamp").fetchone()[0] == 0, "one moment: the one at which it began"
    copy.close()


def _step_by_step(monkeypatch: pytest.MonkeyPatch, progress: Callable[[int, int, int], None]) -> None:
    """Every few pages somebody else has a turn."""

    class Slow(sqlite3.Connection):
        def backup(self, target: sqlite3.Connection, **_how: Any) -> None:
            super().backup(target, pages=8, progress=progress, sleep=0)

    connect = sqlite3.connect

    def slow(*words: Any, **more: Any) -> sqlite3.Connection:
        return connect(*words, **more, factory=Slow)

    monkeypatch.setattr("safety_service.store.backup.sqlite3.connect", slow)


async def test_a_database_that_is_not_there_is_not_made_by_copying_it(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(SchemaIsOlder):
        await backup.save(f"sqlite:///{tmp_path}/none.db", folder / "copy")
    assert list(folder.iterdir()) == []
    assert not (tmp_path / "none.db").exists()


async def test_a_folder_that_is_not_there_is_said(at_work: World, database_url: str, folder: Path) -> None:
    with pytest.raises(CopyFailed, match="No such file"):
        await backup.save(database_url, folder / "none/copy")


async def test_without_postgresqls_programs_it_says_what_to_install(
    postgres_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealing.use(KeyRing([TEST_KEY]))
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(CopyFailed, match="pg_dump is not to be found: install"):
        await backup.save(postgres_url, folder / "copy")
    assert list(folder.iterdir()) == []


async def test_what_postgresqls_program_complains_of_is_said(
    postgres_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealing.use(KeyRing([TEST_KEY]))
    programs = folder / "bin"
    programs.mkdir()
    (programs / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump: error: server version mismatch' >&2\nexit 1\n")
    (programs / "pg_dump").chmod(0o700)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    with pytest.raises(CopyFailed, match="pg_dump failed: pg_dump: error: server version mismatch"):
        await backup.save(postgres_url, folder / "copy")
    assert list(folder.iterdir()) == [programs]


def test_a_password_is_never_on_a_command_line() -> None:
    given = libpq.environment(driver_url("postgresql://me:s3cret@db.example:5433/doorstep?ssl=require"))
    assert given["PGPASSWORD"] == "s3cret" and given["PGSSLMODE"] == "require"
    assert (given["PGHOST"], given["PGPORT"], given["PGUSER"], given["PGDATABASE"]) == (
        "db.example",
        "5433",
        "me",
        "doorstep",
    )


async def test_a_damaged_copy_is_found_before_anything_is_touched(
    at_work: World, database_url: str, folder: Path
) -> None:
    await backup.save(database_url, folder / "copy")
    await at_work.database.close()
    content = bytearray((folder / "copy").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "copy").write_bytes(content)
    with pytest.raises(CopyFailed, match="not as it was made"):
        await restore.put_back(database_url, folder / "copy", nothing, replace=True)
    assert len(await at_work.alerts()) == 1


async def test_a_copy_without_its_description_is_refused(at_work: World, database_url: str, folder: Path) -> None:
    await backup.save(database_url, folder / "copy")
    (folder / "copy.json").unlink()
    with pytest.raises(CopyFailed, match=r"copy\.json cannot be read"):
        await restore.put_back(database_url, folder / "copy", nothing, replace=True)
    (folder / "copy.json").write_text("{}")
    with pytest.raises(CopyFailed, match="no description"):
        await restore.put_back(database_url, folder / "copy", nothing, replace=True)


async def test_keys_that_the_copy_needs_and_that_are_not_there_are_said(
    at_work: World, database_url: str, folder: Path
) -> None:
    sealing.use(KeyRing([new_key(), TEST_KEY]))
    await backup.save(database_url, folder / "copy")
    await at_work.database.close()
    sealing.use(KeyRing([TEST_KEY]))
    with pytest.raises(CopyFailed, match="of the 2 keys that the copy needs, 1 are not there"):
        await restore.put_back(database_url, folder / "copy", nothing, replace=True)


async def test_a_copy_of_newer_code_or_of_another_kind_of_database_is_refused(
    at_work: World, database_url: str, folder: Path, tmp_path: Path
) -> None:
    await backup.save(database_url, folder / "copy")
    other = "postgresql://127.0.0.1:1/x" if database_url.startswith("sqlite") else f"sqlite:///{tmp_path}/x.db"
    with pytest.raises(CopyFailed, match="is of a"):
        await restore.put_back(other, folder / "copy", nothing, replace=True)
    described = json.loads((folder / "copy.json").read_text())
    (folder / "copy.json").write_text(json.dumps({**described, "revision": "9001"}))
    with pytest.raises(SchemaIsNewer, match="9001"):
        await restore.put_back(database_url, folder / "copy", nothing, replace=True)


async def test_people_who_are_there_are_replaced_only_when_that_is_said_and_are_kept(
    at_work: World, database_url: str, folder: Path
) -> None:
    await backup.save(database_url, folder / "copy")
    await something_later(at_work)
    await at_work.database.close()
    with pytest.raises(CopyFailed, match="--replace"):
        await restore.put_back(database_url, folder / "copy", nothing, replace=False)
    kept = await restore.put_back(database_url, folder / "copy", nothing, replace=True)
    assert kept is not None and stat.S_IMODE(kept.stat().st_mode) & 0o077 == 0
    assert await how_many(database_url) == 1
    # What was there is a copy like any other.
    assert await restore.put_back(database_url, kept, nothing, replace=True) is not None
    assert await how_many(database_url) == 2


async def something_later(world: World) -> None:
    """What the copy does not know."""
    async with world.database.transaction() as tx:
        await agencies.add(tx, "Came later")


async def how_many(url: str) -> int:
    """How many agencies are in this database."""
    database = await Database.open(url)
    try:
        async with database.reading() as tx:
            return len(await agencies.every(tx))
    finally:
        await database.close()


async def test_a_service_that_still_runs_is_not_put_back_under(at_work: World, database_url: str, folder: Path) -> None:
    await backup.save(database_url, folder / "copy")
    with pytest.raises(CopyFailed, match="still running"):
        await restore.put_back(database_url, folder / "copy", nothing, replace=True)
    assert len(await at_work.alerts()) == 1
    await at_work.database.close()
    await restore.put_back(database_url, folder / "copy", nothing, replace=True)


@pytest.mark.parametrize("when", ["while it is read in", "while it is made fit"])
async def test_whatever_goes_wrong_on_the_way_leaves_the_old_database(
    at_work: World, database_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    await backup.save(database_url, folder / "copy")
    await something_later(at_work)
    await at_work.database.close()

    async def fails(*_words: object, **_more: object) -> None:
        raise CopyFailed("the power went")

    if when == "while it is read in":
        monkeypatch.setattr("safety_service.store.migrate.upgrade", fails)
        monkeypatch.setattr("safety_service.store.migrate.bring_up", fails)
    with pytest.raises(CopyFailed, match="the power went"):
        await restore.put_back(database_url, folder / "copy", fails, replace=True)
    monkeypatch.undo()
    sealing.use(KeyRing([TEST_KEY]))
    assert await how_many(database_url) == 2


async def test_a_database_file_that_is_broken_is_replaced_and_kept(
    sqlite_url: str, folder: Path, tmp_path: Path
) -> None:
    sealing.use(KeyRing([TEST_KEY]))
    await backup.save(sqlite_url, folder / "copy")
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    path.write_text("nothing but noise\n" * 999)
    with pytest.raises(CopyFailed, match="--replace"):
        await restore.put_back(sqlite_url, folder / "copy", nothing, replace=False)
    kept = await restore.put_back(sqlite_url, folder / "copy", nothing, replace=True)
    assert kept is not None and kept.read_text().startswith("nothing but noise")
    assert await how_many(sqlite_url) == 0


async def test_tables_that_a_killed_restore_set_aside_are_taken_back_first(postgres_url: str, folder: Path) -> None:
    sealing.use(KeyRing([TEST_KEY]))
    database = await Database.open(postgres_url, clock=SetClock(START))
    await (await build(database)).inside("Ann")
    await database.close()
    await backup.save(postgres_url, folder / "copy")
    engine = open_for_upgrade(postgres_url)
    async with engine.begin() as connection:
        await connection.execute(text(f"ALTER SCHEMA public RENAME TO {migrate.ASIDE}"))
        await connection.execute(text("CREATE SCHEMA public"))
    await engine.dispose()
    with pytest.raises(CopyFailed, match="a restore was interrupted here"):
        await migrate.upgrade(postgres_url)
    with pytest.raises(CopyFailed, match="--replace"):
        await restore.put_back(postgres_url, folder / "copy", nothing, replace=False)
    assert await how_many(postgres_url) == 1


async def test_a_user_who_may_not_do_it_is_told_what_is_needed(
    postgres_url: str, postgres_server: PostgresServer, folder: Path
) -> None:
    sealing.use(KeyRing([TEST_KEY]))
    await backup.save(postgres_url, folder / "copy")
    role = f"reader_{uuid.uuid4().hex}"
    await execute(postgres_server, f'CREATE ROLE "{role}" LOGIN')
    theirs = await asyncpg.connect(postgres_url)
    await theirs.execute(f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{role}"')
    await theirs.close()
    with pytest.raises(CopyFailed, match="must own the database"):
        await restore.put_back(postgres_url.replace("doorstep@", f"{role}@"), folder / "copy", nothing, replace=True)
