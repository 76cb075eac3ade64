"""Whose turn it is: one receiver delays no other, danger overtakes, and a dispatcher that dies loses nothing."""

import asyncio
from datetime import timedelta

import pytest

from bots.delivery.outcome import Later, NotSent
from safety_service.actions.telling import Priority
from scheduler.dispatcher import Dispatcher
from scheduler.lanes import Lane
from tests.patience import until
from tests.unit.dispatcher.provider import Provider, dispatching, is_in, rows, say
from tests.unit.reachable import has, has_no_chat
from tests.world import World


async def test_a_receiver_that_hangs_delays_nobody_else(world: World, provider: Provider) -> None:
    provider.hangs["chat-Mia"] = asyncio.Event()
    async with dispatching(world, provider):
        await say(world, "Mia", priority=Priority.ALARM)
        await until(lambda: len(provider.outs) == 1)
        for who in ("Dev", "Rita", "Adam", "Ann"):
            await say(world, who, priority=Priority.ALARM)
            await say(world, who)
        await until(lambda: len(provider.taken) == 8)
        assert provider.got("Mia") == []


async def test_a_receiver_that_never_answers_is_given_up_in_time(world: World, provider: Provider) -> None:
    provider.hangs["chat-Mia"] = asyncio.Event()
    async with dispatching(world, provider, within=0.1):
        await say(world, "Mia")
        await until(lambda: is_in(world, "sent"))
    assert "no answer within" in (await rows(world))[0].error


async def test_routine_that_hangs_cannot_fill_the_slots_of_an_alarm(world: World, provider: Provider) -> None:
    for who in world.ids:
        provider.hangs[f"chat-{who}"] = asyncio.Event()
    dispatcher_slots = 3
    async with dispatching(world, provider) as dispatcher:
        lane(dispatcher, "routine").slots = dispatcher_slots
        for who in world.ids:
            await say(world, who)
        await until(lambda: len(provider.outs) == dispatcher_slots)
        provider.hangs.pop("chat-Mia").set()
        await say(world, "Mia", priority=Priority.ALARM)
        await until(lambda: provider.got("Mia"))


def lane(dispatcher: Dispatcher, name: str) -> Lane:
    return next(each for each in dispatcher._lanes if each.name == name)


async def test_alarms_that_hang_cannot_fill_the_slots_of_danger(world: World, provider: Provider) -> None:
    """As many as may be on their way at once were unanswered, and the SOS was not even begun."""
    for who in world.ids:
        provider.hangs[f"chat-{who}"] = asyncio.Event()
    async with dispatching(world, provider, within=60.0) as dispatcher:
        lane(dispatcher, "urgent").slots = 3
        for who in world.ids:
            await say(world, who, priority=Priority.ALARM)
        await until(lambda: len(provider.outs) == 3)
        await say(world, "Mia", priority=Priority.DANGER)
        await until(lambda: provider.outs[-1].priority == Priority.DANGER)


@pytest.mark.parametrize("kind", ["sms", "voice", "email"])
async def test_an_sos_by_any_other_provider_waits_behind_no_alarm_that_hangs(
    world: World, provider: Provider, kind: str
) -> None:
    """Each of them had one lane: with all its slots on unanswered alarms, the SOS was not even begun."""
    provider.kind = kind
    for who in ("Mia", "Dev", "Rita"):
        address = f"{who} by {kind}"
        await has_no_chat(world, who)
        await has(world, who, kind, address)
        provider.hangs[address] = asyncio.Event()
    async with dispatching(world, provider, within=60.0) as dispatcher:
        lane(dispatcher, kind).slots = 3
        for who in ("Mia", "Dev", "Rita") * 2:
            await say(world, who, "alarm.not_out", priority=Priority.ALARM)
        await until(lambda: len(provider.outs) == 3)
        assert not dispatcher.behind, "no chat is"
        await say(world, "Mia", "alarm.sos", priority=Priority.DANGER)
        await until(lambda: provider.outs[-1].priority == Priority.DANGER)


async def test_what_is_not_urgent_keeps_its_order_within_a_chat(world: World, provider: Provider) -> None:
    templates = [f"alert.{what}" for what in ("taken", "lapsed", "taken_over", "resolved")]
    for template in templates:
        await say(world, "Mia", template)
    provider.answers["chat-Mia"] = [NotSent("no connection")]
    async with dispatching(world, provider):
        await until(lambda: len(provider.outs) == 1)
        await until(lambda: is_in_order(world))
        world.clock.move(timedelta(seconds=2))
        await until(lambda: len(provider.taken) == len(templates))
    assert provider.got("Mia") == templates


async def is_in_order(world: World) -> bool:
    first, *others = await rows(world)
    return first.state == "pending" and first.attempts == 1 and all(row.attempts == 0 for row in others)


async def test_an_alarm_overtakes_what_waits_in_the_same_chat(world: World, provider: Provider) -> None:
    provider.answers["chat-Mia"] = [Later(3600.0)]
    async with dispatching(world, provider):
        await say(world, "Mia")
        await until(lambda: is_in(world, "pending"))
        await say(world, "Mia", "alarm.sos", priority=Priority.DANGER)
        await until(lambda: provider.got("Mia") == ["alarm.sos"])


async def test_a_lease_of_a_dispatcher_that_died_runs_out_and_it_goes_out_as_a_repeat(
    world: World, provider: Provider
) -> None:
    dead = Provider()
    dead.hangs["chat-Mia"] = asyncio.Event()
    task = asyncio.create_task(Dispatcher(world.database, [dead], holder="dead").run())
    await say(world, "Mia", "alarm.sos", priority=Priority.ALARM)
    await until(lambda: dead.outs)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    async with dispatching(world, provider):
        await asyncio.sleep(0)
        assert provider.taken == []
        world.clock.move(timedelta(seconds=31))
        await until(lambda: provider.got("Mia"))
    assert provider.outs[0].maybe_sent


async def test_two_dispatchers_send_everything_once(world: World, provider: Provider) -> None:
    for who in world.ids:
        for _ in range(5):
            await say(world, who)
            await say(world, who, priority=Priority.ALARM)
    async with dispatching(world, provider), dispatching(world, provider):
        await until(lambda: is_in(world, "sent"))
    assert len(provider.taken) == 10 * len(world.ids)


async def test_a_stop_gives_back_at_once_what_nobody_answers(
    world: World, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scheduler.dispatcher.LAST_WITHIN", 0.1)
    stopped = Provider()
    for who in ("Mia", "Dev"):
        stopped.hangs[f"chat-{who}"] = asyncio.Event()
    dispatcher = Dispatcher(world.database, [stopped], holder="stopped")
    task = asyncio.create_task(dispatcher.run())
    await say(world, "Mia", "alarm.sos", priority=Priority.ALARM)
    await say(world, "Dev")
    await until(lambda: len(stopped.outs) == 2)
    dispatcher.stop()
    await asyncio.wait_for(task, 20)
    assert [row.state for row in await rows(world)] == ["pending"] * 2, "no lease has to run out"
    async with dispatching(world, provider):
        world.clock.move(timedelta(seconds=2))
        await until(lambda: provider.got("Mia") and provider.got("Dev"))
    assert [each.maybe_sent for each in provider.outs] == [True] * 2


async def test_a_stop_waits_for_what_is_on_its_way(world: World, provider: Provider) -> None:
    provider.hangs["chat-Mia"] = asyncio.Event()
    dispatcher = Dispatcher(world.database, [provider], holder="test")
    task = asyncio.create_task(dispatcher.run())
    await say(world, "Mia")
    await until(lambda: provider.outs)
    dispatcher.stop()
    await say(world, "Dev")
    provider.hangs["chat-Mia"].set()
    await asyncio.wait_for(task, 10)
    assert [row.state for row in await rows(world)] == ["sent", "pending"]
