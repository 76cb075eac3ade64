"""P5: what names families, and what was met there, waits until its reader is out; the alarm and the chat do not."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from safety_service import web
from safety_service.actions import words
from safety_service.actions.words import Word
from safety_service.web.until_out import rests
from tests.http import application
from tests.unit.test_web_alert import Desk
from tests.world import World

LATER = "This page waits until you are out."
PAGES = (
    *("/families", "/families/F-1", "/families/F-1/briefing", "/families/F-1/met", "/families/F-1/plan"),
    *(
        "/families/F-1/undertakings/new",
        "/proposals",
        "/log",
        "/log/trends",
        "/items",
        "/supervision",
        "/openings",
        "/evidence",
    ),
)


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        made = Desk(world, stack)
        await made.serve()
        yield made


async def test_inside_no_page_of_families_says_whose_or_what(desk: Desk) -> None:
    world = desk.world
    row = await world.inside("Ann", ref="F-1")
    for path in (*PAGES, f"/people/{world.ids['Ann']}/supervision"):
        text = await desk.sees("Ann", path)
        assert text.startswith("200") and LATER in text, path
        assert not re.search("F-1|Elm|risk", text), path
    await world.do("Ann", words.left, row.id, Word())
    for path in ("/families", "/families/F-1/briefing", "/log", "/items"):
        assert LATER not in await desk.sees("Ann", path), path


async def test_inside_what_is_looked_for_or_taken_along_with_a_post_waits_too(desk: Desk) -> None:
    world = desk.world
    await world.plan("Ann", ref="F-7", after=300)
    await world.inside("Ann", ref="F-1")
    await desk.browser("Ann")
    for path, fields in (
        ("/families", {"text": "F"}),
        ("/families/F-1/subject-access", {"passages": "x"}),
        ("/log/export", {"what": "visits", "format": "csv"}),
        ("/evidence/check", {}),
    ):
        text = await desk.presses("Ann", path, **fields)
        assert LATER in text and not re.search("F-7|Elm", text), path


async def test_a_form_that_is_refused_inside_gives_back_the_words_and_nothing_around_them(desk: Desk) -> None:
    world = desk.world
    coming = await world.plan("Mia", ref="F-7", after=300)
    await world.inside("Mia", ref="F-1")
    text = await desk.presses("Mia", "/families/F-1/undertakings/new", body="", made_by="They shouted all the time")
    assert LATER in text and "They shouted all the time" in text and "Elm" not in text
    text = await desk.presses("Mia", f"/visits/{coming.id}/decide", reason="We go together", version="99")
    assert "We go together" in text and not re.search("F-7|Elm", text)


async def test_nobody_else_waits_and_no_alarm_does(desk: Desk) -> None:
    world = desk.world
    await world.inside("Ann", ref="F-1")
    await world.inside("Ben", ref="F-2")
    await world.jump(45)
    for path in ("/families/F-1", "/log", "/alerts", "/board"):
        assert LATER not in await desk.sees("Mia", path), path
    for path in ("/chat", "/today", "/alerts", "/rota", "/devices"):
        assert LATER not in await desk.sees("Ann", path), path


async def test_every_page_of_a_family_rests(world: World) -> None:
    found = [each.resource.canonical for each in application(world, web).router.routes() if each.resource is not None]
    of_families = [each for each in found if "{ref}" in each]
    assert len(of_families) > 20
    for path in of_families:
        assert rests(path), path
