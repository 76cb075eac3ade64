"""An upgrade with visits and alerts open: nothing of them is lost, and old code keeps its hands off what is newer."""

import asyncio
import os
import resource
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import aiohttp
import pytest
from sqlalchemy import Connection, select, text, update
from sqlalchemy.exc import DBAPIError

from safety_service.actions import alerts
from safety_service.domain.words import Found, Kind, KnownBy
from safety_service.store import channels, schema
from safety_service.store.engines import open_for_upgrade
from safety_service.store.tables.alerts import outbox
from tests.promises.alive import Alive, alive
from tests.services.postgres import PostgresServer
from tests.services.template import TEST_KEY, execute
from tests.stories.harness import Service
from tests.stories.older import as_of

ROOT = Path(__file__).parents[2]
#: The last step of the version before this one.
BEFORE = "0010"
#: Bytes: less than the steps write.
ROOM = 64 * 1024
Done = TypeVar("Done")


@pytest.fixture
async def older_url(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """An empty database of the same kind."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path}/older.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"older_{uuid.uuid4().hex}"
    await execute(server, f'CREATE DATABASE "{name}"')
    yield server.url(name)
    await execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def on(url: str, do: Callable[[Connection], Done]) -> Done:
    """Do this in a transaction on a connection of its own."""
    engine = open_for_upgrade(url)
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(do)
    finally:
        await engine.dispose()


async def with_an_alert_open(here: Alive) -> tuple[UUID, UUID, UUID]:
    """Ben's alarm has gone to Mia; Ann is inside; gives both visits and the alert."""
    late = await here.inside("Ben", ref="F-2")
    here.skip(70 * 60)
    alert = (await here.alarmed(late)).alert
    await here.sees("Mia", "ALARM 1")
    return late, await here.inside("Ann"), alert.id


async def test_what_the_version_before_left_open_goes_on_after_the_upgrade(
    tmp_path: Path, database_url: str, older_url: str
) -> None:
    async with alive(tmp_path, database_url) as here:
        _, visit_id, alert_id = await with_an_alert_open(here)
        await here.phones["Ann"].says("ok")
        await here.sees("Ann", "OK. ")
        here.service.kill()
        await a_message_waits(here, "Mia")
        await here.database.close()
        await as_of(BEFORE, database_url, older_url)
        assert await on(older_url, schema.revision) == BEFORE

        here.service.database_url = older_url
        await here.service.start()
        async with here.service.database() as database:
            here.world.database = database
            assert await on(older_url, schema.revision) == schema.head()
            await here.phones["Ann"].says("+10")
            await here.counts(visit_id, 1)
            await here.becomes(lambda: went_out(here))
            here.skip(6 * 60)
            await here.sees("Dev", "ALARM 1")
            await here.world.do("Dev", alerts.take, alert_id)
            await here.world.do("Dev", alerts.resolve, alert_id, Found.SAFE, KnownBy.HEARD_VOICE)
            here.skip(60 * 60)
            assert (await here.alarmed(visit_id)).alert.kind in (Kind.MISSED_CHECK_IN, Kind.NOT_OUT)
            await here.sees("Mia", "ALARM 2")
            for change in ("UPDATE said SET via = 'x'", "DELETE FROM said", "DELETE FROM event_log"):
                with pytest.raises(DBAPIError, match="append-only"):
                    await on(older_url, partial(_changed, change))


def _changed(sql: str, connection: Connection) -> None:
    connection.execute(text(sql))


async def a_message_waits(here: Alive, who: str) -> None:
    """Something that was put in and has not gone out when the old version is stopped."""
    async with here.database.transaction() as tx:
        mine = select(outbox.c.id).where(outbox.c.person_id == here.world.ids[who]).order_by(outbox.c.id).limit(1)
        again = update(outbox).where(outbox.c.id == mine.scalar_subquery())
        await tx.conn.execute(again.values(state="pending", sent_at=None, reached_at=None, provider_id=None))
        assert await channels.live_many(tx, [here.world.ids[who]])


async def went_out(here: Alive) -> bool:
    return all(each.state not in ("pending", "sending") for each in await here.put("alarm."))


async def newer(here: Alive, tmp_path: Path) -> Service:
    """A later version beside it, with the same settings and the same clock."""
    folder = tmp_path / "newer"
    folder.mkdir()
    more = {**here.service.more, "PYTHONPATH": str(ROOT)}
    later = Service(folder, here.service.database_url, more, program="tests.stories.newer")
    later.skip(here.service.ahead.total_seconds())
    return later


async def test_old_code_stops_sweeping_when_the_database_becomes_newer_and_the_new_goes_on(
    tmp_path: Path, database_url: str
) -> None:
    async with alive(tmp_path, database_url) as here:
        _, visit_id, _ = await with_an_alert_open(here)
        later = await newer(here, tmp_path)
        try:
            await later.command("migrate")
            await here.becomes(lambda: said(here.service, "SchemaIsNewer"))
            assert "this code knows no further than" in here.service.said()
            await here.becomes(lambda: is_not_ready(here.service))
            await here.phones["Ann"].says("+10")
            await later.start()
            # Both run now, side by side.
            await here.counts(visit_id, 1)
            later.skip(6 * 60)
            here.skip(6 * 60)
            await here.sees("Dev", "ALARM 1")
            later.skip(60 * 60)
            here.skip(60 * 60)
            await here.alarmed(visit_id)
            await here.sees("Mia", "ALARM 2")
            assert len(here.on_screen("Mia", "ALARM 2")) == 1
        finally:
            later.kill()


async def said(service: Service, words: str) -> bool:
    return words in service.said()


async def is_ready(service: Service) -> bool:
    try:
        async with aiohttp.ClientSession() as outside, outside.get(f"{service.url}/health/ready") as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def is_not_ready(service: Service) -> bool:
    return not await is_ready(service)


async def test_old_code_that_is_started_on_a_newer_database_refuses_and_changes_nothing(
    tmp_path: Path, database_url: str
) -> None:
    async with alive(tmp_path, database_url) as here:
        _, visit_id, _ = await with_an_alert_open(here)
        here.service.kill()
        later = await newer(here, tmp_path)
        try:
            await later.start()
            await here.service.start(ready=False)
            assert await here.service.ended(within=60) == 1
            assert "this code knows no further than" in here.service.said()
            await here.phones["Ann"].says("+10")
            await here.counts(visit_id, 1)
            assert await is_ready(later)
        finally:
            later.kill()


async def test_an_upgrade_that_fails_half_way_leaves_what_was_there(
    tmp_path: Path, database_url: str, older_url: str
) -> None:
    async with alive(tmp_path, database_url) as here:
        await with_an_alert_open(here)
        here.service.kill()
        await here.database.close()
        await as_of(BEFORE, database_url, older_url)
        before = await on(older_url, everything)
        here.service.database_url = older_url
        await on(older_url, lambda connection: connection.execute(text("CREATE TABLE phrase (words INTEGER)")))
        with pytest.raises(AssertionError, match="doorstep migrate"):
            await here.service.command("migrate")
        await on(older_url, lambda connection: connection.execute(text("DROP TABLE phrase")))
        assert await on(older_url, everything) == before
        if older_url.startswith("sqlite"):
            assert await migrated_with_little_room(older_url, tmp_path) == 1
            assert await on(older_url, everything) == before
        await here.service.start()
        here.skip(6 * 60)
        await here.sees("Dev", "ALARM 1")


def everything(connection: Connection) -> dict[str, object]:
    """The step, and how many rows there are of each kind."""
    names = ("visit", "watch", "alert", "outbox", "said", "event_log", "channel", "secret")
    counted = {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar() for name in names}
    return {"step": schema.revision(connection), **counted}


async def migrated_with_little_room(url: str, folder: Path) -> int | None:
    """`doorstep migrate` on a disk that is nearly full; its exit code."""

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))

    settings = {"DOORSTEP_DATABASE_URL": url, "DOORSTEP_SECRET_KEYS": TEST_KEY}
    run = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "safety_service", "migrate"),
        cwd=folder,
        env={**os.environ, **settings},
        stderr=asyncio.subprocess.DEVNULL,
        preexec_fn=little_room,
    )
    async with asyncio.timeout(timedelta(seconds=60).total_seconds()):
        return await run.wait()
