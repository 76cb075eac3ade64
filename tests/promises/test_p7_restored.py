"""P7 with real processes: a copy made while they run is put back hours later, with visits and alerts open."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from safety_service.actions import alerts, words
from safety_service.actions.words import Word
from safety_service.domain.words import Found, Kind, KnownBy, Phase
from safety_service.store import channels, outbox
from safety_service.store.outbox import Message
from safety_service.store.revival import NUMBERS
from safety_service.store.tables.alerts import outbox as outbox_table
from safety_service.store.tables.system import event_log
from tests.promises.alive import Alive, alive

HOURS = 3600


async def copied(here: Alive, file: Path) -> str:
    """A copy made as it runs."""
    return await here.service.command("backup", str(file))


async def put_back(here: Alive, file: Path) -> str:
    """The copy put back, as after the machine was lost; then everything starts."""
    await here.database.close()
    said = await here.service.command("restore", "--replace", str(file))
    await here.service.start()
    return said


async def something_waits(here: Alive, who: str) -> None:
    """A message that has not gone out yet when the copy is made."""
    async with here.database.transaction() as tx:
        (way,) = (await channels.live_many(tx, [here.world.ids[who]]))[here.world.ids[who]]
        message = Message(
            agency_id=here.world.agency_id,
            person_id=here.world.ids[who],
            channel_id=way.id,
            channel=way.kind,
            priority=2,
            template="reply.stop",
            params={},
            dedupe="waiting",
        )
        await outbox.put(tx, [message])
        later = update(outbox_table).where(outbox_table.c.dedupe == f"{message.dedupe}")
        await tx.conn.execute(later.values(not_before=tx.now + timedelta(hours=1)))


async def nothing_else_waits(here: Alive) -> bool:
    """Whether all that was said before has gone out: on a busy machine that takes its time."""
    async with here.database.reading() as tx:
        unsent = outbox_table.c.state.in_(("pending", "sending"))
        rows = (await tx.conn.execute(select(outbox_table.c.dedupe).where(unsent))).scalars().all()
    return rows == ["waiting"]


async def test_after_a_restore_everyone_is_asked_nothing_old_goes_out_and_the_ladders_run(
    tmp_path: Path, database_url: str
) -> None:
    async with alive(tmp_path, database_url) as here:
        late = await here.inside("Ben", ref="F-2")
        here.skip(70 * 60)
        alert = (await here.alarmed(late)).alert
        await here.sees("Mia", "ALARM 1")
        visit_id = await here.inside("Ann")
        await something_waits(here, "Rita")
        await here.becomes(lambda: nothing_else_waits(here))
        said = await copied(here, tmp_path / "copy")
        assert "watched: 2, open alerts: 1, messages waiting: 1," in said

        # What the copy does not know: Ann comes home, Ben is found, the alert is closed.
        await here.world.do("Ann", words.left, visit_id, Word())
        await here.world.do("Ann", words.home, visit_id, Word())
        await here.world.do("Mia", alerts.take, alert.id)
        await here.world.do("Mia", alerts.resolve, alert.id, Found.SAFE, KnownBy.HEARD_VOICE)
        here.service.kill()
        here.skip(3 * HOURS)
        climbed = len(here.on_screen("Dev", "ALARM 1"))
        back_at = await here.now()
        said = await put_back(here, tmp_path / "copy")
        assert "1 messages that were waiting are held" in said

        (asked,) = await here.sees("Ann", "I have lost what was said")
        assert "Are you out?" in asked.text
        await here.sees("Mia", "A copy was put back")
        await here.sees("Mia", "Not closed, in the copy that was put back: 1")
        await here.sees("Adam", "a copy was put back")
        await here.sees("Dev", "ALARM 1", times=climbed + 1)
        overdue = (await here.alarmed(visit_id)).alert
        assert overdue.kind in (Kind.NOT_OUT, Kind.MISSED_CHECK_IN), "overdue is overdue"
        assert overdue.number == NUMBERS + 2, "nobody mistakes it for one that is forgotten"
        assert overdue.opened_at >= back_at
        await here.phones["Ann"].presses(asked, "Out")
        await here.becomes(lambda: on_the_way(here, visit_id))
        assert await held(here) == ["held"], "it neither goes out nor is forgotten"
        assert here.on_screen("Rita", "") == []
        assert await kept_of_it(here)


async def on_the_way(here: Alive, visit_id: UUID) -> bool:
    (watch,) = (await here.visit(visit_id)).visit.watches
    return watch.phase is Phase.HOME


async def held(here: Alive) -> list[str]:
    async with here.database.reading() as tx:
        query = select(outbox_table.c.state).where(outbox_table.c.dedupe == "waiting")
        return list((await tx.conn.execute(query)).scalars())


async def kept_of_it(here: Alive) -> list[object]:
    """What the evidence log says of it."""
    async with here.database.reading() as tx:
        query = select(event_log.c.details).where(event_log.c.verb == "restored")
        return list((await tx.conn.execute(query)).scalars())


async def test_a_copy_that_is_put_back_at_once_is_a_gap_all_the_same(tmp_path: Path, sqlite_url: str) -> None:
    async with alive(tmp_path, sqlite_url) as here:
        await here.inside("Ann")
        await copied(here, tmp_path / "copy")
        here.service.kill()
        await put_back(here, tmp_path / "copy")
        await here.sees("Ann", "I have lost what was said")
        here.service.kill()
        await here.service.start()
        await here.phones["Ann"].says("ok")
        await here.sees("Ann", "OK. ")
        said = [each for each in here.on_screen("Ann", "I have lost what was said") if "Said again" not in each.text]
        assert len(said) == 1, "it is owned up to once"


async def test_a_service_that_runs_is_not_put_back_under(tmp_path: Path, database_url: str) -> None:
    async with alive(tmp_path, database_url) as here:
        visit_id = await here.inside("Ann")
        await copied(here, tmp_path / "copy")
        await here.database.close()
        with pytest.raises(AssertionError, match="Nothing was changed: the service is still running"):
            await here.service.command("restore", "--replace", str(tmp_path / "copy"))
        await here.phones["Ann"].says("+10")
        await here.counts(visit_id, 1)


async def test_a_code_that_was_open_when_the_copy_was_made_does_not_work_twice(tmp_path: Path, sqlite_url: str) -> None:
    async with alive(tmp_path, sqlite_url) as here:
        printed = await here.service.command("invite", "Ann")
        code = next(word for line in printed.splitlines() for word in line.split() if len(word) == 26)
        await copied(here, tmp_path / "copy")
        here.service.kill()
        await put_back(here, tmp_path / "copy")
        stranger = here.telegram.person("Stranger")
        await stranger.says(f"/start {code}")
        await stranger.sees("That code is too old")
