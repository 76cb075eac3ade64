"""What people do in Telegram is heard as what it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from bots.dialogue.incoming import Place
from bots.telegram.updates import File, Heard, What, read_update
from tests.telegram import BotApiServer, Phone

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
async def telegram() -> AsyncIterator[BotApiServer]:
    async with BotApiServer(clock=lambda: AT) as server:
        yield server


@pytest.fixture
def ann(telegram: BotApiServer) -> Phone:
    return telegram.person("Ann")


def heard(telegram: BotApiServer) -> Heard:
    """What the newest update says."""
    said = read_update(telegram.updates[-1])
    assert said is not None
    return said


async def test_words_are_heard_with_the_date_on_which_they_were_said(telegram: BotApiServer, ann: Phone) -> None:
    bubble = await ann.says("all well", at=datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    said = heard(telegram)
    assert (said.what, said.text, said.chat_id, said.message_id) == (What.TEXT, "all well", ann.chat_id, bubble.id)
    assert said.dated == datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "text"),
    [("/ok", "/ok"), ("/ok@doorstep_test_bot", "/ok"), ("/extend@doorstep_test_bot 15m", "/extend 15m")],
)
async def test_a_command_may_carry_the_bots_name(telegram: BotApiServer, ann: Phone, typed: str, text: str) -> None:
    await ann.says(typed)
    assert heard(telegram).text == text


async def test_a_position_sent_by_hand_is_a_word_of_its_own(telegram: BotApiServer, ann: Phone) -> None:
    await ann.sends_position(53.8, -1.55, 12.5)
    said = heard(telegram)
    assert said.what is What.POSITION
    assert said.position == Place(53.8, -1.55, 12.5)


async def test_a_live_position_is_told_apart_from_one_sent_by_hand(telegram: BotApiServer, ann: Phone) -> None:
    sharing = await ann.shares_position(53.8, -1.55)
    assert heard(telegram).what is What.LIVE_POSITION
    await ann.moves(sharing, 53.9, -1.55, at=datetime(2026, 3, 2, 9, 45, tzinfo=UTC))
    assert (heard(telegram).what, heard(telegram).dated) == (
        What.LIVE_POSITION,
        datetime(2026, 3, 2, 9, 45, tzinfo=UTC),
    )
    await ann.stops_sharing(sharing)
    assert heard(telegram).what is What.LIVE_POSITION


async def test_an_edited_message_is_a_note_and_no_new_word(telegram: BotApiServer, ann: Phone) -> None:
    await ann.edits(await ann.says("okk"), "ok")
    assert (heard(telegram).what, heard(telegram).text) == (What.NOTE, "ok")


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ({"venue": {"title": "Café"}}, What.NOTE),
        ({"forward_origin": {"type": "user"}}, What.NOTE),
        ({}, What.POSITION),
    ],
)
def test_a_place_where_they_are_not_is_a_note(part: dict[str, Any], what: What) -> None:
    message = {"message_id": 1, "date": 0, "chat": {"id": 5, "type": "private"}}
    said = read_update({"update_id": 1, "message": message | {"location": {"latitude": 1, "longitude": 2}} | part})
    assert said is not None and said.what is what


async def test_voice_photos_and_files_are_heard_with_where_they_are_kept(telegram: BotApiServer, ann: Phone) -> None:
    voice = await ann.sends_voice()
    assert (heard(telegram).what, heard(telegram).file) == (
        What.VOICE,
        File(id=voice.file_id or "", media_type="audio/ogg", size=4, seconds=3),
    )
    photo = await ann.sends_photo(caption="the gate")
    assert (heard(telegram).what, heard(telegram).text) == (What.PHOTO, "the gate")
    found = heard(telegram).file
    assert found is not None and (found.id, found.media_type) == (photo.file_id, "image/jpeg")
    await ann.sends_document(name="plan.pdf")
    assert heard(telegram).what is What.DOCUMENT


async def test_blocking_and_unblocking_are_heard(telegram: BotApiServer, ann: Phone) -> None:
    await ann.blocks_the_bot()
    assert (heard(telegram).what, heard(telegram).chat_id) == (What.BLOCKED, ann.chat_id)
    await ann.unblocks()
    assert heard(telegram).what is What.UNBLOCKED


async def test_groups_are_heard_as_groups_whatever_is_said_there(telegram: BotApiServer, ann: Phone) -> None:
    group = telegram.group(members=[ann])
    assert (heard(telegram).what, heard(telegram).chat_id) == (What.GROUP, group.chat_id)
    await ann.in_group(group).says("/ok")
    assert heard(telegram).what is What.GROUP


def test_a_press_has_no_date_but_that_of_its_message() -> None:
    message = {"message_id": 7, "date": int(AT.timestamp()), "chat": {"id": 5, "type": "private"}}
    query = {"id": "99", "data": "ok:abc:3", "message": message}
    said = read_update({"update_id": 1, "callback_query": query})
    assert said is not None and (said.what, said.token, said.query_id) == (What.BUTTON, "ok:abc:3", "99")
    assert (said.dated, said.pressed_on, said.message_id) == (None, AT, 7)


def test_a_press_on_a_message_that_is_gone_has_no_date_at_all() -> None:
    message = {"message_id": 7, "date": 0, "chat": {"id": 5, "type": "private"}}
    said = read_update({"update_id": 1, "callback_query": {"id": "99", "data": "ok", "message": message}})
    assert said is not None and said.pressed_on is None


@pytest.mark.parametrize(
    "update",
    [
        {"poll": {"id": "1"}},
        {"message": {"message_id": 1, "date": 0, "chat": {"id": 5, "type": "private"}, "new_chat_title": "x"}},
        {"callback_query": {"id": "1", "inline_message_id": "x", "data": "y"}},
    ],
)
def test_what_says_nothing_to_us_is_passed_over(update: dict[str, Any]) -> None:
    assert read_update({"update_id": 1} | update) is None
