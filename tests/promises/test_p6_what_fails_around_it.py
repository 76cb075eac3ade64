"""P6: PostgreSQL, Redis and Telegram fail around a service at work. Nothing is lost, and nothing is done twice."""

import asyncio
from pathlib import Path

from safety_service.domain.words import Kind
from tests.promises.alive import alive
from tests.services.postgres import PostgresServer
from tests.services.redis import RedisServer
from tests.services.template import prepare_template
from tests.telegram.faults import Kind as Fault

#: Telegram's faults, and how often an alarm is on a phone that then had one. It may be said again where the line was
#: cut after Telegram took it, or its answer could not be read.
FAULTS: dict[Fault, int] = {"too_many_requests": 1, "server_error": 1, "cut_before": 1, "cut_after": 2, "garbage": 2}


async def test_whatever_telegram_answers_alarms_arrive_and_words_count_once(tmp_path: Path, sqlite_url: str) -> None:
    async with alive(tmp_path, sqlite_url) as here:
        for number, (fault, copies) in enumerate(FAULTS.items(), start=1):
            visit_id = await here.inside("Ann", ref=f"F-{number}")
            for method in ("getUpdates", "sendMessage"):
                here.telegram.fault(fault, method=method, times=1)
            await here.phones["Ann"].says("+10")
            await here.counts(visit_id, 1)
            here.telegram.lift()
            here.telegram.fault(fault, method="sendMessage", chat=here.phones["Mia"], times=1)
            here.skip(36 * 60)
            alert = (await here.alarmed(visit_id)).alert
            assert alert.kind is Kind.MISSED_CHECK_IN
            here.skip(10)
            alarms = await here.sees("Mia", f"ALARM {alert.number}.", times=copies)
            assert [("Said again" in each.text) for each in alarms[1:]] == [True] * (copies - 1), fault
            assert len(await here.alerts(visit_id)) == 1


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


async def test_redis_killed_and_back_loses_nothing(
    tmp_path: Path, postgres_url: str, redis_server: RedisServer, redis_url: str
) -> None:
    async with alive(tmp_path, postgres_url, redis_url=redis_url) as here:
        visit_id = await here.inside()
        redis_server.kill()
        await here.phones["Ann"].says("+10")
        await here.sees("Ann", "OK. ")
        here.skip(36 * 60)
        await here.alarmed(visit_id)
        await here.sees("Mia", "ALARM 1")
        redis_server.start()
        here.skip(5 * 60)
        await here.sees("Dev", "ALARM 1")


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
