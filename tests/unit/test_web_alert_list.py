"""The list of alerts: what is open first, what was by page and filter, and nothing that is not the reader's to know."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from safety_service import web
from safety_service.actions import alert_list, alerts, cases, exclusions, scene, words
from safety_service.actions.alert_list import Filters
from safety_service.actions.words import Word
from safety_service.domain.effects import RaiseAlert
from safety_service.domain.words import Found, Kind, KnownBy, Role
from safety_service.store import people, teams
from tests.http import application, serving
from tests.unit.test_web_alert import Desk, silent
from tests.world import World


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        made = Desk(world, stack)
        await made.serve()
        yield made


async def lost(world: World, who: str) -> None:
    """A small alert about somebody, without a visit, closed at once."""
    async with world.database.transaction() as tx:
        wanted = RaiseAlert(world.ids[who], Kind.UNDELIVERABLE, tx.now, tx.now)
        await cases.raise_without_visit(tx, await scene.of_worker(tx, world.ids[who]), wanted)
    newest = max(await world.alerts(), key=lambda each: each.alert.number)
    await world.do("Adam", alerts.resolve, newest.id, Found.FALSE_ALARM, KnownBy.SEEN)


def numbers(text: str) -> list[int]:
    return [int(each) for each in re.findall(r"Alert (\d+):", text)]


async def test_what_nobody_has_is_first_then_what_is_open_then_what_was(world: World, desk: Desk) -> None:
    await lost(world, "Ann")
    await world.do("Ben", words.sos, None, Word())
    sos = max(await world.alerts(), key=lambda each: each.alert.number)
    await world.inside()
    await world.later(41)
    await world.do("Mia", alerts.take, sos.id)
    text = await desk.sees("Mia", "/alerts")
    assert numbers(text) == [3, 2, 1]
    assert "Nobody has it yet." in text and "Mia has it." in text and "False alarm, taken after 0 s" in text


async def test_it_is_narrowed_by_kind_by_what_was_found_and_by_days(world: World, desk: Desk) -> None:
    await lost(world, "Ann")
    row = await world.inside()
    await world.later(41)
    await world.do("Mia", alerts.resolve, (await world.alerts())[0].id, Found.LATE, KnownBy.HEARD_VOICE)
    today = f"{world.now:%Y-%m-%d}"
    for asked, found in (
        ("kind=missed_check_in", [2]),
        ("kind=undeliverable", [1]),
        ("found=late", [2]),
        (f"from={today}&to={today}", [2, 1]),
        ("to=2020-01-01", []),
        (f"team={row.team_id}", [2, 1]),
        (f"team={world.agency_id}", []),
        ("kind=nonsense&from=then", [2, 1]),
    ):
        assert numbers(await desk.sees("Mia", f"/alerts?{asked}")) == found, asked


async def test_what_was_goes_on_page_by_page_and_none_is_there_twice(world: World) -> None:
    for _ in range(5):
        await lost(world, "Ann")
    seen: list[int] = []
    before = None
    for _ in range(3):
        found = await world.do("Mia", alert_list.listed, Filters(), before, limit=2)
        seen += [each.number for each in found.past]
        before = found.after
    assert seen == [5, 4, 3, 2, 1] and before is None


async def test_nobodys_own_alert_is_in_their_list(world: World, desk: Desk) -> None:
    async with world.database.transaction() as tx:
        roles = frozenset({Role.MANAGER, Role.PRACTITIONER})
        await people.set_roles(tx, world.ids["Ann"], world.team_id, roles)
    await silent(world)
    assert numbers(await desk.sees("Ann", "/alerts")) == []
    assert numbers(await desk.sees("Mia", "/alerts")) == [1]


@pytest.mark.parametrize("of", ["worker", "family"])
async def test_whoever_is_kept_off_a_worker_or_a_family_has_it_in_no_list(world: World, desk: Desk, of: str) -> None:
    await silent(world)
    assert numbers(await desk.sees("Mia", "/alerts")) == [1]
    about = {"worker_id": world.ids["Ann"]} if of == "worker" else {"family_ref": "F-1"}
    await world.do("Adam", exclusions.add, world.ids["Mia"], reason="a relative", **about)
    assert numbers(await desk.sees("Mia", "/alerts")) == []
    await world.do("Dev", alerts.resolve, (await world.alert()).id, Found.SAFE, KnownBy.SEEN)
    assert numbers(await desk.sees("Mia", "/alerts")) == []
    assert numbers(await desk.sees("Dev", "/alerts")) == [1]


async def test_other_teams_alerts_are_there_only_for_those_who_were_told(world: World, desk: Desk) -> None:
    async with world.database.transaction() as tx:
        south = await teams.add(tx, world.agency_id, "South")
        await people.set_roles(tx, world.ids["Mia"], world.team_id, frozenset())
        await people.set_roles(tx, world.ids["Mia"], south.id, frozenset({Role.MANAGER}))
    await world.do("Ben", words.sos, None, Word())
    await world.later(1)
    told = (await world.alert()).alert.told
    assert numbers(await desk.sees("Mia", "/alerts")) == ([1] if world.ids["Mia"] in told else [])
    assert numbers(await desk.sees("Rita", "/alerts")) == []
    assert world.ids["Dev"] in told and numbers(await desk.sees("Dev", "/alerts")) == [1]


async def test_two_take_it_in_the_same_instant_and_the_other_reads_who_has_it(world: World) -> None:
    async with AsyncExitStack() as stack:
        desk = Desk(world, stack)
        desk._base = await stack.enter_async_context(serving(application(world, web)))
        page = await silent(world)
        for who in ("Mia", "Dev"):
            await desk.browser(who)
        answers = await asyncio.gather(*(desk.presses(who, f"{page}/take") for who in ("Mia", "Dev")))
    owner = world.name((await world.alert()).alert.owner_id)
    assert sorted(each[:3] for each in answers) == ["200", "409"]
    assert sum("You have this" in each for each in answers) == 1
    assert sum(f"{owner} has it already" in each for each in answers) == 1
