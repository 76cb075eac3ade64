"""The rota on its pages: the week, gaps before they happen, cover, leave, a week repeated; and whose it is to run."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from aiohttp import ClientSession

from safety_service import web
from safety_service.actions import board_duty, exclusions, readiness, rota_week
from safety_service.actions import rota as rota_actions
from safety_service.actions.reached_by import PROVIDERS
from safety_service.domain.duty import Shift
from safety_service.domain.words import Role
from safety_service.store import channels, leave, people, rota, stamps, teams
from tests.http import application, browsing, serving, signed_in
from tests.unit.reachable import said
from tests.world import World

POST = "manager_on_duty"


@pytest.fixture
async def base(world: World) -> AsyncIterator[str]:
    async with serving(application(world, web)) as address:
        yield address


@pytest.fixture
async def mia(world: World, base: str) -> AsyncIterator[ClientSession]:
    async with browsing(base) as session:
        await signed_in(world, session, "Mia")
        yield session


async def get(session: ClientSession, path: str) -> tuple[int, str]:
    async with session.get(path) as answer:
        return answer.status, await answer.text()


async def post(session: ClientSession, path: str, **fields: str) -> tuple[int, str]:
    async with session.post(path, data=fields) as answer:
        return answer.status, await answer.text()


async def shifts(world: World, *, after: datetime | None = None) -> list[Shift]:
    since = after or world.now
    async with world.database.reading() as tx:
        return await rota.between(tx, [world.team_id], since, since + timedelta(days=90))


async def clear(world: World) -> None:
    """Nobody is on the rota any more."""
    async with world.database.transaction() as tx:
        for each in await rota.between(tx, [world.team_id], world.now, world.now + timedelta(days=90)):
            await rota.remove(tx, each.id)


async def on(world: World, who: str, begins: datetime, ends: datetime, post: str = POST) -> Shift:
    made = rota.new_shift(world.team_id, post, world.ids[who], begins, ends)
    async with world.database.transaction() as tx:
        await rota.add(tx, made, by=None)
    return made


async def elsewhere(world: World, who: str = "Zed") -> tuple[UUID, UUID]:
    """Another team of the agency, with a manager of its own."""
    async with world.database.transaction() as tx:
        team = await teams.add(tx, world.agency_id, "South")
        person = await people.add(tx, world.agency_id, who, email=f"{who.lower()}@example.org")
        await people.set_roles(tx, person.id, team.id, frozenset({Role.MANAGER}))
        world.ids[who] = person.id
    return team.id, person.id


def week(world: World) -> str:
    return f"/rota/{world.team_id}"


# --- the week, and what is missing in it ---


async def test_a_manager_of_one_team_comes_to_its_week(world: World, mia: ClientSession) -> None:
    status, text = await get(mia, "/rota")
    assert status == 200 and "Rota of North" in text and "Somebody is on every post" in text
    assert text.count('class="ds-day') >= 7 and "Mia" in text and "Dev" in text


async def test_one_person_on_both_posts_is_named_as_no_second_person(world: World, mia: ClientSession) -> None:
    await clear(world)
    for post_ in (POST, "deputy_on_duty"):
        await on(world, "Mia", world.now, world.now + timedelta(days=9), post=post_)
    _, text = await get(mia, week(world))
    assert "No second person: Mia is on both posts" in text and "Somebody is on every post" not in text
    assert "post=deputy_on_duty" in text, "and leads to where a second one is put on"
    async with world.database.reading() as tx:
        found = await rota_actions.coming(tx, None, world.team_id, 7)
    assert not found.gaps and [each.post for each in found.doubled] == ["deputy_on_duty"]


async def test_a_gap_is_named_before_it_happens_and_leads_to_where_it_is_filled(
    world: World, mia: ClientSession
) -> None:
    await clear(world)
    await on(world, "Mia", world.now, world.now + timedelta(hours=6))
    await on(world, "Dev", world.now, world.now + timedelta(days=9), post="deputy_on_duty")
    _, text = await get(mia, week(world))
    assert "Missing this week" in text and "ds-gap-slot" in text and "in 6 hours" in text
    link = re.search(r'href="(/rota/[^"]+/on\?[^"]+)"', text)
    assert link is not None
    status, form = await get(mia, link[1].replace("&amp;", "&"))
    local = world.now + timedelta(hours=6)
    assert status == 200 and f"T{local:%H}" in form and 'value="manager_on_duty" selected' in form


async def test_leave_on_duty_is_a_gap_and_says_who(world: World, mia: ClientSession) -> None:
    day = (world.now + timedelta(days=1)).date()
    fields = {"person": str(world.ids["Mia"]), "from": f"{day}", "to": f"{day}"}
    status, text = await post(mia, f"{week(world)}/leave", **fields)
    assert status == 200 and "Not away" in text
    _, text = await get(mia, f"{week(world)}?day={day}")
    assert "Nobody: Mia is on leave" in text
    found = re.search(r'action="(/rota/[^"]+/leave/[^"]+/end)"', (await get(mia, f"{week(world)}/leave"))[1])
    assert found is not None
    await post(mia, found[1])
    _, text = await get(mia, f"{week(world)}?day={day}")
    assert "on leave" not in text


async def test_whoever_goes_on_a_visit_hears_that_who_is_on_duty_then_is_on_leave(world: World) -> None:
    day = (world.now + timedelta(days=1)).date()
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
    async with world.database.transaction() as tx:
        await leave.add(tx, world.ids["Dev"], begins, begins + timedelta(days=1), by=None)
    row = await world.plan(after=24 * 60)
    assert {each.post for each in await world.do("Ann", readiness.gaps_of, row.id)} == {"deputy_on_duty"}
    [told] = await said(world, "Mia", "readiness.manager")
    assert told.params["post"] == "deputy_on_duty"
    today = await world.plan("Ben", after=60, ref="F-2")
    assert await world.do("Ben", readiness.gaps_of, today.id) == []


async def test_the_board_names_a_gap_that_is_leave(world: World) -> None:
    async with world.database.transaction() as tx:
        await leave.add(tx, world.ids["Mia"], world.now, world.now + timedelta(hours=5), by=None)
    async with world.database.reading() as tx:
        found = await board_duty.look(tx, await world.actor(tx, "Mia"), [world.team_id], [])
    [hole] = found.holes
    assert (hole.gap.post, hole.gap.ends_at) == (POST, world.now + timedelta(hours=5))


async def test_whoever_is_on_leave_is_told_of_an_alert_all_the_same(world: World) -> None:
    """Leave is for seeing gaps before they happen. In an alert it takes nobody off their rung."""
    async with world.database.transaction() as tx:
        await leave.add(tx, world.ids["Mia"], world.now, world.now + timedelta(days=1), by=None)
    await world.inside()
    await world.later(75)
    assert world.told("Mia", "alarm.")


async def test_a_night_in_which_nothing_wakes_them_is_a_gap(world: World, mia: ClientSession) -> None:
    _, text = await get(mia, week(world))
    assert "By night nobody here can be woken" in text and "Nothing wakes" not in text
    async with world.database.transaction() as tx:
        await stamps.stamp(tx, PROVIDERS, {"kinds": ["voice", "sms"]})
    _, text = await get(mia, week(world))
    assert "Nothing wakes Mia" in text
    async with world.database.transaction() as tx:
        made = await channels.link(tx, world.ids["Mia"], "voice", "+447700900123")
        await channels.prove(tx, made.id, "active")
    _, text = await get(mia, week(world))
    assert "Nothing wakes Mia" not in text and "Nothing wakes Dev" in text


async def test_an_administrator_sees_every_team_the_emptiest_first(world: World, base: str) -> None:
    await elsewhere(world)
    async with browsing(base) as adam:
        await signed_in(world, adam, "Adam")
        status, text = await get(adam, "/rota")
    assert status == 200 and text.index("South") < text.index("North")
    assert "2 gaps" in text


# --- putting on, standing in, taking off ---


async def test_somebody_is_put_on_and_told(world: World, mia: ClientSession) -> None:
    await clear(world)
    day = (world.now + timedelta(days=2)).date()
    fields = {"post": POST, "person": str(world.ids["Dev"]), "from": f"{day}T09:00", "to": f"{day}T17:00"}
    status, text = await post(mia, f"{week(world)}/on", **fields)
    assert status == 200 and "they are told" in text
    [made] = await shifts(world)
    assert (made.person_id, made.post, made.starts_at) == (
        world.ids["Dev"],
        POST,
        datetime(day.year, day.month, day.day, 9, tzinfo=UTC),
    )
    [told] = await said(world, "Dev", "duty.on")
    assert told.params["by"] == "Mia"


async def test_what_was_typed_stays_when_it_cannot_be(world: World, mia: ClientSession) -> None:
    before = len(await shifts(world))
    fields = {"post": POST, "person": str(world.ids["Dev"]), "from": "2026-11-30T17:00", "to": "2026-11-30T09:00"}
    status, text = await post(mia, f"{week(world)}/on", **fields)
    assert status == 409 and "It would end before it starts" in text and 'value="2026-11-30T09:00"' in text
    assert f'value="{world.ids["Dev"]}" selected' in text
    for wrong in ({"person": ""}, {"from": "soon"}, {"post": "bad post"}, {"person": str(world.ids["Ann"])}):
        status, text = await post(mia, f"{week(world)}/on", **{**fields, "to": "2026-12-01T09:00", **wrong})
        assert status == 409 and "Not done yet" in text
    assert len(await shifts(world)) == before


async def test_somebody_stands_in_and_both_hear(world: World, mia: ClientSession) -> None:
    [shift] = [each for each in await shifts(world) if each.post == POST]
    day = (world.now + timedelta(days=1)).date()
    fields = {"person": str(world.ids["Dev"]), "from": f"{day}T09:00", "to": f"{day}T17:00"}
    status, text = await post(mia, f"/rota/shifts/{shift.id}/cover", **fields)
    assert status == 200 and "for Mia" in text
    cover = next(each for each in await shifts(world) if each.covers_id)
    assert (cover.person_id, cover.covers_id) == (world.ids["Dev"], world.ids["Mia"])
    assert await said(world, "Dev", "duty.on")


async def test_whoever_is_stood_in_for_hears_that_they_are_off(world: World, base: str) -> None:
    [shift] = [each for each in await shifts(world) if each.post == POST]
    day = (world.now + timedelta(days=1)).date()
    async with browsing(base) as dev:
        await signed_in(world, dev, "Dev")
        fields = {"person": str(world.ids["Dev"]), "from": f"{day}T09:00", "to": f"{day}T17:00"}
        assert (await post(dev, f"/rota/shifts/{shift.id}/cover", **fields))[0] == 200
    [told] = await said(world, "Mia", "duty.stood_in")
    assert told.params["by"] == "Dev"


async def test_nobody_stands_in_outside_the_shift(world: World, mia: ClientSession) -> None:
    [shift] = [each for each in await shifts(world) if each.post == POST]
    late = (shift.ends_at + timedelta(days=1)).date()
    fields = {"person": str(world.ids["Dev"]), "from": f"{late}T09:00", "to": f"{late}T17:00"}
    status, text = await post(mia, f"/rota/shifts/{shift.id}/cover", **fields)
    assert status == 409 and "not on duty there" in text


async def test_what_would_be_missing_is_shown_before_somebody_is_taken_off(world: World, mia: ClientSession) -> None:
    [shift] = [each for each in await shifts(world) if each.post == POST]
    _, text = await get(mia, f"/rota/shifts/{shift.id}")
    assert "Then this is missing" in text and "Take Mia off" in text
    await on(world, "Dev", world.now, shift.ends_at)
    _, text = await get(mia, f"/rota/shifts/{shift.id}")
    assert "Nothing is missing without it" in text
    status, _ = await post(mia, f"/rota/shifts/{shift.id}/off")
    assert status == 200 and shift.id not in {each.id for each in await shifts(world)}


# --- repeating a week ---


async def test_a_week_is_repeated_once_and_everybody_hears_once(world: World, mia: ClientSession) -> None:
    await clear(world)
    monday = (world.now - timedelta(days=world.now.weekday()) + timedelta(days=7)).date()
    for number in range(3):
        begins = datetime(monday.year, monday.month, monday.day, 9, tzinfo=UTC) + timedelta(days=number)
        await on(world, "Dev", begins, begins + timedelta(hours=8))
    path, fields = f"{week(world)}/repeat", {"monday": f"{monday}", "weeks": "2"}
    status, text = await post(mia, path, **fields)
    assert status == 200 and "are like it now" in text
    assert len(await shifts(world)) == 9
    [told] = await said(world, "Dev", "duty.weeks")
    assert told.params["count"] == 6
    status, text = await post(mia, path, **fields)
    assert status == 200 and "Nothing was changed" in text and len(await shifts(world)) == 9


async def test_nothing_is_repeated_from_an_empty_week_nor_for_ever(world: World, mia: ClientSession) -> None:
    await clear(world)
    monday = (world.now - timedelta(days=world.now.weekday())).date()
    for weeks, says in (("1", "Nothing begins in that week"), ("9", "From one to 8 weeks")):
        status, text = await post(mia, f"{week(world)}/repeat", monday=f"{monday}", weeks=weeks)
        assert status == 409 and says in text
    assert (await post(mia, f"{week(world)}/repeat", monday=f"{monday + timedelta(days=1)}", weeks="1"))[0] == 404


# --- handing over ---


async def test_a_post_that_is_handed_over_stays_until_the_other_says_yes(
    world: World, base: str, mia: ClientSession
) -> None:
    until = world.now + timedelta(hours=5)
    fields = {"post": POST, "person": str(world.ids["Dev"]), "until": f"{until:%Y-%m-%dT%H:%M}"}
    status, text = await post(mia, "/duty/hand-over", **fields)
    assert status == 200 and "You stay on until they say yes" in text
    _, text = await get(mia, week(world))
    assert "Dev was asked to take over" in text and "Mia stays on" in text
    async with browsing(base) as dev:
        await signed_in(world, dev, "Dev")
        _, text = await get(dev, "/duty")
        assert "Mia asks you to take over" in text
        found = re.search(r'action="(/duty/offers/[^"]+/accept)"', text)
        assert found is not None
        assert (await post(mia, found[1]))[0] == 404
        assert (await post(dev, found[1]))[0] == 200
    async with world.database.reading() as tx:
        held = await rota.on_duty(tx, world.team_id, tx.now)
    assert held[POST] == {world.ids["Dev"]}


async def test_a_practitioner_reads_who_is_on_and_runs_nothing(world: World, base: str) -> None:
    async with browsing(base) as ann:
        await signed_in(world, ann, "Ann")
        status, text = await get(ann, "/duty")
        assert status == 200 and "Mia" in text and "Rota of" not in text and "Hand your post over" not in text
        for path in ("/rota", week(world), f"{week(world)}/on", f"{week(world)}/leave"):
            assert (await get(ann, path))[0] == 404
        status, text = await post(ann, f"{week(world)}/repeat", monday="2026-11-16", weeks="1")
        assert status == 409 and "for managers of the team" in text


# --- who may, and who is not shown ---


async def test_a_manager_of_another_team_does_not_find_it(world: World, base: str) -> None:
    await elsewhere(world)
    shift = (await shifts(world))[0]
    async with browsing(base) as zed:
        await signed_in(world, zed, "Zed")
        for path in (week(world), f"{week(world)}/on", f"{week(world)}/leave", f"/rota/shifts/{shift.id}"):
            assert (await get(zed, path))[0] == 404
        for path in (f"/rota/shifts/{shift.id}/off", f"{week(world)}/repeat"):
            assert (await post(zed, path, monday="2026-11-16", weeks="1"))[0] == 404
        fields = {"person": str(world.ids["Ann"]), "from": "2026-12-01", "to": "2026-12-02"}
        assert (await post(zed, f"{week(world)}/leave", **fields))[0] == 404
    assert shift.id in {each.id for each in await shifts(world)}


async def test_leave_of_people_of_other_teams_is_not_ours_to_write(world: World, mia: ClientSession) -> None:
    _, zed = await elsewhere(world)
    fields = {"person": str(zed), "from": "2026-12-01", "to": "2026-12-02"}
    assert (await post(mia, f"{week(world)}/leave", **fields))[0] == 404
    async with world.database.reading() as tx:
        assert await leave.of_people(tx, [zed], world.now, world.now + timedelta(days=99)) == []


async def test_whoever_is_kept_off_somebody_does_not_read_when_they_work(
    world: World, base: str, mia: ClientSession
) -> None:
    async with world.database.transaction() as tx:
        await exclusions.add(tx, None, world.ids["Mia"], worker_id=world.ids["Dev"], reason="was married to them")
    shift = next(each for each in await shifts(world) if each.person_id == world.ids["Dev"])
    for path in (week(world), "/duty", f"{week(world)}/on", f"{week(world)}/leave"):
        status, text = await get(mia, path)
        assert status == 200 and "Dev" not in text, path
    assert "A colleague" in (await get(mia, week(world)))[1]
    assert (await get(mia, f"/rota/shifts/{shift.id}"))[0] == 404
    assert (await post(mia, f"/rota/shifts/{shift.id}/off"))[0] == 404
    fields = {"post": POST, "person": str(world.ids["Dev"]), "from": "2026-11-30T09:00", "to": "2026-11-30T17:00"}
    assert (await post(mia, f"{week(world)}/on", **fields))[0] == 404


async def test_changing_the_rota_asks_again_who_sits_there(world: World, mia: ClientSession) -> None:
    before = await shifts(world)
    world.clock.move(timedelta(hours=2))
    for path in (f"/rota/shifts/{before[0].id}/off", f"/rota/shifts/{before[0].id}/cover", f"{week(world)}/on"):
        status, text = await post(mia, path)
        assert status in (403, 422) and "Show that it is you" in text
    for path in (f"{week(world)}/repeat", f"{week(world)}/leave", "/duty/hand-over", "/duty/stand-in"):
        status, text = await post(mia, path)
        assert status in (403, 422) and "Show that it is you" in text
    assert [each.id for each in await shifts(world)] == [each.id for each in before]


async def test_the_two_weeks_ahead_are_those_of_the_first_page(world: World) -> None:
    await clear(world)
    async with world.database.reading() as tx:
        found, _ = await rota_week.ahead(tx, await world.actor(tx, "Mia"))
    [(_, gaps)] = found
    assert {each.post for each in gaps} == {POST, "deputy_on_duty"}
    assert gaps[0].ends_at - gaps[0].starts_at == rota_week.AHEAD
