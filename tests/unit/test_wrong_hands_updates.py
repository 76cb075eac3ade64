"""Spoofed updates: a replayed or edited button, somebody else's chat, a group, a forwarded word move nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import aiohttp
import pytest
from aiohttp import ClientSession
from sqlalchemy import func, select

from bots import webchat
from bots.dialogue import tokens
from bots.dialogue.inbox import InboxWorker
from bots.dialogue.router import handle
from bots.dialogue.tokens import Token
from bots.telegram.background import Background
from bots.telegram.ear import Ear
from bots.telegram.taking import Hearing
from bots.telegram.updates import What, read_update
from safety_service import api, web
from safety_service.actions import alerts, words
from safety_service.actions.words import Word
from safety_service.domain.words import State
from safety_service.store import channels
from safety_service.store.tables.alerts import alert
from safety_service.store.tables.visits import said
from tests import http
from tests.talk import Talk, with_page
from tests.telegram import BotApiServer
from tests.unit.telegram_desk import Desk
from tests.world import World

ANN, EVE = 71, 666
PRIVATE = {"id": ANN, "type": "private"}


@pytest.fixture
def talk(world: World) -> Talk:
    return Talk(world)


def message(**more: Any) -> dict[str, Any]:
    """An update with a message in Ann's own chat, but for what is said otherwise."""
    plain = {"message_id": 5, "date": 1_790_000_000, "chat": PRIVATE, "from": {"id": ANN}, "text": "OK"}
    return {"update_id": 1, "message": {**plain, **more}}


def press(**more: Any) -> dict[str, Any]:
    """An update with a pressed button in Ann's own chat, but for what is said otherwise."""
    shown = {"message_id": 5, "date": 1_790_000_000, "chat": PRIVATE}
    query = {"id": "9", "from": {"id": ANN}, "message": shown, "data": "ok"}
    return {"update_id": 1, "callback_query": {**query, **more}}


def test_what_another_says_in_a_private_chat_is_nobodys() -> None:
    own, anothers = read_update(message()), read_update(message(**{"from": {"id": EVE}}))
    assert own is not None and own.what is What.TEXT
    assert anothers is None
    assert read_update(press()) is not None
    assert read_update(press(**{"from": {"id": EVE}})) is None
    edited = {"update_id": 1, "edited_message": message(**{"from": {"id": EVE}})["message"]}
    assert read_update(edited) is None


def test_a_forwarded_word_is_a_note_and_moves_nothing() -> None:
    for text in ("OK", "/begin", "out"):
        heard = read_update(message(text=text, forward_origin={"type": "user"}))
        assert heard is not None and heard.what is What.NOTE


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel"])
def test_a_button_or_a_word_in_a_group_is_no_word(kind: str) -> None:
    group = {"id": -100, "type": kind}
    shown = {"message_id": 5, "date": 1, "chat": group}
    assert read_update(press(message=shown)) is None
    heard = read_update(message(chat=group))
    assert heard is not None and heard.what is What.GROUP


def test_a_button_of_an_inline_message_belongs_to_no_chat() -> None:
    query = {"id": "9", "from": {"id": ANN}, "inline_message_id": "x", "data": "ok"}
    assert read_update({"update_id": 1, "callback_query": query}) is None


async def test_a_replayed_update_is_heard_once(world: World) -> None:
    row = await world.inside("Ann")
    async with world.database.transaction() as tx:
        await channels.end_all(tx, world.ids["Ann"])
        await channels.link(tx, world.ids["Ann"], "telegram", str(ANN))
    ear = Ear(cast("Any", None), Background())
    for _ in range(3):
        async with world.database.transaction() as tx:
            hearing = Hearing(now=tx.now, poll_began=tx.now, poll_ended=tx.now, heard_before=tx.now)
            await ear.take(tx, message(text="OK", date=int(tx.now.timestamp())), hearing)
    await InboxWorker(world.database, handle).drain()
    async with world.database.reading() as tx:
        spoke = select(said.c.kind).where(said.c.visit_id == row.id).order_by(said.c.id)
        assert (await tx.conn.execute(spoke)).scalars().all() == ["begin", "ok"]


async def test_a_foreign_chat_speaks_for_nobody(world: World) -> None:
    async with BotApiServer(clock=lambda: world.now) as telegram:
        desk = Desk(telegram, world)
        await desk.phone("Ann")
        eve = telegram.person("Eve")
        async with desk.working():
            await eve.says("/sos")
            await eve.sees(desk.own("code_wanted"))
        await desk.close()
    assert desk.notebook.heard == []
    assert await world.alerts() == []


async def test_a_channel_that_was_ended_speaks_for_nobody(world: World) -> None:
    async with BotApiServer(clock=lambda: world.now) as telegram:
        desk = Desk(telegram, world)
        ann = await desk.phone("Ann")
        async with world.database.transaction() as tx:
            await channels.end_all(tx, world.ids["Ann"])
        async with desk.working():
            await ann.says("/begin")
            await ann.sees(desk.own("code_wanted"))
        await desk.close()
    assert desk.notebook.heard == []


async def test_an_older_questions_button_answers_no_newer_one(world: World, talk: Talk) -> None:
    row = await world.inside("Ann")
    await world.later(31)
    old = [each for each in await talk.screen("Ann") if each.template.startswith("ask.")][-1]
    await talk.presses("Ann", "OK", of=old)
    heard = (await world.visit(row.id)).visit.watches[0].last_word_at
    await world.later(31)
    (again, *_) = await talk.presses("Ann", "OK", of=old)
    assert again.template == "reply.stale"
    assert (await world.visit(row.id)).visit.watches[0].last_word_at == heard


async def test_another_persons_button_does_nothing_for_whoever_has_it(world: World, talk: Talk) -> None:
    row = await world.inside("Ann")
    before = (await world.visit(row.id)).visit
    for who in ("Ben", "Mia", "Rita", "Adam"):
        for verb in ("ok", "out", "home", "extend", "begin", "not_going", "ring_me", "battery", "no_signal"):
            await talk.token(who, str(Token(verb, row.id, 0)))
    after = (await world.visit(row.id)).visit
    assert (after.status, after.watches) == (before.status, before.watches)
    async with world.database.reading() as tx:
        spoke = select(said.c.worker_id).where(said.c.visit_id == row.id).distinct()
        assert set((await tx.conn.execute(spoke)).scalars()) == {world.ids["Ann"]}


async def test_an_edited_alarm_button_is_only_as_good_as_its_presser(world: World, talk: Talk) -> None:
    row = await world.inside("Ann")
    await world.do("Ann", words.sos, row.id, Word())
    alert_id, step = (await world.alert()).id, (await world.alert()).alert.step
    verbs = ("take", "take_over", "wake", "safe", "trying", "rung_999", "close", "accept", "decline", "agree", "not_so")
    for who in ("Ann", "Ben"):
        for verb in verbs:
            await talk.token(who, str(Token(verb, alert_id, 1)))
        await talk.token(who, str(Token("pass_to", alert_id, None, tokens.short(world.ids[who]))))
    after = (await world.alert()).alert
    assert (after.state, after.owner_id, after.step) == (State.OPEN, None, step)


@pytest.mark.parametrize(
    "token",
    [
        "",
        ":",
        "take",
        "take:not-an-id",
        "ok:AAAAAAAAAAAAAAAAAAAAAA:9999999999999",
        "f:AAAAAAAAAAAAAAAAAAAAAA:1:0",
        "decide:AAAAAAAAAAAAAAAAAAAAAA::burn_it_down",
        "__class__:x",
        "take:" + "A" * 200,
    ],
)
async def test_a_button_with_made_up_data_is_answered_plainly(world: World, talk: Talk, token: str) -> None:
    for who in ("Ann", "Mia"):
        answered = await talk.token(who, token)
        assert {each.template for each in answered} <= {
            "reply.old_button",
            "refused.not_found",
            "form.finished",
            "refused.other",
            "reply.nothing_now",
        }


async def test_a_button_about_another_agencys_alert_is_about_nothing(world: World, talk: Talk) -> None:
    (answer,) = await talk.token("Mia", str(Token("take", uuid4())))
    assert answer.template == "refused.not_found"


@pytest.fixture
async def base(world: World) -> AsyncIterator[str]:
    chat = SimpleNamespace(setup=lambda app, services: webchat.setup(app, services, handle))
    async with http.serving(http.application(world, web, api, chat)) as address:
        yield address


async def says(browser: ClientSession, text: str, **headers: str) -> int:
    """A word on the chat page, as its script sends it."""
    body = {"id": f"word-{uuid4()}", "kind": "text", "text": text}
    async with browser.post("/chat/words", json=body, headers=headers) as answer:
        return answer.status


async def test_a_word_that_another_sites_page_sends_with_our_cookie_is_refused(world: World, base: str) -> None:
    row = await world.plan("Ann")
    await with_page(world, "Ann")
    async with http.browsing(base) as browser:
        await http.signed_in(world, browser, "Ann")
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
            assert await says(browser, "begin", **headers) == 403
        assert (await world.visit(row.id)).visit.status == "planned"
        assert await says(browser, "begin", **{"Sec-Fetch-Site": "same-origin"}) == 200
    assert (await world.visit(row.id)).visit.status == "begun"


async def test_whose_cookie_it_is_says_the_word_whatever_the_body_claims(world: World, base: str) -> None:
    row = await world.inside("Ann")
    await with_page(world, "Ben")
    async with http.browsing(base) as browser:
        await http.signed_in(world, browser, "Ben")
        body = {
            "id": f"word-{uuid4()}",
            "kind": "button",
            "token": str(Token("out", row.id, 0)),
            "person_id": str(world.ids["Ann"]),
        }
        async with browser.post("/chat/words", json=body) as answer:
            assert answer.status in (200, 400)
    assert (await world.visit(row.id)).visit.status == "begun"


async def test_another_persons_key_gives_nobody_their_answer(world: World, base: str) -> None:
    async with aiohttp.ClientSession(base) as session:
        ann, ben = await http.paired(world, session, "Ann"), await http.paired(world, session, "Ben")
        body = {
            "family_ref": "F-1",
            "starts_at": (world.now + timedelta(hours=1)).isoformat(),
            "ends_at": (world.now + timedelta(hours=2)).isoformat(),
            "address": {"text": "1 Elm Row"},
            "purpose": "review",
        }
        status, hers = await ann.post("/visits", body, key="the-same-key")
        assert status == 201, hers
        status, his = await ben.post("/visits", body, key="the-same-key")
        assert status == 201
        assert his["id"] != hers["id"]
        assert [each["person_id"] for each in his["workers"]] == [str(world.ids["Ben"])]


async def test_a_key_in_another_persons_alert_takes_nothing(world: World, base: str) -> None:
    await world.do("Ann", words.sos, None, Word())
    alert_id = (await world.alert()).id
    async with aiohttp.ClientSession(base) as session:
        mia, ben = await http.paired(world, session, "Mia"), await http.paired(world, session, "Ben")
        status, _ = await mia.post(f"/alerts/{alert_id}/ack", key="k")
        assert status == 200
        status, answer = await ben.post(f"/alerts/{alert_id}/ack", key="k")
        assert status == 404, answer
    assert (await world.alert()).alert.owner_id == world.ids["Mia"]


async def test_a_late_replay_of_taking_it_takes_nothing_from_who_has_it_now(world: World, talk: Talk) -> None:
    row = await world.inside("Ann")
    await world.do("Ann", words.sos, row.id, Word())
    alert_id = (await world.alert()).id
    taken = str(Token("take", alert_id))
    await talk.token("Mia", taken)
    await world.do("Dev", alerts.take, alert_id, take_over=True)
    (answer, *_) = await talk.token("Mia", taken)
    assert answer.template == "refused.taken_already"
    assert (await world.alert()).alert.owner_id == world.ids["Dev"]
    async with world.database.reading() as tx:
        assert (await tx.conn.execute(select(func.count()).select_from(alert))).scalar_one() == 1
