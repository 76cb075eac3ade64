"""P7 with real processes: down and back, words held meanwhile, a clock that is set, a process that stands still."""

import signal
from datetime import datetime, timedelta
from pathlib import Path

from safety_service.domain.words import Kind
from safety_service.store import stamps
from scheduler.gap import SWEEP
from tests.promises.alive import Alive, alive

HOURS = 3600
#: Ann is inside: each of these hears of a gap.
CONCERNED = [("Adam", "gap.administrator"), ("Ann", "gap.worker"), ("Mia", "gap.manager")]


async def owned_up(here: Alive) -> list[tuple[str, str]]:
    """Who was told of a gap, and as what."""
    return sorted((here.world.name(each.person_id), each.template) for each in await here.put("gap."))


async def test_after_three_hours_down_each_hears_once_and_words_held_meanwhile_come_first(
    tmp_path: Path, database_url: str
) -> None:
    async with alive(tmp_path, database_url) as here:
        silent = await here.inside("Ann")
        late = await here.inside("Ben", ref="F-2")
        here.service.kill()
        here.telegram.shift_clock(20 * 60)
        await here.phones["Ann"].says("home")
        here.telegram.shift_clock(30 * 60)
        await here.phones["Ben"].says("ok")
        here.telegram.shift_clock(3 * HOURS - 50 * 60)
        here.service.skip(3 * HOURS)
        await here.service.start()

        alert = (await here.alarmed(late)).alert
        await here.sees("Mia", "ALARM 1")
        # Ann's word may be taken in before or after the service owns up: she is told once, or is home already.
        told = [each for each in await owned_up(here) if each[0] != "Ann"]
        assert told == [("Adam", "gap.administrator"), ("Ben", "gap.worker"), ("Mia", "gap.manager")]
        assert await here.alerts(silent) == [], "home was said in time, by Telegram's date"
        assert alert.kind is Kind.NOT_OUT
        assert len(await here.put("alarm.")) == 1, "one alarm at the current step, no burst of those missed"
        assert alert.next_at is not None
        assert alert.next_at >= alert.opened_at + alert.ladder.rung(0).answer, "the ladder runs from the return"
        assert await here.put("ask.") == [], "questions whose time is over are not asked"
        here.skip(5 * 60)
        await here.sees("Dev", "ALARM 1")


async def test_a_short_restart_is_no_gap(tmp_path: Path, sqlite_url: str) -> None:
    async with alive(tmp_path, sqlite_url) as here:
        visit_id = await here.inside()
        here.service.kill()
        back_at = await here.now()
        await here.service.start()
        await here.becomes(lambda: swept_since(here, back_at))
        here.skip(32 * 60)
        await here.sees("Ann", "?")
        assert await owned_up(here) == []
        assert await here.alerts(visit_id) == []


async def swept_since(here: Alive, moment: datetime) -> bool:
    async with here.database.reading() as tx:
        swept = await stamps.last(tx, SWEEP)
    return swept is not None and swept.at > moment


async def test_a_clock_that_is_set_is_owned_up_to_and_nobody_waits_longer(tmp_path: Path, database_url: str) -> None:
    async with alive(tmp_path, database_url) as here:
        visit_id = await here.inside()
        due_at = (await here.visit(visit_id)).visit.watches[0].due_at
        assert due_at is not None
        here.service.step_clock(-50)
        await here.becomes(lambda: owned_up(here))
        assert (await here.visit(visit_id)).visit.watches[0].due_at == due_at
        here.service.step_clock(120)
        await here.becomes(lambda: told_times(here, 2))
        assert await here.alerts() == []
        here.skip(40 * 60)
        alert = (await here.alarmed(visit_id)).alert
        await here.sees("Mia", "ALARM 1")
        assert alert.opened_at >= due_at + timedelta(minutes=5)
        assert await told_times(here, 2), "time that passed is no clock that was set"


async def told_times(here: Alive, times: int) -> bool:
    """Whether there were so many gaps by now, each told once to each."""
    return await owned_up(here) == sorted(times * CONCERNED)


async def test_a_process_that_stood_still_owns_up_and_then_alarms(tmp_path: Path, database_url: str) -> None:
    async with alive(tmp_path, database_url) as here:
        visit_id = await here.inside()
        family = list(here.service.children().values())
        for each in family:
            each.send_signal(signal.SIGSTOP)
        # As when a machine sleeps: its clock goes on, the one that counts running time does not.
        here.service.step_clock(40 * 60)
        for each in family:
            each.send_signal(signal.SIGCONT)
        await here.alarmed(visit_id)
        await here.sees("Mia", "ALARM 1")
        assert len(await here.alerts()) == 1
        assert await owned_up(here) == CONCERNED
