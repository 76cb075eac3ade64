"""P6: Redis gone, mute, slow or wiped under two services at work. Nothing is lost, nobody waits for it, health says it.

No process is started again for any of it: whatever the weather was, all is shared again after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
import redis.asyncio as redis
from aiohttp import ClientResponse, ClientSession, ClientTimeout

from safety_service.actions.auditing import REDIS_AWAY
from tests.conftest import had
from tests.http import Program, browsing, paired, signed_in
from tests.patience import until
from tests.promises.several import Several, several
from tests.services.between import Between, between
from tests.services.redis import RedisServer, start_redis
from tests.services.run import ROOT, Run
from tests.stories.harness import Service

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Seconds for all of something that without wake-ups takes fifteen each time.
QUICKLY = 40.0
TIMES = 5
#: Seconds that an answer may take on a busy machine: less than two questions to a Redis that is slow.
ANSWERED = ClientTimeout(total=15.0)
RUNBOOK = (ROOT / "docs" / "operations.md").read_text()


@dataclass
class Weather:
    """Two services, and Redis behind something that can be closed."""

    here: Several
    server: RedisServer
    line: Between
    visits: dict[str, UUID] = field(default_factory=dict)

    async def goes_in(self, who: str) -> UUID:
        """Somebody begins the visit of this test."""
        self.visits[who] = await self.here.inside(who, ref=f"F-{who}")
        return self.visits[who]

    async def clears_up(self) -> None:
        """However the test before ended."""
        self.line.heals()
        await asyncio.to_thread(self.server.start)

    async def said(self, away: bool) -> None:
        """Wait until every service's health says so; the watch is kept in any case."""

        found: list[dict[str, Any]] = []

        async def all_say() -> bool:
            found[:] = [await _health(each) for each in (self.here.service, self.here.other)]
            noted = [any(note.startswith(REDIS_AWAY) for note in each["notes"]) for each in found]
            return all(each["ready"] for each in found) and noted == [away] * 2

        try:
            await until(all_say, 60, every=0.2)
        except AssertionError:
            raise AssertionError(f"{found}\n{self.here.service.said()[-4000:]}") from None


async def _health(service: Service) -> dict[str, Any]:
    async with ClientSession(service.url) as outside, outside.get("/health/ready") as answer:
        return dict(await answer.json())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def weather(service_run: Run, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Weather]:
    """Two of each at work, which all tests here share; each test has a worker of its own."""
    server = had(start_redis, service_run)
    folder = tmp_path_factory.mktemp("weathers")
    async with between(server.port) as line:
        url = f"redis://127.0.0.1:{line.port}/0"
        async with several(service_run, folder, redis_url=url, workers=5) as here:
            yield Weather(here, server, line)
    server.stop()


async def test_processes_wake_one_another_and_pages_hear_what_was_done_elsewhere(
    weather: Weather,
) -> None:
    await weather.clears_up()
    here = weather.here
    await weather.said(away=False)
    await weather.goes_in("W1")
    await _alarm(weather, "W1")
    async with redis.Redis(port=weather.server.port) as outside, outside.pubsub() as ears:
        await ears.subscribe("doorstep:outbox", "doorstep:sweep", "doorstep:inbox")
        await here.phones["W1"].says("Ring me")
        await _is_well_again(weather, _pids(here), "W1")
        topics: set[bytes] = set()

        async def all_announced() -> bool:
            said = await ears.get_message(ignore_subscribe_messages=True, timeout=0.1)
            topics.update([] if said is None else [said["channel"]])
            return topics == {b"doorstep:outbox", b"doorstep:sweep", b"doorstep:inbox"}

        await until(all_announced, 60)


async def test_redis_that_is_gone_costs_no_word_no_alarm_and_no_news_and_comes_back(weather: Weather) -> None:
    await weather.clears_up()
    pids = _pids(weather.here)
    weather.server.kill()
    await _goes_on(weather, "W2")
    weather.server.start()
    await _is_well_again(weather, pids, "W2")


async def test_redis_that_takes_every_line_and_says_nothing_keeps_nobody_waiting(weather: Weather) -> None:
    await weather.clears_up()
    pids = _pids(weather.here)
    weather.line.goes_mute()
    await _goes_on(weather, "W3")
    weather.line.heals()
    await _is_well_again(weather, pids, "W3")


async def test_redis_that_is_slow_keeps_nobody_waiting(weather: Weather) -> None:
    await weather.clears_up()
    pids = _pids(weather.here)
    weather.line.delay = 5.0
    await _goes_on(weather, "W4")
    weather.line.heals()
    await _is_well_again(weather, pids, "W4")


async def test_redis_that_is_wiped_in_the_middle_loses_nothing(weather: Weather) -> None:
    await weather.clears_up()
    here, pids = weather.here, _pids(weather.here)
    visit_id = await weather.goes_in("W5")
    here.telegram.hold()
    await here.phones["W5"].says("+10")
    await asyncio.to_thread(weather.server.flush)
    here.telegram.release()
    await here.counts(visit_id, 1)
    await asyncio.to_thread(weather.server.flush)
    await _alarm(weather, "W5")
    await _is_well_again(weather, pids, "W5")


async def _goes_on(weather: Weather, who: str) -> None:
    """A word at a web and one in Telegram, an alarm, signing in, a page and its news: all as ever; health says why."""
    here = weather.here
    assert f"`{REDIS_AWAY}`" in RUNBOOK
    async with ClientSession(here.service.url, timeout=ANSWERED) as outside:
        visit_id = await weather.goes_in(who)
        said = await (await paired(here.world, outside, who)).post(f"/visits/{visit_id}/extend", {"by_s": 600})
        assert said[0] == 200, said
        await here.phones[who].says("+10")
        await here.counts(visit_id, 2)
        await here.heard()
        await here.sees(who, "OK. ")
        await _alarm(weather, who)
        await weather.said(away=True)
        await _news_comes(weather, who)


async def _news_comes(weather: Weather, who: str) -> None:
    """A page at the other web hears what is done here, with its beat."""
    here = weather.here
    async with ClientSession(here.service.url, timeout=ANSWERED) as outside, browsing(here.other.url) as browser:
        manager, alert_id = await paired(here.world, outside, "Dev"), (await here.alarmed(weather.visits[who])).id
        async with asyncio.timeout(ANSWERED.total):
            await signed_in(here.world, browser, "Mia")
        async with browser.get(f"/alerts/{alert_id}/events", timeout=ClientTimeout(total=90)) as line:
            await _changed(line)
            await here.settled()
            await _note(manager, alert_id, 0)
            await _changed(line)


async def _is_well_again(weather: Weather, pids: list[dict[str, int]], who: str) -> None:
    """Wake-ups, live events, the pace and the throttles are shared, by the processes that were there before."""
    here = weather.here
    await weather.said(away=False)
    async with redis.Redis(port=weather.server.port) as shared:

        async def all_listen() -> bool:
            # Two bots and two schedulers, and a web where a page is open; and each whether Redis is there.
            return sum(int(each["psub"]) > 1 for each in await shared.client_list()) >= 4

        await here.becomes(all_listen)
        await _news_comes_at_once(weather, who)
        assert [each async for each in shared.scan_iter("doorstep:{turns}:*")], "the pace is shared"

        async def count_together() -> bool:
            # On a machine that is busy one of them may not wait for Redis just then.
            await shared.delete("doorstep:code-wrong:127.0.0.1")
            for each in (here.service, here.other):
                async with ClientSession(each.url) as outside, outside.post("/in/never-a-code") as answer:
                    assert answer.status == 403
            return int(await shared.get("doorstep:code-wrong:127.0.0.1") or 0) == 2

        await until(count_together, 60, every=1.5)
    assert _pids(here) == pids, "no process was started again for it"
    await here.over({who: weather.visits[who]})


async def _news_comes_at_once(weather: Weather, who: str) -> None:
    """As often as this only who is woken hears of it in this time; with each beat alone it would take much longer."""
    here = weather.here
    async with ClientSession(here.service.url) as outside, browsing(here.other.url) as browser:
        manager, alert_id = await paired(here.world, outside, "Dev"), (await here.alarmed(weather.visits[who])).id
        await signed_in(here.world, browser, "Mia")
        async with browser.get(f"/alerts/{alert_id}/events", timeout=ClientTimeout(total=90)) as line:
            await _changed(line)
            async with asyncio.timeout(QUICKLY):
                for number in range(TIMES):
                    await _note(manager, alert_id, number)
                    await _changed(line)


async def _changed(line: ClientResponse) -> None:
    while await line.content.readline() != b"event: changed\n":
        assert not line.content.at_eof(), "the line ended"


async def _note(manager: Program, alert_id: UUID, number: int) -> None:
    status, answer = await manager.post(f"/alerts/{alert_id}/note", {"note": f"News {number}"})
    assert status == 200, answer


async def _alarm(weather: Weather, who: str) -> None:
    """They fall silent, and the manager on duty hears of it once."""
    here = weather.here
    here.skip(36 * 60)
    number = (await here.alarmed(weather.visits[who])).alert.number
    await here.sees("Mia", f"ALARM {number}.")
    await here.settled()
    await here.told_once("Mia", [number])


def _pids(here: Several) -> list[dict[str, int]]:
    return [{role: each.pid for role, each in service.children().items()} for service in (here.service, here.other)]
