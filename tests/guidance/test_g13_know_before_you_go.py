"""G13: whoever plans a visit is offered what there is to know, reads it on one page, and says once that they have."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import ClientSession

from safety_service import web
from safety_service.actions import briefing, families, items, notices
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Risk
from safety_service.store import exclusions
from safety_service.store.tables.plans import plan_version
from tests.guidance.at_families import REF, change, fact, told
from tests.http import application, browsing, serving, signed_in
from tests.talk import Talk
from tests.unit.rows import put
from tests.world import World

RECORD: dict[str, Any] = {
    "household": [
        {"who": "Mr Marsh", "relation": "father", "did": "hit a nurse in 2024", "spoken_to": "no"},
        {"who": "Jay", "relation": "son, 6"},
    ],
    "needs": [{"key": "interpreter", "detail": "Polish"}],
    "lead": {"name": "Olu Bell", "role": "social worker", "phone": "01632 960111"},
    "assessments": [{"what": "Initial assessment", "by": "Northfield", "on": "2026-03-01", "found": "Neglect"}],
    "culture": {"advice": "Shoes off", "giver": "Mrs Nowak"},
    "trusted": {"name": "Aunt Zofia", "agreed": "yes"},
    "role": [{"what": "That we can ask for a court order"}],
    "promises": [{"what": "A letter about the nursery", "by": "us", "state": "broken", "why": "forgotten"}],
    "practical": {"dog": "Rex, loose in the yard", "exits": "front only", "signal": "none", "parking": "Mill Lane"},
}


@pytest.fixture
async def browser(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, web)) as base, browsing(base) as session:
        yield session


async def known_family(world: World) -> None:
    """A family with a record, a threat, a debrief and an open question."""
    row = await world.plan()
    await change(world, name="Marsh", **RECORD)
    await fact(world, "open_threat")
    await told(world, "open_threat", "argued", seen="with_others")
    async with world.database.transaction() as tx:
        await items.open_item(
            tx,
            agency_id=world.agency_id,
            team_id=world.team_id,
            kind="open_question",
            key="too_scared",
            text="Is Jay too scared to tell?",
            family_id=row.family_id,
        )


async def test_everything_stands_in_it_and_the_dangerous_first(world: World, browser: ClientSession) -> None:
    await known_family(world)
    await signed_in(world, browser, "Ann")
    async with browser.get(f"/families/{REF}/briefing") as answer:
        assert answer.status == 200
        shown = await answer.text()
    wanted = [
        "High",
        "Open threat on 16 November 2026",
        "hit a nurse in 2024",
        "not spoken to",
        "child seen with others",
        "Not seen alone",
        "Is Jay too scared to tell?",
        "A letter about the nursery",
        "broken: forgotten",
        "Interpreter: Polish",
        "Shoes off",
        "Mrs Nowak",
        "Aunt Zofia",
        "That we can ask for a court order",
        "Rex, loose in the yard",
        "front only",
        "Mill Lane",
        "Olu Bell",
        "Neglect",
    ]
    places = [shown.index(each) for each in wanted]
    assert places == sorted(places)
    assert "I have read it" in shown and "Ask Mia" in shown


async def test_reading_is_confirmed_once_for_each_version_of_the_plan(world: World, browser: ClientSession) -> None:
    await known_family(world)
    await signed_in(world, browser, "Ann")
    async with browser.post(f"/families/{REF}/briefing/read") as answer:
        assert "You said on 16 November 2026 that you had read this" in await answer.text()
    first = await world.do("Ann", briefing.of, REF)
    assert first.read_at is not None and first.number == 0
    assert await world.do("Ann", briefing.wanted, REF) is None
    async with world.database.transaction() as tx:
        await put(
            tx,
            plan_version,
            agency_id=world.agency_id,
            family_id=first.family.id,
            number=first.number + 1,
            made_at=tx.now,
            cause="decision",
            why="x",
            measures=[],
        )
    again = await world.do("Ann", briefing.of, REF)
    assert (again.number, again.read_at) == (1, None)
    assert await world.do("Ann", briefing.wanted, REF) == f"/families/{REF}/briefing"
    assert await world.do("Ann", briefing.confirm, REF) == 1
    assert await world.do("Ann", briefing.confirm, REF) == 1


async def test_a_question_reaches_the_manager_and_an_empty_one_nobody(world: World, browser: ClientSession) -> None:
    await known_family(world)
    await signed_in(world, browser, "Ann")
    async with browser.post(f"/families/{REF}/briefing/ask", data={"question": "Is he back?"}) as answer:
        assert "Asked. They will ring" in await answer.text()
    await world.deliver()
    [asked] = world.told("Mia", "briefing.asked")
    assert (asked.params["worker"], asked.params["note"]) == ("Ann", "Is he back?")
    [shown] = [each for each in await Talk(world).screen("Mia") if each.template == "briefing.asked"]
    assert "Ring them: 07700 900000." in shown.text and "Is he back?" not in shown.text
    with pytest.raises(Refused, match="question_wanted"):
        await world.do("Ann", briefing.ask, REF, "  ")


async def test_in_the_chat_there_is_the_reference_and_one_tap_and_nothing_else(world: World) -> None:
    await known_family(world)
    talk = Talk(world)
    [said] = await talk.says("Ann", f"/brief {REF}")
    assert said.text == f"{REF}: read this before you go."
    assert said.labels == ["Read"]
    assert said.button("Read").url == f"https://doorstep.example/families/{REF}/briefing"
    assert said.shown.remove_at_door
    [said] = await talk.says("Ben", f"/brief {REF}")
    assert said.text == f"I know nothing of {REF} yet."


async def test_whoever_plans_is_offered_what_there_is_to_read_until_they_have_read_it(world: World) -> None:
    await known_family(world)
    talk = Talk(world)
    await world.jump(24 * 60)
    before = len(await talk.screen("Ann"))
    await planned(talk, "Ann")
    offers = [each for each in (await talk.screen("Ann"))[before:] if each.template == "briefing.offer"]
    assert [each.labels for each in offers] == [["Read"]]
    assert unquote(offers[0].button("Read").url or "").endswith(f"/families/{REF}/briefing")
    await world.do("Ann", briefing.confirm, REF)
    before = len(await talk.screen("Ann"))
    await planned(talk, "Ann")
    assert not [each for each in (await talk.screen("Ann"))[before:] if each.template == "briefing.offer"]


async def planned(talk: Talk, who: str) -> None:
    """Plan tomorrow's visit as last time."""
    await talk.says(who, f"/visit {REF} 30m")
    while "Yes, plan it" not in {label for each in talk.new for label in each.labels}:
        label = next(label for each in talk.new for label in each.labels if label not in ("Back", "Leave it"))
        await talk.presses(who, label)
        if "Done" in {label for each in talk.new for label in each.labels}:
            await talk.presses(who, "Done")
    await talk.presses(who, "Yes, plan it")


async def test_nothing_is_offered_where_nothing_is_known(world: World) -> None:
    await world.plan()
    assert await world.do("Ann", briefing.wanted, REF) is None
    assert await world.do("Ann", briefing.wanted, "F-404") is None


async def test_only_who_goes_there_and_their_managers_and_reviewers_read_it(
    world: World, browser: ClientSession
) -> None:
    await known_family(world)
    await world.opens("Rita", REF)
    for who, status in (("Ben", 404), ("Adam", 404), ("Mia", 200), ("Rita", 200)):
        await signed_in(world, browser, who)
        async with browser.get(f"/families/{REF}/briefing") as answer:
            assert answer.status == status, who
            assert status == 200 or "Marsh" not in await answer.text()
    family = await world.do("Mia", families.read, REF)
    async with world.database.transaction() as tx:
        await exclusions.add(tx, world.agency_id, world.ids["Ann"], family_id=family.id, reason="sister", by=None)
    with pytest.raises(NotFound):
        await world.do("Ann", briefing.of, REF)
    with pytest.raises(NotFound):
        await world.do("Ann", briefing.confirm, REF)


async def test_the_risk_is_that_of_the_visit_to_come(world: World) -> None:
    await world.plan("Ben")
    await world.jump(60)
    found = await world.do("Ben", briefing.of, REF)
    assert found.risk is Risk.LOW and found.visit is not None
    await world.plan("Ann", after=60, answers={"news": "removal"})
    assert (await world.do("Ann", briefing.of, REF)).risk is Risk.HIGH


async def test_the_agencys_own_texts_are_one_tap_away(world: World, browser: ClientSession) -> None:
    await known_family(world)
    await world.do("Adam", notices.put, "statement", "Our staff", "We leave when we are threatened.")
    await signed_in(world, browser, "Ann")
    async with browser.get(f"/families/{REF}/briefing") as answer:
        assert "/notices/statement" in await answer.text()


async def test_a_reference_with_odd_letters_has_its_page(world: World, browser: ClientSession) -> None:
    await world.plan(ref="cp/12 &b")
    await signed_in(world, browser, "Ann")
    async with browser.get(families.page_of("CP/12 &B", "briefing")) as answer:
        assert answer.status == 200 and "CP/12 &amp;B" in await answer.text()
