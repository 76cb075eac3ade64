"""G14: how to talk with a family is kept; a contact ends with a summary for them, in fields of a list and no others."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import ClientSession
from hypothesis import given, settings
from hypothesis import strategies as st

from safety_service import web
from safety_service.actions import summaries
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.domain.summary import ACTION, FIELDS, BadSummary, checked, lines
from safety_service.store import summaries as rows
from safety_service.store.ids import new_id
from tests.guidance.at_families import REF, change
from tests.http import application, browsing, serving, signed_in
from tests.world import World

BODY: dict[str, Any] = {
    "purpose": "To see how Jay is",
    "done": "We talked about school",
    "actions": [{"what": "Register at the nursery", "who": "Mrs Marsh", "by": "2026-12-01"}],
    "otherwise": "We ask for a meeting",
    "next_contact": "30 November, at the office",
}


@pytest.fixture
async def browser(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, web)) as base, browsing(base) as session:
        yield session


async def test_a_summary_is_filled_in_shown_alone_and_noted_as_given(world: World, browser: ClientSession) -> None:
    row = await world.plan()
    await signed_in(world, browser, "Ann")
    here = f"/visits/{row.id}/summary"
    filled = {
        "purpose": "To see how Jay is",
        "done": "We talked about school",
        "row0.what": "Register at the nursery",
        "row0.who": "Mrs Marsh",
        "row0.by": "2026-12-01",
        "otherwise": "We ask for a meeting",
        "next_on": "2026-11-30",
        "next_how": "at the office",
        "happened": "He shouted",
    }
    async with browser.post(f"{here}/write", data=filled) as answer:
        shown = await answer.text()
    places = [
        shown.index(each)
        for each in (
            "To see how Jay is",
            "We talked about school",
            "Mrs Marsh: Register at the nursery, by 1 December 2026",
            "We ask for a meeting",
            "30 November 2026, at the office",
            "01632 960000",
        )
    ]
    assert places == sorted(places) and "He shouted" not in shown and "mailto:?subject=" in shown
    async with browser.post(f"{here}/read_out") as answer:
        assert "This was read out" in await answer.text()


async def test_the_briefing_leads_to_the_summary_of_ones_own_visit(world: World, browser: ClientSession) -> None:
    row = await world.plan()
    for who, led in (("Ann", True), ("Mia", False)):
        await signed_in(world, browser, who)
        async with browser.get(f"/families/{REF}/briefing") as answer:
            assert (f"/visits/{row.id}/summary" in await answer.text()) is led, who


async def test_what_is_not_on_the_list_is_refused_and_nothing_kept(world: World) -> None:
    row = await world.plan()
    for more in ({"happened": "He shouted"}, {"actions": [{"what": "x", "who": "y", "why": "z"}]}):
        with pytest.raises(Refused, match="summary_unknown"):
            await world.do("Ann", summaries.write, row.id, {**BODY, **more})
    with pytest.raises(Refused, match="summary_empty"):
        await world.do("Ann", summaries.write, row.id, {"purpose": "x", "done": " "})
    assert (await world.do("Ann", summaries.of_visit, row.id)).summary is None


async def test_a_row_with_something_else_in_it_is_never_shown(world: World) -> None:
    row = await world.plan()
    made = await world.do("Ann", summaries.write, row.id, BODY)
    async with world.database.transaction() as tx:
        await rows.add(tx, replace(made, id=new_id(), body={**made.body, "risk": "high"}))
    with pytest.raises(Refused, match="summary_unknown"):
        await world.do("Ann", summaries.of_visit, row.id)


async def test_only_who_was_there_writes_it_and_only_who_may_see_the_visit_reads_it(world: World) -> None:
    row = await world.plan()
    await world.do("Ann", summaries.write, row.id, BODY)
    assert (await world.do("Mia", summaries.of_visit, row.id)).summary is not None
    with pytest.raises(Refused, match="not_your_visit"):
        await world.do("Mia", summaries.write, row.id, BODY)
    with pytest.raises(NotFound):
        await world.do("Ben", summaries.of_visit, row.id)
    assert len(await world.do("Mia", summaries.listed, REF)) == 1


_JSON = st.recursive(st.none() | st.booleans() | st.text(max_size=8), lambda inner: st.lists(inner, max_size=3))
_NAMES = st.sampled_from([*FIELDS, "happened", "risk", "private", "address", ""]) | st.text(max_size=6)
_ACTIONS = st.lists(st.dictionaries(st.sampled_from([*ACTION, "why"]), st.text(max_size=6)), max_size=3)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(_NAMES, _JSON | _ACTIONS, max_size=7))
def test_no_text_for_a_family_has_a_field_off_the_list(given_: dict[str, Any]) -> None:
    try:
        kept = checked(given_)
    except BadSummary:
        kept = None
    if kept is not None:
        assert set(given_) <= set(FIELDS) and set(kept) <= set(FIELDS)
        assert all(set(each) <= set(ACTION) for each in kept.get("actions", []))
        assert lines(kept)
    if set(given_) - set(FIELDS):
        with pytest.raises(BadSummary):
            lines(given_)


async def test_communication_needs_stand_in_the_record_and_a_wrong_one_is_refused(world: World) -> None:
    await world.plan()
    family = await change(world, needs=[{"key": "interpreter", "detail": "Polish"}])
    assert family.record.needs[0].detail == "Polish"
    with pytest.raises(Refused, match="record_unknown") as refused:
        await change(world, needs=[{"language": "Polish"}])
    assert refused.value.facts["field"] == "needs.0.key"
    with pytest.raises(Refused, match="record_unknown"):
        await change(world, secret="x")
