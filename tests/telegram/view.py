"""How a phone draws what Telegram holds."""

from __future__ import annotations

from .chat import Chat
from .message import Message
from .records import Bubble, Button, Screen, Toast
from .wire import JSON

KINDS = ("text", "location", "photo", "voice", "document", "contact")


def draw(message: Message, user: JSON) -> Bubble:
    """Return a message as this user sees it now."""
    content = message.content
    return Bubble(
        id=message.id,
        chat=message.chat.id,
        mine=message.sender["id"] == user["id"],
        sender=message.sender["first_name"],
        at=message.date,
        text=message.text,
        kind=next((kind for kind in KINDS if kind in content), "service"),
        buttons=tuple(tuple(map(_button, row)) for row in message.rows),
        edited_at=message.edited,
        position=_position(content),
        file_id=_file_id(content),
        reply_to=message.reply_to.id if message.reply_to else None,
        pinned=message.id in message.chat.pinned,
        protected=message.protected,
        silent=message.silent,
        reactions=tuple(str(reaction.get("emoji", "")) for reaction in message.reactions),
    )


def _button(button: JSON) -> Button:
    return Button(button["text"], button.get("callback_data"), button.get("url"))


def _position(content: JSON) -> tuple[float, float] | None:
    location = content.get("location")
    return (location["latitude"], location["longitude"]) if location else None


def _file_id(content: JSON) -> str | None:
    held = content.get("voice") or content.get("document") or (content.get("photo") or [None])[-1]
    return str(held["file_id"]) if held else None


def keys_of(chat: Chat) -> tuple[JSON, ...]:
    """Return the keys of the reply keyboard that the chat shows."""
    rows = (chat.keyboard or {}).get("keyboard", [])
    return tuple(key for row in rows for key in row)


def draw_screen(chat: Chat, user: JSON, toasts: list[Toast]) -> Screen:
    """Return all that this user sees in a chat now."""
    bubbles = tuple(draw(message, user) for message in chat.visible())
    return Screen(bubbles, tuple(str(key["text"]) for key in keys_of(chat)), tuple(toasts))
