"""The links at the top of every page: each leads somewhere, and none tells what a worker's phone must not."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

from safety_service import web
from safety_service.web.navigation import navigation
from safety_service.web.visitor import Visitor
from tests.http import application, browsing, serving, signed_in
from tests.world import PEOPLE, World

#: Words that somebody at the door must not read on a phone.
TELLING = re.compile(r"alert|alarm|duress|danger|threat|police|sos|risk|evidence", re.IGNORECASE)
#: The chat is another room's.
CHAT = "/chat"


async def links_of(world: World, who: str) -> tuple[list[tuple[str, str]], list[int]]:
    """Path and words of each, and how each page answers."""
    async with serving(application(world, web)) as base, browsing(base) as session:
        await signed_in(world, session, who)
        async with session.get("/hello") as answer:
            header = (await answer.text()).partition("<header")[2].partition("</header>")[0]
        links = re.findall(r'<a href="([^"]+)"[^>]*>([^<]+)</a>', header)
        answers = []
        for path, _ in links:
            if path != CHAT:
                async with session.get(path) as answer:
                    answers.append(answer.status)
        return links, answers


@pytest.mark.parametrize("who", [name for name, _, _ in PEOPLE])
async def test_every_link_leads_to_a_page_of_theirs(world: World, who: str) -> None:
    links, answers = await links_of(world, who)
    assert len(links) > 4 and set(answers) == {200}, links
    assert len({path for path, _ in links}) == len(links)


@pytest.mark.parametrize("who", [name for name, _, _ in PEOPLE])
async def test_a_phones_first_row_holds_the_first_ones(world: World, who: str) -> None:
    async with world.database.reading() as tx:
        actor = await world.actor(tx, who)
    known = SimpleNamespace(actor=actor)
    assert len(navigation(Visitor(known), "/").first) <= 5  # type: ignore[arg-type]


@pytest.mark.parametrize("who", [name for name, _, _ in PEOPLE])
async def test_the_first_page_names_what_is_theirs_and_nothing_else(world: World, who: str) -> None:
    async with serving(application(world, web)) as base, browsing(base) as session:
        await signed_in(world, session, who)
        async with session.get("/hello") as answer:
            header, _, main = (await answer.text()).partition("<main")
    theirs = set(re.findall(r'href="([^"]+)"', header))
    for path in ("/families", "/people", "/policy", "/board"):
        assert (f'href="{path}"' in main) == (path in theirs), path
    assert ("plan visits" in main) == ("/today" in theirs or "/proposals" in theirs)


async def test_a_workers_links_say_nothing_of_danger(world: World) -> None:
    links, _ = await links_of(world, "Ann")
    assert links and not [label for _, label in links if TELLING.search(label)]


async def test_where_one_is_stands_out_and_a_page_below_it_too(world: World) -> None:
    async with serving(application(world, web)) as base, browsing(base) as session:
        await signed_in(world, session, "Mia")
        async with session.get("/log") as answer:
            assert '<a href="/log" aria-current="page">' in await answer.text()
        async with session.get("/log/export") as answer:
            assert '<a href="/log" class="ds-within">' in await answer.text()
