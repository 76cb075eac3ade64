"""Everything is moved to another database: all of it arrives, or nothing, and nobody says a word that is lost."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from safety_service.actions import moving as moving_actions
from safety_service.actions.gaps import Cause
from safety_service.domain.event_chain import Verifier
from safety_service.store import agencies, kept_files, migrate, moving, moving_rows, presence, schema, sealing, stamps
from safety_service.store.clock import SetClock
from safety_service.store.database import Database, Tx
from safety_service.store.engines import driver_url, open_for_upgrade
from safety_service.store.errors import CopyFailed, DatabaseAway, KeysDoNotOpen, TryAgain, WasMoved
from safety_service.store.moving import Moved, move
from safety_service.store.sealing import KeyRing, new_key
from safety_service.store.tables import metadata
from safety_service.store.tables.people import person
from safety_service.store.tables.system import event_log, lease, policy_edition, secret
from safety_service.store.tables.visits import kept_file
from scheduler.gap import GAP, GapWatch
from tests.conftest import START
from tests.lived import PHOTO, live
from tests.services.postgres import PostgresServer
from tests.services.template import TEST_KEY, execute
from tests.world import World


@pytest.fixture
async def lived(world: World) -> World:
    """On either kind of database; nobody has it open any more."""
    await live(world)
    await world.database.close()
    return world


@pytest.fixture
async def target(database_url: str, postgres_server: PostgresServer, tmp_path: Path) -> AsyncIterator[str]:
    """An empty database of the other kind."""
    if not database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path}/new/doorstep.db"
        return
    name = f"move_{uuid.uuid4().hex}"
    await execute(postgres_server, f'CREATE DATABASE "{name}"')
    yield postgres_server.url(name)
    await execute(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def moved(source: str, target: str) -> tuple[Moved, tuple[Verifier, list[str]]]:
    """As the command does it."""

    async def last(tx: Tx, what: Moved) -> tuple[Verifier, list[str]]:
        return await moving_actions.moved(tx, what, ("one", "another"))

    return await move(source, target, last)


async def content(url: str) -> dict[str, tuple[int, int]]:
    """How much is in each table, and a digest of it."""
    engine = create_async_engine(driver_url(url))
    async with engine.connect() as connection:
        found = {each.name: await moving_rows.summed(each, connection) for each in metadata.sorted_tables}
    await engine.dispose()
    return {name: (each.rows, each.digest) for name, each in found.items()}


async def is_empty(url: str) -> bool:
    """Whether there is nothing in it, not even tables."""
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        return True
    engine = open_for_upgrade(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(schema.revision)
    await engine.dispose()
    return found is None


async def test_all_of_it_arrives_and_the_old_one_stays_as_it_was(lived: World, database_url: str, target: str) -> None:
    before = await content(database_url)
    done, (walked, findings) = await moved(database_url, target)
    assert await content(database_url) == before
    after = await content(target)
    assert after.pop("event_log")[0] == before.pop("event_log")[0] + 1, "that it was moved"
    assert after == before
    assert done.rows > 100 and done.unopened == {} and done.of.counts["open alerts"] == 2
    assert findings == [] and walked.count > 5


async def test_there_everything_is_read_found_and_verified(lived: World, database_url: str, target: str) -> None:
    await moved(database_url, target)
    opened = await Database.open(target, clock=SetClock(lived.now))
    async with opened.reading() as tx:
        found = select(person.c.name, person.c.responder, person.c.supervisor_id)
        ann = (await tx.conn.execute(found.where(person.c.email_index == tx.blind("ann@example.org")))).one()
        assert tuple(ann) == ("Ann", {"car": "a red one"}, lived.ids["Mia"])
        photo = (await tx.conn.execute(select(kept_file.c.id))).scalar_one()
        assert await kept_files.body_of(tx, photo) == PHOTO
        said = (await tx.conn.execute(select(event_log.c.details).where(event_log.c.verb == "moved"))).scalar_one()
        assert (said["from"], said["to"], said["findings"]) == ("one", "another", 0)
    there = replace(lived, database=opened)
    (alert,) = [each.alert for each in await there.alerts() if each.alert.worker_id == there.ids["Ben"]]
    assert alert.opened_at > START
    await there.inside("Ann", ref="F-3")
    await opened.close()


async def test_what_fell_due_meanwhile_is_owned_up_to_as_a_gap(lived: World, database_url: str, target: str) -> None:
    opened = await Database.open(database_url, clock=lived.clock)
    async with opened.transaction() as tx:
        await stamps.stamp(tx, "sweep")
    await opened.close()
    await moved(database_url, target)
    lived.clock.move(20 * presence.SEEN)
    opened = await Database.open(target, clock=lived.clock)

    async def drained(_tx: Tx, _until: object) -> bool:
        return True

    await GapWatch(opened, "the first", drained).look(clean=True)
    there = replace(lived, database=opened)
    assert [each.params["cause"] for each in await there.deliver() if each.template == "gap.administrator"] == [
        Cause.DOWN
    ]
    async with opened.reading() as tx:
        assert await stamps.last(tx, GAP) is not None
    await opened.close()


async def test_while_somebody_has_the_old_one_open_nothing_is_moved(
    world: World, database_url: str, target: str
) -> None:
    with pytest.raises(CopyFailed, match="the old database: the service is still running"):
        await moved(database_url, target)
    assert await is_empty(target)
    await world.inside("Ann")


async def test_a_service_that_was_there_a_moment_ago_may_be_back_in_the_next(
    lived: World, database_url: str, target: str
) -> None:
    opened = await Database.open(database_url)
    async with opened.transaction() as tx:
        await presence.here(tx, ["scheduler"], "one:1:a")
    await opened.close()
    with pytest.raises(CopyFailed, match=r"the scheduler on .* was there less than a minute ago"):
        await moved(database_url, target)
    assert await is_empty(target)


async def test_nobody_comes_to_the_old_one_before_all_is_there(lived: World, database_url: str, target: str) -> None:
    tried: list[str] = []

    def on_rows(_count: int) -> None:
        if database_url.startswith("sqlite") and not tried:
            script = (
                f"import sqlite3; sqlite3.connect({database_url[10:]!r}, timeout=0).execute('SELECT 1 FROM person')"
            )
            tried.append(
                subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True).stderr
            )

    async def last(_tx: Tx, _what: Moved) -> None:
        if not tried:
            with pytest.raises(CopyFailed, match="under way"):
                await moved(database_url, f"{target}.other")
            tried.append("refused")

    await move(database_url, target, last, on_rows)
    assert "locked" in tried[0] or tried == ["refused"]


async def test_a_command_that_came_meanwhile_keeps_nothing_in_the_old_one(
    lived: World, database_url: str, target: str
) -> None:
    before, coming = await content(database_url), []

    async def add() -> None:
        opened = await Database.open(database_url, unseen=True)
        try:
            async with opened.transaction() as tx:
                await agencies.add(tx, "Oakshire")
        finally:
            await opened.close()

    async def last(_tx: Tx, _what: Moved) -> None:
        coming.append(asyncio.create_task(add()))
        await asyncio.sleep(0.5)
        assert not coming[0].done(), "it waits"

    await move(database_url, target, last)
    with pytest.raises(WasMoved):
        await coming[0]
    assert await content(database_url) == before


async def test_in_the_old_one_nobody_changes_a_row_meanwhile(postgres_url: str, tmp_path: Path) -> None:
    """Also who asks nobody: a child of older code, or a person with psql."""
    sealing.use(KeyRing([TEST_KEY]))

    async def last(_tx: Tx, _what: Moved) -> None:
        engine = create_async_engine(driver_url(postgres_url))
        for table in ("agency", "inbox", "visit"):
            async with engine.connect() as connection:
                await connection.execute(text("SET LOCAL lock_timeout = '100ms'"))
                with pytest.raises(DBAPIError, match="lock timeout"):
                    await connection.execute(text(f"DELETE FROM {table}"))
        await engine.dispose()

    await move(postgres_url, f"sqlite:///{tmp_path}/new.db", last)


async def test_nothing_begins_on_the_old_one_until_somebody_takes_the_mark_away(
    lived: World, database_url: str, target: str
) -> None:
    done, _ = await moved(database_url, target)
    assert done.marked
    for begin in (migrate.upgrade, Database.open, migrate.is_current):
        with pytest.raises(WasMoved, match=r"was moved to another on \d{4}-\d\d-\d\d, and goes on there: set"):
            await begin(database_url)
    with pytest.raises(WasMoved):
        await moved(database_url, target)
    engine = open_for_upgrade(database_url)
    async with engine.begin() as connection:
        mark = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one()
        assert mark.split()[3] == schema.head(), "it says where the way back leads to"
        await connection.execute(text(f"UPDATE alembic_version SET version_num = '{schema.head()}'"))
    await engine.dispose()
    await (await Database.open(database_url)).close()


@pytest.mark.parametrize("failed", [DatabaseAway("gone"), TryAgain("busy"), ValueError("killed")])
async def test_the_new_one_is_kept_before_the_old_one_is_marked(
    lived: World, database_url: str, target: str, monkeypatch: pytest.MonkeyPatch, failed: Exception
) -> None:
    async def fails(_old: object) -> None:
        raise failed

    monkeypatch.setattr(moving, "_mark", fails)
    if isinstance(failed, ValueError):
        with pytest.raises(ValueError, match="killed"):
            await moved(database_url, target)
    else:
        assert not (await moved(database_url, target))[0].marked, "and it is said"
    for each in (database_url, target):
        await (await Database.open(each)).close()


async def test_a_database_that_was_only_made_is_as_good_as_an_empty_one(
    lived: World, database_url: str, target: str
) -> None:
    before = await content(database_url)
    await migrate.upgrade(target, "[risk.medium]\ninterval = '20m'\n")
    opened = await Database.open(target)
    async with opened.transaction() as tx:
        await stamps.stamp(tx, "doctor")
    await opened.close()
    await moved(database_url, target)
    after = await content(target)
    assert {name: each for name, each in after.items() if name != "event_log"} == {
        name: each for name, each in before.items() if name != "event_log"
    }


async def test_what_is_in_the_new_one_is_named_and_stays(lived: World, database_url: str, target: str) -> None:
    await migrate.upgrade(target)
    opened = await Database.open(target)
    async with opened.transaction() as tx:
        await agencies.add(tx, "Oakshire")
        second = {"number": 2, "text": "", "applied_at": tx.now, "applied_by": "Kit", "why": "two"}
        await tx.conn.execute(insert(policy_edition).values(second))
    await opened.close()
    before = await content(target)
    with pytest.raises(CopyFailed, match=r"already \(agency: 1, policy_edition: 2\): make it again, empty"):
        await moved(database_url, target)
    assert await content(target) == before


async def test_a_new_one_that_was_made_with_other_keys_is_refused(lived: World, database_url: str, target: str) -> None:
    sealing.use(KeyRing([new_key()]))
    await migrate.upgrade(target)
    sealing.use(KeyRing([TEST_KEY]))
    with pytest.raises(CopyFailed, match="was made with other keys"):
        await moved(database_url, target)


async def test_with_wrong_keys_nothing_is_moved(lived: World, database_url: str, target: str) -> None:
    sealing.use(KeyRing([new_key()]))
    with pytest.raises(KeysDoNotOpen):
        await moved(database_url, target)
    assert await is_empty(target)


async def test_a_row_that_no_key_opens_goes_over_as_it_is_and_is_said(
    lived: World, database_url: str, target: str
) -> None:
    sealing.use(KeyRing([new_key(), TEST_KEY]))
    opened = await Database.open(database_url)
    async with opened.transaction() as tx:
        await tx.conn.execute(update(person).where(person.c.id == lived.ids["Ann"]).values(name="Ann, changed"))
        await tx.conn.execute(secret.delete().where(secret.c.name.like("key %")))
    await opened.close()
    sealing.use(KeyRing([TEST_KEY]))
    done, _ = await moved(database_url, target)
    assert done.unopened == {"person": 1}


async def test_an_older_database_is_refused_with_what_to_do(lived: World, database_url: str, target: str) -> None:
    engine = open_for_upgrade(database_url)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '0011'"))
    await engine.dispose()
    with pytest.raises(CopyFailed, match=r"at step 0011, this code is at .* run `doorstep migrate` first"):
        await moved(database_url, target)
    assert await is_empty(target)


async def test_what_is_not_there_is_not_made_and_none_is_moved_onto_itself(
    database_url: str, target: str, tmp_path: Path
) -> None:
    sealing.use(KeyRing([TEST_KEY]))
    with pytest.raises(CopyFailed, match="there is no "):
        await moved(f"sqlite:///{tmp_path}/none.db", target)
    assert not (tmp_path / "none.db").exists()
    with pytest.raises(CopyFailed, match="are the same"):
        await moved(database_url, database_url)


_KILLED = """
import asyncio, os, signal, sys
from safety_service.store import sealing
from safety_service.store.moving import move
from safety_service.store.sealing import KeyRing

rows = 0
def on_rows(count):
    global rows
    rows += count
    if rows > int(sys.argv[4]):
        os.kill(os.getpid(), signal.SIGKILL)

async def last(tx, moved):
    os.kill(os.getpid(), signal.SIGKILL)

sealing.use(KeyRing([sys.argv[1]]))
asyncio.run(move(sys.argv[2], sys.argv[3], last, on_rows))
"""


@pytest.mark.parametrize("after", [1, 60, 1_000_000])
async def test_killed_anywhere_it_has_moved_nothing_and_works_the_next_time(
    lived: World, database_url: str, target: str, after: int
) -> None:
    before = await content(database_url)
    words = (TEST_KEY, database_url, target, str(after))
    killed = subprocess.run([sys.executable, "-c", _KILLED, *words], check=False, capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert await content(database_url) == before
    assert await is_empty(target)
    done, _ = await moved(database_url, target)
    assert done.rows > 100


async def test_nothing_in_the_tables_is_numbered_by_the_database(postgres_url: str) -> None:
    """A counter would have to be moved on."""
    engine = create_async_engine(driver_url(postgres_url))
    async with engine.connect() as connection:
        count = (await connection.execute(text("SELECT count(*) FROM information_schema.sequences"))).scalar_one()
        guarded = (await connection.execute(select(lease.c.name))).all()
    await engine.dispose()
    assert count == 0 and guarded == []
