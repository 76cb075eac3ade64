"""The auditor finds what the sweep left, says so, and lets the heart beat only when all is well."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import select, update

from bots.dialogue.inbox import take_in
from bots.dialogue.incoming import Incoming
from safety_service.actions import canary, delivering
from safety_service.actions.auditing import Audit
from safety_service.actions.figures import figures
from safety_service.actions.telling import Priority, tell
from safety_service.store import alone, stamps
from safety_service.store import outbox as rows
from safety_service.store.database import Database, Tx
from safety_service.store.tables.alerts import outbox
from scheduler import auditor
from scheduler.auditor import Auditor
from tests.patience import until
from tests.services.postgres import PostgresServer
from tests.unit.reachable import has
from tests.world import World

SECOND = timedelta(seconds=1)


async def at_work(world: World) -> None:
    """Every part of the service has just said that it does its work."""
    async with world.database.transaction() as tx:
        for name in ("sweep", "dispatcher", "poller"):
            await stamps.stamp(tx, name)


async def audited(world: World, *, working: bool = True) -> Audit:
    if working:
        await at_work(world)
    found = await Auditor(world.database, polls=True).audit()
    assert found is not None
    return found


async def test_a_service_at_work_is_found_to_be_well(world: World) -> None:
    await world.inside("Ann")
    assert (await audited(world)).clean


async def test_an_alarm_that_was_not_raised_is_a_fault_after_ten_seconds(world: World) -> None:
    row = await world.inside("Ann")
    alarm_at = row.visit.watches[0].alarm_at
    assert alarm_at is not None
    world.clock.at = alarm_at + 9 * SECOND
    assert (await audited(world)).faults == ()
    world.clock.move(SECOND)
    assert (await audited(world)).faults == ("1 alarms were not raised, for 10 s",)


async def test_an_alarm_that_was_raised_is_no_fault(world: World) -> None:
    await world.inside("Ann")
    await world.later(120)
    assert len(await world.alerts()) == 1
    assert (await audited(world)).faults == ()


async def test_an_alert_that_did_not_climb_is_a_fault(world: World) -> None:
    await world.inside("Ann")
    world.clock.move(timedelta(hours=2))
    await world.sweep()
    await world.deliver()
    due = (await world.alert()).alert.due_now
    assert due is not None
    world.clock.at = due + 10 * SECOND
    assert any("alerts did not climb" in each for each in (await audited(world)).faults)


async def message(world: World, priority: Priority) -> None:
    async with world.database.transaction() as tx:
        await tell(tx, [world.ids["Mia"]], "alert.taken", {}, priority=priority)


@pytest.mark.parametrize(("priority", "faults"), [(Priority.DANGER, 1), (Priority.ALARM, 1), (Priority.QUESTION, 0)])
async def test_an_urgent_message_that_nobody_tried_to_send_is_a_fault(
    world: World, priority: Priority, faults: int
) -> None:
    await message(world, priority)
    world.clock.move(29 * SECOND)
    assert (await audited(world)).clean
    world.clock.move(SECOND)
    assert len((await audited(world)).faults) == faults


async def test_the_second_call_of_a_night_waits_for_nothing_until_its_minute_is_over(world: World) -> None:
    await has(world, "Mia", "voice", "+447700900123")
    world.clock.at = datetime(2026, 11, 17, 1, tzinfo=UTC)
    await world.inside("Ann")
    await world.later(35.25)
    assert await gone_out(world) == 1, "the first call"
    async with world.database.reading() as tx:
        again_at = (await tx.conn.execute(select(outbox.c.not_before).where(outbox.c.state == "pending"))).scalar_one()
        assert (await figures(tx)).pending == []
    assert again_at > world.now
    world.clock.at = again_at + 29 * SECOND
    await world.sweep()
    await world.deliver()
    assert (await audited(world)).clean
    async with world.database.reading() as tx:
        assert (await figures(tx)).oldest == 29
    world.clock.move(SECOND)
    assert (await audited(world)).faults == ("1 urgent messages were not sent, for 30 s",)


async def gone_out(world: World) -> int:
    """What is called just now is found well, too; then it was taken."""
    async with world.database.transaction() as tx:
        taken = await rows.lease(tx, ["voice"], 9, "test", timedelta(minutes=1), most=Priority.ALARM)
    assert (await audited(world)).clean
    async with world.database.transaction() as tx:
        await delivering.sent(tx, [(each, "") for each in taken])
    return len(taken)


async def test_an_alarm_that_is_to_be_tried_again_later_waits_all_the_same(world: World) -> None:
    await message(world, Priority.ALARM)
    async with world.database.transaction() as tx:
        later = world.now + timedelta(minutes=5)
        await tx.conn.execute(update(outbox).values(attempts=3, not_before=later, error="asked to wait"))
    world.clock.move(31 * SECOND)
    assert (await audited(world)).warnings == ("1 urgent messages are not taken by their channel, for 31 s",)
    async with world.database.reading() as tx:
        assert (await figures(tx)).oldest == 31


async def test_an_urgent_message_that_its_channel_does_not_take_is_a_warning(world: World) -> None:
    """Another web server would not mend it, and this one's chat may be the only way left."""
    await message(world, Priority.ALARM)
    async with world.database.transaction() as tx:
        await tx.conn.execute(update(outbox).values(attempts=3, error="no connection"))
    world.clock.move(31 * SECOND)
    found = await audited(world)
    assert (found.faults, len(found.warnings)) == ((), 1)


async def test_a_word_that_nobody_acted_on_is_a_fault(world: World) -> None:
    async with world.database.transaction() as tx:
        word = Incoming(person_id=None, channel="telegram", kind="text", said_at=tx.now, provider_id="1", text="ok")
        await take_in(tx, "telegram", "1", "chat-Ann", None, tx.now, word.payload())
    world.clock.move(31 * SECOND)
    assert any("words that came in" in each for each in (await audited(world)).faults)


@pytest.mark.parametrize(
    ("after", "fault"), [(11, "the sweep has done nothing"), (21, "the dispatcher has done nothing")]
)
async def test_a_part_that_stands_still_is_a_fault(world: World, after: int, fault: str) -> None:
    await at_work(world)
    world.clock.move(after * SECOND)
    assert any(each.startswith(fault) for each in (await audited(world, working=False)).faults)


async def test_a_part_that_never_began_is_a_fault(world: World) -> None:
    found = await audited(world, working=False)
    assert "the sweep has not begun" in found.faults
    assert found.warnings == ("the poller has not begun",)


async def test_while_redis_is_away_it_is_said_that_messages_go_out_more_slowly(world: World) -> None:
    await at_work(world)
    async with world.database.transaction() as tx:
        await alone.say(tx, "one", 3)
        await alone.say(tx, "another", 0)
    found = await audited(world, working=False)
    assert found.clean, "it slows things and loses nothing: the heart goes on beating"
    assert found.notes == ("Redis is away: messages go out at 1/3 of the pace, for others may be sending",)
    world.clock.move(21 * SECOND)
    assert (await audited(world)).notes == (), "whoever said it is there no more"


async def test_of_redis_that_is_away_for_the_only_one_that_sends_no_pace_is_named(world: World) -> None:
    async with world.database.transaction() as tx:
        await alone.say(tx, "one", 1)
    assert (await audited(world)).notes == ("Redis is away",)
    async with world.database.transaction() as tx:
        await alone.say(tx, "one", 0)
    assert (await audited(world)).notes == ()


async def test_what_telegram_cannot_bring_is_a_warning(world: World) -> None:
    await at_work(world)
    async with world.database.transaction() as tx:
        await stamps.stamp(tx, "poller", {"updates": 2, "ended": None, "stuck": True})
    assert (await audited(world, working=False)).warnings == ("Telegram cannot bring what was said",)


async def test_the_lag_is_how_late_the_oldest_overdue_moment_is(world: World) -> None:
    row = await world.inside("Ann")
    next_at = row.visit.watches[0].next_at
    assert next_at is not None
    world.clock.at = next_at + 7 * SECOND
    assert (await audited(world)).lag == 7.0


async def test_an_audit_is_good_for_a_moment_and_no_longer(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await at_work(world)
    one = Auditor(world.database, polls=False)
    assert (await one.health()).ready
    world.clock.move(60 * SECOND)
    assert (await one.health()).ready
    monkeypatch.setattr(auditor, "FRESH", 0.0)
    assert not (await one.health()).ready


class Outside:
    """Somebody who listens for the heartbeat."""

    def __init__(self) -> None:
        self.heard = 0

    async def beat(self, _request: web.Request) -> web.Response:
        self.heard += 1
        return web.Response()


@pytest.fixture
async def outside() -> AsyncIterator[tuple[Outside, str]]:
    listener = Outside()
    app = web.Application()
    app.router.add_get("/beat", listener.beat)
    server = TestServer(app)
    await server.start_server()
    yield listener, str(server.make_url("/beat"))
    await server.close()


async def run_for(one: Auditor, so: Any) -> None:
    import asyncio

    task = asyncio.create_task(one.run())
    try:
        await until(so)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_heart_beats_once_a_minute_and_only_after_a_clean_audit(
    world: World, outside: tuple[Outside, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditor, "EVERY", 0.01)
    listener, url = outside
    looks = 0
    real = Auditor._look

    async def counted(self: Auditor) -> Audit | None:
        nonlocal looks
        looks += 1
        return await real(self)

    monkeypatch.setattr(Auditor, "_look", counted)
    one = Auditor(world.database, polls=False, heartbeat_url=url)
    two = Auditor(world.database, polls=False, heartbeat_url=url)

    async def several(of: Auditor) -> None:
        before = looks
        await run_for(of, lambda: looks >= before + 4)

    await several(one)
    assert listener.heard == 0
    for expected in (1, 2):
        await at_work(world)
        await several(one)
        await several(two)
        assert listener.heard == expected
        world.clock.move(timedelta(seconds=61))


@pytest.mark.parametrize("what", ["a canary is overdue", "the watch is behind"])
async def test_the_heart_stops_when_something_is(
    world: World, outside: tuple[Outside, str], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr(auditor, "EVERY", 0.01)
    listener, url = outside
    if what == "the watch is behind":
        await world.inside("Ann")
        world.clock.move(timedelta(hours=2))
    else:
        since = world.now - timedelta(minutes=80)
        async with world.database.transaction() as tx:
            await stamps.stamp(tx, canary.ON, {"since": since.isoformat(), "every": 3600.0, "takes": 360.0})
    looks = 0
    real = Auditor._look

    async def counted(self: Auditor) -> Audit | None:
        nonlocal looks
        looks += 1
        return await real(self)

    monkeypatch.setattr(Auditor, "_look", counted)
    await at_work(world)
    await run_for(Auditor(world.database, polls=False, heartbeat_url=url), lambda: looks >= 4)
    assert listener.heard == 0


async def test_a_database_that_is_away_is_said_and_found_again(own_postgres: PostgresServer) -> None:
    from safety_service.store.migrate import upgrade

    await upgrade(own_postgres.url())
    database = await Database.open(own_postgres.url())
    async with database.transaction() as tx:
        await working(tx)
    one = Auditor(database, polls=False)
    assert (await one.health()).ready
    own_postgres.stop()
    assert await one.audit() is None
    assert "the database does not answer" in (await one.health()).faults[0]
    own_postgres.start()
    await until(one.audit)
    await database.close()


async def working(tx: Tx) -> None:
    for name in ("sweep", "dispatcher"):
        await stamps.stamp(tx, name)
