"""P7 with real processes: the disk is full, or the database may only be read. Loud, honest, and well again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import psutil

from tests.promises.alive import Alive, alive

#: No file of the service may be written beyond this: its database is longer, what it logs is not.
ROOM = 192 * 1024


@asynccontextmanager
async def no_room(here: Alive) -> AsyncIterator[None]:
    """The disk is full for the process that has the database open."""
    child = here.service.child("scheduler")
    child.rlimit(psutil.RLIMIT_FSIZE, (ROOM, psutil.RLIM_INFINITY))
    yield
    child.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))


@asynccontextmanager
async def read_only(here: Alive) -> AsyncIterator[None]:
    """The database may only be read, as after a switch to its replica."""
    name = here.service.database_url.rpartition("/")[2]
    administrator = await asyncpg.connect(here.service.database_url, server_settings={"application_name": "psql"})
    try:
        await _may_write(administrator, name, "on")
        yield
        await _may_write(administrator, name, "off")
    finally:
        await administrator.close()


async def _may_write(administrator: Any, name: str, setting: str) -> None:
    await administrator.execute("SET default_transaction_read_only = off")
    await administrator.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {setting}')
    others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
    await administrator.fetch(others, name)


async def readiness(here: Alive) -> tuple[int, str]:
    """What `/health/ready` answers."""
    async with aiohttp.ClientSession() as outside, outside.get(f"{here.service.url}/health/ready") as answer:
        return answer.status, await answer.text()


async def test_while_nothing_can_be_kept_it_is_loud_and_honest_and_then_everything_goes_on(
    tmp_path: Path, database_url: str
) -> None:
    async with alive(tmp_path, database_url) as here:
        visit_id = await here.inside("Ann")
        trouble = no_room if database_url.startswith("sqlite") else read_only
        # Beyond the first pages of its journal, so that the next word needs room.
        await here.phones["Ann"].says("ok")
        await here.sees("Ann", "OK. ")
        async with trouble(here):
            await here.becomes(lambda: says_so(here))
            await here.phones["Ann"].says("+10")
            await here.sees("Ann", "nobody has heard you yet")
            await here.sees("Mia", "I cannot keep anything")
            await here.sees("Adam", "I cannot keep anything")
        await here.becomes(lambda: is_ready(here))
        await here.counts(visit_id, 1)
        here.skip(60 * 60)
        await here.alarmed(visit_id)
        await here.sees("Mia", "ALARM 1")


async def says_so(here: Alive) -> bool:
    status, said = await readiness(here)
    return status == 503 and "keeps nothing: its disk is full, or it may only be read" in said


async def is_ready(here: Alive) -> bool:
    await asyncio.sleep(0)
    return (await readiness(here))[0] == 200
