"""Today: a worker's own day, what to say next, what they still owe; and nothing to be read over their shoulder."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from aiohttp import ClientSession

from safety_service import web
from safety_service.actions import briefing, conversation, facts, linking, telling, words
from safety_service.actions.words import Word
from safety_service.store import exclusions
from tests.danger import agreed, inside_high
from tests.guidance.telling import CHILD, HARD, gives, out
from tests.http import application, browsing, serving, signed_in
from tests.world import World


@pytest.fixture
async def office(world: World) -> AsyncIterator["Office"]:
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(serving(application(world, web)))
        yield Office(world, base, stack)


class Office:
    """Browsers of several people."""

    def __init__(self, world: World, base: str, stack: AsyncExitStack) -> None:
        self.world, self._base, self._stack = world, base, stack

    async def browser(self, who: str) -> ClientSession:
        session = await self._stack.enter_async_context(browsing(self._base))
        await signed_in(self.world, session, who)
        return session


async def today(browser: ClientSession) -> str:
    async with browser.get("/today") as answer:
        assert answer.status == 200
        return (await answer.text()).partition("<main")[2].partition("</main>")[0]


def read(html: str) -> str:
    """What somebody reads there."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


async def press(browser: ClientSession, label: str, html: str | None = None) -> str:
    """Press the button with this label, as a browser without scripts does; gives the page that follows."""
    html = await today(browser) if html is None else html
    forms = re.findall(r'"word" value="(\w+)">.*?"token" value="([^"]+)">.*?"label" value="([^"]+)">', html)
    word, token = next((word, token) for word, token, named in forms if named == label)
    async with browser.post("/today/say", data={"word": word, "token": token, "label": label}) as answer:
        assert answer.status == 200, await answer.text()
        return (await answer.text()).partition("<main")[2].partition("</main>")[0]


async def test_a_worker_sees_their_visits_in_order_and_nobody_elses(office: Office) -> None:
    await office.world.plan("Ann", ref="F-LATER", after=120, address="2 Ash Road")
    await office.world.plan("Ann", ref="F-SOON", after=10, address="1 Elm Row")
    await office.world.plan("Ann", ref="F-TOMORROW", after=24 * 60)
    await office.world.plan("Ben", ref="F-BENS", after=20)
    said = read(await today(await office.browser("Ann")))
    assert said.index("F-SOON") < said.index("F-LATER") and "1 Elm Row" in said
    assert "F-TOMORROW" not in said and "F-BENS" not in said


async def test_a_day_without_visits_offers_to_plan_one(office: Office) -> None:
    browser = await office.browser("Ann")
    html = await today(browser)
    assert "Nothing is planned for today." in html
    link = re.search(r'href="([^"]+)"[^>]*>Plan a visit<', html)
    assert link is not None
    async with browser.get(link[1]) as answer:
        assert answer.status == 200
    await office.world.plan("Ann", after=10)
    assert "Plan a visit" not in await today(browser)


async def test_who_comes_along_is_named(office: Office) -> None:
    world = office.world
    await world.plan("Ann", after=30, workers=(world.ids["Ann"], world.ids["Ben"]))
    assert "With Ben." in read(await today(await office.browser("Ann")))
    assert "With Ann." in read(await today(await office.browser("Ben")))


async def test_what_is_still_owed_leads_to_where_it_is_done(office: Office) -> None:
    world = office.world
    row = await world.inside("Ann", ref="F-1")
    await world.do("Ann", words.left, row.id, Word())
    await world.do("Ann", words.home, row.id, Word())
    html = await today(await office.browser("Ann"))
    assert "Tell how it was: F-1, 09:00" in html and re.search(r'href="/debriefs/[^"]+/tell"', html)


async def test_what_is_open_has_a_line_for_each_kind(office: Office) -> None:
    world = office.world
    await gives(world, await out(world), {**HARD, **dict.fromkeys(CHILD, "not_known"), "met": ["open_threat"]})
    said = await today(await office.browser("Ann"))
    assert re.search(r'href="/items">Nobody knows yet \(\d\)</a>', said) and said.count("Nobody knows yet") == 1
    assert re.search(r'href="/items/[^"]+">Put this into the assessment', said)


async def test_a_briefing_is_owed_until_it_is_read(office: Office) -> None:
    world = office.world
    ann = await office.browser("Ann")
    await world.plan("Ann", ref="F-2", after=200)
    assert "Read before you go" not in await today(ann), "nothing is known of them, so there is nothing to read"
    await given(world, "F-2")
    assert "Read before you go: F-2" in await today(ann)
    await world.do("Ann", briefing.confirm, "F-2")
    assert "Read before you go" not in await today(ann)


async def test_inside_the_page_says_times_alone(office: Office) -> None:
    world = office.world
    await world.plan("Ann", ref="F-NEXT", after=120, address="2 Ash Road")
    await world.inside("Ann", ref="F-NOW", address="1 Elm Row")
    await given(world, "F-NEXT")
    said = read(await today(await office.browser("Ann"))).casefold()
    assert "11:00" in said
    for word in (
        "f-now",
        "f-next",
        "elm",
        "ash road",
        "risk",
        "threat",
        "police",
        "alarm",
        "alert",
        "danger",
        "sos",
    ):
        assert word not in said, word
    for kept in ("briefing", "debrief", "tell how", "read before"):
        assert kept not in said, kept


async def test_inside_what_was_said_last_tells_nothing_either(office: Office) -> None:
    world = office.world
    ann = await office.browser("Ann")
    line = {"line": "visit", "starts_at": world.now.isoformat(), "ref": "F-NEXT", "risk": "high", "phase": None}

    async def said() -> str:
        async with world.database.transaction() as tx:
            await linking.open_chat_page(tx, world.ids["Ann"])
            await telling.answer(tx, world.ids["Ann"], "webchat", "reply.today", {"count": 1, "visits": [line]})
        return read(await today(ann))

    assert "F-NEXT" in await said()
    await world.inside("Ann", ref="F-NOW")
    assert "F-NEXT" not in await said()


async def test_duress_changes_nothing_of_the_day(office: Office) -> None:
    """P5: the page is that of a normal day, on the worker's screen and on that of whoever is beside them."""
    world = office.world
    await agreed(world)
    row = await world.inside("Ann", workers=(world.ids["Ann"], world.ids["Ben"]))
    ann, ben = await office.browser("Ann"), await office.browser("Ben")
    normal = [without_ids(await today(each)) for each in (ann, ben)]
    await world.do("Ann", words.note, row.id, Word(note="nothing"))
    await world.do("Ann", words.ok, row.id, Word(phrase="harbour"))
    assert [each.alert.kind for each in await world.alerts()] == ["duress"]
    assert [without_ids(await today(each)) for each in (ann, ben)] == normal


def without_ids(html: str) -> str:
    """Less what is new on every page: the id of the word that a press would make, and the number of the question."""
    return re.sub(r'value="[^"]*"', "", html)


async def test_a_word_is_pressed_here_and_heard_once(office: Office) -> None:
    world = office.world
    row = await world.plan("Ann")
    ann = await office.browser("Ann")
    html = await today(ann)
    assert "OK. 09:30." in await press(ann, "Going in", html)
    assert (await world.visit(row.id)).visit.status == "begun"
    due = (await world.visit(row.id)).visit.watch(world.ids["Ann"]).due_at
    await world.jump(5)
    await press(ann, "Going in", html)
    assert (await world.visit(row.id)).visit.watch(world.ids["Ann"]).due_at == due, "sent again, it is no second word"
    assert "OK. 09:35." in await press(ann, "OK")


async def test_a_press_that_came_too_late_is_said_to_have_been_one(office: Office) -> None:
    world = office.world
    row = await world.plan("Ann")
    ann = await office.browser("Ann")
    before = await today(ann)
    await world.later(10)
    said = read(await press(ann, "Going in", before))
    assert "That was an earlier question." in said and "Going in?" in said
    assert (await world.visit(row.id)).visit.status == "planned"
    await press(ann, "Going in")
    assert (await world.visit(row.id)).visit.status == "begun"


async def test_what_is_pressed_here_stands_in_the_chat_as_it_was_named_but_not_which_word_is_theirs(
    office: Office,
) -> None:
    world = office.world
    await agreed(world)
    await inside_high(world)
    ann = await office.browser("Ann")
    await press(ann, "Tulip", await press(ann, "Out"))
    spoken = await world.do("Ann", conversation.look, None)
    assert [each.payload["extra"].get("label", "") for each in spoken.heard] == ["Out", ""]


async def test_at_high_risk_out_asks_for_the_own_word_here_too(office: Office) -> None:
    world = office.world
    await agreed(world)
    row = await inside_high(world)
    assert row.visit.risk == "high"
    ann = await office.browser("Ann")
    asked = await press(ann, "Out")
    assert (await world.visit(row.id)).visit.status == "begun"
    await press(ann, "Tulip", asked)
    assert (await world.visit(row.id)).visit.status != "begun"
    assert await world.alerts() == []


async def test_the_duress_word_pressed_here_looks_as_if_it_were_the_other(office: Office) -> None:
    world = office.world
    await agreed(world)
    await inside_high(world)
    ann = await office.browser("Ann")
    said = read(await press(ann, "Harbour", await press(ann, "Out")))
    assert [each.alert.kind for each in await world.alerts()] == ["duress"]
    assert "How was it?" in said or "Out" in said
    assert not [each for each in ("alarm", "alert", "police", "help was") if each in said.casefold()]


async def test_what_is_no_word_is_refused_and_another_sites_page_acts_for_nobody(office: Office) -> None:
    await office.world.plan("Ann")
    ann = await office.browser("Ann")
    async with ann.post("/today/say", data={"word": "x", "token": "begin"}) as answer:
        assert answer.status == 400
    async with ann.post("/today/say", data={}, headers={"Sec-Fetch-Site": "cross-site"}) as answer:
        assert answer.status == 403


async def test_who_goes_on_no_visits_has_no_day_and_a_stranger_no_page(office: Office) -> None:
    adam = await office.browser("Adam")
    async with adam.get("/today") as answer:
        assert answer.status == 403
    stranger = await office._stack.enter_async_context(browsing(office._base))
    async with stranger.get("/today") as answer:
        assert answer.status == 401


async def test_a_family_that_one_is_kept_off_is_not_offered_to_read(office: Office) -> None:
    world = office.world
    row = await world.plan("Ann", ref="F-2", after=60)
    await given(world, "F-2")
    ann = await office.browser("Ann")
    assert "Read before you go: F-2" in await today(ann)
    async with world.database.transaction() as tx:
        cousin = world.ids["Ann"]
        await exclusions.add(tx, world.agency_id, cousin, family_id=row.family_id, reason="a cousin", by=None)
    assert "Read before you go" not in await today(ann)


async def given(world: World, ref: str) -> None:
    """Something is known of this family."""
    fact = facts.NewFact(kind="dog", on=world.now.date(), source="police")
    await world.do("Mia", facts.add, ref, fact)
