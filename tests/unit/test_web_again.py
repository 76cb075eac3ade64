"""Before what cannot be taken back a page asks again who sits there; never before an alert is taken."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from safety_service import web
from safety_service.actions import again, facts, words
from safety_service.actions.facts import NewFact
from safety_service.actions.words import Word
from safety_service.store import channels, codes, people, risk_facts
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.sessions import Session
from safety_service.store.tables.people import agency
from safety_service.store.tables.system import event_log
from tests import http
from tests.unit.reachable import has, has_no_chat, said
from tests.world import World

LATER = again.WITHIN + timedelta(seconds=1)
TOKEN = "4711:a-token-of-nobody"
SAFE = {"found": "safe", "known_by": "heard_voice", "note": "spoke to her, all is well"}


@pytest.fixture
async def base(world: World) -> AsyncIterator[str]:
    async with http.serving(http.application(world, web, telegram_token=TOKEN)) as address:
        yield address


@pytest.fixture
async def browser(world: World, base: str) -> AsyncIterator[ClientSession]:
    """Mia's, in which she signed in a while ago."""
    async with http.browsing(base) as session:
        await http.signed_in(world, session, "Mia")
        world.clock.move(LATER)
        yield session


async def sent(world: World, who: str = "Mia") -> str:
    """The code that was sent last."""
    return str((await said(world, who, "channel.again"))[-1].params["code"])


def hidden(text: str) -> list[tuple[str, str]]:
    """What the page that asks hands on."""
    found = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', text)
    return [(unescape(name), unescape(value)) for name, value in found]


def just_begun(tx: Tx, world: World) -> Session:
    """A session of Mia's that began now."""
    return Session(new_id(), world.ids["Mia"], "web", "", tx.now, tx.now, tx.now)


async def alert_of_ann(world: World) -> str:
    await world.inside("Ann")
    await world.later(45)
    return f"/alerts/{(await world.alert()).id}"


async def post(browser: ClientSession, path: str, fields: Any = None) -> tuple[int, str]:
    async with browser.post(path, data=fields or {}, allow_redirects=False) as answer:
        return answer.status, await answer.text()


async def state(world: World) -> str:
    return str((await world.alert()).alert.state)


async def test_an_alert_is_ended_with_a_code_that_was_sent_and_nothing_typed_is_lost(
    world: World, browser: ClientSession
) -> None:
    here = await alert_of_ann(world)
    status, text = await post(browser, f"{here}/resolve", SAFE)
    assert status == 403 and "Show that it is you" in text and "spoke to her, all is well" in text
    assert await state(world) != "resolved"
    status, _ = await post(browser, f"{here}/resolve", [*hidden(text), ("again_code", await sent(world))])
    assert status == 303
    row = await world.alert()
    assert (row.alert.state, row.alert.resolution and row.alert.resolution.found) == ("resolved", "safe")


async def test_taking_it_and_everything_until_its_end_is_never_asked_for(world: World, browser: ClientSession) -> None:
    here = await alert_of_ann(world)
    for verb in ("take", "trying", "rung-999", "take-over", "wake"):
        status, text = await post(browser, f"{here}/{verb}")
        assert "Show that it is you" not in text and status in (303, 409), verb
    assert await said(world, "Mia", "channel.again") == []


async def test_whoever_signed_in_just_now_is_not_asked(world: World, base: str) -> None:
    here = await alert_of_ann(world)
    async with http.browsing(base) as browser:
        await http.signed_in(world, browser, "Mia")
        world.clock.move(again.WITHIN)
        assert (await post(browser, f"{here}/resolve", SAFE))[0] == 303


async def test_once_shown_it_holds_for_a_while_and_in_this_browser_alone(
    world: World, base: str, browser: ClientSession
) -> None:
    async with http.browsing(base) as other:
        await http.signed_in(world, other, "Mia")
        world.clock.move(LATER)
        await post(browser, "/log/export")
        code = await sent(world)
        assert (await post(other, "/log/export", {"again_code": code}))[0] == 422
        assert (await post(browser, "/log/export", {"again_code": code}))[0] == 404
        assert (await post(browser, "/log/export"))[0] == 404
        assert (await post(other, "/log/export"))[0] == 403
        world.clock.move(LATER)
        assert (await post(browser, "/log/export"))[0] == 403


async def test_a_code_works_once_for_ten_minutes_and_for_its_owner(
    world: World, base: str, browser: ClientSession
) -> None:
    await post(browser, "/log/export")
    code = await sent(world)
    async with http.browsing(base) as other:
        await http.signed_in(world, other, "Dev")
        world.clock.move(LATER - codes.AGAIN_LIFE)
        assert (await post(other, "/log/export", {"again_code": code}))[0] in (404, 422)
    world.clock.move(codes.AGAIN_LIFE)
    status, text = await post(browser, "/log/export", {"again_code": code, "what": "debriefs"})
    assert status == 422 and "Ask for a new one" in text and ("what", "debriefs") in hidden(text)


@pytest.mark.parametrize("given", ["", "00000000", "x" * 500, "' OR 1=1 --"])
async def test_what_is_no_code_shows_nothing(world: World, browser: ClientSession, given: str) -> None:
    here = await alert_of_ann(world)
    await post(browser, f"{here}/resolve", SAFE)
    status, text = await post(browser, f"{here}/resolve", {**SAFE, "again_code": given})
    assert status == 422 and "That is not the code" in text
    assert await state(world) != "resolved"


async def test_many_wrong_codes_close_this_session_alone(world: World, base: str, browser: ClientSession) -> None:
    """Whoever sits at a manager's desk guesses a few times; the manager's own phone is asked as before."""
    await post(browser, "/log/export")
    for _ in range(again.TRIES):
        await post(browser, "/log/export", {"again_code": "00000000"})
    status, text = await post(browser, "/log/export", {"again_code": await sent(world)})
    assert status == 422 and "Too many tries" in text
    async with http.browsing(base) as phone:
        await http.signed_in(world, phone, "Mia")
        world.clock.move(LATER)
        await post(phone, "/log/export")
        assert (await post(phone, "/log/export", {"again_code": await sent(world)}))[0] == 404


async def test_a_session_has_a_few_codes_sent_and_others_of_its_owner_as_many(
    world: World, base: str, browser: ClientSession
) -> None:
    for _ in range(again.CODES):
        await post(browser, "/log/export")
    status, text = await post(browser, "/log/export")
    assert status == 422 and "Too many codes" in text
    assert len(await said(world, "Mia", "channel.again")) == again.CODES
    async with http.browsing(base) as phone:
        await http.signed_in(world, phone, "Mia")
        world.clock.move(LATER)
        assert "A code is on its way" in (await post(phone, "/log/export"))[1]


async def test_it_can_be_sent_by_another_way_of_ones_own_and_by_nobody_elses(world: World) -> None:
    mine = await has(world, "Mia", "email", "mia@example.org")
    his = await has(world, "Dev", "email", "dev@example.org")
    app = http.application(world, web, telegram_token=TOKEN, email_url="json://127.0.0.1:9/{address}")
    async with http.serving(app) as base, http.browsing(base) as browser:
        await http.signed_in(world, browser, "Mia")
        world.clock.move(LATER)
        _, text = await post(browser, "/log/export", {"what": "debriefs"})
        assert "m…@example.org" in text and "mia@example.org" not in text
        await post(browser, "/log/export", {"again_send": str(mine.id)})
        await post(browser, "/log/export", {"again_send": str(his.id)})
    kinds = [each.channel for each in await said(world, "Mia", "channel.again")]
    assert kinds == ["telegram", "email"]
    assert await said(world, "Dev", "channel.again") == []


async def test_no_code_goes_to_the_page_itself_or_to_a_room_of_many(world: World, base: str) -> None:
    await has_no_chat(world, "Mia")
    await has(world, "Mia", "hook", "the-team-room")
    async with world.database.transaction() as tx:
        await channels.link(tx, world.ids["Mia"], "webchat", str(world.ids["Mia"]))
        mia, session = await world.actor(tx, "Mia"), just_begun(tx, world)
        assert await again.ways(tx, mia, session, frozenset({"telegram", "webchat", "hook"})) == ()


async def test_a_demonstration_without_any_way_shows_its_code(world: World) -> None:
    """Nobody is in danger there, and nothing can be sent."""
    async with http.serving(http.application(world, web)) as base, http.browsing(base) as browser:
        await http.signed_in(world, browser, "Mia")
        world.clock.move(LATER)
        _, text = await post(browser, "/log/export")
        shown = re.search(r"<b>(\d{8})</b>", text)
        assert shown is not None
        assert (await post(browser, "/log/export", {"again_code": shown[1]}))[0] == 404


async def test_elsewhere_whom_nothing_reaches_comes_back_with_a_new_link(world: World, base: str) -> None:
    await has_no_chat(world, "Mia")
    async with world.database.transaction() as tx:
        await tx.conn.execute(agency.update().values(demonstration=False))
    async with http.browsing(base) as browser:
        await http.signed_in(world, browser, "Mia")
        world.clock.move(LATER)
        _, text = await post(browser, "/log/export", {"what": "debriefs"})
        assert "Ask your administrator for a new link" in text and not re.search(r"\d{8}", text)
        await http.signed_in(world, browser, "Mia")
        assert (await post(browser, "/log/export", hidden(text)))[0] == 404


async def test_telegram_carries_no_code_where_it_may_carry_linking_only(world: World) -> None:
    async with world.database.transaction() as tx:
        await tx.conn.execute(agency.update().values(demonstration=False))
        mia, session = await world.actor(tx, "Mia"), just_begun(tx, world)
        assert await again.ways(tx, mia, session, frozenset({"telegram"})) == ()


async def test_what_is_typed_comes_back_as_text_whatever_it_is(world: World, browser: ClientSession) -> None:
    typed = [("note", '"><script>alert(1)</script>'), ("many", "a"), ("many", "b"), ("empty", "")]
    _, text = await post(browser, "/log/export?x=%22%3E", typed)
    assert "<script>alert" not in text and hidden(text) == typed


async def test_who_is_not_signed_in_is_asked_for_nothing_else(world: World, base: str) -> None:
    async with http.browsing(base) as browser:
        assert (await post(browser, "/log/export"))[0] == 401


async def test_that_they_showed_it_is_kept_and_that_somebody_failed(world: World, browser: ClientSession) -> None:
    await post(browser, "/log/export")
    await post(browser, "/log/export", {"again_code": "00000000"})
    await post(browser, "/log/export", {"again_code": await sent(world)})
    async with world.database.reading() as tx:
        rows = (await tx.conn.execute(select(event_log).where(event_log.c.subject == "session"))).all()
    verbs = [(each.verb, each.details.get("reason")) for each in rows if each.verb in ("refused", "proven_again")]
    assert verbs == [("refused", "code_wrong"), ("proven_again", None)]


ASKING = (
    ("/alerts/{id}/resolve", "Mia"),
    ("/alerts/{id}/agree", "Mia"),
    ("/log/export", "Mia"),
    ("/families/F-1/plan/measures/{id}", "Mia"),
    ("/families/F-1/plan/course", "Mia"),
    ("/families/F-1/plan/review", "Mia"),
    ("/families/F-1/subject-access/file", "Mia"),
    ("/shares/{id}/decide", "Mia"),
    ("/people/{id}/course", "Mia"),
    ("/channels/{id}/agree", "Adam"),
    ("/policy/offers/{id}/agree", "Adam"),
    ("/channels", "Ann"),
    ("/channels/{id}/prove", "Ann"),
    ("/people/{id}/invite", "Adam"),
    ("/people/new", "Adam"),
    ("/people/{id}/change", "Adam"),
    ("/people/{id}/roles", "Adam"),
    ("/people/{id}/back", "Adam"),
    ("/people/{id}/deactivate", "Adam"),
    ("/standing", "Adam"),
    ("/standing/{id}/remove", "Adam"),
    ("/exclusions/{id}/end", "Adam"),
    ("/families/F-1/risk/lower", "Mia"),
    ("/facts/{id}/end", "Mia"),
    ("/facts/{id}/correct", "Mia"),
    ("/families/F-1/records/release", "Mia"),
)


@pytest.mark.parametrize(("path", "who"), ASKING, ids=[path for path, _ in ASKING])
async def test_each_of_these_asks_first_and_tells_nothing_of_what_is_there(
    world: World, base: str, path: str, who: str
) -> None:
    async with http.browsing(base) as browser:
        await http.signed_in(world, browser, who)
        world.clock.move(LATER)
        assert (await post(browser, path.format(id=new_id())))[0] == 403
        code = await sent(world, who)
        assert (await post(browser, path.format(id=new_id()), {"again_code": code}))[0] != 403


async def test_no_code_goes_to_what_was_added_after_the_session_began(world: World) -> None:
    """Whoever sits down at a desk that was left adds a way of their own, and waits until the page asks."""
    app = http.application(world, web, telegram_token=TOKEN, email_url="json://127.0.0.1:9/{address}")
    async with http.serving(app) as base, http.browsing(base) as browser:
        await http.signed_in(world, browser, "Mia")
        world.clock.move(timedelta(minutes=1))
        added = await has(world, "Mia", "email", "strange@example.org")
        for _ in range(2):
            world.clock.move(LATER)
            _, text = await post(browser, "/log/export")
            assert "s…@example.org" not in text
            await post(browser, "/log/export", {"again_send": str(added.id)})
            assert {each.channel for each in await said(world, "Mia", "channel.again")} == {"telegram"}
            assert (await post(browser, "/log/export", {"again_code": await sent(world)}))[0] == 404
    async with http.serving(app) as base, http.browsing(base) as browser:
        await http.signed_in(world, browser, "Mia")
        world.clock.move(LATER)
        assert "s…@example.org" in (await post(browser, "/log/export"))[1], "a session that began since knows it"


async def test_whoever_has_only_what_was_added_since_needs_a_new_link_and_keeps_what_they_typed(world: World) -> None:
    await has_no_chat(world, "Mia")
    async with world.database.transaction() as tx:
        await tx.conn.execute(agency.update().values(demonstration=False))
    app = http.application(world, web, email_url="json://127.0.0.1:9/{address}")
    async with http.serving(app) as base, http.browsing(base) as browser:
        await http.signed_in(world, browser, "Mia")
        world.clock.move(timedelta(minutes=1))
        await has(world, "Mia", "email", "mia@example.org")
        world.clock.move(LATER)
        _, text = await post(browser, "/families/F-1/risk/lower", {"why": "He has left"})
        assert "only what was added after you signed in here" in text and ("why", "He has left") in hidden(text)
        assert await said(world, "Mia", "channel.again") == []


async def test_what_was_typed_on_the_new_pages_is_kept_through_the_code(world: World, base: str) -> None:
    columns = "agency,team,name,email,phone,roles,supervisor_email,training"
    rows = f"{columns}\r\nElmshire,North,Ann Lee,ann@example.org,,reviewer,,"
    async with http.browsing(base) as browser:
        await http.signed_in(world, browser, "Adam")
        world.clock.move(LATER)
        _, text = await post(browser, "/people/import", {"text": rows, "do": "look"})
        assert "1 would be changed" in text, "looking at it changes nothing, and is not asked for"
        status, text = await post(browser, "/people/import", {"text": rows, "do": "bring"})
        assert status == 403 and hidden(text) == [("text", rows), ("do", "bring")]
        assert "Ann Lee" not in {each.name for each in await everybody(world)}
        _, text = await post(browser, "/people/import", [*hidden(text), ("again_code", "00000000")])
        assert hidden(text) == [("text", rows), ("do", "bring")], "a wrong code loses nothing either"
        status, text = await post(browser, "/people/import", [*hidden(text), ("again_code", await sent(world, "Adam"))])
        assert status == 200 and "Brought in" in text
        assert "Ann Lee" in {each.name for each in await everybody(world)}


async def everybody(world: World) -> list[people.Person]:
    async with world.database.reading() as tx:
        return await people.every(tx, world.agency_id)


async def test_who_is_out_on_a_visit_is_asked_nothing_about_their_own_ways(world: World) -> None:
    """And a desk that they left adds nothing for them meanwhile: it waits until they are back."""
    app = http.application(world, web, telegram_token=TOKEN, sms_url="json://gateway.example/call?:to={address}")
    async with http.serving(app) as base, http.browsing(base) as browser:
        await http.signed_in(world, browser, "Ann")
        row = await world.inside("Ann")
        world.clock.move(LATER)
        given = {"kind": "sms", "address": "07700 900123"}
        status, text = await post(browser, "/channels", given)
        assert status == 409 and "Not while you are out" in text
        assert (await post(browser, f"/channels/{new_id()}/prove", {"code": "1"}))[0] == 404
        assert await said(world, "Ann", "channel.") == []
        await world.do("Ann", words.left, row.id, Word())
        await world.do("Ann", words.home, row.id, Word())
        status, text = await post(browser, "/channels", given)
        assert status == 403 and hidden(text) == list(given.items())


@pytest.mark.parametrize(
    ("verb", "given"),
    [("end", {"why": "x"}), ("correct", {"kind": "dog", "on": "2026-01-05", "says": "", "why": "x"})],
)
async def test_whoever_holds_the_phone_of_somebody_out_on_a_visit_lowers_no_risk_with_it(
    world: World, base: str, verb: str, given: dict[str, str]
) -> None:
    await world.plan("Ann", after=600)
    fact = await world.do("Mia", facts.add, "F-1", NewFact(kind="weapon", on=world.now.date(), source="police"))
    async with http.browsing(base) as browser:
        await http.signed_in(world, browser, "Mia")
        await world.inside("Mia")
        world.clock.move(LATER)
        status, text = await post(browser, f"/facts/{fact.id}/{verb}", given)
        assert status == 403 and "Show that it is you" in text and hidden(text) == list(given.items())
    async with world.database.reading() as tx:
        kept = await risk_facts.load(tx, fact.id)
        assert kept is not None and kept.ended_on is None


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("/families/F-1/risk/raise", "Mia"),
        ("/families/F-1/records/hold", "Mia"),
        ("/facts/{id}/told", "Mia"),
        ("/channels/{id}/end", "Mia"),
        ("/people/{id}/lost", "Adam"),
        ("/people/{id}/keep-off", "Adam"),
    ],
)
async def test_what_makes_things_safer_or_cuts_off_a_lost_phone_is_never_asked_for(
    world: World, base: str, path: str, who: str
) -> None:
    async with http.browsing(base) as browser:
        await http.signed_in(world, browser, who)
        world.clock.move(LATER)
        assert "Show that it is you" not in (await post(browser, path.format(id=world.ids["Ann"]), {"why": "x"}))[1]
        assert await said(world, who, "channel.again") == []
