"""P6 with two real PostgreSQL servers: a primary and a synchronous standby, of which either goes. Nothing is lost."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import aiohttp
import asyncpg
import psutil
import pytest
from sqlalchemy import select

from safety_service.store import said, servers, standby
from safety_service.store.database import Database
from safety_service.store.engines import at_primary
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.tables.people import agency
from tests.conftest import had
from tests.http import Program, paired
from tests.patience import until
from tests.promises.alive import Alive, alive
from tests.promises.test_p7_nothing_can_be_kept import readiness
from tests.services.postgres import PostgresServer
from tests.services.replication import Pair, family, freeze, new_pair, thaw
from tests.services.run import Run
from tests.services.template import prepare_template
from tests.unit import rows

#: Seconds that anybody may be kept waiting until they hear that nothing can be kept, on a machine that is busy.
BOUND = 60.0


@pytest.fixture
async def pair(service_run: Run) -> AsyncIterator[Pair]:
    """Two servers with the newest schema; what is kept on the first is on the second before it is confirmed."""
    both = had(new_pair, service_run)
    await both.synchronous()
    await prepare_template(both.url())
    yield both
    both.end()


class Speaker:
    """Somebody's program that says OK again and again, each time with a key, until it is told that it was heard."""

    def __init__(self, program: Program, visit_id: UUID) -> None:
        self._program = program
        self._visit = visit_id
        self.heard: list[str] = []
        self.statuses: list[int] = []

    async def say(self, note: str) -> int:
        """Once; gives the status, 0 where nothing answered."""
        try:
            async with asyncio.timeout(BOUND):
                status, _ = await self._program.post(f"/visits/{self._visit}/check-ins", {"note": note}, key=note)
        except aiohttp.ClientError:
            status = 0
        self.statuses.append(status)
        assert status in (200, 503, 0), status
        return int(status)

    async def go_on(self) -> None:
        """Say it until cancelled, the same until it was heard."""
        for note in map("{:04d}".format, itertools.count()):
            while await self.say(note) != 200:
                await asyncio.sleep(0.1)
            self.heard.append(note)

    async def heard_more(self, times: int = 3) -> None:
        """Wait until so many more were heard."""
        there = len(self.heard) + times
        await until(lambda: len(self.heard) >= there, BOUND)


@asynccontextmanager
async def speaking(here: Alive, who: str, visit_id: UUID) -> AsyncIterator[Speaker]:
    """Somebody speaks all the while."""
    async with aiohttp.ClientSession(here.service.url) as session:
        speaker = Speaker(await paired(here.world, session, who), visit_id)
        going = asyncio.create_task(speaker.go_on())
        yield speaker
        going.cancel()
        await asyncio.wait({going})
        if not going.cancelled():
            going.result()


async def notes(here: Alive, visit_id: UUID) -> Counter[str]:
    """How often each note was kept."""
    async with here.database.reading() as tx:
        return Counter(each.note for each in await said.of_visit(tx, visit_id) if each.note)


async def asked(server: PostgresServer, sql: str) -> Any:
    """What this very server answers."""
    connection = await asyncpg.connect(server.url(), timeout=10)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def kept_on(server: PostgresServer) -> int:
    """How many words there are on this very server."""
    return int(await asked(server, "SELECT count(*) FROM said"))


async def answers(here: Alive) -> bool:
    """Whether the database, seen from here, takes part again."""
    try:
        await here.now()
    except (DatabaseAway, TryAgain):
        return False
    return True


def die(server: PostgresServer) -> None:
    """Killed, and so are all who worked for it: an old primary that comes back finds nobody of its own left."""
    everybody = family(server)
    for each in everybody:
        each.kill()
    psutil.wait_procs(everybody, timeout=10)


async def test_a_standby_that_takes_over_has_every_word_and_the_old_primary_gets_none(
    tmp_path: Path, pair: Pair
) -> None:
    async with alive(tmp_path, pair.url()) as here:
        late = await here.inside("Ben", ref="F-2")
        here.skip(70 * 60)
        await here.alarmed(late)
        await here.sees("Mia", "ALARM 1")
        silent = await here.inside("Ann")
        async with speaking(here, "Ben", late) as ben:
            await ben.heard_more()
            await asyncio.to_thread(die, pair.first)
            await here.phones["Ann"].says("+10")
            here.skip(55 * 60)
            pair.promote()
            await here.becomes(lambda: answers(here))
            await ben.heard_more()
            # Whoever starts it again by itself: it takes itself for the primary, and is named first.
            await asyncio.to_thread(pair.first.start)
            before = await kept_on(pair.first)
            await ben.heard_more()
            assert await at_primary(pair.url()) == pair.second.url(), "whoever starts now finds the right one, too"
        assert await kept_on(pair.first) == before, "nothing is kept where it would be lost"
        kept = await notes(here, late)
        assert kept.keys() >= set(ben.heard), "what was confirmed is there"
        assert set(kept.values()) == {1}, "what was said again is there once"
        await here.counts(silent, 1)
        here.skip(30 * 60)
        await here.alarmed(silent)
        await here.sees("Mia", "ALARM 2")
        assert len(here.on_screen("Mia", "ALARM 1.")) == 1, "what was sent is not sent again"
        assert not [each for each in await here.put("") if each.state == "held"], "it is no copy that was put back"


async def test_without_its_standby_nothing_is_confirmed_and_once_it_is_back_nothing_is_lost_or_doubled(
    tmp_path: Path, pair: Pair
) -> None:
    async with alive(tmp_path, pair.url()) as here:
        visit_id = await here.inside("Ann")
        async with aiohttp.ClientSession(here.service.url) as session:
            ann = Speaker(await paired(here.world, session, "Ann"), visit_id)
            assert await ann.say("before") == 200
            freeze(pair.second)
            await here.phones["Ann"].says("+10")
            for _ in range(3):
                assert await ann.say("meanwhile") == 503, "said within a time, and never as if it were kept"
            await here.becomes(lambda: says_so(here))
            await here.sees("Ann", "nobody has heard you yet")
            await here.sees("Mia", "I cannot keep anything")
            assert "meanwhile" not in await notes(here, visit_id), "what may be lost is not shown as if it stood"
            thaw(pair.second)
            await here.counts(visit_id, 1)
            while await ann.say("meanwhile") != 200:
                await asyncio.sleep(0.1)
            await here.becomes(lambda: is_ready(here))
        assert await notes(here, visit_id) == {"before": 1, "meanwhile": 1}
        here.skip(60 * 60)
        await here.alarmed(visit_id)
        await here.sees("Mia", "ALARM 1")


async def test_a_commit_that_waits_is_not_kept_by_one_server_alone_because_who_waits_is_cancelled(pair: Pair) -> None:
    database = await Database.open(pair.url(), pool_size=3)
    await keep(database, "before")
    freeze(pair.second)
    going = asyncio.create_task(keep(database, "cancelled"))
    await until(lambda: waits(pair.first), BOUND)
    for _ in range(3):
        going.cancel()
        await asyncio.sleep(0.1)
    with pytest.raises(asyncio.CancelledError):
        await going
    assert await names_on(pair.first) == {"before"}, "what the standby does not have is not seen as if it stood"
    with pytest.raises(DatabaseAway):
        await keep(database, "afterwards")
    thaw(pair.second)
    await until(lambda: is_kept(database, "with both there"), BOUND)
    assert await names_on(pair.first) >= {"before", "cancelled", "with both there"}
    await database.close()


async def waits(server: PostgresServer) -> bool:
    """Whether a commit waits there for the standby."""
    return bool(await asked(server, "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"))


async def names_on(server: PostgresServer) -> set[str]:
    """What `keep` has kept on this very server."""
    return set(await asked(server, "SELECT array_agg(name) FROM agency"))


async def says_so(here: Alive) -> bool:
    status, found = await readiness(here)
    return status == 503 and "its synchronous standby does not confirm" in found


async def is_ready(here: Alive) -> bool:
    return (await readiness(here))[0] == 200


async def test_a_primary_that_stands_still_is_left_for_the_one_that_was_promoted(pair: Pair) -> None:
    database = await Database.open(pair.url(), pool_size=3)
    await keep(database, "before")
    freeze(pair.first)
    async with asyncio.timeout(BOUND):
        with pytest.raises(DatabaseAway):
            await keep(database, "at nobody")
    pair.promote()
    async with asyncio.timeout(BOUND):
        await until(lambda: is_kept(database, "after"), BOUND)
    thaw(pair.first)
    await keep(database, "with both there")
    # Alone it would be taken for the primary that it was.
    pair.second.stop()
    with pytest.raises(DatabaseAway):
        await keep(database, "on the second")
    with pytest.raises(DatabaseAway, match="older timeline"):
        await keep(database, "on the first")
    await database.close()


async def test_a_primary_whose_standby_took_its_place_is_left_though_it_lives(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "FRESH", 0.0)
    monkeypatch.setattr(standby, "LET_GO_EVERY", 0.0)
    database = await Database.open(pair.url(), pool_size=3)
    await keep(database, "before")
    pair.promote()
    with pytest.raises(DatabaseAway):
        await keep(database, "on the first")
    await until(lambda: is_kept(database, "after"), BOUND)
    async with database.reading() as tx:
        kept = set((await tx.conn.execute(select(agency.c.name))).scalars())
    assert kept == {"before", "after"}
    await database.close()


async def keep(database: Database, name: str) -> None:
    async with database.transaction() as tx:
        await rows.agency(tx, name)


async def is_kept(database: Database, name: str) -> bool:
    try:
        await keep(database, name)
    except (DatabaseAway, TryAgain):
        return False
    return True
