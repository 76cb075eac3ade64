"""P6: web, bot and scheduler, several of each, side by side on PostgreSQL. Each thing is done once, whoever dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from datetime import timedelta
from uuid import UUID

import psutil
import pytest
import pytest_asyncio

from tests.conftest import had
from tests.http import Program
from tests.patience import until
from tests.promises.several import Several, all_inside, several
from tests.services.redis import start_redis
from tests.services.run import Run

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: Seconds by which a message's lease has run out.
MESSAGE_LEASE = 31
TEN = timedelta(minutes=10)
FIVE = timedelta(minutes=5)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(service_run: Run, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Several]:
    """Two of each at work, which all tests here share; each test has workers of its own."""
    redis = had(start_redis, service_run)
    folder = tmp_path_factory.mktemp("several")
    async with several(service_run, folder, redis_url=redis.url, workers=12) as made:
        yield made
    redis.stop()


async def test_words_said_at_both_webs_and_in_telegram_at_once_are_each_kept_once(here: Several) -> None:
    visits = await all_inside(here, here.workers[:3])
    both = {who: await here.pair(who, here.service, here.other) for who in visits}
    said = [_longer(each, visits[who]) for who in visits for each in both[who]]
    answers, _ = await asyncio.gather(asyncio.gather(*said), _spoken(here, visits))
    assert [status for status, _ in answers] == [200] * 6, answers
    await _has(here, visits, TEN + FIVE)
    await _answered(here, visits, 1)
    await until(here.holder, 30, every=0.1)
    assert not [each for each in here.telegram.calls_of("getUpdates") if each.status == 409], "one listens at a time"
    await here.over(visits)


async def test_a_web_and_the_listening_bot_are_killed_in_the_middle_and_every_word_counts_once(here: Several) -> None:
    visits = await all_inside(here, here.workers[3:6])
    both = {who: await here.pair(who, here.service, here.other) for who in visits}
    await until(here.holder, 30, every=0.1)
    listens, web = await here.holder(), here.other.child("web")
    here.telegram.hold()
    said = asyncio.gather(*(_insists(both[who], visits[who]) for who in visits), _spoken(here, visits))
    web.kill()
    here.telegram.release()
    psutil.Process(listens).kill()
    await said
    await until(lambda: _other_than(here, listens), 60, every=0.1)
    await _has(here, visits, TEN + FIVE)
    await _answered(here, visits, 1)
    await here.other.other_child("web", than=web.pid)
    await here.other.ready()
    await here.over(visits)


async def test_many_visits_fall_silent_at_once_and_each_alarm_is_handed_over_once(here: Several) -> None:
    visits = await all_inside(here, here.workers[6:9])
    # While each is on its way both look for what is to be sent.
    slow = here.telegram.fault("delay", method="sendMessage", chat=here.phones["Mia"], seconds=3.0)
    here.skip(36 * 60)
    numbers = await _alarmed(here, visits)
    await here.settled()
    slow.lift()
    await here.told_once("Mia", numbers)
    rows = [each for each in await here.put("alarm.", "Mia") if each.visit_id in visits.values()]
    assert sorted(each.attempts for each in rows) == [1] * len(visits), "handed over once, and written once"
    assert not here.on_screen("Mia", "Said again")
    await here.over(visits)


async def test_a_scheduler_is_killed_while_alarms_are_on_their_way_and_the_other_says_so(here: Several) -> None:
    visits = await all_inside(here, here.workers[9:12])
    hangs = here.telegram.fault("hang_after", method="sendMessage", chat=here.phones["Mia"], times=2)
    here.skip(36 * 60)
    await here.telegram.until_hit(hangs, timeout=60)
    sends = await _who_sends(here)
    psutil.Process(sends).kill()
    numbers = await _alarmed(here, visits)
    hangs.lift()
    await here.becomes(lambda: _all_tried(here, visits))
    here.skip(MESSAGE_LEASE)
    await here.becomes(lambda: _all_sent(here, visits))
    await here.told_once("Mia", numbers)
    assert here.on_screen("Mia", "Said again"), "what the dead one had taken along comes again"
    await here.over(visits)


# What people do


async def _longer(program: Program, visit_id: UUID) -> tuple[int, object]:
    """Ten minutes more, by one key: the same word, wherever it is said."""
    answer: tuple[int, object] = await program.post(f"/visits/{visit_id}/extend", {"by_s": 600}, key=f"ten-{visit_id}")
    return answer


async def _insists(programs: Collection[Program], visit_id: UUID) -> None:
    """A phone that hears no answer says it again, wherever it is heard."""
    for attempt in range(20):
        for each in programs:
            try:
                status, _ = await _longer(each, visit_id)
            except OSError:
                continue
            if status == 200 and attempt:
                return
        await asyncio.sleep(0.1)
    raise AssertionError("nobody answered")


async def _spoken(here: Several, visits: Collection[str]) -> None:
    for who in visits:
        await here.phones[who].says("+5")


# What is so


async def _has(here: Several, visits: Mapping[str, UUID], longer: timedelta) -> None:
    """Each visit is to take so much longer; more would be a word that counted twice."""

    async def counted() -> bool:
        spent = [(await here.visit(each)).visit.watches[0].spent for each in visits.values()]
        assert max(spent) <= longer, f"a word was acted on twice: {spent}"
        return min(spent) == longer

    await here.becomes(counted)


async def _answered(here: Several, visits: Collection[str], times: int) -> None:
    await here.heard()
    await here.settled()
    for who in visits:
        assert len(await here.put("reply.", who)) == times, "each is answered once"
        assert len(here.on_screen(who, "OK. ")) == times


async def _alarmed(here: Several, visits: Mapping[str, UUID]) -> list[int]:
    return [(await here.alarmed(each)).alert.number for each in visits.values()]


async def _all_tried(here: Several, visits: Mapping[str, UUID]) -> bool:
    rows = [each for each in await here.put("alarm.", "Mia") if each.visit_id in visits.values()]
    return len(rows) == len(visits) and all(each.attempts for each in rows)


async def _all_sent(here: Several, visits: Mapping[str, UUID]) -> bool:
    rows = [each for each in await here.put("alarm.", "Mia") if each.visit_id in visits.values()]
    return len(rows) == len(visits) and all(each.state == "sent" for each in rows)


async def _other_than(here: Several, first: int) -> bool:
    return await here.holder() not in (0, first)


async def _who_sends(here: Several) -> int:
    """The process that has leased an alarm and waits for what becomes of it."""
    rows = [each for each in await here.put("alarm.", "Mia") if each.state == "sending"]
    return int(rows[0].leased_by.split(":")[1])
