"""The pages of figures: what they say, where each figure leads, and what they keep to themselves."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import date, timedelta
from html import unescape

import pytest
from aiohttp import ClientSession
from yarl import URL

from safety_service import web
from safety_service.actions import alerts as handling
from safety_service.actions import exclusions, figures_behind, words
from safety_service.actions.errors import NotFound
from safety_service.actions.team_figures import Period
from safety_service.actions.words import Word
from safety_service.domain import counting
from safety_service.domain.words import Found, KnownBy, Outcome, Role
from safety_service.store import people, teams
from scheduler.summing import Summing
from tests.danger import DURESS, agreed, inside_high
from tests.debriefs import given
from tests.http import application, browsing, serving, signed_in
from tests.world import World

PERIOD = Period(date(2026, 11, 1), date(2026, 12, 31))


@pytest.fixture
async def mia(world: World) -> AsyncIterator[ClientSession]:
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(serving(application(world, web)))
        session = await stack.enter_async_context(browsing(base))
        await signed_in(world, session, "Mia")
        yield session


async def summed(world: World) -> None:
    await Summing(world.database, "test").once()


async def many_go_there(world: World) -> None:
    """So many that no small number is anybody's."""
    async with world.database.transaction() as tx:
        for name in ("Cat", "Dan", "Eve"):
            there = await people.add(tx, world.agency_id, name)
            await people.set_roles(tx, there.id, world.team_id, frozenset({Role.PRACTITIONER}))


async def seen(browser: ClientSession, path: str) -> str:
    async with browser.get(URL(path, encoded=True)) as answer:
        return f"{answer.status} {await answer.text()}"


async def missed(world: World, who: str = "Ann", ref: str = "F-1") -> None:
    await world.inside(who, ref=ref)
    await world.later(41)
    row = (await world.alerts())[0]
    await world.do("Mia", handling.take, row.id)
    await world.do("Mia", handling.resolve, row.id, Found.LATE, KnownBy.HEARD_VOICE, "")


async def test_every_figure_leads_to_its_records(world: World, mia: ClientSession) -> None:
    await many_go_there(world)
    made = await given(world, "Ann", behaviours=["argued"], severity="medium")
    await missed(world, "Ben", "F-2")
    await summed(world)
    text = await seen(mia, "/figures")
    links = {unescape(each) for each in re.findall(r'href="((?:/log|/figures/behind)\?[^"]*)"', text)}
    assert len(links) >= 10
    for link in links:
        there = await seen(mia, link)
        assert there.startswith("200") and "data-row" in there, link
    assert f"/log/{made}" in await seen(mia, next(each for each in links if "behaviour=argued" in each))
    text = await seen(mia, next(each for each in links if "alert%3Amissed_check_in" in each))
    assert re.search(r"Alert \d+: missed check-in", text) and "only late" in text and "Ben" not in text


async def test_nothing_on_the_page_is_by_person(world: World, mia: ClientSession) -> None:
    await given(world, "Ann", behaviours=["argued"], severity="medium")
    await missed(world, "Ben", "F-2")
    await summed(world)
    text = await seen(mia, "/figures")
    assert "Argued, blocked" in text
    assert not re.search(r"\b(Ann|Ben)\b", text)


async def test_a_small_number_of_few_people_is_not_said(world: World, mia: ClientSession) -> None:
    await given(world, "Ann", behaviours=["argued"], severity="medium")
    await summed(world)
    text = await seen(mia, "/figures")
    row = text.partition("Argued, blocked</th>")[2].partition("</tr>")[0]
    assert "fewer than 5" in row
    assert "<5" in unescape(text.partition("<svg")[2].partition("</svg>")[0])
    await many_go_there(world)
    row = (await seen(mia, "/figures")).partition("Argued, blocked</th>")[2].partition("</tr>")[0]
    assert "fewer than 5" not in row and ">1<" in row


async def test_one_who_goes_alone_is_in_no_figure(world: World, mia: ClientSession) -> None:
    await given(world, "Ann", behaviours=["argued"], severity="medium")
    await summed(world)
    async with world.database.transaction() as tx:
        await people.set_roles(tx, world.ids["Ben"], world.team_id, frozenset({Role.REVIEWER}))
    text = await seen(mia, "/figures")
    assert "would be of one person" in text and "Argued" not in text and "<svg" not in text


async def test_each_chart_has_a_table_and_nothing_on_it_needs_a_script_or_a_style_of_its_own(
    world: World, mia: ClientSession
) -> None:
    await given(world, "Ann", behaviours=["argued"], severity="medium")
    await missed(world, "Ben", "F-2")
    await summed(world)
    text = await seen(mia, "/figures")
    parts = text.split('<section class="ds-figures"')[1:]
    assert len(parts) == 7 and all(part.count("<table") == 2 for part in parts)
    assert sum(part.count("<svg") for part in parts) >= 5
    assert "style=" not in text and "<script>" not in text and "onclick" not in text


async def test_a_year_is_drawn_by_month(world: World, mia: ClientSession) -> None:
    await given(world, "Ann")
    await summed(world)
    text = await seen(mia, "/figures?from=2026-01-01&to=2026-12-31")
    assert "month by month" in text and ">Nov 2026</th>" in text


@pytest.mark.parametrize(
    "query", ["from=2026-12-31&to=2026-01-01", "from=0001-01-01", "to=9999-12-31", "from=1000-01-01&to=2026-01-01"]
)
async def test_a_time_that_is_none_is_said_so(mia: ClientSession, query: str) -> None:
    assert (await seen(mia, f"/figures?{query}")).startswith("409")


async def test_who_does_not_read_a_team_gets_no_figures(world: World) -> None:
    async with serving(application(world, web)) as base:
        for who, status in (("Ann", "409"), ("Adam", "409"), ("Rita", "200")):
            async with browsing(base) as session:
                await signed_in(world, session, who)
                assert (await seen(session, "/figures")).startswith(status), who
                assert (await seen(session, "/figures/behind?what=asked_again")).startswith(status), who
                assert (await seen(session, "/figures/behind?what=by_worker")).startswith("404"), who


async def test_duress_is_behind_no_figure_until_it_is_over(world: World) -> None:
    await agreed(world)
    row = await inside_high(world)
    await world.do("Ann", words.ok, row.id, Word(phrase=DURESS))
    for figure in ("alert:duress", "taken:nobody"):
        assert not (await world.do("Mia", figures_behind.behind, figure, PERIOD)).rows


async def test_what_somebody_is_kept_off_is_behind_no_figure_of_theirs(world: World) -> None:
    await missed(world, "Ben", "F-2")
    await given(world, "Ann", ref="F-1", severity="medium", behaviours=["argued"], after=200)
    for figure in ("alert:missed_check_in", "asked_again", "to_review"):
        assert len((await world.do("Mia", figures_behind.behind, figure, PERIOD)).rows) == 1, figure
    await world.do("Adam", exclusions.add, world.ids["Mia"], family_ref="F-2", reason="a cousin")
    await world.do("Adam", exclusions.add, world.ids["Mia"], worker_id=world.ids["Ann"], reason="a brother")
    for figure in ("alert:missed_check_in", "asked_again", "to_review"):
        assert not (await world.do("Mia", figures_behind.behind, figure, PERIOD)).rows, figure


async def test_records_go_on_where_they_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("safety_service.actions.figures_behind.PAGE", 2)
    made = []
    for number in range(5):
        made.append(await given(world, "Ann", ref=f"F-{number}", after=number * 30))
        world.clock.move(timedelta(days=number))
    found, place = [], None
    for _ in range(10):
        page = await world.do("Mia", figures_behind.behind, "given_in_time", PERIOD, place)
        found += [each.id for each in page.rows]
        place = page.after
        if place is None:
            break
    assert found == made[::-1]


async def test_a_figure_that_there_is_not_has_no_records(world: World) -> None:
    with pytest.raises(NotFound):
        await world.do("Mia", figures_behind.behind, "worker:Ann", PERIOD)


def cells(text: str, says: str) -> str:
    """The row of a figure in the table of the steps."""
    return text.partition("ds-figures__steps")[2].partition(f"{says}</th>")[2].partition("</tr>")[0]


async def test_each_weeks_number_and_each_teams_leads_to_its_records(world: World, mia: ClientSession) -> None:
    await many_go_there(world)
    async with world.database.transaction() as tx:
        south = await teams.add(tx, world.agency_id, "South")
        await people.set_roles(tx, world.ids["Mia"], south.id, frozenset({Role.MANAGER}))
    await missed(world, "Ben", "F-2")
    world.clock.move(timedelta(days=8))
    await missed(world, "Ann", "F-3")
    await summed(world)
    text = await seen(mia, "/figures")
    weeks = [unescape(each) for each in re.findall(r'href="([^"]+)"', cells(text, "Missed check-in"))]
    assert len(weeks) == 2
    for link in weeks:
        assert (await seen(mia, link)).count("data-row") == 1, link
    of_team = text.partition('id="by-team"')[2].partition(">North</th>")[2].partition("</tr>")[0]
    ((alerts, number),) = re.findall(r'href="([^"]+)">(\d+)<span', of_team)
    assert (await seen(mia, unescape(alerts))).count("data-row") == int(number) >= 2


def test_a_sum_of_figures_is_of_the_records_of_all_of_them() -> None:
    names, figures = ("alert:sos", "taken:2m"), ("alert:any", "taken:soon", "taken:5m")
    of = {each: counting.among(each, names) for each in figures}
    assert of == {"alert:any": True, "taken:soon": True, "taken:5m": False}
    assert not counting.among("taken:soon", ("alert:sos", "taken:nobody")) and not counting.among("alert:any", ())


async def test_a_number_that_is_not_said_leads_nowhere(world: World, mia: ClientSession) -> None:
    await given(world, "Ann", behaviours=["argued"], severity="medium")
    await missed(world, "Ben", "F-2")
    await summed(world)
    text = await seen(mia, "/figures")
    assert "fewer than 5" in text and not re.findall(r'href="(?:/figures/behind|/log)\?', text)


async def test_what_is_not_given_leads_to_its_visits(world: World, mia: ClientSession) -> None:
    await many_go_there(world)
    row = await world.inside("Ann", ref="F-4")
    await world.do("Ann", words.left, row.id, Word(), Outcome.MET)
    world.clock.move(timedelta(days=3))
    await summed(world)
    text = (await seen(mia, "/figures")).partition("not given now</th>")[2].partition("</tr>")[0]
    (link,) = re.findall(r'href="([^"]+)"', text)
    assert ">1<" in text and f'href="/visits/{row.id}"' in await seen(mia, unescape(link))
