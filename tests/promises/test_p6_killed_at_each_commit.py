"""P6: kill -9 of the real process at each point where something is kept. Nothing is lost, nothing is done twice."""

from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from safety_service.actions import alerts, words
from safety_service.actions.words import Word
from safety_service.domain.words import Found, Kind, KnownBy
from safety_service.store import inbox
from tests.promises.alive import Alive, alive

#: Seconds by which a dead poller's lease has run out, and by which a dead dispatcher's has.
POLLER_LEASE = 9
MESSAGE_LEASE = 31


async def test_a_word_counts_once_wherever_its_process_dies(tmp_path: Path, database_url: str) -> None:
    async with alive(tmp_path, database_url) as here:
        visit_id = await here.inside()
        ends_at = await end_of(here, visit_id)
        points = ("poller:before_commit", "poller:after_commit", "inbox:before_commit", "inbox:after_commit")
        for times, point in enumerate(points, start=1):
            here.telegram.hold()
            await here.phones["Ann"].says("+10")
            here.service.crash_at(point)
            here.telegram.release()
            await here.service.crashed()
            here.skip(POLLER_LEASE)
            await here.sees("Ann", "OK. ", times=times)
            await here.becomes(lambda: everything_heard(here))
            assert await end_of(here, visit_id) - ends_at == times * timedelta(minutes=10), point
        await here.service.ready()
        assert len(await here.put("reply.", "Ann")) == len(points), "each is answered once"
        assert await here.alerts() == []


@pytest.mark.parametrize("moment", ["before_commit", "after_commit"])
async def test_what_the_clock_does_is_done_once_wherever_its_process_dies(
    tmp_path: Path, database_url: str, moment: str
) -> None:
    async with alive(tmp_path, database_url) as here:

        async def dies_in(sweep: str, skip: timedelta) -> None:
            here.service.crash_at(f"sweep:{sweep}:{moment}")
            here.skip(skip.total_seconds())
            await here.service.crashed()

        visit_id = await here.inside()
        await dies_in("watches", timedelta(minutes=36))
        alert = await here.alarmed(visit_id)
        assert alert.alert.kind is Kind.MISSED_CHECK_IN
        await here.sees("Mia", "ALARM 1")
        await dies_in("alerts", timedelta(minutes=5))
        await here.sees("Dev", "ALARM 1")
        assert len(await here.put("alarm.", "Dev")) == 1
        await resolved(here, alert.id)

        await here.world.do("Ann", words.ring_me, visit_id, Word())
        await dies_in("rings", timedelta(seconds=91))
        await here.sees("Mia", "Asked to be rung")
        assert len(await here.put("alarm.ring_me", "Mia")) == 1

        await here.world.do("Ann", words.left, visit_id, Word())
        await here.world.do("Ann", words.home, visit_id, Word())
        await dies_in("debriefs", timedelta(days=1))
        await here.becomes(lambda: here.put("debrief.", "Ann"))
        kinds = [each.alert.kind for each in await here.alerts(visit_id)]
        assert len(kinds) == len(set(kinds)), "no alert twice"


async def everything_heard(here: Alive) -> bool:
    async with here.database.reading() as tx:
        return await inbox.empty(tx)


async def end_of(here: Alive, visit_id: UUID) -> datetime:
    ends_at = (await here.visit(visit_id)).visit.watches[0].ends_at
    assert ends_at is not None
    return ends_at


async def resolved(here: Alive, alert_id: UUID) -> None:
    await here.world.do("Mia", alerts.take, alert_id)
    await here.world.do("Mia", alerts.resolve, alert_id, Found.SAFE, KnownBy.HEARD_VOICE)


@pytest.mark.parametrize(("point", "arrives"), [("outbox:leased", 1), ("outbox:sent", 2)])
async def test_an_alarm_arrives_wherever_its_process_dies_and_a_repeat_says_so(
    tmp_path: Path, database_url: str, point: str, arrives: int
) -> None:
    async with alive(tmp_path, database_url) as here:
        visit_id = await here.inside()
        here.service.crash_at(point)
        here.skip(36 * 60)
        await here.service.crashed()
        await here.service.ready()
        here.skip(MESSAGE_LEASE)
        alarms = await here.sees("Mia", "ALARM 1", times=arrives)
        assert len(alarms) == arrives
        assert "Said again, in case you have it: " in alarms[-1].text
        assert len(await here.alerts(visit_id)) == 1
