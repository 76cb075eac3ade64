"""P6: PostgreSQL, Redis and Telegram fail around a service at work. Nothing is lost, and nothing is done twice."""

import asyncio
from pathlib import Path
from uuid import UUID

from safety_service.actions import alerts, words
from safety_service.actions.words import Word
from safety_service.domain.words import Found, Kind, KnownBy
from safety_service.store import inbox
from tests.promises.alive import Alive, alive
from tests.services.postgres import PostgresServer
from tests.services.redis import RedisServer
from tests.services.template import prepare_template
from tests.telegram.faults import Kind as Fault

#: Telegram's faults, and how often an alarm is on a phone that then had one. It may be said again where the line was
#: cut after Telegram took it, or its answer could not be read.
FAULTS: dict[Fault, int] = {"too_many_requests": 1, "server_error": 1, "cut_before": 1, "cut_after": 2, "garbage": 2}
#: Of these Telegram took nothing, which nobody can know: even the first copy says that it may be a repeat.
MAYBE_TAKEN = ("server_error", "cut_before")


async def test_whatever_telegram_answers_alarms_arrive_and_words_count_once(tmp_path: Path, sqlite_url: str) -> None:
    async with alive(tmp_path, sqlite_url) as here:
        for number, (fault, copies) in enumerate(FAULTS.items(), start=1):
            visit_id = await here.inside("Ann", ref=f"F-{number}")
            for method in ("getUpdates", "sendMessage"):
                here.telegram.fault(fault, method=method, times=1)
            await here.phones["Ann"].says("+10")
            await here.counts(visit_id, 1)
            here.telegram.lift()
            # Nothing else may be on its way to her: it would meet the fault in the alarm's place.
            await here.becomes(lambda: everything_sent(here))
            here.telegram.fault(fault, method="sendMessage", chat=here.phones["Mia"], times=1)
            here.skip(36 * 60)
            alert = (await here.alarmed(visit_id)).alert
            assert alert.kind is Kind.MISSED_CHECK_IN
            here.skip(10)
            await here.sees("Mia", f"ALARM {alert.number}.", times=copies)
            await here.becomes(lambda: everything_sent(here))
            alarms = here.on_screen("Mia", f"ALARM {alert.number}.")
            assert all(each.button("I have it") for each in alarms), "nothing is left out, as of what is refused"
            repeats = ["Said again" in each.text for each in alarms]
            assert repeats == [fault in MAYBE_TAKEN, *[True] * (copies - 1)], fault
            assert len(await here.alerts(visit_id)) == 1
            await once_each(here, visit_id, "Ann", 1, answers=number)
            await over(here, visit_id, alert.id)


async def over(here: Alive, visit_id: UUID, alert_id: UUID) -> None:
    """The alert is resolved and Ann is home: nothing of this visit is said any more."""
    await here.world.do("Mia", alerts.take, alert_id)
    await here.world.do("Mia", alerts.resolve, alert_id, Found.SAFE, KnownBy.HEARD_VOICE)
    await here.world.do("Ann", words.left, visit_id, Word())
    await here.world.do("Ann", words.home, visit_id, Word())


async def everything_sent(here: Alive) -> bool:
    return all(each.state not in ("pending", "sending") for each in await here.put(""))


async def test_postgresql_killed_and_restarted_in_the_middle(tmp_path: Path, own_postgres: PostgresServer) -> None:
    await prepare_template(own_postgres.url())
    async with alive(tmp_path, own_postgres.url()) as here:
        visit_id = await here.inside()
        await asyncio.to_thread(own_postgres.restart)
        await here.phones["Ann"].says("+10")
        await here.counts(visit_id, 1)
        await asyncio.to_thread(own_postgres.kill)
        await here.phones["Ann"].says("+10")
        await asyncio.to_thread(own_postgres.start)
        await here.counts(visit_id, 2)
        await here.sees("Ann", "OK. ", times=2)
        here.skip(50 * 60)
        await here.alarmed(visit_id)
        await here.sees("Mia", "ALARM 1")
        await once_each(here, visit_id, "Ann", 2)


async def test_redis_killed_and_back_loses_nothing(
    tmp_path: Path, postgres_url: str, redis_server: RedisServer, redis_url: str
) -> None:
    async with alive(tmp_path, postgres_url, redis_url=redis_url) as here:
        visit_id = await here.inside()
        processes = here.service.children()
        redis_server.kill()
        await here.phones["Ann"].says("+10")
        await here.sees("Ann", "OK. ")
        here.skip(36 * 60)
        await here.alarmed(visit_id)
        await here.sees("Mia", "ALARM 1")
        redis_server.start()
        here.skip(5 * 60)
        await here.sees("Dev", "ALARM 1")
        await once_each(here, visit_id, "Ann", 1)
        assert here.service.children() == processes, "no process ended for it"


async def test_all_killed_at_any_moment_under_load(tmp_path: Path, database_url: str) -> None:
    async with alive(tmp_path, database_url) as here:
        visits = {who: await here.inside(who, ref=f"F-{who}") for who in ("Ann", "Ben")}
        for times in range(1, 4):
            for who in visits:
                await here.phones[who].says("+10")
            # At whatever they are just doing with that.
            await here.telegram.called("getUpdates", times=len(here.telegram.calls_of("getUpdates")) + times)
            here.service.kill()
            here.skip(9)
            await here.service.start()
        for visit_id in visits.values():
            await here.counts(visit_id, 3)
        here.skip(80 * 60)
        for visit_id in visits.values():
            await here.alarmed(visit_id)
        await here.sees("Mia", "ALARM 1")
        await here.sees("Mia", "ALARM 2")
        for who, visit_id in visits.items():
            await once_each(here, visit_id, who, 3)


async def once_each(here: Alive, visit_id: UUID, who: str, times: int, *, answers: int | None = None) -> None:
    """So many words have counted and been answered, and it stays at that: nothing is left to be acted on again."""
    await here.becomes(lambda: everything_heard(here))
    await here.counts(visit_id, times)
    assert len(await here.put("reply.", who)) == (answers or times), "each is answered once"


async def everything_heard(here: Alive) -> bool:
    async with here.database.reading() as tx:
        return await inbox.empty(tx)
