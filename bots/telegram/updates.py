"""What an update of the Bot API says, as plain data. Pure: an update goes in, what was heard comes out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from bots.dialogue.incoming import Place

JSON = dict[str, Any]


class What(StrEnum):
    """What was heard. Only the first five move anything; the rest is kept as notes, or is about the chat itself."""

    TEXT = "text"
    BUTTON = "button"
    POSITION = "position"
    LIVE_POSITION = "live_position"
    VOICE = "voice"
    PHOTO = "photo"
    DOCUMENT = "document"
    NOTE = "note"
    BLOCKED = "blocked"
    UNBLOCKED = "unblocked"
    GROUP = "group"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Something that was said to the bot, or done to the chat with it. `text` of a chat that moved is where to."""

    update_id: int
    chat_id: int
    what: What
    #: The provider's date of a message; None for a press, which has none.
    dated: datetime | None = None
    #: The date of the message with the button that was pressed, where it is still known.
    pressed_on: datetime | None = None
    query_id: str = ""
    #: The message that was said, or that carried the button.
    message_id: int = 0
    text: str = ""
    token: str = ""
    position: Place | None = None
    file: File | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that Telegram has. `size` in bytes, 0 where it does not say; `seconds` of sound."""

    id: str
    media_type: str
    size: int
    seconds: int | None = None


#: Where the parts of a message are, and as what they are kept.
FILES = {
    "voice": What.VOICE,
    "audio": What.VOICE,
    "video_note": What.VOICE,
    "photo": What.PHOTO,
    "video": What.PHOTO,
    "animation": What.PHOTO,
    "document": What.DOCUMENT,
}
#: A picture that is sent uncompressed comes as a document, and is a picture all the same.
SENT_AS_FILE = {"image": What.PHOTO, "video": What.PHOTO, "audio": What.VOICE}
USUAL = {
    "voice": "audio/ogg",
    "audio": "audio/mpeg",
    "video_note": "video/mp4",
    "photo": "image/jpeg",
    "video": "video/mp4",
}
ADDRESSED = re.compile(r"^(/\w+)@\w+")
GONE = frozenset({"kicked", "left"})


def read_update(update: JSON) -> Heard | None:
    """What this update says; None if it says nothing to us (a kind that we did not ask for, a service message)."""
    number = int(update["update_id"])
    if query := update.get("callback_query"):
        return _press(number, query)
    if member := update.get("my_chat_member"):
        return _membership(number, member)
    if message := update.get("message"):
        return _message(number, message)
    if edited := update.get("edited_message"):
        return _edited(number, edited)
    return None


def _press(number: int, query: JSON) -> Heard | None:
    message = query.get("message")
    if message is None or not _is_private(message) or _by_another(query, message):
        return None
    return Heard(
        update_id=number,
        chat_id=int(message["chat"]["id"]),
        what=What.BUTTON,
        # Of a message that is gone, Telegram gives the date 0.
        pressed_on=_date(message["date"]) if message.get("date") else None,
        query_id=str(query["id"]),
        message_id=int(message["message_id"]),
        token=str(query.get("data", "")),
    )


def _by_another(said: JSON, message: JSON) -> bool:
    """A private chat has its person's number: whoever else is said to speak there is not them."""
    chat_id = int(message["chat"]["id"])
    return int(said.get("from", {}).get("id", chat_id)) != chat_id


def _membership(number: int, member: JSON) -> Heard | None:
    gone = member["new_chat_member"]["status"] in GONE
    if _is_private(member):
        what = What.BLOCKED if gone else What.UNBLOCKED
    elif gone:
        return None
    else:
        what = What.GROUP
    return Heard(update_id=number, chat_id=int(member["chat"]["id"]), what=what, dated=_date(member["date"]))


def _message(number: int, message: JSON) -> Heard | None:
    if not _is_private(message):
        moved_to = message.get("migrate_to_chat_id")
        return _of(number, message, What.MOVED if moved_to else What.GROUP, text=str(moved_to or ""))
    if _by_another(message, message):
        return None
    if text := message.get("text"):
        # What somebody else once said is no word of whoever passes it on.
        what = What.NOTE if "forward_origin" in message else What.TEXT
        return _of(number, message, what, text=ADDRESSED.sub(r"\1", text))
    if "location" in message:
        return _of(number, message, _kind_of_place(message), position=_position(message["location"]))
    for part in FILES:
        if part in message:
            file = _file(part, message[part])
            return _of(number, message, _kind_of_file(part, file), text=message.get("caption", ""), file=file)
    if "sticker" in message:
        return _of(number, message, What.NOTE, text=message["sticker"].get("emoji", ""))
    if "contact" in message:
        return _of(number, message, What.NOTE, text=str(message["contact"].get("phone_number", "")))
    return None


def _edited(number: int, message: JSON) -> Heard | None:
    """A live position moves by edits; any other edit changes what was said before, and is no new word."""
    if not _is_private(message) or _by_another(message, message):
        return None
    if "location" in message:
        return _of(number, message, What.LIVE_POSITION, position=_position(message["location"]))
    return _of(number, message, What.NOTE, text=message.get("text") or message.get("caption") or "")


def _kind_of_place(message: JSON) -> What:
    """Only a position that was sent by hand, of where they are, is a word."""
    if "venue" in message or "forward_origin" in message:
        return What.NOTE
    return What.LIVE_POSITION if message["location"].get("live_period") else What.POSITION


def _of(number: int, message: JSON, what: What, **said: Any) -> Heard:
    dated = _date(message.get("edit_date") or message["date"])
    chat, message_id = int(message["chat"]["id"]), int(message["message_id"])
    return Heard(update_id=number, chat_id=chat, what=what, dated=dated, message_id=message_id, **said)


def _position(location: JSON) -> Place:
    return Place(location["latitude"], location["longitude"], location.get("horizontal_accuracy"))


def _file(kind: str, part: Any) -> File:
    """Of a photograph the largest of its sizes. What names no type is of its kind's usual one."""
    largest = part[-1] if isinstance(part, list) else part
    return File(
        id=str(largest["file_id"]),
        media_type=str(largest.get("mime_type") or USUAL.get(kind, "")),
        size=int(largest.get("file_size") or 0),
        seconds=largest.get("duration"),
    )


def _kind_of_file(part: str, file: File) -> What:
    as_said = SENT_AS_FILE.get(file.media_type.partition("/")[0].lower()) if part == "document" else None
    return as_said or FILES[part]


def _is_private(message: JSON) -> bool:
    return bool(message["chat"]["type"] == "private")


def _date(unix: int) -> datetime:
    return datetime.fromtimestamp(unix, UTC)
