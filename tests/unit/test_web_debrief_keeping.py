"""The debrief's page loses nothing: it keeps what is typed by itself, what cannot be used yet, and goes to any part."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from safety_service import web
from safety_service.actions import words
from safety_service.actions.words import Word
from tests.guidance.telling import CHILD, HARD, debrief_of, open_items, out, tells
from tests.http import application, browsing, get, post, serving, signed_in
from tests.world import World


@pytest.fixture
async def browser(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, web)) as base, browsing(base) as session:
        yield session


async def test_what_is_typed_is_kept_by_itself_and_a_tap_that_was_not_meant_is_not(
    world: World, browser: ClientSession
) -> None:
    visit = await out(world)
    row = await debrief_of(world, visit)
    await signed_in(world, browser, "Ann")
    here = f"/debriefs/{row.id}/tell"
    given = {
        "part": "a",
        "mood": "bad",
        "seen": "no",
        "go_on": "stop_visits",
        "met": "open_threat",
        "happened": "He came",
    }
    status, text, _ = await post(browser, here, {**given, "do": "keep"})
    assert (status, text) == (204, "")
    kept = await debrief_of(world, visit)
    assert kept.answers == {"happened": "He came"} and kept.first_part_at is None
    assert await open_items(world, visit) == [] and not world.told("Mia", "debrief")
    _, text, _ = await get(browser, here)
    assert "He came</textarea>" in text and 'value="bad" checked' not in text
    await post(browser, here, {**given, "do": "next"})
    kept = await debrief_of(world, visit)
    assert kept.first_part_at is not None and kept.answers["met"] == ["open_threat"]


async def test_what_cannot_be_used_yet_is_still_there_the_next_time(world: World, browser: ClientSession) -> None:
    visit = await out(world)
    row = await tells(world, visit, {**HARD, "areas": ["home"]})
    await signed_in(world, browser, "Ann")
    here = f"/debriefs/{row.id}/tell"
    half = {"part": "gaps", "gap_home.why": "The door was locked"}
    assert (await post(browser, here, {**half, "do": "keep"}))[0] == 422
    _, text, _ = await get(browser, f"{here}?part=gaps")
    assert "The door was locked</textarea>" in text
    status, text, _ = await post(browser, here, {**half, "gap_home.action": "Ask housing", "do": "later"})
    assert status == 422 and "A day, please." in text
    _, text, _ = await get(browser, f"{here}?part=gaps")
    assert "Ask housing</textarea>" in text, "another day, another phone"
    whole = {**half, "gap_home.action": "Ask housing", "gap_home.due": "2026-12-01", "do": "next"}
    await post(browser, here, whole)
    assert (await debrief_of(world, visit)).answers["gap_home"]["due"] == "2026-12-01"
    await post(browser, here, {**whole, "gap_home.why": "No key", "do": "next"})
    _, text, _ = await get(browser, f"{here}?part=gaps")
    assert "No key</textarea>" in text and "The door was locked" not in text, "what was put aside is over"


async def test_one_wrong_answer_does_not_take_the_others_with_it(world: World, browser: ClientSession) -> None:
    visit = await out(world)
    row = await tells(world, visit, HARD)
    await signed_in(world, browser, "Ann")
    given = {
        "part": "d",
        "do": "next",
        "account": "They say we never rang",
        "only_us_why": "x" * 2001,
        "elsewhere": "only_us",
    }
    status, text, _ = await post(browser, f"/debriefs/{row.id}/tell", given)
    assert status == 422 and "Too long" in text
    assert (await debrief_of(world, visit)).answers["account"] == "They say we never rang"


async def test_any_part_is_gone_to_and_what_stands_on_the_page_is_kept(world: World, browser: ClientSession) -> None:
    visit = await out(world)
    row = await tells(world, visit, HARD)
    await signed_in(world, browser, "Ann")
    here = f"/debriefs/{row.id}/tell"
    _, text, at = await post(browser, here, {"part": "b", "do": "part:f", **CHILD})
    assert at == f"{here}?part=f" and (await debrief_of(world, visit)).answers["child_siding"] == "no"
    assert "2. The child or adult first <span" in text and "(told)" in text
    _, _, at = await post(browser, here, {"part": "f", "do": "speak", "safer": "two_people"})
    assert at == f"/debriefs/{row.id}/speak" and (await debrief_of(world, visit)).answers["safer"] == ["two_people"]
    _, _, at = await post(browser, here, {"part": "e", "do": "advice", "feeling": "Shaken"})
    assert at == "/notices/advice" and (await debrief_of(world, visit)).private == {"feeling": "Shaken"}
    _, _, at = await post(browser, here, {"part": "f", "do": "stay", "safer": "two_people"})
    assert at == f"{here}?part=f", "Enter in the last part gives nothing away for good"
    assert (await debrief_of(world, visit)).state == "draft"


async def test_nobody_keeps_words_in_another_ones_debrief_nor_in_one_that_was_given(
    world: World, browser: ClientSession
) -> None:
    visit = await out(world)
    row = await debrief_of(world, visit)
    here, given = f"/debriefs/{row.id}/tell", {"part": "a", "do": "keep", "mood": "bad", "happened": "x"}
    await signed_in(world, browser, "Mia")
    assert (await post(browser, here, given))[0] == 404
    await signed_in(world, browser, "Ann")
    await post(browser, here, {"part": "a", "do": "submit", "mood": "fine", "seen": "alone"})
    assert (await post(browser, here, given))[0] == 409


async def test_inside_the_next_visit_the_page_rests_and_still_keeps(world: World, browser: ClientSession) -> None:
    visit = await out(world)
    row = await tells(world, visit, HARD)
    await signed_in(world, browser, "Ann")
    following = await world.inside("Ann", ref="F-2")
    here = f"/debriefs/{row.id}/tell"
    status, text, _ = await get(browser, here)
    assert status == 200 and "This page waits until you are out." in text and "F-1" not in text
    assert (await post(browser, here, {"part": "d", "do": "keep", "account": "Too many of you"}))[0] == 204
    await world.do("Ann", words.left, following.id, Word())
    _, text, _ = await get(browser, f"{here}?part=d")
    assert "Too many of you</textarea>" in text
