"""What goes wrong to order goes wrong as it does with Telegram, and says as little about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
import telegram as ptb
from telegram.error import BadRequest, Forbidden, NetworkError, RetryAfter, TimedOut

from . import BotApiServer, Phone
from .clients import judged_server, ptb_client
from .faults import Kind


@pytest.fixture(autouse=True)
def lasting_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have python-telegram-bot give durations as timedelta, or RetryAfter warns as it is raised."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
async def telegram() -> AsyncIterator[BotApiServer]:
    async with judged_server() as server:
        yield server


@pytest.fixture
async def bot(telegram: BotApiServer) -> AsyncIterator[ptb.Bot]:
    async with ptb_client(telegram) as one:
        yield one


@pytest.fixture
def ann(telegram: BotApiServer) -> Phone:
    return telegram.person("Ann", last_name="Lee", username="annlee")


async def test_flooding_one_chat_says_how_long_to_wait_and_leaves_the_other(
    telegram: BotApiServer, bot: ptb.Bot, ann: Phone
) -> None:
    ben = telegram.person("Ben")
    telegram.fault("too_many_requests", chat=ann, retry_after=7, times=1)
    await bot.send_message(ben.chat_id, "Hello")
    with pytest.raises(RetryAfter) as caught:
        await bot.send_message(ann.chat_id, "Hello")
    assert caught.value.retry_after == timedelta(seconds=7)
    await bot.send_message(ann.chat_id, "Hello")
    assert [call.fault for call in telegram.calls_of("sendMessage")] == [None, "too_many_requests", None]


async def test_a_blocked_bot_is_told_and_refused_until_unblocked(bot: ptb.Bot, ann: Phone) -> None:
    await ann.blocks_the_bot()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(ann.chat_id, "Hello")
    await ann.unblocks()
    await bot.send_message(ann.chat_id, "Hello")
    changes = [update.my_chat_member for update in await bot.get_updates()]
    assert [change and change.new_chat_member.status for change in changes] == ["kicked", "member"]


async def test_nobody_is_written_to_before_they_have_started_the_bot(telegram: BotApiServer, bot: ptb.Bot) -> None:
    stranger = telegram.person("Eve", met=False)
    with pytest.raises(BadRequest, match=r"[Cc]hat not found"):
        await bot.send_message(stranger.chat_id, "Hello")
    await stranger.starts()
    await bot.send_message(stranger.chat_id, "Hello")


@pytest.mark.parametrize(("kind", "taken"), [("cut_before", 0), ("cut_after", 1)])
async def test_a_cut_after_taking_leaves_the_message_on_the_phone(
    telegram: BotApiServer, bot: ptb.Bot, ann: Phone, kind: Kind, taken: int
) -> None:
    telegram.fault(kind, method="sendMessage", times=1)
    with pytest.raises(NetworkError) as caught:
        await bot.send_message(ann.chat_id, "Hello")
    assert isinstance(caught.value.__cause__, httpx.RemoteProtocolError | httpx.ReadError)
    assert len(ann.screen) == taken


@pytest.mark.parametrize(("kind", "taken"), [("hang_before", 0), ("hang_after", 1)])
async def test_no_answer_in_time_leaves_open_whether_it_was_taken(
    telegram: BotApiServer, bot: ptb.Bot, ann: Phone, kind: Kind, taken: int
) -> None:
    fault = telegram.fault(kind, method="sendMessage")
    with pytest.raises(TimedOut) as caught:
        await bot.send_message(ann.chat_id, "Hello", read_timeout=0.1)
    await telegram.until_hit(fault)
    assert isinstance(caught.value.__cause__, httpx.ReadTimeout)
    assert len(ann.screen) == taken
    fault.lift()


async def test_a_full_pool_and_a_closed_door_mean_that_nothing_was_sent(telegram: BotApiServer, ann: Phone) -> None:
    fault = telegram.fault("hang_after", chat=ann, times=1)
    async with ptb_client(telegram, size=1) as bot:
        first = asyncio.create_task(bot.send_message(ann.chat_id, "First"))
        await telegram.until_hit(fault)
        with pytest.raises(TimedOut) as full:
            await bot.send_message(ann.chat_id, "Second", pool_timeout=0.05)
        assert isinstance(full.value.__cause__, httpx.PoolTimeout)
        fault.lift()
        assert (await first).text == "First"
        await telegram.stops_listening()
        with pytest.raises(NetworkError) as closed:
            await bot.send_message(ann.chat_id, "Third")
        assert isinstance(closed.value.__cause__, httpx.ConnectError)
        await telegram.listens_again()
        await bot.send_message(ann.chat_id, "Fourth")
    assert [bubble.text for bubble in ann.screen] == ["First", "Fourth"]


async def test_a_proxy_in_trouble_and_an_answer_in_pieces_are_errors(
    telegram: BotApiServer, bot: ptb.Bot, ann: Phone
) -> None:
    trouble = telegram.fault("server_error", status=502)
    with pytest.raises(NetworkError, match="Bad Gateway"):
        await bot.send_message(ann.chat_id, "First")
    trouble.lift()
    telegram.fault("garbage", times=1)
    with pytest.raises(ptb.error.TelegramError, match="Invalid server response"):
        await bot.send_message(ann.chat_id, "Second")
    telegram.fault("delay", seconds=0.01, times=1)
    await bot.send_message(ann.chat_id, "Third")
    assert [bubble.text for bubble in ann.screen] == ["Second", "Third"]
