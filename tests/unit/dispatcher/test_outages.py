"""A provider that fails for everybody is one alert of the agency; one chat that fails is not."""

import asyncio
from datetime import timedelta

import pytest

from bots.delivery.outcome import NotSent
from safety_service.actions import alerts
from safety_service.domain.words import Found, Kind, KnownBy
from safety_service.store import agencies
from scheduler.dispatcher import Dispatcher
from tests.patience import until
from tests.unit.dispatcher.provider import Provider, dispatching, rows, say
from tests.world import World


async def test_a_channel_that_fails_for_everybody_is_one_alert_of_the_agency(world: World, provider: Provider) -> None:
    await _nothing_is_taken(world, provider)
    async with dispatching(world, provider) as dispatcher:
        await until(lambda: all_tried(world))
        await dispatcher.report()
        assert await world.alerts() == []
        world.clock.move(timedelta(seconds=61))
        await dispatcher.report()
        await dispatcher.report()
    opened = (await world.alert()).alert
    assert (opened.kind, opened.worker_id, opened.visit_id) == (Kind.UNDELIVERABLE, None, None)


async def test_an_agency_whose_numbers_somebody_counts_hears_of_an_outage_by_the_next_look(
    world: World, provider: Provider
) -> None:
    """Waited for, it kept the agencies that had been told already from every number of theirs."""
    if world.database.dialect != "postgresql":
        pytest.skip("only one transaction at a time writes here")
    await _nothing_is_taken(world, provider)
    async with dispatching(world, provider) as dispatcher:
        await until(lambda: all_tried(world))
        world.clock.move(timedelta(seconds=61))
        async with world.database.transaction() as hand, asyncio.timeout(4):
            await agencies.next_number(hand, world.agency_id)
            await dispatcher.report()
            assert await world.alerts() == []
        await dispatcher.report()
    assert (await world.alert()).alert.kind is Kind.UNDELIVERABLE


async def test_a_channel_that_still_takes_messages_of_others_does_not_fail(world: World, provider: Provider) -> None:
    for who in ("Mia", "Dev"):
        provider.answers[f"chat-{who}"] = [NotSent("no connection")] * 1000
        await say(world, who)
    async with dispatching(world, provider) as dispatcher:
        world.clock.move(timedelta(seconds=61))
        await say(world, "Rita")
        await until(lambda: provider.got("Rita"))
        await until(lambda: took_is_known(dispatcher))
        await dispatcher.report()
    assert await world.alerts() == []


def took_is_known(dispatcher: Dispatcher) -> bool:
    return "telegram" in dispatcher._took


async def test_one_chat_that_fails_is_not_the_channel(world: World, provider: Provider) -> None:
    provider.answers["chat-Mia"] = [NotSent("no connection")] * 1000
    await say(world, "Mia")
    async with dispatching(world, provider) as dispatcher:
        world.clock.move(timedelta(seconds=61))
        await dispatcher.report()
    assert await world.alerts() == []


async def all_tried(world: World) -> bool:
    return all(each.error is not None for each in await rows(world))


async def test_after_an_hour_down_what_waits_is_old_and_no_outage(world: World, provider: Provider) -> None:
    for who in world.ids:
        await say(world, who)
    world.clock.move(timedelta(hours=1))
    await Dispatcher(world.database, [provider], holder="back again").report()
    assert await world.alerts() == []


async def test_an_outage_that_somebody_has_seen_is_not_told_again(world: World, provider: Provider) -> None:
    await _nothing_is_taken(world, provider)
    async with dispatching(world, provider) as dispatcher:
        await until(lambda: all_tried(world))
        world.clock.move(timedelta(seconds=61))
        await dispatcher.report()
        opened = await world.alert()
        await world.do("Mia", alerts.take, opened.id)
        before = len(await rows(world))
        await dispatcher.report()
        assert len(await rows(world)) == before
        await world.do("Mia", alerts.resolve, opened.id, Found.FALSE_ALARM, KnownBy.OTHER, "the line is down")
        await dispatcher.report()
        assert len(await world.alerts()) == 1
        world.clock.move(timedelta(minutes=31))
        await dispatcher.report()
        assert len(await world.alerts()) == 2


async def _nothing_is_taken(world: World, provider: Provider) -> None:
    """Something waits for everybody, and the channel takes none of it."""
    for who in world.ids:
        provider.answers[f"chat-{who}"] = [NotSent("no connection")] * 1000
        await say(world, who)
