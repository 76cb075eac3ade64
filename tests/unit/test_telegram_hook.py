"""By webhook, too, what people say is kept before Telegram may forget it, and only Telegram is listened to (P6)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import ClientSession, web

from bots.telegram import hook as hooks
from bots.telegram.api import UPDATES
from bots.telegram.bot import TelegramBot
from bots.telegram.hook import HEADER, HOOK
from bots.telegram.listening import DRAINED, POLLED
from safety_service import guesses
from safety_service.store import stamps, tallies
from safety_service.store.errors import CannotKeep, DatabaseAway
from tests.http import application, serving
from tests.patience import until
from tests.services.process import free_port
from tests.unit.telegram_desk import QUICK, Desk, desk_in
from tests.world import World


@dataclass
class Hooked:
    """A web process with the webhook, and the bot that keeps it set."""

    desk: Desk
    bot: TelegramBot
    url: str

    @property
    def path(self) -> str:
        assert self.bot.hook is not None
        return self.bot.hook.path

    @property
    def secret(self) -> str:
        assert self.bot.hook is not None
        return self.bot.hook.secret

    async def post(self, body: Any, *, url: str | None = None, secret: str | None = None) -> int:
        """Post as Telegram does; gives the status."""
        headers = {} if secret == "" else {HEADER: secret or self.secret}
        async with (
            ClientSession() as outside,
            outside.post((url or self.url) + self.path, json=body, headers=headers) as answer,
        ):
            return answer.status


@asynccontextmanager
async def web_process(desk: Desk, bot: TelegramBot | None, port: int | None = None) -> AsyncIterator[str]:
    def setup(app: Any, _services: Any) -> None:
        app[HOOK] = None if bot is None else bot.hook
        app.router.add_routes(hooks.routes)

    async with serving(application(desk.world, SimpleNamespace(setup=setup)), port) as url:
        yield url


@asynccontextmanager
async def hooked(desk: Desk, **pace: float) -> AsyncIterator[Hooked]:
    port = free_port()
    bot = desk.bot(pace=replace(QUICK, **pace), pages=f"http://127.0.0.1:{port}", webhook=True)
    async with web_process(desk, bot, port) as url:
        yield Hooked(desk, bot, url)


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    async with desk_in(world) as desk:
        yield desk


def saying(text: str, chat: int, number: int = 1) -> dict[str, Any]:
    """An update as Telegram writes it."""
    place = {"id": chat, "type": "private", "first_name": "Ann"}
    person = {"id": chat, "is_bot": False, "first_name": "Ann"}
    return {
        "update_id": number,
        "message": {"message_id": number, "date": 1_800_000_000, "chat": place, "from": person, "text": text},
    }


async def test_the_webhook_is_set_with_its_secret_and_what_is_said_is_heard_in_order(desk: Desk) -> None:
    ann, ben = await desk.phone("Ann"), await desk.phone("Ben")
    async with hooked(desk) as here, desk.working(here.bot):
        await desk.telegram.hooked()
        for number in range(5):
            await ann.says(f"a{number}")
            await ben.says(f"b{number}")
        await desk.hears("a4", "b4")
        await desk.telegram.all_taken()
    assert desk.notebook.of(ann) == [f"a{number}" for number in range(5)]
    assert desk.notebook.of(ben) == [f"b{number}" for number in range(5)]
    asked = desk.telegram.calls_of("setWebhook")[0].parameters
    assert asked["allowed_updates"] == UPDATES and asked["url"] == here.url + here.path
    assert desk.telegram.world.webhook.secret == here.secret
    assert not desk.telegram.calls_of("getUpdates")


async def test_whoever_does_not_know_the_address_or_the_secret_is_not_heard_and_is_counted(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tallies, "HERE", tallies.Tally())
    ann = await desk.phone("Ann")
    async with hooked(desk) as here:
        update = saying("ok", ann.chat_id)
        assert await here.post(update, secret="") == 403
        assert await here.post(update, secret=here.secret[:-1] + "x") == 403
        async with ClientSession() as outside, outside.post(here.url + "/telegram/guessed", json=update) as answer:
            assert answer.status == 404
        assert await desk.kept() == []
        assert await here.post(update) == 200
    assert len(await desk.kept()) == 1
    assert tallies.HERE.strangers == 3
    await tallies.flush(desk.database)
    async with desk.database.reading() as tx:
        assert (await tallies.sums(tx)).strangers == 3


async def test_strangers_at_the_webhook_shut_the_door_to_nobody_who_comes_from_the_same_address(desk: Desk) -> None:
    hook = desk.bot(webhook=True).hook
    assert hook is not None

    async def may_try(request: web.Request) -> web.Response:
        return web.json_response(await guesses.may_try(request))

    def setup(app: web.Application, _services: Any) -> None:
        app[HOOK] = hook
        app.router.add_routes([*hooks.routes, web.get("/may-try", may_try)])

    async with serving(application(desk.world, SimpleNamespace(setup=setup))) as url, ClientSession() as outside:
        for path in [hook.path, "/telegram/guessed"] * guesses.WRONG:
            async with outside.post(url + path, json=saying("ok", 1)) as answer:
                assert answer.status in {403, 404}
        async with outside.get(f"{url}/may-try") as answer:
            assert await answer.json() is True


async def test_without_a_webhook_there_is_nothing_at_its_address(desk: Desk) -> None:
    async with (
        web_process(desk, desk.bot()) as url,
        ClientSession() as outside,
        outside.post(url + "/telegram/guessed", json=saying("ok", 1)) as answer,
    ):
        assert answer.status == 404


async def test_what_is_no_update_is_refused(desk: Desk) -> None:
    async with hooked(desk) as here:
        bodies: list[Any] = [[], "ok", {}, {"update_id": "x"}, {"update_id": None}]
        for body in bodies:
            assert await here.post(body) == 400


async def test_an_update_that_several_processes_are_brought_is_kept_once(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    async with hooked(desk) as here, web_process(desk, here.bot) as other:
        posts = [here.post(saying("ok", ann.chat_id), url=url) for url in (here.url, other) * 4]
        assert await asyncio.gather(*posts) == [200] * 8
        assert len(await desk.kept()) == 1
        async with desk.working(here.bot):
            await desk.hears("ok")
    assert desk.notebook.texts == ["ok"]


async def test_what_could_not_be_kept_is_answered_500_and_brought_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = await desk.phone("Ann")
    failures = 2

    def fail(point: str) -> None:
        nonlocal failures
        if point == "hook:before_commit" and failures:
            failures -= 1
            raise DatabaseAway("pulled the plug")

    monkeypatch.setattr(hooks, "crash_point", fail)
    async with hooked(desk) as here, desk.working(here.bot):
        await ann.says("ok")
        await desk.hears("ok")
        await desk.telegram.all_taken()
    assert "500" in desk.telegram.world.webhook.last_error
    assert failures == 0 and desk.notebook.texts == ["ok"]
    assert not ann.screen.from_bot, "a moment without the database is nothing to be told of"


async def test_whoever_speaks_while_nothing_can_be_kept_is_told_once_whom_to_ring_and_is_heard_after(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, full = await desk.phone("Ann"), True

    def keep(point: str) -> None:
        if point == "hook:before_commit" and full:
            raise CannotKeep("no room")

    monkeypatch.setattr(hooks, "crash_point", keep)
    async with hooked(desk, owning_up=0.0) as here, desk.working(here.bot):
        await ann.says("help me")
        told = await ann.sees("nobody has heard you yet")
        await ann.says("please")
        full = False
        await desk.hears("help me", "please")
    assert [each.text for each in ann.screen.from_bot].count(told.text) == 1


async def test_an_update_that_cannot_be_read_is_not_brought_for_ever(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async with hooked(desk) as here:
        assert await here.post({"update_id": 7, "message": {"text": "no chat"}}) == 200
    assert "is lost: 7" in caplog.text


async def test_a_webhook_that_somebody_took_down_is_set_again_and_what_was_said_is_heard(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    async with hooked(desk) as here, desk.working(here.bot):
        await desk.telegram.hooked()
        desk.telegram.world.webhook.url = ""
        await ann.says("ok")
        await desk.hears("ok")
    assert len(desk.telegram.calls_of("setWebhook")) == 2


async def test_what_telegram_fails_to_bring_is_loud_and_it_is_asked_to_try_again(
    desk: Desk, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, broken = await desk.phone("Ann"), True

    def fail(point: str) -> None:
        if point == "hook:before_commit" and broken:
            desk.world.clock.move(timedelta(seconds=1))
            raise DatabaseAway("no keeping")

    monkeypatch.setattr(hooks, "crash_point", fail)
    async with hooked(desk) as here, desk.working(here.bot):
        await desk.telegram.called("getWebhookInfo", times=2)
        set_before = len(desk.telegram.calls_of("setWebhook"))
        await ann.says("ok")
        await until(lambda: _stuck(desk))
        await desk.telegram.called("setWebhook", times=set_before + 1)
        looks = len(desk.telegram.calls_of("getWebhookInfo"))
        await desk.telegram.called("getWebhookInfo", times=looks + 5)
        assert await _stuck(desk), "it is said for as long as it is so"
        broken = False
        await desk.hears("ok")
        await until(lambda: _not_stuck(desk))
    assert "Telegram cannot bring what was said" in caplog.text


async def _stuck(desk: Desk) -> bool:
    async with desk.database.reading() as tx:
        last = await stamps.last(tx, POLLED)
    return last is not None and bool(last.info.get("stuck"))


async def _not_stuck(desk: Desk) -> bool:
    return not await _stuck(desk)


async def test_only_a_queue_that_is_empty_says_that_all_is_heard(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    desk.telegram.hold()
    await ann.says("ok")
    async with hooked(desk) as here, desk.working(here.bot):
        await until(lambda: _stamped(desk))
        assert await desk.stamped(DRAINED) is None
        desk.telegram.release()
        await desk.hears("ok")
        await until(lambda: _drained(desk))


async def _stamped(desk: Desk) -> bool:
    return await desk.stamped(POLLED) is not None


async def _drained(desk: Desk) -> bool:
    return await desk.stamped(DRAINED) is not None


async def test_a_press_counts_from_now_while_all_is_heard_and_from_before_it_after_a_gap(desk: Desk) -> None:
    ann = await desk.phone("Ann")
    async with hooked(desk) as here:
        async with desk.working(here.bot):
            question = await desk.asks(here.bot, ann, "going in?", ["in", "late"])
            desk.world.clock.move(timedelta(minutes=2))
            began = desk.world.now
            await until(lambda: _polled_at(desk, began))
            await ann.presses(question, "in")
            await desk.hears("in")
            assert abs(desk.notebook.heard[-1].said_at - began) < timedelta(seconds=5)
        desk.telegram.hold()
        await ann.presses(question, "late")
        desk.world.clock.move(timedelta(minutes=30))
        desk.telegram.release()
        async with desk.working(here.bot):
            await desk.hears("late")
    assert abs(desk.notebook.heard[-1].said_at - began) < timedelta(seconds=5), "it may be as old as our last hearing"


async def _polled_at(desk: Desk, at: datetime) -> bool:
    return await desk.stamped(POLLED) == at


async def test_of_two_that_keep_the_webhook_one_does_and_a_poller_beside_them_stands_by(desk: Desk) -> None:
    async with hooked(desk) as here, desk.working(here.bot):
        await desk.telegram.hooked()
        async with desk.working(desk.bot(), inbox=False):
            looks = len(desk.telegram.calls_of("getWebhookInfo"))
            await desk.telegram.called("getWebhookInfo", times=looks + 3)
    assert not desk.telegram.calls_of("getUpdates") and not desk.telegram.calls_of("deleteWebhook")
