"""P5: whoever is beside the worker, and was told of another alert about them before, reads on what they would have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientSession

from safety_service import api, web
from safety_service.actions import alert_page, briefing, danger, debriefs, reading, visit_story, words
from safety_service.actions import alerts as handling
from safety_service.actions.taking import link_for
from safety_service.actions.words import Word
from safety_service.domain.words import Found, Kind, KnownBy, Role
from safety_service.store import channels, people
from safety_service.store.alerts import AlertRow
from safety_service.store.visits import VisitRow, Wanted
from tests.http import Program, application, browsing, paired, serving, signed_in
from tests.talk import Talk
from tests.world import World

#: What is said to everybody else while Ann may be watched, in some of these words.
WARNED = ("do not ring", "may be watched", "do not:", "their own word")


@dataclass
class Office:
    """Mia is about to meet Ann; Dev is at his desk. Both were told that Ann did not answer."""

    world: World
    visit: VisitRow
    missed: AlertRow
    browsers: dict[str, ClientSession] = field(default_factory=dict)
    programs: dict[str, Program] = field(default_factory=dict)

    async def page(self, who: str, path: str) -> str:
        async with self.browsers[who].get(path) as answer:
            return f"{answer.status} {await answer.text()}"

    async def mark(self, who: str) -> str:
        return await self.world.do(who, alert_page.mark, self.missed.id)

    async def reads(self, who: str) -> dict[str, str]:
        """All that there is to read of the alert that they were told of: pages, programs, chat, link, text message."""
        world, alert = self.world, f"/alerts/{self.missed.id}"
        said = {path: await self.page(who, path) for path in ("/alerts", "/board", alert, f"{alert}/now")}
        said["api"] = str(await self.programs[who].get(alert))
        said["timeline"] = str(await self.programs[who].get(f"{alert}/timeline"))
        talk = Talk(world)
        said["/alerts of the chat"] = _text(await talk.says(who, "/alerts"))
        shown = talk.new[-1]
        for label in ("Call", "999 words"):
            if label in shown.labels:
                said[label] = _text(await talk.presses(who, label, of=shown))
        said["/board of the chat"] = _text(await talk.says(who, "/board"))
        async with world.database.transaction() as tx:
            link = await link_for(tx, self.missed.id, world.ids[who])
        said["link"] = await self.page(who, link.url_path)
        said["text message"] = _text(await Talk(world, "sms").says(who, f"over {link.reply}"))
        return said


def _text(bubbles: object) -> str:
    assert isinstance(bubbles, list) and bubbles
    return "\n".join(f"{each.text} {each.labels}" for each in bubbles)


@pytest.fixture
async def office(world: World) -> AsyncIterator[Office]:
    async with world.database.transaction() as tx:
        both = frozenset({Role.MANAGER, Role.PRACTITIONER})
        await people.set_roles(tx, world.ids["Mia"], world.team_id, both)
        for number, who in enumerate(("Mia", "Dev")):
            await channels.link(tx, world.ids[who], "sms", f"+44770090000{number}")
    visit = await world.inside("Ann", minutes=60)
    await world.later(80)
    made = Office(world, visit, await world.alert())
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(serving(application(world, web, api)))
        for who in ("Mia", "Dev"):
            made.browsers[who] = await stack.enter_async_context(browsing(base))
            await signed_in(world, made.browsers[who], who)
            made.programs[who] = await paired(world, made.browsers[who], who)
        await world.plan("Ann", ref="F-2", after=20, minutes=60, workers=(world.ids["Ann"], world.ids["Mia"]))
        yield made


async def duress(office: Office) -> None:
    async with office.world.database.transaction() as tx:
        await danger.duress(tx, office.world.ids["Ann"], office.visit.id, tx.now)


def warned(said: str) -> bool:
    return any(each in said.casefold() for each in WARNED)


async def test_whatever_they_open_of_it_stays_as_it_was_and_the_others_are_warned(office: Office) -> None:
    before = {who: (await office.reads(who)).keys() for who in ("Mia", "Dev")}
    mark = {who: await office.mark(who) for who in ("Mia", "Dev")}
    await duress(office)
    assert await office.mark("Mia") == mark["Mia"] and await office.mark("Dev") != mark["Dev"]
    mias = await office.reads("Mia")
    assert mias.keys() == before["Mia"] and not [where for where, said in mias.items() if warned(said)]
    for where in (f"/alerts/{office.missed.id}", "link", "text message", "Call"):
        assert "07700 900000" in mias[where], where
    devs = await office.reads("Dev")
    page = f"/alerts/{office.missed.id}"
    warn = (page, f"{page}/now", "/alerts", "/board", "link", "text message", "/alerts of the chat")
    assert not [where for where in warn if not warned(devs[where])]
    assert "Call" not in devs, "no button rings"


async def test_what_they_are_told_of_it_is_what_they_would_have_been_told(office: Office) -> None:
    world = office.world
    await duress(office)
    await world.do("Ann", words.ok, office.visit.id, Word())
    await world.do("Ann", words.ring_me, office.visit.id, Word())
    await world.do("Dev", handling.take, office.missed.id)
    await world.do("Dev", handling.pass_on, office.missed.id, world.ids["Mia"])
    await world.later(1)
    told = {who: {each.template: each for each in await Talk(world).screen(who)} for who in ("Mia", "Dev")}
    for template in ("alert.late_ok", "ring.wanted", "alert.offer"):
        said = told["Mia"][template]
        assert not warned(said.text) and said.params.get("variant") is None, template
    assert "07700 900000" in told["Mia"]["ring.wanted"].text and "Call" in told["Mia"]["alert.offer"].labels
    assert warned(told["Dev"]["alert.late_ok"].text)


@pytest.mark.parametrize("met", [[], ["hit"]])
@pytest.mark.parametrize("beside", [True, False])
async def test_what_else_asks_managers_to_ring_the_worker_says_so_to_nobody_but_those_beside_them(
    world: World, met: list[str], *, beside: bool
) -> None:
    """The wish to talk, what is urgent in a debrief, a question before the next visit."""
    visit = await world.inside("Ann", minutes=60)
    async with world.database.transaction() as tx:
        await danger.duress(tx, world.ids["Ann"], visit.id, tx.now)
    await world.do("Ann", words.left, visit.id, Word())
    if beside:
        async with world.database.transaction() as tx:
            await people.set_roles(tx, world.ids["Mia"], world.team_id, frozenset({Role.MANAGER, Role.PRACTITIONER}))
        await world.plan("Ann", ref="F-2", after=20, minutes=60, workers=(world.ids["Ann"], world.ids["Mia"]))
    asked = (await world.do("Ann", debriefs.wanted_of))[0].id
    await world.do("Ann", debriefs.answer, asked, {"mood": "bad", "support": ["talk"], "met": met})
    await world.do("Ann", briefing.ask, "F-1", "Is the dog still there?")
    about = ("debrief.urgent" if met else "debrief.talk", "briefing.asked")
    said = {each.template: each.text for each in await Talk(world).screen("Mia") if each.template in about}
    assert said.keys() == set(about)
    for text in said.values():
        assert warned(text) != beside and ("07700 900000" in text) == beside, text


async def test_a_note_that_an_agreed_word_would_not_have_left_is_shown_to_nobody_beside_them(office: Office) -> None:
    world = office.world
    await world.do("Ann", words.note, office.visit.id, Word(note="in the hallway"))
    page, quoted = f"/alerts/{office.missed.id}", "in the hallway"
    for who in ("Dev", "Mia"):
        timeline = str(await office.programs[who].get(f"{page}/timeline"))
        assert (quoted in timeline) == (quoted in await office.page(who, page)) == (who == "Dev")
        assert "said: going in" in timeline and ("said: a note" in timeline) == (who == "Dev")
    words_read = (await world.do("Mia", visit_story.of, office.visit.id)).words
    assert {each.kind for each in words_read} == {"begin"}


async def test_once_she_is_not_beside_them_any_more_she_is_warned_as_well(office: Office) -> None:
    await duress(office)
    async with office.world.database.transaction() as tx:
        wanted = Wanted(agency_id=office.world.agency_id, worker_id=office.world.ids["Mia"], live=True)
        joint = (await reading.visits_of(tx, await office.world.actor(tx, "Mia"), wanted)).rows[0]
    await office.world.do("Mia", words.cancel, joint.id, Word())
    assert warned(await office.page("Mia", f"/alerts/{office.missed.id}"))


async def test_on_a_visit_of_ones_own_no_list_for_programs_has_anything_open(world: World) -> None:
    """P5: duress takes in what is missed: a miss that is in the list on every other day would tell by being away."""
    async with world.database.transaction() as tx:
        both = frozenset({Role.MANAGER, Role.PRACTITIONER})
        await people.set_roles(tx, world.ids["Mia"], world.team_id, both)
    row = await world.inside("Ann", minutes=60, workers=(world.ids["Ann"], world.ids["Mia"]))
    await world.do("Mia", words.begin, row.id, Word())
    for _ in range(9):
        await world.later(10)
        await world.ok(row, "Mia")
    missed = next(each for each in await world.alerts() if each.alert.worker_id == world.ids["Ann"])
    assert missed.alert.kind in (Kind.NOT_OUT, Kind.MISSED_CHECK_IN)
    assert not (await world.do("Mia", reading.alerts_of)).rows and (await world.do("Dev", reading.alerts_of)).rows
    await world.do("Dev", handling.resolve, missed.id, Found.SAFE, KnownBy.HEARD_VOICE)
    assert (await world.do("Mia", reading.alerts_of)).rows, "what is over is there as ever"
