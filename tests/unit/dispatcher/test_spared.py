"""Alarms that come back unsent after somebody took their alert: they go out no more than those that had waited."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bots.delivery.outcome import Later, NotSent, Outcome, Unknown
from safety_service.actions import alerts as handling
from safety_service.actions import delivering, exclusions, telling, words
from safety_service.actions.telling import Priority
from safety_service.actions.words import Word
from safety_service.domain.words import Found, KnownBy
from safety_service.store.database import Tx
from safety_service.store.outbox import Outgoing
from scheduler.dispatcher import Dispatcher
from tests.patience import until
from tests.unit.dispatcher.provider import Provider, dispatching, rows, say
from tests.unit.dispatcher.test_bundling import alarm
from tests.world import World

UNSENT = [Later(1.0), NotSent("no connection"), Unknown("no answer")]


async def states(world: World, who: str, template: str) -> list[str]:
    """The states of this person's messages, the oldest first."""
    return [r.state for r in await rows(world) if r.person_id == world.ids[who] and r.template.startswith(template)]


async def are(world: World, state: str, *people: str, template: str = "alarm.") -> bool:
    return all([await states(world, who, template) == [state] for who in people])


@pytest.mark.parametrize("outcome", UNSENT)
async def test_an_alarm_on_its_way_when_its_alert_is_taken_does_not_go_out_after_that(
    world: World, provider: Provider, outcome: Outcome
) -> None:
    (alert,) = await alarm(world, 1)
    provider.answers["chat-Mia"] = [outcome]
    provider.hangs["chat-Mia"] = asyncio.Event()
    async with dispatching(world, provider):
        await until(lambda: len(provider.outs) == 1)
        world.clock.move(timedelta(seconds=1))
        await world.do("Dev", handling.take, alert.id, take_over=True)
        provider.hangs["chat-Mia"].set()
        await until(lambda: are(world, "pending", "Mia"))
        world.clock.move(timedelta(seconds=10))
        await until(lambda: are(world, "dropped", "Mia"))
        await until(lambda: "alert.taken" in provider.got("Mia"))
    assert not [each for each in provider.got("Mia") if each.startswith("alarm.")]
    assert [row.error for row in await rows(world) if row.template.startswith("alarm.")] == ["taken"]


async def test_an_alarm_whose_sender_was_lost_does_not_go_out_after_its_alert_was_ended(
    world: World, provider: Provider
) -> None:
    lost = Provider()
    lost.hangs["chat-Mia"] = asyncio.Event()
    task = asyncio.create_task(Dispatcher(world.database, [lost], holder="lost").run())
    (alert,) = await alarm(world, 1)
    await until(lambda: lost.outs)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await world.do("Dev", handling.resolve, alert.id, Found.SAFE, KnownBy.HEARD_VOICE)
    world.clock.move(timedelta(seconds=31))
    async with dispatching(world, provider):
        await until(lambda: are(world, "dropped", "Mia"))
    assert "alert.resolved" in provider.got("Mia")
    assert not [each for each in provider.got("Mia") if each.startswith("alarm.")]


async def test_the_second_rung_hears_an_sos_although_the_first_has_it_and_whoever_has_it_does_not(
    world: World, provider: Provider
) -> None:
    await world.do("Ann", words.sos, None, Word())
    both = ("Mia", "Dev")
    for who in both:
        provider.hangs[f"chat-{who}"] = asyncio.Event()
        provider.answers[f"chat-{who}"] = [NotSent("no connection")]
    async with dispatching(world, provider):
        await until(lambda: are(world, "sending", *both))
        world.clock.move(timedelta(seconds=1))
        await world.do("Mia", handling.take, (await world.alert()).id)
        for each in provider.hangs.values():
            each.set()
        await until(lambda: are(world, "pending", *both))
        world.clock.move(timedelta(seconds=1))
        await until(lambda: are(world, "dropped", "Mia"))
        await until(lambda: are(world, "sent", "Dev"))
    assert "alarm.sos" in provider.got("Dev") and "alarm.sos" not in provider.got("Mia")


@pytest.mark.parametrize("family_ref", ["F-0", None])
async def test_who_is_kept_off_meanwhile_hears_nothing_of_it_when_it_is_tried_again(
    world: World, provider: Provider, family_ref: str | None
) -> None:
    await alarm(world, 1)
    worker_id = world.ids["Ann"] if family_ref is None else None
    provider.answers["chat-Mia"] = [NotSent("no connection")]
    provider.hangs["chat-Mia"] = asyncio.Event()
    async with dispatching(world, provider):
        await until(lambda: are(world, "sending", "Mia"))
        world.clock.move(timedelta(seconds=1))
        async with world.database.transaction() as tx:
            mia, why = world.ids["Mia"], "her brother"
            await exclusions.add(tx, None, mia, worker_id=worker_id, family_ref=family_ref, reason=why)
        provider.hangs["chat-Mia"].set()
        await until(lambda: are(world, "pending", "Mia"))
        world.clock.move(timedelta(seconds=10))
        await until(lambda: are(world, "dropped", "Mia"))
    assert not [each for each in provider.got("Mia") if each.startswith("alarm.")]


async def test_who_is_kept_off_and_out_there_all_the_same_is_asked_also_at_the_second_try(world: World) -> None:
    row = await world.inside("Ann")
    async with world.database.transaction() as tx:
        await exclusions.add(tx, None, world.ids["Ann"], family_ref=row.family_ref, reason="an old quarrel")
    async with world.database.transaction() as tx:
        question = Priority.QUESTION
        await telling.tell(tx, [world.ids["Ann"]], "ask.check_in", {}, priority=question, visit_id=row.id)
    for _ in range(2):
        world.clock.move(timedelta(minutes=2))
        async with world.database.transaction() as tx:
            assert "ask.check_in" in [each.template for each in await lease(tx, 50, Priority.ROUTINE)]


async def test_who_is_woken_by_whoever_has_it_is_told_even_if_it_takes_two_tries(
    world: World, provider: Provider
) -> None:
    (alert,) = await alarm(world, 1)
    await world.deliver()
    await world.do("Mia", handling.take, alert.id)
    world.clock.move(timedelta(seconds=1))
    await world.do("Mia", handling.escalate, alert.id)
    provider.answers["chat-Dev"] = [NotSent("no connection")]
    async with dispatching(world, provider):
        await until(lambda: "chat-Dev" in [each.address for each in provider.outs])
        await until(lambda: are(world, "pending", "Dev"))
        world.clock.move(timedelta(seconds=1))
        await until(lambda: are(world, "sent", "Dev"))


async def test_what_comes_after_many_that_are_spared_waits_no_longer_for_them(world: World) -> None:
    """Each look of the lane found nothing but those, and the next look was half a second away."""
    raised = await alarm(world, 10)
    async with world.database.transaction() as tx:
        assert len(await lease(tx, 10)) == 10
    world.clock.move(timedelta(minutes=2))
    for each in raised:
        await world.do("Dev", handling.take, each.id)
    await say(world, "Rita", priority=Priority.ALARM)
    async with world.database.transaction() as tx:
        assert [each.person_id for each in await lease(tx, 4)] == [world.ids["Rita"]]


async def lease(tx: Tx, limit: int, most: Priority = Priority.ALARM) -> list[Outgoing]:
    least = Priority.ALARM
    return await delivering.lease(tx, ["telegram"], limit, "test", timedelta(minutes=1), least=least, most=most)
