"""The line to the Bot API: what an error says of whether anything was sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import telegram as ptb
from aiohttp import web
from aiohttp.test_utils import TestServer
from telegram.error import NetworkError, TelegramError, TimedOut

from bots.delivery.outcome import NotSent, Unknown
from bots.telegram.errors import outcome_of
from bots.telegram.request import Flooded, PoolFull, Request, ServerFault
from tests.telegram import BotApiServer, Phone
from tests.telegram.clients import judged_server
from tests.telegram.faults import Kind


@pytest.fixture
async def telegram() -> AsyncIterator[BotApiServer]:
    async with judged_server() as server:
        yield server


@pytest.fixture
async def bot(telegram: BotApiServer) -> AsyncIterator[ptb.Bot]:
    """The library's bot on our line, with two connections."""
    request = Request(2, 5.0, 5.0, 3.0, 0.2)
    yield ptb.Bot(telegram.token, base_url=telegram.base_url, base_file_url=telegram.base_file_url, request=request)
    await request.shutdown()


@pytest.fixture
def ann(telegram: BotApiServer) -> Phone:
    return telegram.person("Ann")


async def test_what_is_said_arrives_letter_for_letter(bot: ptb.Bot, ann: Phone) -> None:
    words = "Höhe 3 & mehr = 50% + \u2014 \N{PERSONAL COMPUTER}\nnext line"
    assert (await bot.send_message(ann.chat_id, words)).text == words
    assert [bubble.text for bubble in ann.screen] == [words]


@pytest.mark.parametrize(("kind", "taken"), [("cut_before", 0), ("cut_after", 1)])
async def test_a_line_that_is_cut_leaves_open_whether_it_was_taken(
    telegram: BotApiServer, bot: ptb.Bot, ann: Phone, kind: Kind, taken: int
) -> None:
    telegram.fault(kind, method="sendMessage", times=1)
    with pytest.raises(NetworkError) as caught:
        await bot.send_message(ann.chat_id, "Hello")
    assert isinstance(outcome_of(caught.value), Unknown)
    assert len(ann.screen) == taken
    await bot.send_message(ann.chat_id, "Again")


async def test_silence_leaves_open_whether_it_was_taken(telegram: BotApiServer, bot: ptb.Bot, ann: Phone) -> None:
    fault = telegram.fault("hang_after", method="sendMessage")
    with pytest.raises(TimedOut) as caught:
        await bot.send_message(ann.chat_id, "Hello", read_timeout=0.1)
    assert isinstance(outcome_of(caught.value), Unknown)
    fault.lift()


async def test_a_full_pool_and_a_closed_door_mean_that_nothing_was_sent(
    telegram: BotApiServer, bot: ptb.Bot, ann: Phone
) -> None:
    fault = telegram.fault("hang_after", chat=ann, times=2)
    hanging = [asyncio.create_task(bot.send_message(ann.chat_id, each)) for each in ("First", "Second")]
    await telegram.until_hit(fault, times=2)
    with pytest.raises(TimedOut) as full:
        await bot.send_message(ann.chat_id, "Third")
    assert isinstance(full.value.__cause__, PoolFull) and isinstance(outcome_of(full.value), NotSent)
    fault.lift()
    await asyncio.gather(*hanging)
    await telegram.stops_listening()
    with pytest.raises(NetworkError) as closed:
        await bot.send_message(ann.chat_id, "Fourth")
    assert isinstance(outcome_of(closed.value), NotSent)
    await telegram.listens_again()
    await bot.send_message(ann.chat_id, "Fifth")


async def test_a_name_that_nobody_looks_up_means_that_nothing_was_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """An alarm of which one cannot know is not said again: each that fell into this was lost."""

    async def hangs(*_: object, **__: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", hangs)
    request = Request(2, 5.0, 5.0, 0.2, 0.2)
    try:
        for _ in range(3):
            async with asyncio.timeout(2):
                with pytest.raises(TimedOut) as caught:
                    await request.do_request("http://api.telegram.example/bot1:x/sendMessage", "POST")
            assert isinstance(outcome_of(caught.value), NotSent)
    finally:
        await request.shutdown()


@pytest.mark.parametrize(("silent_after", "comes"), [(12, True), (4, False)])
async def test_a_file_may_come_slowly_but_not_fall_silent(silent_after: int, *, comes: bool) -> None:
    """Two megabytes on a slow line were cut at the same place, try after try, and given up after a day."""

    async def drips(asked: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        answer.content_length = 12
        await answer.prepare(asked)
        for _ in range(silent_after):
            await answer.write(b"x")
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.0 if comes else 2.0)
        return answer

    app = web.Application()
    app.router.add_get("/file", drips)
    async with TestServer(app) as server:
        request = Request(1, 0.4, 0.2, 0.2, 0.2)
        try:
            if comes:
                assert await request.retrieve(str(server.make_url("/file"))) == b"x" * 12
                return
            with pytest.raises(TimedOut):
                await request.retrieve(str(server.make_url("/file")))
        finally:
            await request.shutdown()


async def test_too_many_and_a_fault_keep_their_meaning(telegram: BotApiServer, bot: ptb.Bot, ann: Phone) -> None:
    telegram.fault("too_many_requests", chat=ann, retry_after=7, times=1)
    with pytest.raises(Flooded) as many:
        await bot.send_message(ann.chat_id, "Hello")
    assert many.value.seconds == 7
    telegram.fault("server_error", status=502, times=1)
    with pytest.raises(ServerFault):
        await bot.send_message(ann.chat_id, "Hello")
    telegram.fault("garbage", times=1)
    with pytest.raises(TelegramError):
        await bot.send_message(ann.chat_id, "Hello")


async def test_who_is_cancelled_gives_the_connection_back(telegram: BotApiServer, bot: ptb.Bot, ann: Phone) -> None:
    for _ in range(3):
        fault = telegram.fault("hang_before", chat=ann, times=1)
        sending = asyncio.create_task(bot.send_message(ann.chat_id, "Hello"))
        await telegram.until_hit(fault)
        sending.cancel()
        await asyncio.wait([sending])
        fault.lift()
    await bot.send_message(ann.chat_id, "There")
