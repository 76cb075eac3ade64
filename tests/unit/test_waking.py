"""Who cannot be woken by night is seen days before, told to the administrators, and said where duty is looked at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from safety_service import web
from safety_service.actions import exclusions, standing, waking
from safety_service.actions.reached_by import PROVIDERS
from safety_service.commands.doctor_inside import look_inside
from safety_service.store import stamps
from safety_service.store.tables.people import agency, channel
from scheduler.dispatcher import Dispatcher
from tests.http import application, browsing, serving, signed_in
from tests.unit.dispatcher.provider import Provider
from tests.unit.reachable import has, said
from tests.world import World

NUMBER = "+447700900123"


async def providers(world: World, *kinds: str) -> None:
    async with world.database.transaction() as tx:
        await stamps.stamp(tx, PROVIDERS, {"kinds": list(kinds)})


async def chased(world: World) -> None:
    async with world.database.transaction() as tx:
        await waking.chase(tx, 20)


async def outlook(world: World) -> waking.Outlook:
    async with world.database.reading() as tx:
        return await waking.outlook(tx, world.agency_id)


async def names(world: World) -> list[str]:
    return [each.person.name for each in (await outlook(world)).asleep]


async def old(world: World, days: int) -> None:
    """What was proven was proven so long ago."""
    async with world.database.transaction() as tx:
        await tx.conn.execute(update(channel).values(proven_at=tx.now - timedelta(days=days)))


async def test_who_stands_on_a_rung_of_the_next_nights_and_cannot_be_woken_is_seen(world: World) -> None:
    await providers(world, "telegram", "voice")
    assert await names(world) == ["Dev", "Mia"]
    await has(world, "Dev", "voice", NUMBER)
    assert await names(world) == ["Mia"]


async def test_e_mail_wakes_nobody_nor_does_a_call_for_which_there_is_no_provider(world: World) -> None:
    await providers(world, "sms", "email")
    await has(world, "Dev", "email", "dev@example.org")
    await has(world, "Mia", "voice", NUMBER)
    assert await names(world) == ["Dev", "Mia"]


async def test_what_nobody_has_confirmed_for_half_a_year_does_not_count(world: World) -> None:
    await providers(world, "voice")
    await has(world, "Dev", "voice", NUMBER)
    await has(world, "Mia", "voice", "+447700900124")
    await old(world, 183)
    assert not await names(world)
    await old(world, 184)
    assert await names(world) == ["Dev", "Mia"]


async def test_the_administrators_hear_of_it_once_by_day(world: World) -> None:
    await providers(world, "voice")
    await has(world, "Dev", "voice", NUMBER)
    world.clock.at = datetime(2026, 11, 17, 3, tzinfo=UTC)
    await chased(world)
    assert not await said(world, "Adam", "night.gap")
    world.clock.at = datetime(2026, 11, 17, 10, tzinfo=UTC)
    await chased(world)
    world.clock.move(timedelta(hours=2))
    await chased(world)
    (told,) = await said(world, "Adam", "night.gap")
    assert (told.params["names"], told.params["post"]) == (["Mia"], "manager_on_duty")
    assert not await said(world, "Mia", "night.gap") and not await said(world, "Ann", "night.gap")


async def test_where_nothing_wakes_anybody_that_is_said_once_and_nobody_is_named(world: World) -> None:
    await providers(world, "telegram", "email")
    async with world.database.transaction() as tx:
        await tx.conn.execute(update(agency).values(demonstration=False, assessed_at=tx.now, assessed_by="Kit"))
    await chased(world)
    world.clock.move(timedelta(hours=2))
    await chased(world)
    assert len(await said(world, "Adam", "night.nothing_wakes")) == 1
    assert not await said(world, "Adam", "night.gap")


async def test_two_on_the_standing_list_need_two_tried_ways_each(world: World) -> None:
    await providers(world, "telegram", "voice")
    await has(world, "Dev", "voice", NUMBER)
    assert (await outlook(world)).standing_short
    await chased(world)
    (told,) = await said(world, "Adam", "night.standing")
    assert told.params["count"] == 1
    await has(world, "Adam", "voice", "+447700900124")
    found = await outlook(world)
    assert (found.standing, found.standing_short) == (2, False)
    async with world.database.reading() as tx:
        assert not (await standing.of(tx, None, world.agency_id)).short_of_ways
    await old(world, 184)
    assert (await outlook(world)).standing == 0


async def test_what_is_missing_is_said_without_names_where_it_is_logged(world: World) -> None:
    await providers(world, "voice")
    lines = (await outlook(world)).lines
    assert len(lines) == 2 and not [name for name in world.ids if name in " ".join(lines)]


async def test_the_board_says_it_to_managers_and_not_to_workers(world: World) -> None:
    await providers(world, "voice")
    async with serving(application(world, web)) as base:
        for who, sees in (("Dev", True), ("Ann", False)):
            async with browsing(base) as browser:
                await signed_in(world, browser, who)
                async with browser.get("/board") as answer:
                    assert ("Nothing wakes Mia" in await answer.text()) is sees
        async with browsing(base) as browser:
            await signed_in(world, browser, "Adam")
            async with browser.get("/channels") as answer:
                assert "Nothing wakes Mia" in await answer.text()


async def test_whoever_is_kept_off_somebody_reads_neither_that_they_are_on_duty_nor_that_nothing_wakes_them(
    world: World,
) -> None:
    """That somebody is there, and that nothing wakes them, is said all the same."""
    await providers(world, "voice")
    await world.do("Adam", exclusions.add, world.ids["Dev"], worker_id=world.ids["Mia"], reason="were married")
    async with serving(application(world, web)) as base:
        for path in ("/board", "/channels"):
            async with browsing(base) as browser:
                await signed_in(world, browser, "Dev")
                async with browser.get(path) as answer:
                    seen = await answer.text()
            assert "Mia" not in seen and "Nothing wakes a colleague by night: manager on duty" in seen, path
            assert path != "/board" or "<dd>A colleague</dd>" in seen


async def test_at_begin_of_a_night_visit_the_managers_hear_that_nobody_can_be_woken(world: World) -> None:
    await providers(world, "voice")
    world.clock.at = datetime(2026, 11, 17, 23, tzinfo=UTC)
    await world.inside()
    assert {each.params["post"] for each in await said(world, "Mia", "readiness.asleep")} == {
        "manager_on_duty",
        "deputy_on_duty",
    }
    assert await said(world, "Ann", "readiness.begun")


async def test_by_day_nobody_has_to_be_woken(world: World) -> None:
    await providers(world, "voice")
    await world.inside()
    assert not await said(world, "Mia", "readiness.asleep")


async def test_one_who_can_be_woken_is_enough_for_a_rung(world: World) -> None:
    await providers(world, "voice")
    for who, number in (("Mia", NUMBER), ("Dev", "+447700900124")):
        await has(world, who, "voice", number)
    world.clock.at = datetime(2026, 11, 17, 23, tzinfo=UTC)
    await world.inside()
    assert not await said(world, "Mia", "readiness.asleep")


async def test_what_has_a_provider_is_known_from_whoever_sends(world: World) -> None:
    provider = Provider()
    provider.kind = "voice"
    await Dispatcher(world.database, [provider], holder="test").report()
    async with world.database.reading() as tx:
        assert (await waking.rules_of(tx, world.agency_id)).waking == {"voice"}


async def test_the_doctor_and_the_start_say_what_is_missing_once_something_was_sent(world: World) -> None:
    async with world.database.transaction() as tx:
        await tx.conn.execute(update(agency).values(demonstration=False, assessed_at=tx.now, assessed_by="Kit"))
    async with world.database.reading() as tx:
        assert await waking.missing(tx) == []
    await providers(world, "telegram")
    async with world.database.reading() as tx:
        first, second = await waking.missing(tx)
    assert "Elmshire: nobody can be woken" in first and "standing list" in second
    assert [fault async for fault in look_inside(world.database)] == [f"nights: {first}", f"nights: {second}"]


async def test_its_owner_is_asked_once_to_try_a_way_before_it_stops_counting(world: World) -> None:
    await providers(world, "voice")
    await has(world, "Mia", "voice", NUMBER)
    await old(world, 168)
    await chased(world)
    assert not await said(world, "Mia", "channel.old")
    world.clock.move(timedelta(days=2))
    await chased(world)
    world.clock.move(timedelta(days=1))
    await chased(world)
    (asked,) = await said(world, "Mia", "channel.old")
    assert (asked.channel, asked.params["kind"]) == ("telegram", "voice")
