"""A stolen session and a lost phone: ended, they speak for nobody, whoever holds them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import ClientSession
from yarl import URL

from safety_service import api, web
from safety_service.actions import exclusions, losing, people, signing_in, words
from safety_service.actions.errors import NotFound
from safety_service.actions.visitors import devices_of
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from safety_service.store import channels, sessions
from tests import http
from tests.world import World


@pytest.fixture
async def base(world: World) -> AsyncIterator[str]:
    async with http.serving(http.application(world, web, api)) as address:
        yield address


async def status(browser: ClientSession, path: str = "/hello") -> int:
    """What a page answers to this browser."""
    async with browser.get(path, allow_redirects=False) as answer:
        return answer.status


def cookie(browser: ClientSession) -> str:
    """The browser's token, as a thief would copy it."""
    return next(each.value for each in browser.cookie_jar if each.key == "doorstep")


async def test_a_stolen_cookie_is_worth_nothing_once_its_session_is_ended(world: World, base: str) -> None:
    async with http.browsing(base) as mine, http.browsing(base) as thief:
        await http.signed_in(world, mine, "Mia")
        thief.cookie_jar.update_cookies({"doorstep": cookie(mine)}, URL(base))
        assert await status(thief, "/board") == 200
        async with mine.post("/out"):
            pass
        for path in ("/board", "/devices", "/log", "/openings"):
            assert await status(thief, path) == 401
        async with thief.post("/devices/others") as answer:
            assert answer.status == 401


async def test_each_is_listed_with_its_last_use_and_ended_one_by_one_or_all_but_this(world: World, base: str) -> None:
    async with http.browsing(base) as mine, http.browsing(base) as other, aiohttp.ClientSession(base) as session:
        await http.signed_in(world, other, "Mia")
        phone = await http.paired(world, session, "Mia")
        world.clock.move(timedelta(hours=3))
        await http.signed_in(world, mine, "Mia")
        async with mine.get("/devices") as answer:
            shown = await answer.text()
        assert shown.count("Last used") == 3 and "16 November 2026, 09:00" in shown
        assert "Browser (this one)" in shown
        async with world.database.reading() as tx:
            held = {each.kind: each for each in await devices_of(tx, await world.actor(tx, "Mia"))}
        async with mine.post(f"/devices/{held['device'].id}/end") as answer:
            assert answer.status == 200
        assert (await phone.get("/me"))[0] == 401
        assert (await status(other), await status(mine)) == (200, 200)
        async with mine.post("/devices/others") as answer:
            assert answer.status == 200
        assert (await status(other, "/board"), await status(mine, "/board")) == (401, 200)


async def test_nobody_ends_anybody_elses(world: World, base: str) -> None:
    async with http.browsing(base) as ann, http.browsing(base) as mia:
        await http.signed_in(world, ann, "Ann")
        await http.signed_in(world, mia, "Mia")
        async with world.database.reading() as tx:
            (hers,) = await devices_of(tx, await world.actor(tx, "Ann"))
        async with mia.post(f"/devices/{hers.id}/end") as answer:
            assert answer.status == 404
        async with mia.post("/devices/others"):
            pass
        assert await status(ann) == 200


async def test_signing_in_anew_ends_what_the_browser_came_with(world: World, base: str) -> None:
    """A session that somebody put into this browser before is not the one that is signed in, nor does it live on."""
    async with http.browsing(base) as browser, http.browsing(base) as thief:
        await http.signed_in(world, browser, "Mia")
        before = cookie(browser)
        thief.cookie_jar.update_cookies({"doorstep": before}, URL(base))
        await http.signed_in(world, browser, "Mia")
        assert cookie(browser) != before
        assert (await status(thief, "/board"), await status(browser, "/board")) == (401, 200)


async def test_a_session_that_was_made_up_is_not_taken_over_by_signing_in(world: World, base: str) -> None:
    async with http.browsing(base) as browser, http.browsing(base) as thief:
        for each in (browser, thief):
            each.cookie_jar.update_cookies({"doorstep": "chosen-by-somebody-else"}, URL(base))
        await http.signed_in(world, browser, "Mia")
        assert cookie(browser) != "chosen-by-somebody-else"
        assert (await status(browser, "/board"), await status(thief, "/board")) == (200, 401)


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(world: World, base: str) -> None:
    async with http.browsing(base) as browser:
        code = await http.sign_in_code(world, "Mia")
        async with browser.post(f"/in/{code}", allow_redirects=False) as answer:
            set_to = answer.headers["Set-Cookie"]
    assert "HttpOnly" in set_to and "SameSite=Lax" in set_to and "Path=/" in set_to
    https = http.application(world, web, public_url="https://doorstep.example")
    async with http.serving(https) as secure, http.browsing(secure) as browser:
        code = await http.sign_in_code(world, "Mia")
        async with browser.post(f"/in/{code}", allow_redirects=False) as answer:
            assert "__Host-doorstep" in answer.headers["Set-Cookie"] and "Secure" in answer.headers["Set-Cookie"]


async def test_a_link_that_was_used_signs_nobody_in_a_second_time(world: World, base: str) -> None:
    async with http.browsing(base) as mine, http.browsing(base) as thief:
        code = await http.sign_in_code(world, "Mia")
        async with mine.post(f"/in/{code}", allow_redirects=False) as answer:
            assert answer.status == 303
        async with thief.post(f"/in/{code}", allow_redirects=False) as answer:
            assert answer.status == 403 and "Set-Cookie" not in answer.headers
        assert await status(thief, "/board") == 401


async def test_a_session_that_nobody_uses_ends_by_itself(world: World, base: str) -> None:
    async with http.browsing(base) as browser, aiohttp.ClientSession(base) as session:
        await http.signed_in(world, browser, "Mia")
        phone = await http.paired(world, session, "Mia")
        world.clock.move(timedelta(days=30))
        assert await status(browser, "/board") == 401
        assert (await phone.get("/me"))[0] == 200
        world.clock.move(timedelta(days=180))
        assert (await phone.get("/me"))[0] == 401


async def test_deactivated_everything_of_theirs_is_over_at_once(world: World, base: str) -> None:
    async with http.browsing(base) as browser, aiohttp.ClientSession(base) as session:
        await http.signed_in(world, browser, "Mia")
        phone = await http.paired(world, session, "Mia")
        await world.do("Adam", people.deactivate, world.ids["Mia"])
        assert await status(browser, "/board") == 401
        assert (await phone.get("/me"))[0] == 401


async def test_a_manager_cuts_off_a_lost_phone_and_the_watch_goes_on(world: World, base: str) -> None:
    row = await world.inside("Ann")
    async with http.browsing(base) as ann, http.browsing(base) as mia, aiohttp.ClientSession(base) as session:
        await http.signed_in(world, ann, "Ann")
        await http.signed_in(world, mia, "Mia")
        phone = await http.paired(world, session, "Ann")
        async with mia.get("/lost") as answer:
            shown = await answer.text()
        assert "Ann" in shown and "Mia's phone" not in shown
        assert "Ann: nothing reaches them" not in shown and "Done." not in shown
        async with mia.post(f"/lost/{world.ids['Ann']}") as answer:
            assert answer.status == 200
            said = await answer.text()
        assert "Done. Nothing reaches Ann any more: ring them." in said and "Ann: nothing reaches them" in said
        assert await status(ann, "/items") == 401
        assert (await phone.post(f"/visits/{row.id}/check-ins"))[0] == 401
    async with world.database.reading() as tx:
        assert (await channels.live_many(tx, [world.ids["Ann"]])).get(world.ids["Ann"], ()) == ()
    assert (await world.visit(row.id)).visit.watches[0].next_at is not None
    assert (await world.alert()).alert.kind == "undeliverable"


async def test_nobody_else_cuts_anybody_off(world: World) -> None:
    for who in ("Ann", "Rita"):
        with pytest.raises(Refused, match="managers_only"):
            await world.do(who, losing.lost, world.ids["Mia"])
    with pytest.raises(NotFound):
        await world.do("Mia", losing.lost, world.ids["Mia"])
    await world.do("Adam", exclusions.add, world.ids["Mia"], worker_id=world.ids["Ann"], reason="were married")
    with pytest.raises(NotFound):
        await world.do("Mia", losing.lost, world.ids["Ann"])
    assert "Ann" not in {each.name for each in await world.do("Mia", losing.whose)}
    assert "Ann" in {each.name for each in await world.do("Dev", losing.whose)}


async def test_what_was_signed_in_as_somebody_else_ends_too(world: World) -> None:
    """On a shared desk: who signs in does not leave the last one's session lying about."""
    async with world.database.transaction() as tx:
        before = await sessions.start(tx, world.ids["Mia"], "web")
        code = (await signing_in.sign_in_link(tx, None, world.ids["Dev"])).code
        await signing_in.sign_in(tx, code, "desk", instead_of=before)
        assert await sessions.person_of(tx, before) is None


async def test_a_word_of_a_visit_is_not_lost_with_the_phone(world: World) -> None:
    row = await world.inside("Ann")
    await world.do("Mia", losing.lost, world.ids["Ann"])
    await world.do("Ann", words.ok, row.id, Word())
    assert (await world.visit(row.id)).visit.watches[0].next_at is not None
