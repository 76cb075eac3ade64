"""Linking a work account: by whoever is signed in, in that session, for ten minutes."""

from __future__ import annotations

import re
from datetime import timedelta

from aiohttp import ClientSession

from safety_service.store.tables.people import identity
from tests import http
from tests.services.openid import Provider
from tests.unit.account_pages.signing import LATER, back, chosen, counted, linked, off, signs_in, status
from tests.unit.reachable import said
from tests.world import World


async def to_be_linked(browser: ClientSession, subject: str) -> str:
    """Signed in there, and back: gives what the button carries."""
    answered, text = await signs_in(browser, subject, "/account/link")
    assert answered == 200 and "Is this your work account?" in text, text
    carried = re.search(r'name="account" value="([^"]+)"', text)
    assert carried is not None
    return carried[1]


async def test_whoever_is_signed_in_links_theirs_whatever_its_address_is(
    world: World, base: str, provider: Provider, browser: ClientSession
) -> None:
    provider.people["sub-x"] = {"preferred_username": "ann.field@login.example.org"}
    await http.signed_in(world, browser, "Ann")
    carried = await to_be_linked(browser, "sub-x")
    assert provider.asked[-1]["prompt"] == "login"
    assert await counted(world, identity) == 0
    async with browser.post("/account/link", data={"account": carried}) as answer:
        assert answer.status == 200 and "In use" in await answer.text()
    async with http.browsing(base) as other:
        assert (await signs_in(other, "sub-x"))[0] == 303
        assert await status(other, "/items") == 200
    assert "account" in {each.params["kind"] for each in await said(world, "Ann", "link.new_channel")}


async def test_a_managers_link_waits_for_a_second_person_too(world: World, base: str, browser: ClientSession) -> None:
    await http.signed_in(world, browser, "Mia")
    carried = await to_be_linked(browser, "sub-Ann")
    async with browser.post("/account/link", data={"account": carried}) as answer:
        assert "Waits for a second person" in await answer.text()
    async with http.browsing(base) as other:
        assert (await signs_in(other, "sub-Ann"))[0] == 403
    assert len(await said(world, "Dev", "account.waiting")) == 1


async def test_to_link_one_shows_lately_that_it_is_oneself(world: World, browser: ClientSession) -> None:
    await http.signed_in(world, browser, "Ann")
    world.clock.move(LATER)
    carried = await to_be_linked(browser, "sub-Ann")
    async with browser.post("/account/link", data={"account": carried}) as answer:
        assert answer.status == 403 and "Show that it is you" in await answer.text()
    assert await counted(world, identity) == 0


async def test_an_account_that_speaks_for_somebody_is_nobody_elses(
    world: World, provider: Provider, browser: ClientSession
) -> None:
    await linked(world, provider, "Ann")
    await http.signed_in(world, browser, "Ben")
    carried = await to_be_linked(browser, "sub-Ann")
    async with browser.post("/account/link", data={"account": carried}) as answer:
        assert answer.status == 409 and "speaks for somebody else" in await answer.text()
    assert await counted(world, identity) == 1


async def test_what_is_carried_is_good_in_that_session_for_ten_minutes_and_cannot_be_made(
    world: World, base: str, browser: ClientSession
) -> None:
    assert await status(browser, "/account/link") == 401
    await http.signed_in(world, browser, "Ann")
    carried = await to_be_linked(browser, "sub-Ann")
    async with http.browsing(base) as victim:
        await http.signed_in(world, victim, "Ben")
        async with victim.post("/account/link", data={"account": carried}) as answer:
            assert answer.status == 409
    async with browser.get("/account/enter", allow_redirects=False) as answer:
        attempt = answer.cookies["doorstep-account"].value
    async with browser.get("/account/link", allow_redirects=False) as answer:
        of_link = answer.cookies["doorstep-account"].value
    for given in ("", "x", attempt, of_link, carried[:-4] + "AAAA"):
        async with browser.post("/account/link", data={"account": given}) as answer:
            assert answer.status == 409, given
    world.clock.move(timedelta(minutes=10, seconds=1))
    async with browser.post("/account/link", data={"account": carried}) as answer:
        assert answer.status == 409
    assert await counted(world, identity) == 0


async def test_what_was_begun_to_link_links_nothing_for_whoever_signed_in_meanwhile(
    world: World, browser: ClientSession
) -> None:
    await http.signed_in(world, browser, "Ann")
    address = await chosen(browser, await off(browser, "/account/link"), "sub-Ann")
    await http.signed_in(world, browser, "Ben")
    assert (await back(browser, address))[0] == 403
