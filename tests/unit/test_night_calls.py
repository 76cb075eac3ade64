"""A rung that is called by night: twice within a minute, then the next one; whoever takes it stops what still rings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from safety_service.actions import alerts, words
from safety_service.actions.taking import link_for
from safety_service.actions.words import Word
from safety_service.domain.words import Found, KnownBy
from tests.unit.reachable import has, said
from tests.world import World

MIA, DEV = "+447700900002", "+447700900003"
MINUTE = timedelta(minutes=1)


async def night(world: World) -> datetime:
    """Half past one; Mia and Dev have phones. Ann goes in and says nothing any more; gives when the alarm came."""
    world.clock.at = datetime(2026, 11, 17, 1, 30, tzinfo=UTC)
    await has(world, "Mia", "voice", MIA)
    await has(world, "Dev", "voice", DEV)
    await world.inside()
    while not await world.alerts():
        await world.later(0.25)
    return (await world.alert()).alert.opened_at


async def calls(world: World, who: str) -> list[tuple[timedelta, str]]:
    """When this person is called, counted from the alarm, and what became of it."""
    opened_at = (await world.alert()).alert.opened_at
    return [
        (each.not_before - opened_at, each.state)
        for each in await said(world, who, "alarm.")
        if each.channel == "voice"
    ]


async def test_a_rung_is_called_twice_within_a_minute_and_then_the_next_is(world: World) -> None:
    await night(world)
    assert await calls(world, "Mia") == [(timedelta(0), "pending"), (MINUTE / 2, "pending")]
    assert await calls(world, "Dev") == []
    await world.later(0.75)
    assert await calls(world, "Dev") == []
    await world.later(0.25)
    assert [after for after, _ in await calls(world, "Dev")] == [MINUTE, MINUTE * 1.5]


async def test_by_day_a_rung_has_its_own_time(world: World) -> None:
    await has(world, "Mia", "voice", MIA)
    await world.inside()
    while not await world.alerts():
        await world.later(0.25)
    assert await calls(world, "Mia") == []
    await world.later(4.5)
    assert not world.told("Dev", "alarm.")


async def test_the_time_to_answer_is_frozen_with_the_ladder(world: World) -> None:
    from safety_service.store import policies

    await night(world)
    async with world.database.transaction() as tx:
        await policies.apply(tx, '[night]\nvoice_answer = "3m"\ncalls = 1\n', "test", "a test")
    await world.later(1)
    assert [after for after, _ in await calls(world, "Dev")] == [MINUTE, MINUTE * 1.5]


async def test_taking_it_stops_the_calls_that_still_wait(world: World) -> None:
    await night(world)
    await world.do("Mia", alerts.take, (await world.alert()).id)
    assert {state for _, state in await calls(world, "Mia")} == {"dropped"}


async def test_closing_it_stops_them_too(world: World) -> None:
    await night(world)
    await world.do("Dev", alerts.resolve, (await world.alert()).id, Found.SAFE, KnownBy.HEARD_VOICE)
    assert {state for _, state in await calls(world, "Mia")} == {"dropped"}


async def test_with_danger_the_second_rung_is_still_called_twice_and_the_taker_not(world: World) -> None:
    """P5: taking an SOS does not stop rung 2; S10: whoever has it is not called about it."""
    await has(world, "Mia", "voice", MIA)
    await has(world, "Dev", "voice", DEV)
    await world.do("Ann", words.sos, None, Word())
    await world.do("Mia", alerts.take, (await world.alert()).id)
    assert [state for _, state in await calls(world, "Mia")] == ["dropped", "dropped"]
    assert [state for _, state in await calls(world, "Dev")] == ["pending", "pending"]


async def test_danger_keeps_its_own_times(world: World) -> None:
    await has(world, "Mia", "voice", MIA)
    await world.do("Ann", words.sos, None, Word())
    alert = (await world.alert()).alert
    assert alert.next_at == alert.opened_at + 2 * MINUTE


async def test_past_the_last_rung_everyone_is_called_as_often_as_it_is_said_again(world: World) -> None:
    await night(world)
    await world.later(2.5)
    alert = (await world.alert()).alert
    assert alert.rung == alert.ladder.last
    before = len(await calls(world, "Mia"))
    await world.later(alert.ladder.repeat / MINUTE)
    assert len(await calls(world, "Mia")) == before + 2


async def test_a_call_carries_how_to_take_it(world: World) -> None:
    await night(world)
    async with world.database.transaction() as tx:
        link = await link_for(tx, (await world.alert()).id, world.ids["Mia"])
    rows = [each for each in await said(world, "Mia", "alarm.") if each.channel == "voice"]
    assert {(each.params["take"], each.params["reply"]) for each in rows} == {(link.url_path, link.reply)}
