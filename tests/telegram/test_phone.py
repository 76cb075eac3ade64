"""The phones that tests drive show what a person would see, here and in another process alike."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import telegram as ptb

from . import BotApiProcess, BotApiServer, NotSeen, NotThere, Phone, Taps
from .control import HIDDEN
from .stage import Stage


@pytest.fixture
async def telegram() -> AsyncIterator[BotApiServer]:
    async with BotApiServer(clock=lambda: datetime(2026, 11, 1, 9, 0, tzinfo=UTC)) as server:
        yield server


@pytest.fixture
async def bot(telegram: BotApiServer) -> AsyncIterator[ptb.Bot]:
    async with ptb.Bot(telegram.token, base_url=telegram.base_url) as one:
        yield one


def keys(*labels: str) -> ptb.InlineKeyboardMarkup:
    return ptb.InlineKeyboardMarkup([[ptb.InlineKeyboardButton(label, callback_data=label) for label in labels]])


async def test_taps_count_presses_and_typed_messages_apart(telegram: BotApiServer, bot: ptb.Bot) -> None:
    ann = telegram.person("Ann")
    await bot.send_message(ann.chat_id, "OK?", reply_markup=keys("OK", "SOS"))
    await ann.starts("CODE")
    before = ann.taps
    await ann.presses(None, re.compile("^O"))
    await ann.says("and well")
    await ann.sends_photo()
    assert ann.taps - before == Taps(presses=1, typed=1, sent=1)
    assert ann.taps.total == 4


async def test_a_button_is_found_on_the_newest_message_that_carries_it(telegram: BotApiServer, bot: ptb.Bot) -> None:
    ann = telegram.person("Ann")
    first = await bot.send_message(ann.chat_id, "First", reply_markup=keys("OK"))
    second = await bot.send_message(ann.chat_id, "Second", reply_markup=keys("OK"))
    await ann.presses(None, "OK")
    await ann.presses(await ann.sees("First"), "OK")
    pressed = [update["callback_query"]["message"]["message_id"] for update in telegram.updates]
    assert pressed == [second.message_id, first.message_id]


async def test_a_button_that_is_gone_cannot_be_pressed_except_by_a_phone_that_was_offline(
    telegram: BotApiServer, bot: ptb.Bot
) -> None:
    ann = telegram.person("Ann")
    sent = await bot.send_message(ann.chat_id, "OK?", reply_markup=keys("OK"))
    seen = await ann.sees("OK?")
    await bot.edit_message_text("Noted", ann.chat_id, sent.message_id)
    with pytest.raises(NotThere, match="Noted"):
        await ann.presses(seen, "OK")
    await ann.presses(seen, "OK", stale=True)
    assert telegram.updates[-1]["callback_query"]["data"] == "OK"


async def test_a_key_of_the_keyboard_below_posts_its_label_or_the_position(
    telegram: BotApiServer, bot: ptb.Bot
) -> None:
    ann = telegram.person("Ann")
    rows: list[list[str | ptb.KeyboardButton]] = [["Help", ptb.KeyboardButton("Where", request_location=True)]]
    await bot.send_message(ann.chat_id, "Keys", reply_markup=ptb.ReplyKeyboardMarkup(rows))
    assert ann.screen.keyboard == ("Help", "Where")
    await ann.presses(None, "Help")
    await ann.is_at(51.5, -0.1)
    await ann.presses(None, "Where")
    assert [bubble.text or bubble.position for bubble in ann.screen if bubble.mine] == ["Help", (51.5, -0.1)]
    await bot.send_message(ann.chat_id, "Gone", reply_markup=ptb.ReplyKeyboardRemove())
    assert not ann.screen.keyboard


async def test_what_is_not_seen_fails_with_the_whole_screen(telegram: BotApiServer, bot: ptb.Bot) -> None:
    ann = telegram.person("Ann")
    await bot.send_message(ann.chat_id, "Hello", reply_markup=keys("OK"))
    with pytest.raises(NotSeen, match=r"(?s)'Goodbye'.*Hello.*\[OK\]"):
        await ann.sees("Goodbye", timeout=0.01)
    with pytest.raises(NotSeen):
        await ann.sees("Hello", after=await ann.sees("Hello"), timeout=0.01)


async def test_the_transcript_keeps_what_the_screen_no_longer_shows(telegram: BotApiServer, bot: ptb.Bot) -> None:
    ann = telegram.person("Ann")
    await ann.says("Hello")
    sent = await bot.send_message(ann.chat_id, "OK?", reply_markup=keys("OK"))
    await ann.presses(None, "OK")
    await bot.edit_message_text("Noted", ann.chat_id, sent.message_id)
    await bot.delete_message(ann.chat_id, sent.message_id)
    await ann.no_longer_sees("Noted")
    lines = [(entry.who, entry.what, entry.text) for entry in ann.transcript]
    assert lines == [
        ("Ann", "said", "Hello"),
        ("Doorstep", "said", "OK?"),
        ("Ann", "pressed", "OK"),
        ("Doorstep", "edited", "Noted"),
        ("Doorstep", "deleted", "Noted"),
    ]
    assert ann.transcript[0].at == datetime(2026, 11, 1, 9, 0, tzinfo=UTC)


async def test_a_link_carries_only_what_telegram_lets_it_carry(telegram: BotApiServer) -> None:
    with pytest.raises(ValueError, match="deep link"):
        await telegram.person("Ann").starts("no spaces")


def test_nothing_that_a_test_can_do_here_is_hidden_from_another_process_by_chance() -> None:
    named = {name for kind in (Stage, Phone) for name in dir(kind) if not name.startswith("_")}
    assert named & HIDDEN <= {"world"}


async def test_all_of_it_works_across_processes() -> None:
    async with BotApiProcess() as telegram:
        ann = await telegram.person("Ann")
        async with ptb.Bot(await telegram.token(), base_url=telegram.base_url) as bot:
            fault = await telegram.fault("blocked", method="sendMessage", chat=ann)
            with pytest.raises(ptb.error.Forbidden):
                await bot.send_message(ann.chat_id, "OK?", reply_markup=keys("OK"))
            await fault.lift()
            await bot.send_message(ann.chat_id, "OK?", reply_markup=keys("OK"))
            seen = await ann.sees(re.compile("OK"))
            await ann.presses(seen, "OK")
            await telegram.hold()
            await ann.says("late", at=datetime(2026, 11, 1, 9, 0, tzinfo=UTC))
            await ann.sends_voice(b"spoken")
            assert not await bot.get_updates()
            await telegram.release()
            (query, late, _) = await bot.get_updates()
        assert query.callback_query and query.callback_query.data == "OK"
        assert late.message and late.message.date == datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
        assert await ann.taps() == Taps(presses=1, typed=1, sent=1)
        assert [call.fault for call in await telegram.calls_of("sendMessage", ann)] == ["blocked", None]
        assert str(await ann.screen()).count("\n") == 3
        team = await telegram.group("Team", members=[ann])
        in_team = await ann.in_group(team)
        await in_team.says("/today")
        assert [entry.text for entry in await in_team.transcript()] == ["/today"]
        with pytest.raises(NotSeen):
            await ann.sees("Goodbye", timeout=0.01)
        with pytest.raises(ValueError, match="no action"):
            await telegram.world()
