"""P6: PostgreSQL has no connection left. Nobody waits for ever, nothing is lost, and it goes on by itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import aiohttp
import asyncpg
import pytest

from tests.http import Program, paired
from tests.promises.alive import Alive, alive
from tests.promises.test_p7_nothing_can_be_kept import readiness
from tests.services.postgres import PostgresServer
from tests.services.replication import on
from tests.services.template import prepare_template

#: The service is no administrator of the server, for whom some connections are kept.
ROLE = "plain"
FEW = 50
#: Seconds until whoever asks has to have an answer, on a machine that is busy.
BOUND = 60.0
IN_USE = "every connection that PostgreSQL allows is in use"


@pytest.fixture
async def small(own_postgres: PostgresServer) -> str:
    """The address of a database on a server that allows few connections."""
    made = f"CREATE ROLE {ROLE} LOGIN", f"CREATE DATABASE doorstep OWNER {ROLE}"
    await on(own_postgres, *made, f"ALTER SYSTEM SET max_connections = {FEW}")
    await asyncio.to_thread(own_postgres.restart)
    url = f"postgresql://{ROLE}@127.0.0.1:{own_postgres.port}/doorstep"
    await prepare_template(url)
    return url


@asynccontextmanager
async def all_taken(url: str) -> AsyncIterator[None]:
    """Others have every connection that the service does not have already."""
    async with AsyncExitStack() as others:
        while True:
            try:
                other = await asyncpg.connect(url, timeout=10)
            except asyncpg.TooManyConnectionsError:
                break
            others.push_async_callback(other.close)
        yield


@asynccontextmanager
async def none_left(server: PostgresServer) -> AsyncIterator[None]:
    """The service has none either."""
    mine = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'doorstep'"
    await on(server, f"ALTER ROLE {ROLE} CONNECTION LIMIT 0", mine)
    yield
    await on(server, f"ALTER ROLE {ROLE} CONNECTION LIMIT -1")


async def test_while_others_have_them_all_the_watch_is_kept_and_says_so(tmp_path: Path, small: str) -> None:
    async with alive(tmp_path, small) as here:
        visit_id = await here.inside("Ann")
        await here.phones["Ann"].says("ok")
        await here.sees("Ann", "OK. ")
        await here.becomes(lambda: is_ready(here))
        async with all_taken(small):
            await here.becomes(lambda: says(here, IN_USE))
            here.skip(36 * 60)
            await here.alarmed(visit_id)
            await here.sees("Mia", "ALARM 1")
            await here.phones["Ann"].says("+10")
            await here.counts(visit_id, 1)
        await here.becomes(lambda: is_ready(here))


async def test_with_none_at_all_it_is_said_at_once_and_what_was_said_counts_when_there_are_some_again(
    tmp_path: Path, small: str, own_postgres: PostgresServer
) -> None:
    async with alive(tmp_path, small) as here, aiohttp.ClientSession(here.service.url) as session:
        visit_id = await here.inside("Ann")
        late = await here.inside("Ben", ref="F-2")
        ann = await paired(here.world, session, "Ann")
        async with none_left(own_postgres):
            assert await said(ann, visit_id) == 503
            async with session.get("/") as page:
                assert page.status in (200, 503)
            await here.becomes(lambda: says(here, IN_USE, status=503))
            await here.phones["Ann"].says("+10")
            await here.sees("Ann", "nobody has heard you yet")
        await here.counts(visit_id, 1)
        assert await said(ann, visit_id) == 200
        await here.becomes(lambda: is_ready(here))
        here.skip(60 * 60)
        await here.alarmed(late)
        await here.sees("Mia", "ALARM 1")


async def said(program: Program, visit_id: object) -> int:
    async with asyncio.timeout(BOUND):
        status, _ = await program.post(f"/visits/{visit_id}/check-ins", {}, key="once")
    return int(status)


async def says(here: Alive, what: str, *, status: int = 200) -> bool:
    """Whether that is how it is, and it says why."""
    answered, found = await readiness(here)
    return answered == status and what in found


async def is_ready(here: Alive) -> bool:
    answered, found = await readiness(here)
    return answered == 200 and IN_USE not in found
