"""The chat page's own interface: what was said is kept once, and shown only as far as the moment allows."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import ClientSession

from bots import webchat
from bots.dialogue.router import handle
from safety_service import web
from safety_service.actions import words
from safety_service.actions.words import Word
from safety_service.store import channels, conversation, inbox
from tests.guidance.at_plans import all_of, says, told
from tests.http import application, browsing, serving, signed_in
from tests.world import World


class Page:
    """Somebody's chat page, as its script sees the service."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session
        self._count = 0

    async def say(self, text: str = "", word_id: str | None = None, **more: Any) -> int:
        """Post a word; gives the status."""
        self._count += 1
        word = {"id": word_id or f"word-{self._count:08}", "kind": "text", "text": text, **more}
        async with self._session.post("/chat/words", json=word) as answer:
            return answer.status

    async def view(self, after: str = "") -> dict[str, Any]:
        """What the page shows."""
        async with self._session.get("/chat/messages", params={"after": after}) as answer:
            assert answer.status == 200, await answer.text()
            view: dict[str, Any] = await answer.json()
            return view

    async def seen(self, *ids: str) -> int:
        """Confirm what is shown."""
        async with self._session.post("/chat/seen", json={"ids": ids}) as answer:
            return answer.status

    async def texts(self) -> list[str]:
        """All that is on the screen."""
        return [each["text"] for each in (await self.view())["messages"]]

    async def press(self, label: str) -> int:
        """Press the newest button with this label."""
        view = await self.view()
        buttons = [each for message in view["messages"] for each in message.get("buttons", ())] + view["always"]
        button = [each for each in buttons if each["label"] == label][-1]
        return await self.say(label, kind="button", token=button["token"])

    @property
    def session(self) -> ClientSession:
        """Its browser."""
        return self._session


class Office:
    """A service with the real dialogue, and pages of several people."""

    def __init__(self, world: World, base: str, stack: AsyncExitStack) -> None:
        self.world, self._base, self._stack = world, base, stack

    async def page(self, who: str) -> Page:
        """Sign in and open the chat."""
        session = await self._stack.enter_async_context(browsing(self._base))
        await signed_in(self.world, session, who)
        async with session.get("/chat") as answer:
            assert answer.status == 200
        return Page(session)


@asynccontextmanager
async def opened(world: World, act: Any = handle) -> AsyncIterator[Office]:
    chat = SimpleNamespace(setup=lambda app, services: webchat.setup(app, services, act))
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(serving(application(world, web, chat)))
        yield Office(world, base, stack)


@pytest.fixture
async def office(world: World) -> AsyncIterator[Office]:
    async with opened(world) as office:
        yield office


async def test_a_word_moves_the_deadline_and_its_answer_is_on_the_page(office: Office) -> None:
    row = await office.world.inside()
    ann = await office.page("Ann")
    office.world.clock.move(timedelta(minutes=10))
    assert await ann.say("ok") == 200
    view = await ann.view()
    assert [(each["mine"], each["text"].splitlines()[0]) for each in view["messages"][-2:]] == [
        (True, "ok"),
        (False, "OK. 09:40."),
    ]
    assert (await office.world.visit(row.id)).visit.watches[0].last_word_at == office.world.now


async def test_the_same_word_twice_is_heard_once(office: Office) -> None:
    await office.world.inside()
    ann = await office.page("Ann")
    for _ in range(3):
        assert await ann.say("ok", "the-same-id") == 200
    assert (await ann.texts()).count("ok") == 1


async def test_two_people_may_give_their_words_the_same_id(office: Office) -> None:
    ann, ben = await office.page("Ann"), await office.page("Ben")
    assert await ann.say("hello", "the-same-id") == 200
    assert await ben.say("hello", "the-same-id") == 200
    assert (await ben.texts()).count("hello") == 1


async def test_a_word_counts_from_when_it_was_said_by_however_wrong_a_clock(office: Office) -> None:
    row = await office.world.inside()
    ann = await office.page("Ann")
    office.world.clock.move(timedelta(minutes=10))
    # The phone's clock is a day off, but four minutes passed on it since.
    assert await ann.say("ok", at="2026-05-05T12:00:00Z", clock="2026-05-05T12:04:00Z") == 200
    watch = (await office.world.visit(row.id)).visit.watches[0]
    assert watch.last_word_at == office.world.now - timedelta(minutes=4)


@pytest.mark.parametrize(
    "bad", [{"at": "soon"}, {"clock": 7}, {"at": "2026-05-05T12:00:00Z"}, {"position": {"latitude": 99}}]
)
async def test_a_bad_optional_field_rejects_no_word(office: Office, bad: dict[str, Any]) -> None:
    await office.world.inside()
    ann = await office.page("Ann")
    assert await ann.say("ok", **bad) == 200
    assert "ok" in await ann.texts()


async def test_what_is_no_word_is_refused(office: Office) -> None:
    ann = await office.page("Ann")
    assert await ann.say("ok", "short") == 400
    assert await ann.say("ok", kind="shout") == 400
    async with ann.session.post("/chat/words", data={"id": "word-00000001", "kind": "text"}) as answer:
        assert answer.status == 415


async def test_another_sites_page_says_no_word(office: Office) -> None:
    ann = await office.page("Ann")
    word = {"id": "word-00000001", "kind": "text", "text": "home"}
    headers = {"Origin": "https://evil.example"}
    async with ann.session.post("/chat/words", json=word, headers=headers) as answer:
        assert answer.status == 403


async def test_inside_nothing_of_before_is_on_the_screen_and_after_out_it_is_again(office: Office) -> None:
    world = office.world
    ann = await office.page("Ann")
    row = await world.plan(ref="F-SECRET", address="1 Secret Row", after=5)
    await world.later(4)
    assert "F-SECRET" in "".join(await ann.texts())
    assert await ann.press("Going in") == 200
    view = await ann.view()
    assert view["from"] is not None
    assert "ECRET" not in str(view)
    assert [each["text"] for each in view["messages"] if each["mine"]] == ["Going in"]
    await world.do("Ann", words.left, row.id, Word())
    view = await ann.view()
    assert view["from"] is None and "F-SECRET" in str(view)


async def test_help_is_in_reach_while_a_visit_runs_and_its_label_says_nothing(office: Office) -> None:
    world = office.world
    ann = await office.page("Ann")
    row = await world.plan(after=1)
    assert [each["label"] for each in (await ann.view())["always"]] == ["Today", "Plan a visit", "Send help"]
    await world.do("Ann", words.begin, row.id, Word())
    assert [each["label"] for each in (await ann.view())["always"]] == ["Ring me", "Office now"]
    assert await ann.press("Office now") == 200
    assert (await world.alert()).alert.kind == "sos"
    assert "SOS" not in str(await ann.texts())
    await world.do("Ann", words.left, row.id, Word())
    assert [each["label"] for each in (await ann.view())["always"]] == ["Ring me", "Send help"]
    await world.do("Ann", words.home, row.id, Word())
    assert [each["label"] for each in (await ann.view())["always"]] == ["Today", "Plan a visit", "Send help"]


async def test_an_open_alert_stays_answerable_and_a_closed_one_does_not(office: Office) -> None:
    world = office.world
    mia = await office.page("Mia")
    await world.inside()
    await world.later(41)
    view = await mia.view()
    alarm = next(each for each in view["messages"] if each["text"].startswith("ALARM"))
    assert "1 Elm Row" in alarm["text"] and alarm["id"] in view["open"]
    assert await mia.press("I have it") == 200
    await mia.press("999 words")
    assert "1 Elm Row" in (await mia.view())["messages"][-1]["text"]
    assert (await world.alert()).alert.owner_id == world.ids["Mia"]
    await mia.press("Heard, safe")
    await mia.press("Heard their voice")
    assert (await world.alert()).alert.state == "resolved"
    after = await mia.view()
    assert after["open"] == []
    assert not [each["text"] for each in after["messages"] if "Elm Row" in each["text"]], "its address goes with it"
    assert any(each["text"].startswith("ALARM") for each in after["messages"])


async def test_every_proposal_stays_answerable_until_it_is_decided(office: Office) -> None:
    world = office.world
    mia = await office.page("Mia")
    debrief = await told(world, "open_threat")
    measures = await all_of(world, debrief)
    view = await mia.view()
    proposed = [each for each in view["messages"] if "decision, by" in each["text"] or "you decide, by" in each["text"]]
    assert len(proposed) == len(measures) > 1
    assert {each["id"] for each in proposed} <= set(view["open"])
    for each in measures.values():
        await says(world, "Mia", each, "accept")
    assert (await mia.view())["open"] == []


async def test_a_message_that_leads_to_a_page_leads_there_from_the_chat_page_too(office: Office) -> None:
    ann = await office.page("Ann")
    row = await office.world.inside()
    await ann.say("out")
    for said in ("Bad", "No", "Yes", "Argued, blocked", "Done", "Skip"):
        assert await ann.press(said) == 200
    told = (await ann.view())["messages"][-1]
    (link,) = [each for each in told["buttons"] if each["kind"] == "url"]
    assert link["url"].endswith("/tell")
    assert (await office.world.visit(row.id)).visit.status == "out"


async def test_a_message_has_reached_only_when_the_page_says_that_it_shows_it(office: Office) -> None:
    world = office.world
    mia = await office.page("Mia")
    await world.inside()
    await world.later(41)

    async def seen() -> set[bool]:
        async with world.database.reading() as tx:
            return {each.seen for each in await conversation.told(tx, world.ids["Mia"], None, 10)}

    assert await seen() == {False}
    view = await mia.view()
    dev = await office.page("Dev")
    assert await dev.seen(*(each["id"] for each in view["messages"])) == 200
    assert await seen() == {False}
    assert await mia.seen(*(each["id"] for each in view["messages"])) == 200
    assert await seen() == {True}


async def test_a_word_that_fails_is_kept_for_the_inbox_worker(world: World) -> None:
    async def fails(*_: Any) -> None:
        raise RuntimeError("the dialogue fails")

    async with opened(world, fails) as office:
        ann = await office.page("Ann")
        assert await ann.say("ok") == 200
        assert await ann.texts() == ["ok"]
    async with world.database.reading() as tx:
        assert not await inbox.empty(tx)


async def test_who_is_not_signed_in_reads_and_says_nothing(office: Office) -> None:
    ann = await office.page("Ann")
    await ann.session.post("/out")
    for path in ("/chat", "/chat/messages", "/chat/events"):
        async with ann.session.get(path) as answer:
            assert answer.status == 401
    assert await ann.say("ok") == 401
    assert await ann.seen() == 401


async def test_a_page_that_comes_back_is_told_what_it_missed(office: Office) -> None:
    world = office.world
    ann = await office.page("Ann")
    async with ann.session.get("/chat/events") as events:
        await events.content.readuntil(b"event: view\n")
        await ann.say("hello")
        await events.content.readuntil(b"hello")
    world.clock.move(timedelta(minutes=5))
    cursor = (await ann.view())["cursor"]
    await ann.say("again")
    async with ann.session.get("/chat/events", headers={"Last-Event-ID": cursor}) as events:
        await events.content.readuntil(b"event: view\n")
        line = (await events.content.readuntil(b"\n\n")).decode()
    assert "again" in line and "hello" not in line


async def test_opening_the_chat_makes_the_person_reachable_there(office: Office) -> None:
    await office.page("Ben")
    await office.page("Ben")
    async with office.world.database.reading() as tx:
        kinds = [each.kind for each in await channels.live(tx, office.world.ids["Ben"])]
    assert sorted(kinds) == ["telegram", "webchat"]
