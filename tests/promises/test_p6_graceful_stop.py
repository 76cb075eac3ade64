"""P6: a stop finishes what is in hand, or gives it back: nobody waits for a lease of a process that was stopped.

Processes are stopped by SIGTERM in the middle of something; they end by themselves, with 0.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from aiohttp import ClientPayloadError, ClientResponse, ClientSession, ClientTimeout
from sqlalchemy import select, text

from safety_service.store import inbox, visits
from safety_service.store.database import Database, Tx
from safety_service.store.tables import chat
from safety_service.store.tables.system import lease
from tests.conftest import had
from tests.http import Program, browsing, paired, signed_in
from tests.promises.several import Several, all_inside, runs, several, up
from tests.services.redis import start_redis
from tests.services.run import Run
from tests.stories.harness import Service, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Seconds after which what was given back is due again; the lease of a message that was left would take thirty.
GIVEN_BACK = 10
#: Seconds within which a process ends, on a busy machine.
ENDS_WITHIN = 60
PATIENT = ClientTimeout(total=120)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(service_run: Run, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Several]:
    """Two schedulers, which the tests start and stop. Telegram posts to a web that is not there yet."""
    redis = had(start_redis, service_run)
    async with several(
        service_run,
        tmp_path_factory.mktemp("stops"),
        redis_url=redis.url,
        workers=6,
        roles=("scheduler", "scheduler"),
        start=False,
        DOORSTEP_TELEGRAM_MODE="webhook",
    ) as made:
        yield made
    redis.stop()


async def test_a_scheduler_that_stops_finishes_what_it_sends_and_gives_back_what_nobody_answers(here: Several) -> None:
    await up(here.service)
    inside = await all_inside(here, here.workers[:2])
    first = here.telegram.fault("hang_after", method="sendMessage", chat=here.phones["Mia"], times=1)
    hangs = here.telegram.fault("hang_after", method="sendMessage", chat=here.phones["Mia"], times=1)
    here.skip(36 * 60)
    for fault in (first, hangs):
        await here.telegram.until_hit(fault, timeout=60)
    here.service.parent.send_signal(signal.SIGTERM)
    first.lift()
    # Whoever is impatient says it again: that makes no difference.
    here.service.parent.send_signal(signal.SIGTERM)
    assert await here.service.ended(ENDS_WITHIN) == 0
    rows = await here.put("alarm.", "Mia")
    assert sorted((each.state, each.maybe_sent) for each in rows) == [("pending", True), ("sent", False)]
    assert await _holders(here.database) == [], "no lock has to run out"
    hangs.lift()
    await up(here.other)
    here.skip(GIVEN_BACK)
    await here.sees("Mia", "Said again")
    await here.settled()
    await here.told_once("Mia", [(await here.alarmed(each)).alert.number for each in inside.values()])
    await here.over(inside)


async def test_a_web_and_a_bot_that_stop_finish_what_was_asked_and_let_pages_go(
    here: Several, tmp_path_factory: pytest.TempPathFactory
) -> None:
    if not runs(here.other):
        await up(here.other)
    folder, url = tmp_path_factory.mktemp("desk"), here.other.database_url
    place: dict[str, Any] = dict(here.other.more)
    async with serving(folder, url, roles="web,bot", start=False, **place) as desk:
        await up(desk)
        await here.telegram.hooked(timeout=60)
        inside = await all_inside(here, here.workers[2:5])
        await _stops_in_the_middle(here, desk, inside)
        await up(desk)
        await here.heard()
        for visit_id in inside.values():
            await here.counts(visit_id, 1)
        answered = [len(await here.put("reply.", who)) for who in inside]
        assert answered == [0, 1, 1], "each is answered once, where it was said"
        await here.over(inside)
        desk.parent.send_signal(signal.SIGTERM)
        assert await desk.ended(ENDS_WITHIN) == 0


async def _stops_in_the_middle(here: Several, desk: Service, inside: Mapping[str, UUID]) -> None:
    """One asks of the API, what another said is acted on, Telegram posts for a third; and a manager's board is open."""
    asks, acts, posts = inside
    async with ClientSession(desk.url, timeout=PATIENT) as outside, browsing(desk.url) as browser:
        program = await paired(here.world, outside, asks)
        await signed_in(here.world, browser, "Mia")
        async with browser.get("/board/events", timeout=PATIENT) as board:
            await board.content.readline()
            async with _held_up(here.database) as tx:
                await visits.load_many(tx, [inside[asks], inside[acts]], lock=True)
                asked = asyncio.create_task(_longer(program, inside[asks]))
                await here.phones[acts].says("+10")
                await here.becomes(lambda: _waiting(here.database, 2))
                posted = await _posted(here, tx, posts)
                await here.becomes(lambda: _waiting(here.database, 3))
                desk.parent.send_signal(signal.SIGTERM)
                await _ended(board)
        assert await asked == 200, "whoever asked is answered"
        assert await desk.ended(ENDS_WITHIN) == 0
    async with here.database.reading() as tx:
        kept = (await tx.conn.execute(select(chat.inbox.c.state).where(chat.inbox.c.provider_id == posted))).scalars()
        assert list(kept) == ["new"], "what Telegram posted is kept"


async def test_a_scheduler_that_stops_in_the_middle_of_a_sweep_leaves_it_to_the_other(here: Several) -> None:
    await asyncio.gather(*(up(each) for each in (here.service, here.other) if not runs(each)))
    inside = await all_inside(here, here.workers[5:6])
    async with _held_up(here.database) as tx:
        await tx.conn.execute(text("LOCK TABLE alert IN EXCLUSIVE MODE"))
        here.skip(36 * 60)
        await here.becomes(lambda: _waiting(here.database, 1))
        sweeps = await _who_waits(here)
        sweeps.parent.send_signal(signal.SIGTERM)
        assert await sweeps.ended(ENDS_WITHIN) == 0
    number = (await here.alarmed(inside[here.workers[5]])).alert.number
    await here.sees("Mia", f"ALARM {number}.")
    await here.settled()
    await here.told_once("Mia", [number])
    assert not here.on_screen("Mia", f"Said again, in case you have it: ALARM {number}."), "nothing was left on its way"


class _Undone(Exception):
    """What the test did is not kept."""


@asynccontextmanager
async def _held_up(database: Database) -> AsyncIterator[Tx]:
    """Whatever needs what is locked or added here waits as long as this goes on; then it was never there."""
    with suppress(_Undone):
        async with database.transaction() as tx:
            yield tx
            raise _Undone


async def _ended(line: ClientResponse) -> None:
    """Wait until the page is told: its line is cut, and it comes back by itself to whoever serves then."""
    with suppress(ClientPayloadError):
        while await line.content.readline():
            pass


async def _longer(program: Program, visit_id: UUID) -> int:
    status, _ = await program.post(f"/visits/{visit_id}/extend", {"by_s": 600})
    return int(status)


async def _posted(here: Several, tx: Tx, who: str) -> str:
    """Telegram posts what they say, and that waits for us: we seem to keep the same word. Gives the word's name."""
    here.telegram.hold()
    bubble = await here.phones[who].says("+10")
    word = f"{here.telegram.updates[-1]['update_id']}:{bubble.id}"
    await inbox.add(tx, channel="telegram", provider_id=word, chat="?", person_id=None, said_at=tx.now, payload={})
    here.telegram.release()
    return word


async def _waiting(database: Database, many: int) -> bool:
    """Whether so many transactions wait for a lock."""
    return len(await _ports(database)) >= many


async def _ports(database: Database) -> list[int]:
    """From which ports those come that wait for a lock."""
    query = text(
        "SELECT client_port FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with database.reading() as tx:
        return list((await tx.conn.execute(query)).scalars())


async def _who_waits(here: Several) -> Service:
    ports = await _ports(here.database)
    for service in (here.service, here.other):
        ours = [line.laddr.port for each in service.children().values() for line in each.net_connections()]
        if set(ours) & set(ports):
            return service
    raise AssertionError("neither waits")


async def _holders(database: Database) -> list[str]:
    async with database.reading() as tx:
        return list((await tx.conn.execute(select(lease.c.name))).scalars())
