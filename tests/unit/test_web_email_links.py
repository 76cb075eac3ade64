"""A link by e-mail: to a proven address, telling nobody who is known; and nobody keeps another out by asking."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from aiohttp import ClientSession

from bots.dialogue.render import render
from safety_service import guesses, web
from safety_service.actions import email_links, people
from safety_service.store import channels, codes
from tests import http
from tests.unit.reachable import has, said
from tests.world import World

PROVIDER = "json://127.0.0.1:9/{address}"
MIA = "mia@example.org"


@pytest.fixture
async def base(world: World) -> AsyncIterator[str]:
    async with http.serving(http.application(world, web, email_url=PROVIDER)) as address:
        yield address


@pytest.fixture
async def browser(base: str) -> AsyncIterator[ClientSession]:
    async with http.browsing(base) as session:
        yield session


async def ask(browser: ClientSession, email: str) -> str:
    async with browser.post("/in", data={"email": email}) as answer:
        assert answer.status == 200 and not answer.cookies
        return await answer.text()


async def links(world: World, who: str = "Mia") -> list[str]:
    """The paths that were sent to this person's mail, the oldest first."""
    rows = await said(world, who, "channel.sign_in")
    assert {each.channel for each in rows} <= {"email"}
    return [str(each.params["sign_in"]) for each in rows]


async def enters(browser: ClientSession, path: str) -> int:
    async with browser.post(path, allow_redirects=False) as answer:
        return answer.status


async def test_whoever_has_proven_an_address_comes_in_by_it(world: World, browser: ClientSession) -> None:
    await has(world, "Mia", "email", MIA)
    await ask(browser, f"  {MIA.title()} ")
    (path,) = await links(world)
    async with browser.get(path) as answer:
        assert answer.status == 200 and not answer.cookies
    assert await enters(browser, path) == 303
    async with browser.get("/devices") as answer:
        assert answer.status == 200
    async with http.browsing(str(browser._base_url)) as other:
        assert await enters(other, path) == 403


async def test_the_mail_says_the_whole_address_and_nothing_of_anybody(world: World, browser: ClientSession) -> None:
    await has(world, "Mia", "email", MIA)
    await ask(browser, MIA)
    (row,) = await said(world, "Mia", "channel.sign_in")
    text = render(
        row.template,
        row.params,
        channel="email",
        ceiling="public",
        zone=ZoneInfo("Europe/London"),
        public_url="https://doorstep.example/",
    ).text
    assert f"https://doorstep.example{row.params['sign_in']}" in text and "60 minutes" in text
    assert "Mia" not in text and "Elmshire" not in text


async def test_the_answer_is_the_same_for_everybody_and_only_a_proven_address_gets_anything(
    world: World, browser: ClientSession
) -> None:
    await has(world, "Mia", "email", MIA)
    async with world.database.transaction() as tx:
        await channels.link(tx, world.ids["Dev"], "email", "dev@example.org", "proposed")
        await channels.link(tx, world.ids["Rita"], "email", "rita@example.org", "waiting")
        left = await channels.link(tx, world.ids["Ben"], "email", "ben@example.org")
        await channels.end(tx, left.id)
    await has(world, "Ann", "email", "ann@example.org")
    await world.do("Adam", people.deactivate, world.ids["Ann"])
    known = await ask(browser, MIA)
    for other in (
        "dev@example.org",
        "rita@example.org",
        "ben@example.org",
        "ann@example.org",
        "no@where.org",
        "",
        "x" * 999,
    ):
        assert await ask(browser, other) == known
    assert len(await links(world)) == 1
    for who in ("Dev", "Rita", "Ben", "Ann", "Adam"):
        assert await links(world, who) == []


async def test_it_works_for_an_hour(world: World, browser: ClientSession) -> None:
    await has(world, "Mia", "email", MIA)
    await ask(browser, MIA)
    (path,) = await links(world)
    world.clock.move(codes.EMAIL_LIFE)
    assert await enters(browser, path) == 403


async def test_whoever_asks_in_anothers_name_ends_no_link_and_uses_up_none(
    world: World, browser: ClientSession
) -> None:
    """The handler of an alert always has one that works in their mail, or gets one."""
    await has(world, "Mia", "email", MIA)
    handed = await http.sign_in_code(world, "Mia")
    for _ in range(20):
        await ask(browser, MIA)
    sent = await links(world)
    assert len(sent) == email_links.MOST
    world.clock.move(codes.EMAIL_LIFE - timedelta(seconds=1))
    assert [await enters(browser, each) for each in sent] == [303] * email_links.MOST
    await ask(browser, MIA)
    assert await enters(browser, (await links(world))[-1]) == 303
    assert await enters(browser, f"/in/{handed}") == 303


async def test_the_persons_other_ways_hear_that_somebody_came_in(world: World, browser: ClientSession) -> None:
    await has(world, "Mia", "email", MIA)
    await ask(browser, MIA)
    await enters(browser, (await links(world))[0])
    assert {each.channel for each in await said(world, "Mia", "link.new_channel")} == {"telegram", "email"}


async def test_without_a_provider_nobody_is_offered_it(world: World) -> None:
    async with http.serving(http.application(world, web)) as base, http.browsing(base) as browser:
        async with browser.get("/") as answer:
            assert 'name="email"' not in await answer.text()
        async with browser.post("/in", data={"email": MIA}) as answer:
            assert answer.status == 404


async def test_with_one_the_page_at_the_door_offers_it(browser: ClientSession) -> None:
    for path in ("/", "/devices"):
        async with browser.get(path) as answer:
            assert 'name="email"' in await answer.text()


async def test_a_link_that_works_lets_in_however_many_wrong_ones_came_from_there(
    world: World, browser: ClientSession
) -> None:
    """A whole office, or a telephone network, comes from one address."""
    for _ in range(guesses.WRONG + 1):
        await enters(browser, "/in/guess")
    assert await enters(browser, "/in/guess") == 429
    assert await enters(browser, f"/in/{await http.sign_in_code(world, 'Mia')}") == 303
