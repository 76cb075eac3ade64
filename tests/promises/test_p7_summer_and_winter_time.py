"""P7 in the two nights in which London's clocks change: no hour is lost or doubled, and times are shown as they are."""

from datetime import UTC, datetime, timedelta

import pytest

from safety_service.actions import reading, words
from safety_service.actions.words import Word
from safety_service.domain.words import Phase
from tests.talk import Talk
from tests.world import MINUTE, World

#: 01:00 becomes 02:00, and 02:00 becomes 01:00: each at one o'clock of UTC.
SPRING = datetime(2027, 3, 28, 1, 0, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)
#: The night, what stands on a clock in London half an hour before, and ten minutes after.
NIGHTS = [(SPRING, "00:30", "02:10"), (AUTUMN, "01:30", "01:10")]


@pytest.fixture(params=NIGHTS, ids=["spring", "autumn"])
async def night(request: pytest.FixtureRequest, world: World) -> tuple[str, str]:
    """Half an hour before the change; everybody is on duty."""
    change, before, after = request.param
    world.clock.move(change - 30 * MINUTE - world.now)
    await on_duty_tonight(world)
    return before, after


async def on_duty_tonight(world: World) -> None:
    from safety_service.store import rota

    async with world.database.transaction() as tx:
        for who, post in (("Mia", "manager_on_duty"), ("Dev", "deputy_on_duty")):
            ends_at = tx.now + timedelta(hours=12)
            shift = rota.new_shift(world.team_id, post, world.ids[who], tx.now - MINUTE, ends_at)
            await rota.add(tx, shift, by=None)


async def test_a_visit_across_the_change_is_asked_after_as_many_minutes_as_ever(
    world: World, night: tuple[str, str]
) -> None:
    began = world.now
    row = await world.inside(minutes=120)
    await world.later(29.75)
    assert world.told("Ann", "ask.") == []
    await world.later(0.25)
    assert len(world.told("Ann", "ask.check_in")) == 1
    await world.later(5)
    alert = (await world.alert()).alert
    assert alert.visit_id == row.id
    assert alert.opened_at - began == 35 * MINUTE
    await world.later(5)
    assert world.told("Dev", "alarm."), "and the ladder climbs in real minutes, too"


async def test_times_are_shown_as_the_clock_on_the_wall_shows_them(world: World, night: tuple[str, str]) -> None:
    before, after = night
    talk = Talk(world)
    await world.inside(minutes=120)
    world.clock.move(10 * MINUTE)
    (answer,) = await talk.says("Ann", "ok")
    assert answer.text.startswith(f"OK. {after}."), answer.text
    world.clock.move(-10 * MINUTE)
    (begun,) = await talk.says("Ann", "/where")
    assert f"{before} visit" in begun.text


async def test_a_visit_planned_across_the_change_is_as_long_as_was_said(world: World, night: tuple[str, str]) -> None:
    row = await world.plan(minutes=90)
    assert row.visit.ends_at - row.visit.starts_at == 90 * MINUTE
    await world.do("Ann", words.begin, row.id, Word())
    receipt = await world.do("Ann", words.extend, row.id, Word(), 15 * MINUTE)
    watch = (await world.visit(row.id)).visit.watches[0]
    assert watch.phase is Phase.INSIDE
    assert watch.ends_at == row.visit.ends_at + 15 * MINUTE
    assert receipt.due_at == world.now + 30 * MINUTE
    assert [each.id for each in await world.do("Ann", reading.today)] == [row.id]
