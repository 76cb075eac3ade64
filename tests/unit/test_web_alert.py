"""An alert's page: what is needed to act, in the order in which it is needed; nothing of it where it must not be."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession
from sqlalchemy import func, select

from safety_service import web
from safety_service.actions import alerts, danger, exclusions, people, words
from safety_service.actions.planning import PlanRequest, plan_visit
from safety_service.actions.words import Position, Word
from safety_service.domain.words import Found, KnownBy, Role, State
from safety_service.store import people as people_rows
from safety_service.store import policies, visits
from safety_service.store.tables.system import event_log
from tests.http import application, browsing, serving, signed_in
from tests.world import MINUTE, World

HOME = {"latitude": 53.4808, "longitude": -2.2426}
SEEN = Position(latitude=53.4815, longitude=-2.2411, accuracy_m=35)
TILES = "https://tiles.example.org/{z}/{x}/{y}.png"


class Desk:
    """Browsers of several people."""

    def __init__(self, world: World, stack: AsyncExitStack) -> None:
        self.world, self._stack, self._base = world, stack, ""
        self._browsers: dict[str, ClientSession] = {}

    async def serve(self, **settings: Any) -> None:
        self._base = await self._stack.enter_async_context(serving(application(self.world, web, **settings)))
        self._browsers.clear()

    async def browser(self, who: str) -> ClientSession:
        if who not in self._browsers:
            self._browsers[who] = await self._stack.enter_async_context(browsing(self._base))
            await signed_in(self.world, self._browsers[who], who)
        return self._browsers[who]

    async def sees(self, who: str, path: str) -> str:
        async with (await self.browser(who)).get(path) as answer:
            return f"{answer.status} {await answer.text()}"

    async def presses(self, who: str, path: str, **fields: str) -> str:
        async with (await self.browser(who)).post(path, data=fields) as answer:
            return f"{answer.status} {await answer.text()}"

    async def sources(self, who: str, path: str) -> str:
        """From where that page may load pictures."""
        async with (await self.browser(who)).get(path) as answer:
            policy = answer.headers["Content-Security-Policy"]
        return next(each.strip() for each in policy.split(";") if each.strip().startswith("img-src"))


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        made = Desk(world, stack)
        await made.serve()
        yield made


async def silent(world: World, *, seen: bool = False) -> str:
    """Ann does not answer; the page of the alert."""
    row = await world.inside(address="14 Elm Row")
    if seen:
        async with world.database.transaction() as tx:
            await visits.locate(tx, row.id, {**row.address, **HOME})
        await world.do("Ann", words.ok, row.id, Word(position=SEEN))
    await world.later(41)
    return f"/alerts/{(await world.alert()).id}"


async def duress(world: World, visit_id: UUID | None) -> str:
    async with world.database.transaction() as tx:
        await danger.duress(tx, world.ids["Ann"], visit_id, tx.now)
    await world.later(1)
    found = next(each for each in await world.alerts() if each.alert.kind == "duress")
    return f"/alerts/{found.id}"


def in_order(text: str, *parts: str) -> bool:
    places = [text.find(each) for each in parts]
    assert -1 not in places, parts[places.index(-1)]
    return places == sorted(places)


# --- what stands there, and in which order ---


async def test_it_says_things_in_the_order_in_which_they_are_needed(world: World, desk: Desk) -> None:
    page = await silent(world, seen=True)
    text = await desk.sees("Mia", page)
    assert in_order(
        text,
        "Nobody has this yet.",
        "<b>Ann</b>, alone",
        "14 Elm Row (F-1)",
        "Last word",
        "Ring Ann: 07700 900000",
        "Ring 999",
        "999 words",
        "I have it",
        "What to do next",
        "Write a note",
        "What was found?",
        "Where they are",
        "Who was told",
    )


async def test_what_to_do_next_is_the_policys_and_there_is_one_as_shipped(world: World, desk: Desk) -> None:
    page = await silent(world)
    assert "listen for the agreed words" in await desk.sees("Mia", page)
    async with world.database.transaction() as tx:
        text = '[next]\nmissed_check_in = ["Ring the caretaker: he has a key."]\n'
        await policies.apply(tx, text, "theirs", "a test")
    text = await desk.sees("Mia", page)
    assert "Ring the caretaker: he has a key." in text and "listen for the agreed words" not in text


async def test_with_duress_it_says_first_what_must_not_be_done_and_offers_no_ringing(world: World, desk: Desk) -> None:
    row = await world.inside(address="14 Elm Row")
    page = await duress(world, row.id)
    text = await desk.sees("Mia", page)
    assert in_order(text, "Do not ring or text Ann", "Nobody has this yet", "Who</dt>", 'href="tel:999"')
    assert 'href="tel:07700900000"' not in text and "Ring Ann" not in text and "07700 900000" not in text


async def test_whoever_may_be_watched_is_not_rung_about_another_alarm_either(world: World, desk: Desk) -> None:
    page = await silent(world)
    assert 'href="tel:07700900000"' in await desk.sees("Mia", page)
    await duress(world, (await world.alert()).alert.visit_id)
    text = await desk.sees("Mia", page)
    assert in_order(text, "Do not ring or text Ann", "<b>Ann</b>, alone")
    assert 'href="tel:07700900000"' not in text
    assert "Do not ring, text or visit" in text and "Ring them once" not in text


# --- P5: what must not be on somebody's screen ---


async def test_the_page_of_ones_own_alert_says_nothing_of_what_lies_behind_it(world: World, desk: Desk) -> None:
    page = await silent(world)
    before = await desk.sees("Ann", page)
    await duress(world, (await world.alert()).alert.visit_id)
    after = await desk.sees("Ann", page)
    assert re.sub(r"\s+", " ", before) == re.sub(r"\s+", " ", after)
    assert "about your own visit" in after
    for hidden in ("watched", "999", "Elm Row", "Ring", "told", "Mia"):
        assert hidden not in after


async def test_the_parts_that_renew_themselves_say_nothing_of_it_either(world: World, desk: Desk) -> None:
    page = await silent(world)
    hidden = await duress(world, (await world.alert()).alert.visit_id)
    await desk.sees("Ann", page)
    text = await desk.sees("Ann", f"{page}/now")
    assert text.startswith("200") and "watched" not in text and "Elm Row" not in text
    for path in (hidden, f"{hidden}/now", f"{hidden}/events"):
        assert (await desk.sees("Ann", path)).startswith("404")


async def test_a_manager_who_goes_along_reads_as_little(world: World, desk: Desk) -> None:
    async with world.database.transaction() as tx:
        roles = frozenset({Role.MANAGER, Role.PRACTITIONER})
        await people_rows.set_roles(tx, world.ids["Ben"], world.team_id, roles)
    starts_at = world.now
    both = (world.ids["Ann"], world.ids["Ben"])
    request = PlanRequest(
        family_ref="F-1",
        starts_at=starts_at,
        ends_at=starts_at + 45 * MINUTE,
        address_text="14 Elm Row",
        purpose="plan",
        workers=both,
    )
    row = await world.do("Ann", plan_visit, request)
    await world.do("Ann", words.begin, row.id, Word())
    await world.do("Ben", words.begin, row.id, Word())
    await world.later(2)
    page = await duress(world, row.id)
    assert (await desk.sees("Ben", page)).startswith("404")
    assert "silent" not in await desk.sees("Ben", "/alerts")
    assert "silent" in await desk.sees("Mia", "/alerts")


# --- doing something about it ---


async def test_a_note_reaches_everyone_told_and_an_empty_one_is_asked_for(world: World, desk: Desk) -> None:
    page = await silent(world)
    await world.later(6)
    assert (await desk.presses("Mia", f"{page}/note", note=" ")).startswith("400")
    text = await desk.presses("Mia", f"{page}/note", note="The car is still there")
    assert "Noted. Everyone told hears it." in text and "The car is still there" in text
    await world.deliver()
    assert [each.params["note"] for each in world.told("Dev", "alert.news_note")] == ["The car is still there"]


async def test_it_is_passed_on_to_somebody_who_then_takes_it(world: World, desk: Desk) -> None:
    page = await silent(world)
    text = await desk.presses("Mia", f"{page}/take")
    assert f'value="{world.ids["Dev"]}"' in text and f'value="{world.ids["Ann"]}"' not in text
    assert (await desk.presses("Mia", f"{page}/pass-on", to="nobody")).startswith("400")
    text = await desk.presses("Mia", f"{page}/pass-on", to=str(world.ids["Dev"]))
    assert "Dev is asked to take it" in text and "You have this" in text
    assert "You are asked to take it" in await desk.sees("Dev", page)
    assert "You have this" in await desk.presses("Dev", f"{page}/take")


async def test_whoever_is_kept_off_it_is_not_among_those_it_can_be_passed_on_to(world: World, desk: Desk) -> None:
    page = await silent(world)
    await world.later(3)
    await world.do("Adam", exclusions.add, world.ids["Dev"], worker_id=world.ids["Ann"], reason="former partner")
    text = await desk.presses("Mia", f"{page}/take")
    assert f'value="{world.ids["Dev"]}"' not in text
    assert (await desk.presses("Mia", f"{page}/pass-on", to=str(world.ids["Dev"]))).startswith("409")


async def test_what_is_refused_says_why_on_the_page_and_keeps_what_was_typed(world: World, desk: Desk) -> None:
    page = await silent(world)
    text = await desk.presses("Mia", f"{page}/resolve", found="late", known_by="other", note="")
    assert text.startswith("409") and "That was not done" in text
    assert re.search(r'value="late" required checked', text) and re.search(r'value="other" required checked', text)
    text = await desk.presses("Mia", f"{page}/resolve", found="", known_by="", note="Her sister rang")
    assert text.startswith("400") and "Say what was found, and how you know." in text
    assert ">Her sister rang</textarea>" in text


async def test_who_comes_second_reads_who_has_it_and_may_take_it_over(world: World, desk: Desk) -> None:
    page = await silent(world)
    await desk.presses("Mia", f"{page}/take")
    text = await desk.presses("Dev", f"{page}/take")
    assert text.startswith("409") and "Mia has it already" in text and "Mia has this since" in text
    assert "You have this" in await desk.presses("Dev", f"{page}/take-over")


async def test_duress_is_agreed_to_by_somebody_who_says_that_they_saw_them(world: World, desk: Desk) -> None:
    page = await duress(world, (await world.inside()).id)
    await desk.presses("Mia", f"{page}/resolve", found="safe", known_by="heard_voice")
    text = await desk.sees("Dev", page)
    assert "A second person has to agree" in text and 'name="how"' in text
    assert (await desk.presses("Dev", f"{page}/agree", found="safe")).startswith("409")
    assert (await desk.presses("Dev", f"{page}/agree", found="safe", how="heard_voice")).startswith("409")
    assert "Closed at" in await desk.presses("Dev", f"{page}/agree", found="safe", how="seen")
    assert (await world.alert()).alert.state is State.RESOLVED


async def test_closing_it_asks_again_who_sits_there_and_taking_it_never_does(world: World, desk: Desk) -> None:
    await desk.browser("Mia")
    world.clock.move(timedelta(hours=5))
    page = await silent(world)
    assert "You have this" in await desk.presses("Mia", f"{page}/take")
    assert "Noted" in await desk.presses("Mia", f"{page}/trying")
    text = await desk.presses("Mia", f"{page}/resolve", found="safe", known_by="seen", note="At the gate")
    assert "Show that it is you" in text and 'value="At the gate"' in text
    assert (await world.alert()).alert.open


# --- where they are ---


async def test_where_somebody_was_seen_is_there_in_words_and_as_a_link(world: World, desk: Desk) -> None:
    text = await desk.sees("Mia", await silent(world, seen=True))
    assert "53.48150, -2.24110" in text and "<b>130 m</b> from the address" in text and "to within 40 m" in text
    assert "41 min ago" in text and 'href="https://www.openstreetmap.org/?mlat=53.48150' in text
    assert 'data-seen="53.4815,-2.2411"' in text and 'data-accuracy="35"' in text


async def test_positions_are_for_those_who_act_and_only_while_it_is_open(world: World, desk: Desk) -> None:
    page = await silent(world, seen=True)
    assert "53.48150" not in await desk.sees("Rita", page)
    await world.do("Mia", alerts.resolve, (await world.alert()).id, Found.SAFE, KnownBy.SEEN)
    assert "53.48150" not in await desk.sees("Mia", page)


async def test_the_ground_of_the_map_comes_from_one_host_on_this_page_alone(world: World, desk: Desk) -> None:
    page = await silent(world, seen=True)
    assert await desk.sources("Mia", page) == "img-src 'self'"
    await desk.serve(tiles_url=TILES, tiles_credit="© Somebody's maps")
    assert await desk.sources("Mia", page) == "img-src 'self' https://tiles.example.org"
    text = await desk.sees("Mia", page)
    assert f'data-tiles="{TILES}"' in text and "© Somebody&#39;s maps" in text
    for elsewhere in ("/alerts", "/board", "/hello"):
        assert await desk.sources("Mia", elsewhere) == "img-src 'self'"
    assert await desk.sources("Rita", page) == "img-src 'self'"
    await world.do("Mia", alerts.resolve, (await world.alert()).id, Found.SAFE, KnownBy.SEEN)
    assert await desk.sources("Mia", page) == "img-src 'self'"


# --- who was told, and what renews itself ---


async def test_who_was_told_by_which_channel_and_reached_stands_there_newest_first(world: World, desk: Desk) -> None:
    page = await silent(world)
    await world.later(6)
    text = await desk.sees("Mia", page)
    assert in_order(text, "<b>Dev</b>: the alarm, Telegram", "<b>Mia</b>: the alarm, Telegram")
    assert "reached " in text and "Rung 2 (deputy on duty) is told: Dev." in text


async def test_reading_is_kept_once_for_each_time_the_page_is_opened(world: World, desk: Desk) -> None:
    page = await silent(world)
    assert (await desk.sees("Mia", f"{page}/now")).startswith("404")

    async def reads() -> int:
        mine = (event_log.c.verb == "read", event_log.c.actor_id == world.ids["Mia"])
        async with world.database.reading() as tx:
            return (await tx.conn.execute(select(func.count()).where(*mine))).scalar_one()

    before = await reads()
    await desk.sees("Mia", page)
    assert await reads() == before + 1
    for _ in range(2):
        assert 'data-piece="state"' in await desk.sees("Mia", f"{page}/now")
    assert await reads() == before + 1


async def test_an_open_page_hears_of_a_word_of_somebody_taking_it_and_of_who_was_reached(
    world: World, desk: Desk
) -> None:
    page = await silent(world)
    visit_id = (await world.alert()).alert.visit_id
    async with (await desk.browser("Mia")).get(f"{page}/events") as events:
        heard = events.content
        await heard.readuntil(b"event: changed\n")
        await world.do("Dev", alerts.take, (await world.alert()).id)
        await heard.readuntil(b"event: changed\n")
        await world.do("Ann", words.ok, visit_id, Word(position=SEEN))
        await heard.readuntil(b"event: changed\n")


async def test_a_page_of_somebody_who_is_kept_off_it_since_goes_silent(world: World, desk: Desk) -> None:
    page = await silent(world)
    async with (await desk.browser("Dev")).get(f"{page}/events") as events:
        await events.content.readuntil(b"event: changed\n")
        await world.do("Adam", exclusions.add, world.ids["Dev"], worker_id=world.ids["Ann"], reason="former partner")
        await world.do("Mia", alerts.take, (await world.alert()).id)
        rest = await events.content.read()
    assert b"changed" not in rest
    assert (await desk.sees("Dev", f"{page}/now")).startswith("404")


async def test_the_responder_card_is_there_for_whoever_looks_for_them(world: World, desk: Desk) -> None:
    await world.do(
        "Ann",
        people.set_responder,
        {"car": "Blue Corsa", "registration": "AB12 CDE", "medical": "Asthma", "code_phrase": "blue folder"},
    )
    page = await silent(world)
    text = await desk.sees("Mia", page)
    assert "To find them" in text and "Blue Corsa, AB12 CDE" in text and "Asthma" in text and "blue folder" in text
    await world.do("Mia", alerts.resolve, (await world.alert()).id, Found.SAFE, KnownBy.SEEN)
    text = await desk.sees("Mia", page)
    assert "Asthma" not in text and "AB12" not in text and "blue folder" not in text


async def test_whoever_may_only_read_it_is_shown_nothing_of_the_responder_card(world: World, desk: Desk) -> None:
    await world.do(
        "Ann", people.set_responder, {"car": "Blue Corsa", "medical": "Asthma", "code_phrase": "blue folder"}
    )
    text = await desk.sees("Rita", await silent(world))
    assert "<b>Ann</b>, alone" in text and "I have it" not in text
    for hidden in ("Blue Corsa", "Asthma", "blue folder", "07700"):
        assert hidden not in text


async def test_of_a_call_for_help_in_no_visit_no_word_of_a_visit_is_missed(desk: Desk) -> None:
    await desk.world.do("Ann", words.sos, None, Word())
    page = await desk.sees("Mia", f"/alerts/{(await desk.world.alert()).id}")
    assert "Nobody has this yet" in page and "Last word" not in page
