"""The pages about a family: filled in without a script, part by part; whoever may not know of it finds nothing."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from safety_service import web
from safety_service.actions import facts, families, notices, partners, undecided
from tests.guidance.at_families import REF, change, fact, told
from tests.guidance.at_plans import told as first_told
from tests.http import application, browsing, serving, signed_in
from tests.world import World

HERE = f"/families/{REF}"
KEPT, FACTS, AROUND, MET = (f"{HERE}/{each}" for each in ("kept", "facts", "around", "met"))


@pytest.fixture
async def browser(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, web)) as base, browsing(base) as session:
        yield session


async def get(browser: ClientSession, path: str) -> str:
    async with browser.get(path) as answer:
        assert answer.status == 200, answer.status
        return await answer.text()


async def post(browser: ClientSession, path: str, **data: str) -> tuple[int, str]:
    async with browser.post(path, data=data) as answer:
        return answer.status, await answer.text()


async def test_the_household_is_filled_in_row_by_row(world: World, browser: ClientSession) -> None:
    await world.plan()
    await signed_in(world, browser, "Ann")
    form = await get(browser, f"{HERE}/change/household")
    assert 'name="row1.who"' in form and f"{HERE}/change/household?version=1" in form
    rows = {"row0.who": "Mr Marsh", "row0.did": "shouted", "row0.spoken_to": "no", "row1.who": "Jay"}
    status, shown = await post(browser, f"{HERE}/change/household?version=1", **rows)
    assert status == 200 and "Mr Marsh" in shown and "shouted" in shown and "Last changed" in shown
    family = await world.do("Ann", families.read, REF)
    assert [(each.who, each.spoken_to) for each in family.record.household] == [
        ("Mr Marsh", "no"),
        ("Jay", "not_known"),
    ]
    assert "Mr Marsh" in await get(browser, f"{HERE}/change/household") and "Mr Marsh" in await get(browser, KEPT)


async def test_what_somebody_else_changed_meanwhile_is_not_overwritten_and_nothing_typed_is_lost(
    world: World, browser: ClientSession
) -> None:
    await world.plan()
    await signed_in(world, browser, "Ann")
    await change(world, "Mia", only_us="The letter")
    status, shown = await post(browser, f"{HERE}/change/only_us?version=1", only_us="No idea")
    assert status == 409 and "No idea" in shown and "changed this meanwhile" in shown
    assert "What is known of it: The letter" in shown and "Last changed: Mia" in shown
    assert (await world.do("Ann", families.read, REF)).record.only_us == "The letter"
    # Having read it, they may: what they wrote is about the version that they were shown.
    status, _ = await post(browser, f"{HERE}/change/only_us?{_version(shown)}", only_us="No idea, but a letter")
    assert status == 200
    assert (await world.do("Ann", families.read, REF)).record.only_us == "No idea, but a letter"


def _version(shown: str) -> str:
    found = re.search(r'action="[^"]*\?(version=\d+)"', shown)
    assert found is not None
    return found[1]


async def test_rows_that_somebody_took_away_meanwhile_take_no_words_of_mine_with_them(
    world: World, browser: ClientSession
) -> None:
    await world.plan()
    await change(world, addresses=[{"text": f"{n} Elm Row"} for n in range(5)])
    await signed_in(world, browser, "Ann")
    mine = {f"row{n}.text": f"{n} Oak Lane" for n in range(7)}
    await change(world, "Mia", addresses=[])
    status, shown = await post(browser, f"{HERE}/change/addresses?version=2", **mine)
    assert status == 409 and "Nothing." in shown and all(each in shown for each in mine.values())
    status, _ = await post(browser, f"{HERE}/change/addresses?{_version(shown)}", **mine)
    assert status == 200
    kept = (await world.do("Ann", families.read, REF)).record.addresses
    assert [each.text for each in kept] == list(mine.values())


async def test_another_agency_that_somebody_changed_meanwhile_is_changed_by_pressing_again(
    world: World, browser: ClientSession
) -> None:
    await world.plan()
    school = {"organisation": "School", "visits": "yes", "stance": "neither"}
    row = await world.do("Mia", partners.add, REF, {**school, "contact": {}, "meets": []})
    await world.do("Mia", partners.change, row.id, row.version, {**school, "withheld": "Home visits"})
    await signed_in(world, browser, "Ann")
    mine = {**school, "kept_out": "Her aunt works there"}
    status, shown = await post(browser, f"/partners/{row.id}/change?version={row.version}", **mine)
    assert status == 409 and "Withholds: Home visits" in shown and "Her aunt works there" in shown
    status, shown = await post(browser, f"/partners/{row.id}/change?{_version(shown)}", **mine)
    assert status == 200 and "Her aunt works there" in shown


@pytest.mark.parametrize(
    "part",
    ["name", "addresses", "needs", "lead", "assessments", "culture", "trusted", "role", "promises", "practical"],
)
async def test_every_part_has_its_page_and_what_is_kept_comes_back_in_it(
    world: World, browser: ClientSession, part: str
) -> None:
    values: dict[str, tuple[Any, str]] = {
        "name": ("Marsh", "Marsh"),
        "addresses": ([{"text": "1 Elm Row"}], "1 Elm Row"),
        "needs": ([{"key": "interpreter", "detail": "Polish"}], "Polish"),
        "lead": ({"name": "Olu Bell"}, "Olu Bell"),
        "assessments": ([{"what": "Initial", "on": "2026-03-01"}], "2026-03-01"),
        "culture": ({"advice": "Shoes off"}, "Shoes off"),
        "trusted": ({"name": "Aunt Zofia"}, "Aunt Zofia"),
        "role": ([{"what": "Court orders"}], "Court orders"),
        "promises": ([{"what": "A letter", "by": "us"}], "A letter"),
        "practical": ({"dog": "Rex"}, "Rex"),
    }
    await world.plan()
    value, text = values[part]
    await change(world, **{part: value})
    await signed_in(world, browser, "Ann")
    assert text in await get(browser, f"{HERE}/change/{part}")
    status, _ = await post(browser, f"{HERE}/change/{part}?version=2", **{"row0.what": "", "nothing": "x"})
    assert status == 200


async def test_a_fact_is_added_corrected_and_ended_on_its_pages(world: World, browser: ClientSession) -> None:
    await world.plan()
    await signed_in(world, browser, "Mia")
    given = {"kind": "open_threat", "on": "2026-11-10", "source": "police", "told": "no"}
    status, shown = await post(browser, f"{HERE}/facts/new", **given)
    assert status == 409 and "Say what they were told" in shown and "police" in shown
    status, shown = await post(browser, f"{HERE}/facts/new", **given, told_why="Not safe for her yet")
    assert status == 200 and "Open threat, 10 November 2026" in shown
    [row] = await world.do("Mia", facts.of_family, REF)
    here = f"/facts/{row.row.id}"
    assert "Not safe for her yet" in await get(browser, here)
    correct = {"kind": "veiled_threat", "on": "2026-11-10", "why": "Nothing was said openly"}
    _, shown = await post(browser, f"{here}/correct", **correct)
    assert "Open threat (corrected)" in shown and "Veiled threat, 10 November 2026" in shown
    new = (await world.do("Mia", facts.of_family, REF))[0].row.id
    _, shown = await post(browser, f"/facts/{new}/review", review_on="2027-03-01")
    assert "1 March 2027" in shown
    _, shown = await post(browser, f"/facts/{new}/told", told="yes", their_view="He is sorry")
    assert "He is sorry" in shown
    _, shown = await post(browser, f"/facts/{new}/end", why="It was the neighbour")
    assert "Veiled threat (ended)" in shown


async def test_the_risk_is_raised_by_who_goes_and_lowered_by_a_manager(world: World, browser: ClientSession) -> None:
    await world.plan()
    await signed_in(world, browser, "Ann")
    assert "Lower the risk" not in await get(browser, HERE)
    assert "Raise the risk" in await get(browser, HERE)
    _, shown = await post(browser, f"{HERE}/risk/raise", why="He is back")
    assert "Raised by hand" in shown and "He is back" in shown
    status, shown = await post(browser, f"{HERE}/risk/lower", to="low", days="7", why="x")
    assert status == 409
    await world.jump(1)
    await signed_in(world, browser, "Mia")
    _, shown = await post(browser, f"{HERE}/risk/lower", to="medium", days="7", why="He has left again")
    assert "Lowered to medium by hand" in shown and "23 November 2026" in shown


async def test_another_agency_is_added_verified_and_seen_in_the_picture(world: World, browser: ClientSession) -> None:
    await told(world, "argued")
    await signed_in(world, browser, "Ann")
    given = {"organisation": "School", "contact.name": "Mrs Lee", "visits": "yes", "stance": "appeasing"}
    status, shown = await post(browser, f"{HERE}/partners/new", **given)
    assert status == 200 and "nobody has made sure of it" in shown
    [row] = (await world.do("Ann", partners.around, REF)).partners
    _, shown = await post(browser, f"/partners/{row.id}/verify")
    assert "since 16 November 2026" in shown
    changed = {**given, "contact.name": "Mr Day", "meets": "argued"}
    _, shown = await post(browser, f"/partners/{row.id}/change?version=1", **changed)
    assert "Mr Day" in shown and "Argued, blocked" in shown and "nobody has made sure of it" in shown
    assert "a meeting of all is proposed" in await get(browser, AROUND)
    _, shown = await post(browser, f"/partners/{row.id}/end")
    assert "School (left)" in shown and "School (left)" in await get(browser, AROUND)


async def test_the_page_shows_what_was_met_over_time_and_asks_why_only_us(world: World, browser: ClientSession) -> None:
    await told(world, "argued", on=world.now.date() - timedelta(days=40))
    await told(world, "argued", who="Ben")
    await world.do("Ann", partners.add, REF, {"organisation": "School"})
    await world.opens("Rita", REF)
    await signed_in(world, browser, "Rita")
    shown = await get(browser, MET)
    assert "2× by 2 of us, last on 16 November 2026" in shown
    assert "One agency meets hostility: ours. Why only them?" in await get(browser, AROUND)
    assert "Change it" not in await get(browser, KEPT)


async def test_a_family_is_found_by_its_reference_or_its_whole_name_only(world: World, browser: ClientSession) -> None:
    await world.plan()
    await change(world, name="Marsh")
    await signed_in(world, browser, "Ann")
    for text in (REF.lower(), " marsh "):
        status, shown = await post(browser, "/families", text=text)
        assert status == 200 and "Before you go" in shown
    _, shown = await post(browser, "/families", text="Mars")
    assert "There is none that you may know of" in shown
    await signed_in(world, browser, "Ben")
    _, shown = await post(browser, "/families", text="Marsh")
    assert "There is none that you may know of" in shown


async def test_who_may_not_know_of_it_finds_nothing(world: World, browser: ClientSession) -> None:
    await world.plan()
    row = await fact(world, "open_threat")
    partner = await world.do("Ann", partners.add, REF, {"organisation": "School"})
    await signed_in(world, browser, "Ben")
    for path in (
        HERE,
        KEPT,
        FACTS,
        AROUND,
        MET,
        f"{HERE}/plan/changes?from=1&to=1",
        f"{HERE}/briefing?as={world.ids['Ann']}",
        f"{HERE}/change/household",
        f"{HERE}/facts/new",
        f"{HERE}/risk/raise",
        f"/facts/{row.id}",
        f"/facts/{row.id}/end",
        f"/partners/{partner.id}",
        f"/partners/{partner.id}/change",
        "/facts/nothing",
    ):
        async with browser.get(path) as answer:
            assert answer.status == 404, path
    for path in (f"/facts/{row.id}/end", f"{HERE}/risk/raise", f"/partners/{partner.id}/end"):
        status, _ = await post(browser, path, why="x")
        assert status == 404, path
    assert not (await world.do("Mia", facts.of_family, REF))[0].ended


async def test_a_reviewer_may_look_and_not_write(world: World, browser: ClientSession) -> None:
    await world.plan()
    await world.opens("Rita", REF)
    await signed_in(world, browser, "Rita")
    async with browser.get(f"{HERE}/change/household") as answer:
        assert answer.status == 409


async def test_the_agencys_texts_are_put_by_an_administrator_and_read_by_all(
    world: World, browser: ClientSession
) -> None:
    await signed_in(world, browser, "Ann")
    assert "has not put this text here yet" in await get(browser, "/notices/statement")
    assert (await post(browser, "/notices/statement/change", title="x", text="y"))[0] == 409
    async with browser.get("/notices/nonsense") as answer:
        assert answer.status == 404
    await signed_in(world, browser, "Adam")
    long = "We leave when we are threatened. " * 100
    _, shown = await post(browser, "/notices/statement/change", title="Our staff", text=long)
    assert "Our staff" in shown and long.strip() in shown
    await signed_in(world, browser, "Ann")
    shown = await get(browser, "/notices/statement")
    assert "Our staff" in shown and "Change it" not in shown
    assert await world.do("Ann", notices.there) == ("statement",)


async def test_what_waits_for_a_decision_comes_page_by_page(
    world: World, browser: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("safety_service.actions.undecided.of_managed.__defaults__", (None, 2))
    await first_told(world, "open_threat")
    await signed_in(world, browser, "Mia")
    found: list[str] = []
    path = "/proposals"
    while path:
        text = await get(browser, path)
        found += re.findall(r'href="(/families/[^"]+/measures/[^"]+)"', text)
        further = re.search(r'href="(/proposals\?cursor=[^"]+)"', text)
        path = "" if further is None else further[1]
    whole = (await world.do("Mia", undecided.of_managed, None, 100)).rows
    assert len(whole) > 2 and [each.rpartition("/")[2] for each in found] == [str(each.measure.id) for each in whole]


async def test_the_newest_month_of_what_was_met_stands_first_where_a_phone_shows_it(
    world: World, browser: ClientSession
) -> None:
    await told(world, "argued")
    await signed_in(world, browser, "Mia")
    table = (await get(browser, MET)).partition("<table")[2].partition("</thead>")[0]
    months = re.findall(r'visually-hidden">([A-Z][a-z]+ \d{4})<', table)
    assert (months[0], months[-1]) == ("November 2026", "December 2025")
