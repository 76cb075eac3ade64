"""The Telegram server for the tests is Telegram as its clients know it: aiogram judges, python-telegram-bot talks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
import telegram as ptb
from aiogram import Bot as AiogramBot
from aiogram import types
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramMigrateToChat, TelegramRetryAfter
from aiohttp import web
from telegram.error import BadRequest, ChatMigrated, Conflict, Forbidden, InvalidToken

from tests.telegram import BotApiServer, Phone
from tests.telegram.clients import aiogram_client, judged_server, ptb_client
from tests.telegram.judge import METHODS
from tests.telegram.methods import method

Inline = ptb.InlineKeyboardMarkup
Key = ptb.InlineKeyboardButton


@pytest.fixture
async def telegram() -> AsyncIterator[BotApiServer]:
    async with judged_server() as server:
        yield server


@pytest.fixture
async def bot(telegram: BotApiServer) -> AsyncIterator[ptb.Bot]:
    async with ptb_client(telegram) as one:
        yield one


@pytest.fixture
async def other(telegram: BotApiServer) -> AsyncIterator[AiogramBot]:
    async with aiogram_client(telegram) as one:
        yield one


@pytest.fixture
def ann(telegram: BotApiServer) -> Phone:
    return telegram.person("Ann", last_name="Lee", username="annlee")


def test_every_method_of_the_server_is_one_of_telegrams() -> None:
    assert set(method.names) <= set(METHODS)


async def test_a_method_is_known_by_its_exact_name(telegram: BotApiServer) -> None:
    async with aiohttp.ClientSession() as outside, outside.get(f"{telegram.base_url}{telegram.token}/getme") as answer:
        assert answer.status == 404


async def test_what_a_person_says_reaches_the_bot_until_it_is_confirmed(
    telegram: BotApiServer, bot: ptb.Bot, ann: Phone
) -> None:
    await ann.starts("CODE")
    await ann.sends_position(51.5, -0.1, 12)
    first = await bot.get_updates()
    assert await bot.get_updates() == first
    assert [update.message and update.message.text for update in first] == ["/start CODE", None]
    assert await bot.get_updates(offset=first[0].update_id + 1, limit=1) == first[1:]
    assert not await bot.get_updates(offset=first[1].update_id + 1)
    await telegram.all_taken()


async def test_a_long_poll_ends_when_something_is_said(telegram: BotApiServer, bot: ptb.Bot, ann: Phone) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=30))
    await telegram.polled()
    await ann.says("OK")
    assert [update.effective_message and update.effective_message.text for update in await poll] == ["OK"]


async def test_the_second_of_two_pollers_ends_the_first_with_a_conflict(
    telegram: BotApiServer, bot: ptb.Bot, ann: Phone
) -> None:
    first = asyncio.create_task(bot.get_updates(timeout=30))
    await telegram.polled()
    async with ptb_client(telegram) as twin:
        second = asyncio.create_task(twin.get_updates(timeout=30))
        with pytest.raises(Conflict):
            await first
        await ann.says("OK")
        assert len(await second) == 1


async def test_held_updates_come_later_with_the_time_when_they_were_said(
    telegram: BotApiServer, bot: ptb.Bot, ann: Phone
) -> None:
    said = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
    telegram.hold()
    await ann.says("OK", at=said)
    assert not await bot.get_updates()
    telegram.release()
    (update,) = await bot.get_updates()
    assert update.message and update.message.date == said


async def test_a_button_makes_a_query_that_is_answered_once_in_time(
    telegram: BotApiServer, bot: ptb.Bot, ann: Phone
) -> None:
    keys = Inline([[Key("OK", callback_data="ok:1"), Key("Map", url="https://example.org/map")]])
    sent = await bot.send_message(ann.chat_id, "Are you <b>OK</b>?", parse_mode="HTML", reply_markup=keys)
    assert sent.text == "Are you OK?"
    assert sent.entities[0].type == "bold"
    await ann.presses(None, "OK")
    (update,) = await bot.get_updates()
    query = update.callback_query
    assert query and query.data == "ok:1" and query.message == sent
    await bot.answer_callback_query(query.id, "Noted.")
    assert await ann.sees_notice("Noted")
    telegram.shift_clock(61)
    with pytest.raises(BadRequest, match=r"[Qq]uery is too old"):
        await bot.answer_callback_query(query.id)


async def test_edits_and_deletions_show_on_the_phone(telegram: BotApiServer, bot: ptb.Bot, ann: Phone) -> None:
    keys = Inline([[Key("OK", callback_data="1")]])
    first = await bot.send_message(ann.chat_id, "One", reply_markup=keys)
    second = await bot.send_message(ann.chat_id, "Two", reply_parameters=ptb.ReplyParameters(first.message_id))
    await bot.edit_message_text("One, changed", ann.chat_id, first.message_id)
    assert [(bubble.text, bubble.labels) for bubble in ann.screen] == [("One, changed", ()), ("Two", ())]
    with pytest.raises(BadRequest, match="not modified"):
        await bot.edit_message_text("One, changed", ann.chat_id, first.message_id)
    await bot.edit_message_reply_markup(ann.chat_id, first.message_id, reply_markup=keys)
    await bot.pin_chat_message(ann.chat_id, first.message_id)
    await bot.set_message_reaction(ann.chat_id, first.message_id, "👍")
    assert ann.screen[0].labels == ("OK",) and ann.screen[0].pinned and ann.screen[0].reactions == ("👍",)
    await bot.delete_messages(ann.chat_id, [second.message_id, 999_999])
    telegram.shift_clock(timedelta(hours=49).total_seconds())
    with pytest.raises(BadRequest, match="can't be deleted"):
        await bot.delete_message(ann.chat_id, first.message_id)
    assert len(ann.screen) == 1


@pytest.mark.parametrize(
    ("text", "mode", "key", "words"),
    [
        ("", None, None, "text is empty"),
        ("x" * 4097, None, None, "too long"),
        ("<b>bold", "HTML", None, "end tag"),
        ("5 < 6", "HTML", None, "Unsupported start tag"),
        ("Call", None, Key("Call", url="tel:+447700900123"), "Wrong port number"),
        ("Page", None, Key("Page", url="http://localhost:8080/"), "Wrong HTTP URL"),
        ("OK?", None, Key("OK", callback_data="é" * 33), "[Bb]utton_data_invalid"),
    ],
)
async def test_what_telegram_refuses_is_refused(
    bot: ptb.Bot, ann: Phone, text: str, mode: str | None, key: Key | None, words: str
) -> None:
    keys = Inline([[key]]) if key else None
    with pytest.raises(BadRequest, match=f"(?i){words}"):
        await bot.send_message(ann.chat_id, text, parse_mode=mode, reply_markup=keys)
    assert not len(ann.screen)


async def test_a_group_that_moved_says_where_to(
    telegram: BotApiServer, bot: ptb.Bot, other: AiogramBot, ann: Phone
) -> None:
    group = telegram.group("Team", members=[ann])
    phone = ann.in_group(group)
    await phone.says("not for the bot")
    await phone.says("/today")
    old, new = group.chat_id, await group.becomes_supergroup()
    with pytest.raises(ChatMigrated) as caught:
        await bot.send_message(old, "Hello")
    assert caught.value.new_chat_id == new
    with pytest.raises(TelegramMigrateToChat):
        await other.send_message(old, "Hello")
    await bot.send_message(new, "Hello")
    await phone.sees("Hello")
    updates = await bot.get_updates()
    kinds = [update.message.text or update.message.migrate_to_chat_id for update in updates if update.message]
    assert kinds == ["/today", new, None]
    assert await bot.leave_chat(new)
    with pytest.raises(Forbidden):
        await bot.send_message(new, "Hello")


async def test_files_travel_both_ways(telegram: BotApiServer, bot: ptb.Bot, other: AiogramBot, ann: Phone) -> None:
    await ann.sends_voice(b"a voice", seconds=4)
    await ann.sends_photo(b"a photo", caption="the door")
    voice, photo = [update.message for update in await bot.get_updates()]
    assert voice and voice.voice and photo and photo.photo
    assert bytes(await (await voice.voice.get_file()).download_as_bytearray()) == b"a voice"
    await bot.send_photo(ann.chat_id, photo.photo[-1].file_id)
    sent = await bot.send_document(ann.chat_id, b"a list", filename="list.csv", caption="List")
    assert sent.document and sent.document.file_name == "list.csv"
    await other.send_voice(ann.chat_id, types.BufferedInputFile(b"spoken", "a.ogg"))
    fetched = await other.download(sent.document.file_id)
    assert fetched and fetched.read() == b"a list"
    assert [bubble.kind for bubble in ann.screen.from_bot] == ["photo", "document", "voice"]


async def test_a_webhook_gets_each_update_with_the_secret_until_it_says_yes(
    telegram: BotApiServer, bot: ptb.Bot, ann: Phone
) -> None:
    answers, seen = iter([500, 200, 200]), []

    async def hook(request: web.Request) -> web.Response:
        seen.append((request.headers["X-Telegram-Bot-Api-Secret-Token"], (await request.json())["message"]["text"]))
        return web.Response(status=next(answers))

    app = web.Application()
    app.router.add_post("/hook", hook)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await bot.set_webhook(f"http://127.0.0.1:{runner.addresses[0][1]}/hook", secret_token="s3cret")
    with pytest.raises(Conflict):
        await bot.get_updates()
    await ann.says("One")
    await ann.says("Two")
    await telegram.all_taken()
    assert seen == [("s3cret", "One"), ("s3cret", "One"), ("s3cret", "Two")]
    assert "500" in ((await bot.get_webhook_info()).last_error_message or "")
    await bot.delete_webhook()
    await runner.cleanup()


async def test_wrong_tokens_and_unknown_methods_are_told_apart(telegram: BotApiServer, bot: ptb.Bot) -> None:
    for token in ("4242:" + "W" * 35, "nonsense"):
        with pytest.raises(InvalidToken):
            async with ptb.Bot(token, base_url=telegram.base_url):
                pass
    async with aiohttp.ClientSession() as session:
        for path, code in ((f"4242:{'W' * 35}/getMe", 401), ("x/getMe", 404), (f"{telegram.token}/fly", 404)):
            async with session.get(telegram.base_url + path) as response:
                assert (response.status, (await response.json())["error_code"]) == (code, code)


async def test_aiogram_understands_what_people_and_the_bot_say(
    telegram: BotApiServer, other: AiogramBot, ann: Phone
) -> None:
    await ann.says("Hello /start")
    live = await ann.shares_position(51.5, -0.1, 10)
    await ann.moves(live, 51.6, -0.1)
    await ann.stops_sharing(live)
    await ann.sends_contact("+447700900123", "Ben")
    keys = types.ReplyKeyboardMarkup(keyboard=[[types.KeyboardButton(text="Help")]], is_persistent=True)
    sent = await other.send_message(ann.chat_id, "Hi", reply_markup=keys, protect_content=True)
    with pytest.raises(TelegramBadRequest, match="can't be edited"):
        await sent.edit_text("Ho")
    key = types.InlineKeyboardButton(text="OK", callback_data="1")
    asked = await other.send_message(
        ann.chat_id, "OK?", reply_markup=types.InlineKeyboardMarkup(inline_keyboard=[[key]])
    )
    seen = await ann.sees_button("OK")
    await asked.delete()
    await ann.presses(seen, "OK", stale=True)
    await ann.presses(None, "Help")
    await other.send_message(ann.chat_id, "Why?", reply_markup=types.ForceReply())
    assert (await ann.says("Because")).reply_to


async def test_aiogram_understands_what_the_bot_sets_and_what_refuses_it(
    telegram: BotApiServer, other: AiogramBot, ann: Phone
) -> None:
    await other.send_location(ann.chat_id, 51.5, -0.1, horizontal_accuracy=5)
    await other.send_chat_action(ann.chat_id, "typing")
    await other.set_my_commands([types.BotCommand(command="ok", description="I am well")])
    assert (await other.get_my_commands())[0].command == "ok"
    assert await other.set_my_name("Diary") and (await other.get_my_name()).name == "Diary"
    await other.set_chat_menu_button(menu_button=types.MenuButtonCommands())
    await other.pin_chat_message(ann.chat_id, ann.screen[-1].id)
    assert (await other.get_chat(ann.chat_id)).first_name == "Ann"
    assert (await other.get_webhook_info()).pending_update_count == len(await other.get_updates())
    telegram.fault("too_many_requests", times=1, retry_after=3)
    with pytest.raises(TelegramRetryAfter):
        await other.get_me()
    telegram.fault("blocked", times=1)
    with pytest.raises(TelegramForbiddenError):
        await other.send_message(ann.chat_id, "Hi")
    await ann.edits(await ann.says("edited soon"), "edited")


async def test_aiogram_understands_the_settings_of_the_bot(
    telegram: BotApiServer, other: AiogramBot, ann: Phone
) -> None:
    sent = await other.send_message(ann.chat_id, "Hi")
    await other.pin_chat_message(ann.chat_id, sent.message_id)
    assert (await other.get_chat(ann.chat_id)).pinned_message == sent
    await other.unpin_chat_message(ann.chat_id, message_id=sent.message_id)
    await other.set_my_description("A diary")
    await other.set_my_short_description("Diary")
    await other.delete_my_commands()
    assert (await other.get_my_description()).description == "A diary"
    assert (await other.get_my_short_description()).short_description == "Diary"
    assert (await other.get_chat_menu_button()).type == "commands"
    assert (await other.get_chat_member(ann.chat_id, ann.chat_id)).user.first_name == "Ann"
    await other.get_updates(allowed_updates=["message", "message_reaction"])
    await ann.reacts(ann.screen[0], "👍")
    await ann.sends_document(b"a list", caption="List")
    assert [update.event_type for update in await other.get_updates()] == ["message_reaction", "message"]
    assert (await other.get_webhook_info()).allowed_updates == ["message", "message_reaction"]
