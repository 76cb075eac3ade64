"""A server like Telegram's may know little and tell less: people are heard and told all the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bots.delivery.outcome import Sent
from bots.dialogue.render import Rendered
from bots.telegram import hook_keeper, patience, poller
from bots.telegram.listening import DRAINED, POLLED
from bots.telegram.request import Request
from config.settings import Settings
from safety_service.actions import linking
from safety_service.actions.linking import BOT_STAMP
from safety_service.app import Parts
from safety_service.store import stamps
from tests.patience import until
from tests.telegram import receiving
from tests.telegram.faults import Kind
from tests.unit.telegram_desk import QUICK, Desk, desk_in, outgoing
from tests.unit.test_telegram_hook import hooked
from tests.world import World

#: What nobody has to know to be heard or told.
SPARE = ("getMe", "setMyCommands", "deleteMyCommands", "deleteWebhook", "getWebhookInfo", "answerCallbackQuery")
SPARSE: list[Kind] = ["not_known", "not_known_softly", "true", "empty", "bare"]


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with desk_in(world) as desk:
        yield desk


@pytest.fixture(params=SPARSE)
def sparse(request: pytest.FixtureRequest, desk: Desk) -> Kind:
    kind: Kind = request.param
    for method in SPARE:
        desk.telegram.fault(kind, method=method)
    return kind


async def test_where_it_is_asked_what_is_said_is_heard_and_answered(desk: Desk, sparse: Kind) -> None:
    ann = await desk.phone("Ann")
    await ann.says("ok")
    async with desk.working() as bot:
        await desk.hears("ok")
        question = await desk.asks(bot, ann, "going in?", ["in"])
        await ann.presses(question, "in")
        await desk.hears("in")


async def test_where_it_posts_the_webhook_is_set_and_what_is_said_is_heard(
    desk: Desk, sparse: Kind, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hook_keeper, "AGAIN", 0.5)
    ann = await desk.phone("Ann")
    async with hooked(desk) as here, desk.working(here.bot):
        await desk.telegram.hooked()
        await ann.says("ok")
        await desk.hears("ok")
        await desk.telegram.called("getWebhookInfo", times=3)
        assert await desk.stamped(POLLED) is not None
        assert await desk.stamped(DRAINED) is None, "what is not told is not known"
        # Nobody tells whether it is still set.
        desk.telegram.world.webhook.url = ""
        await ann.says("still there?")
        await desk.hears("still there?")
    assert caplog.text.count("does not tell how the webhook does") == 1
    assert "died" not in caplog.text and "hangs" not in caplog.text


async def test_the_webhook_is_set_though_nobody_answers_how_it_does(desk: Desk) -> None:
    desk.telegram.fault("hang_before", method="getWebhookInfo")
    ann = await desk.phone("Ann")
    async with hooked(desk, grace=1.0) as here, desk.working(here.bot):
        await desk.telegram.hooked()
        await ann.says("ok")
        await desk.hears("ok")


async def test_a_webhook_that_cannot_be_taken_down_yet_is_tried_again_until_it_is(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    desk.telegram.world.webhook.url = "http://127.0.0.1:9/gone"
    fault = desk.telegram.fault("not_known", method="deleteWebhook", times=2)
    await ann.says("ok")
    async with desk.working():
        await desk.hears("ok")
    assert fault.hits == 2


async def test_a_webhook_that_is_taken_down_by_nobody_for_seconds_holds_up_no_poll(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    desk.telegram.fault("hang_before", method="deleteWebhook")
    await ann.says("ok")
    async with desk.working(desk.bot(pace=replace(QUICK, grace=0.5))):
        await desk.hears("ok")


async def test_a_server_that_never_waits_for_words_is_not_asked_without_a_breath(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "LONGEST_POLL", 0)
    ann = await desk.phone("Ann")
    async with desk.working():
        await desk.telegram.called("getUpdates", times=3)
        before, began = len(desk.telegram.calls_of("getUpdates")), time.monotonic()
        await asyncio.sleep(1)
        asked = len(desk.telegram.calls_of("getUpdates")) - before
        assert asked <= (time.monotonic() - began) / poller.BREATH + 1
        await ann.says("ok")
        await desk.hears("ok")


async def test_its_menu_is_filled_though_it_does_not_say_who_we_are_and_its_name_is_learned_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(patience, "FIRST", 0.01)
    fault = desk.telegram.fault("true", method="getMe")
    bot = desk.bot()
    async with desk.working(bot):
        await desk.telegram.called("deleteMyCommands")
        await desk.telegram.until_hit(fault, 3)
        assert await desk.stamped(BOT_STAMP) is None and bot.username is None
        fault.lift()
        await until(lambda: _knows_its_name(desk))
    assert [len(desk.telegram.calls_of(each)) for each in ("setMyCommands", "deleteMyCommands")] == [1, 1]
    assert "introduction died" not in caplog.text


async def _knows_its_name(desk: Desk) -> bool:
    async with desk.database.transaction() as tx:
        return (await linking.invite(tx, None, desk.world.ids["Ann"])).bot is not None


@pytest.mark.parametrize("kind", ["true", "empty"])
async def test_an_alarm_that_was_taken_is_known_to_be_though_its_number_is_not_told(desk: Desk, kind: Kind) -> None:
    ann, bot = await desk.phone("Ann"), desk.bot()
    desk.telegram.fault(kind, method="sendMessage")
    assert await bot.sender.send(outgoing(ann, priority=0), Rendered("Help")) == Sent("")
    assert [each.text for each in ann.screen] == ["Help"]


async def test_of_a_message_that_was_taken_no_more_than_its_number_has_to_be_told(desk: Desk) -> None:
    ann, bot = await desk.phone("Ann"), desk.bot()
    told = '{"ok": true, "result": {"message_id": 7, "chat": {"id": 5}}}'

    async def answered(*_: object, **__: object) -> tuple[int, bytes]:
        return 200, told.encode()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Request, "_ask", answered)
        assert await bot.sender.send(outgoing(ann), Rendered("OK?")) == Sent("7")


async def test_after_a_gap_nobody_takes_for_heard_what_is_not_told_to_be(desk: Desk) -> None:
    parts = Parts(Settings(), desk.database, desk.database.hot, desk.bot(), "one")
    for waiting, all_heard in ((None, False), (1, False), (0, True)):
        async with desk.database.transaction() as tx:
            await stamps.stamp(tx, POLLED, {"updates": waiting, "ended": None, "stuck": False})
        async with desk.database.reading() as tx:
            assert await parts.drained(tx, tx.now) is all_heard
