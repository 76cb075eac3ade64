"""The rest of a debrief on our own page: part by part, nothing typed is lost, part E with its honest line."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import ClientSession

from safety_service import web
from safety_service.actions import items as item_actions
from safety_service.actions import words
from safety_service.actions.words import Word
from safety_service.domain.words import Outcome
from tests.guidance.telling import CHILD, HARD, debrief_of, gives, open_items, out, tells
from tests.http import application, browsing, get, post, serving, signed_in
from tests.world import World


@pytest.fixture
async def browser(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, web)) as base, browsing(base) as session:
        yield session


async def test_the_rest_is_told_part_by_part_and_given_at_the_end(world: World, browser: ClientSession) -> None:
    visit = await out(world)
    row = await tells(world, visit, HARD)
    await signed_in(world, browser, "Ann")
    here = f"/debriefs/{row.id}/tell"
    _, text, _ = await get(browser, here)
    assert "The child or adult first (2 of 6)" in text and "Are they too scared to tell?" in text
    _, text, at = await post(browser, here, {"part": "b", "do": "next", **CHILD, "child_door_shut": "Quiet"})
    assert at == f"{here}?part=c" and "What could you not check?" in text
    assert "What is done about it" not in text
    _, text, at = await post(browser, here, {"part": "c", "do": "next", "areas": "home"})
    assert at == f"{here}?part=gaps" and "The home, the rooms" in text and ">Me</label>" in text
    gap = {"gap_home.why": "Locked", "gap_home.action": "Ask housing", "gap_home.due": "2026-12-01"}
    await post(browser, here, {"part": "gaps", "do": "next", **gap})
    await post(
        browser, here, {"part": "d", "do": "next", "reasons": ["language", "jargon"], "account": "Too many of you"}
    )
    _, text, at = await post(browser, here, {"part": "e", "do": "next", "feeling": "Shaken"})
    assert at == f"{here}?part=f"
    status, text, at = await post(
        browser, here, {"part": "f", "do": "submit", "safer": "two_people", "safer.own": "By day"}
    )
    assert status == 200 and at == f"/debriefs/{row.id}/kept" and "Given" in text
    given = await debrief_of(world, visit)
    assert given.state == "submitted" and given.private == {"feeling": "Shaken"}
    assert given.answers["child_door_shut"] == "Quiet" and given.answers["safer"] == ["two_people", "By day"]
    assert given.answers["gap_home"] == {"why": "Locked", "action": "Ask housing", "due": "2026-12-01"}
    assert given.answers["met"] == ["argued"], "what was told at the roadside is still there"


async def test_part_e_says_who_reads_it_and_who_could_be_entitled_to(world: World, browser: ClientSession) -> None:
    row = await tells(world, await out(world), HARD)
    await signed_in(world, browser, "Ann")
    _, text, _ = await get(browser, f"/debriefs/{row.id}/tell?part=e")
    assert "You and your supervisor read this page." in text and "entitled to see it" in text
    _, text, _ = await get(browser, f"/debriefs/{row.id}/tell?part=d")
    assert "entitled to see it" not in text


async def test_going_back_and_later_keep_what_was_typed(world: World, browser: ClientSession) -> None:
    visit = await out(world)
    row = await tells(world, visit, HARD)
    await signed_in(world, browser, "Ann")
    here = f"/debriefs/{row.id}/tell"
    _, text, at = await post(browser, here, {"part": "d", "do": "back", "account": "They say we never rang"})
    assert at == f"{here}?part=c"
    await post(browser, here, {"part": "e", "do": "later", "feeling": "Fine"})
    _, text, _ = await get(browser, f"{here}?part=d")
    assert "They say we never rang</textarea>" in text
    kept = await debrief_of(world, visit)
    assert (kept.state, kept.private) == ("draft", {"feeling": "Fine"})


async def test_what_is_missing_is_named_where_it_stands(world: World, browser: ClientSession) -> None:
    row = await tells(world, await out(world), HARD)
    await signed_in(world, browser, "Ann")
    here = f"/debriefs/{row.id}/tell"
    status, text, at = await post(browser, here, {"part": "f", "do": "submit", "safer": "two_people"})
    assert (status, at) == (422, f"{here}?part=b&missing=1") and 'href="#child_too_scared"' in text


async def test_parts_that_an_answer_opens_are_asked_first_and_complained_of_later(
    world: World, browser: ClientSession
) -> None:
    row = await debrief_of(world, await out(world))
    await signed_in(world, browser, "Ann")
    here = f"/debriefs/{row.id}/tell"
    _, text, _ = await get(browser, here)
    assert "What it was like (1 of 1)" in text and "Give it: final" in text
    hard = {"mood": "bad", "seen": "with_others", "go_on": "yes", "met": "open_threat"}
    status, text, at = await post(browser, here, {"part": "a", "do": "submit", **hard})
    assert (status, at) == (200, f"{here}?part=b") and "This needs an answer" not in text
    status, text, at = await post(browser, here, {"part": "a", "do": "submit", "mood": "bad"})
    assert (status, at) == (422, f"{here}?part=a&missing=1")


async def test_what_cannot_be_used_is_named_and_nothing_typed_is_lost(world: World, browser: ClientSession) -> None:
    row = await tells(world, await out(world), {**HARD, "areas": ["home"]})
    await signed_in(world, browser, "Ann")
    gap = {"gap_home.why": "Locked", "gap_home.action": "Ask", "gap_home.due": "soon"}
    status, text, _ = await post(browser, f"/debriefs/{row.id}/tell", {"part": "gaps", "do": "next", **gap})
    assert status == 422 and "Locked</textarea>" in text and "A day, please." in text


async def test_part_a_on_the_page_does_what_the_chat_does(world: World, browser: ClientSession) -> None:
    visit = await out(world)
    row = await debrief_of(world, visit)
    await signed_in(world, browser, "Ann")
    here = f"/debriefs/{row.id}/tell"
    _, text, _ = await get(browser, here)
    assert "What it was like (1 of 1)" in text
    told = {"part": "a", "do": "next", "mood": "bad", "seen": "no", "go_on": "yes", "met": ["open_threat"]}
    await post(browser, here, told)
    assert (await debrief_of(world, visit)).first_part_at is not None
    assert await open_items(world, visit, "risk_assessment")


async def test_nobody_tells_for_another(world: World, browser: ClientSession) -> None:
    row = await tells(world, await out(world), HARD)
    await signed_in(world, browser, "Mia")
    for path in ("tell", "add", "kept"):
        assert (await get(browser, f"/debriefs/{row.id}/{path}"))[0] == 404
    assert (await post(browser, f"/debriefs/{row.id}/tell", {"part": "e", "do": "later", "feeling": "x"}))[0] == 404


async def test_what_was_given_is_added_to_and_never_changed(world: World, browser: ClientSession) -> None:
    visit = await out(world)
    row = await gives(world, visit, {"mood": "fine", "seen": "alone"})
    await signed_in(world, browser, "Ann")
    _, text, at = await get(browser, f"/debriefs/{row.id}/tell")
    assert at == f"/debriefs/{row.id}/add" and "you can add to it" in text
    status, _, _ = await post(browser, f"/debriefs/{row.id}/tell", {"part": "a", "do": "next", "mood": "bad"})
    assert status == 409
    await post(browser, f"/debriefs/{row.id}/add", {"text": "The neighbour rang me since."})
    _, text, _ = await get(browser, f"/log/{row.id}")
    assert "The neighbour rang me since." in text
    assert (await post(browser, f"/debriefs/{row.id}/add", {"text": " "}))[0] == 409


async def test_open_items_are_listed_read_and_closed(world: World, browser: ClientSession) -> None:
    visit = await out(world)
    await tells(world, visit, {**HARD, "met": ["open_threat"]})
    (row,) = await open_items(world, visit, "risk_assessment")
    await signed_in(world, browser, "Mia")
    _, text, _ = await get(browser, "/items")
    assert "In your teams" in text and f"/items/{row.id}" in text and "F-1, open since 16 November" in text
    _, text, _ = await get(browser, f"/items/{row.id}")
    assert "Open threat" in text and "Which document, which date?" in text
    assert (await post(browser, f"/items/{row.id}", {"note": ""}))[0] == 409
    _, text, at = await post(browser, f"/items/{row.id}", {"note": "Core assessment, section 4"})
    assert at == "/items" and str(row.id) not in text
    _, text, _ = await get(browser, f"/items/{row.id}")
    assert "Closed: Core assessment, section 4" in text
    await signed_in(world, browser, "Ben")
    assert (await get(browser, f"/items/{row.id}"))[0] == 404
    assert await world.do("Ben", item_actions.mine) == []


async def test_the_page_says_what_was_noted_by_itself(world: World, browser: ClientSession) -> None:
    visit = await world.inside()
    await world.do("Ann", words.extend, visit.id, Word(), timedelta(minutes=15))
    await world.do("Ann", words.left, visit.id, Word(), Outcome.ABORTED)
    row = await debrief_of(world, visit)
    await signed_in(world, browser, "Ann")
    _, text, _ = await get(browser, f"/debriefs/{row.id}/tell")
    assert "Noted by itself: cut short; more time." in text
