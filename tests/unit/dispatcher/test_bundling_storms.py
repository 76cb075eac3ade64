"""Floods that come while alarms are being raised: what waits for what, and for how long."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from config.policy import parse_policy
from safety_service.actions.telling import HUSHED, Priority, tell
from safety_service.store import bundles, outbox
from scheduler.bundling import LOOKED_FOR, MORE_COME_WITHIN, MORE_WAIT
from scheduler.dispatcher import BATCH
from tests.patience import until
from tests.unit.dispatcher.provider import Provider, dispatching, rows, say
from tests.unit.dispatcher.test_bundling import MORE_THAN, Steady, alarm, all_sent, bundle_text, to
from tests.unit.dispatcher.test_turns import lane
from tests.world import World


async def test_while_alarms_are_being_raised_the_first_bundle_waits_for_them(world: World, provider: Provider) -> None:
    raging = [True]
    await alarm(world, 10)
    async with dispatching(world, provider, steady=Steady()) as dispatcher:
        dispatcher.heed(lambda: raging[0])
        await until(lambda: _is_at(provider, MORE_THAN))
        await _again(world)
        await asyncio.sleep(0.2)
        assert to(provider, "Mia") == ["alarm.missed_check_in"] * MORE_THAN, "those few that go alone wait for nothing"
        waiting = {row.state for row in await rows(world) if row.person_id == world.ids["Mia"]}
        assert waiting == {"sent", "pending"}, "what waits is leased by nobody, so that no crash can hold it up"
        raging[0] = False
        await until(lambda: all_sent(world))
    assert to(provider, "Mia") == ["alarm.missed_check_in"] * MORE_THAN + ["bundle.alarms"]
    assert {row.attempts for row in await rows(world)} == {1}


async def test_a_storm_without_an_end_keeps_no_bundle_for_long(world: World, provider: Provider) -> None:
    steady = Steady()
    await alarm(world, 10)
    async with dispatching(world, provider, steady=steady) as dispatcher:
        dispatcher.heed(lambda: True)
        await until(lambda: _is_at(provider, MORE_THAN))
        steady.at += MORE_COME_WITHIN
        await until(lambda: all_sent(world))
    assert to(provider, "Mia") == ["alarm.missed_check_in"] * MORE_THAN + ["bundle.alarms"]


async def test_what_another_scheduler_took_meanwhile_is_waited_for_no_longer(world: World, provider: Provider) -> None:
    steady = Steady()
    await alarm(world, 10)
    async with dispatching(world, provider, steady=steady) as dispatcher:
        dispatcher.heed(lambda: True)
        await until(lambda: _is_at(provider, MORE_THAN))
        async with dispatching(world, provider):
            await until(lambda: all_sent(world))
        assert dispatcher._bundling.waits
        steady.at += MORE_COME_WITHIN + LOOKED_FOR
        await until(lambda: not dispatcher._bundling.waits)


async def test_many_for_one_chat_keep_those_for_others_waiting_no_longer(world: World, provider: Provider) -> None:
    """More was leased than became messages, and it was taken for all that there was: the next look was far away."""
    await alarm(world, BATCH)
    await say(world, "Rita", priority=Priority.ALARM)
    async with dispatching(world, provider, idle=60.0):
        await until(lambda: provider.got("Rita"))


async def test_a_flood_that_takes_more_than_its_slots_takes_no_more_until_some_are_free(
    world: World, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    await alarm(world, 3)
    async with world.database.transaction() as tx:
        for number in range(7):
            watched = {"number": number, "worker": "Ann", "kind": "sos", "at": world.now.isoformat(), **HUSHED}
            await tell(tx, [world.ids["Mia"]], "alarm.not_out", watched, priority=Priority.ALARM)
    provider.hangs["chat-Mia"] = asyncio.Event()
    async with dispatching(world, provider) as dispatcher:
        urgent = lane(dispatcher, "urgent")
        urgent.slots = MORE_THAN + 1
        urgent.wake.set()
        await until(lambda: len(urgent.busy) > urgent.slots)
        for _ in range(5):
            await say(world, "Rita", priority=Priority.ALARM)
        urgent.wake.set()
        await asyncio.sleep(0.1)
        assert not provider.got("Rita") and not [each for each in caplog.records if each.levelname == "ERROR"]
        provider.hangs["chat-Mia"].set()
        await until(lambda: all_sent(world))


async def _is_at(provider: Provider, many: int) -> bool:
    return len(to(provider, "Mia")) == many


async def test_while_more_come_they_wait_seconds_for_the_next_bundle(world: World, provider: Provider) -> None:
    steady = Steady()
    await alarm(world, 10)
    async with dispatching(world, provider, steady=steady):
        await until(lambda: all_sent(world))
        sent = len(to(provider, "Mia"))
        for _ in range(3):
            await world.jump(0)
            await _again(world)
            await asyncio.sleep(0.1)
        assert len(to(provider, "Mia")) == sent, "three more tellings of ten alarms each wait together"
        steady.at += 5
        await until(lambda: all_sent(world))
    assert to(provider, "Mia")[sent:] == ["bundle.alarms"]
    assert "10 more alarms" in bundle_text(provider), "an alarm that is told three times is named once"


async def _again(world: World) -> None:
    """Every alert tells its rung again, as everyone is told every two minutes."""
    still_open = [each for each in await world.alerts() if each.alert.open]
    async with world.database.transaction() as tx:
        for each in still_open:
            for row in await outbox.reach_of(tx, each.id):
                if row.person_id == world.ids["Mia"]:
                    await _copy(tx, each.id)
                    break


async def _copy(tx: object, alert_id: UUID) -> None:
    from sqlalchemy import insert, select

    from safety_service.store.ids import new_id
    from safety_service.store.tables.alerts import outbox as table

    row = (await tx.conn.execute(select(table).where(table.c.alert_id == alert_id).limit(1))).first()  # type: ignore[attr-defined]
    fresh = {"id": new_id(), "state": "pending", "sent_at": None, "reached_at": None, "dedupe": None, "attempts": 0}
    await tx.conn.execute(insert(table).values({**row._mapping, **fresh}))  # type: ignore[attr-defined]
    tx.announce("outbox")  # type: ignore[attr-defined]


async def test_where_one_message_cannot_take_all_that_waits_the_next_one_comes_soon(
    world: World, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten thousand for a few chats took half a minute, and those that came last climbed, not reached in time."""
    monkeypatch.setattr(bundles, "MOST", 5)
    monkeypatch.setattr("scheduler.dispatcher.BATCH", MORE_THAN + 1)
    assert parse_policy("").bundle.every > 2 * timedelta(seconds=MORE_WAIT)
    await alarm(world, MORE_THAN + 1 + 5 + 5)
    steady = Steady()
    async with dispatching(world, provider, steady=steady):
        await until(lambda: to(provider, "Mia").count("bundle.alarms") == 1)
        steady.at += MORE_WAIT
        await until(lambda: all_sent(world))
    assert to(provider, "Mia").count("bundle.alarms") == 2
