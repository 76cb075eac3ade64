"""What lies under a phone: sending into the chat, pressing buttons, counting taps."""

from __future__ import annotations

from datetime import datetime

from .chat import Chat
from .entities import commands_in
from .message import Message
from .params import Upload
from .records import Bubble, Button, NotThere, Taps, Wanted, matches
from .view import draw, keys_of
from .wire import JSON, unix
from .world import Query, World


class Pressing:
    """Somebody who can send and press in one chat."""

    def __init__(self, world: World, user: JSON, chat: Chat) -> None:
        self._world = world
        self._opened = chat
        self.user = user
        self.key = f"{user['id']}@{chat.id}"
        self.where: tuple[float, float] | None = None
        self.opened: list[str] = []
        self.taps = Taps()

    @property
    def name(self) -> str:
        """The first name of the person."""
        return str(self.user["first_name"])

    @property
    def chat_id(self) -> int:
        """The number of the chat."""
        return self._chat.id

    @property
    def _chat(self) -> Chat:
        """The chat that is open, followed to where it moved."""
        chat = self._opened
        while chat.migrated_to is not None:
            chat = self._world.chats[chat.migrated_to]
        return chat

    async def presses(self, message: Bubble | None, label: Wanted, *, stale: bool = False) -> str | None:
        """Press the button with this label; return the address where it opens one.

        The button is looked for on the message, or without one on the newest message that carries it, and then on
        the keyboard below. With `stale` it is pressed as the message looked when it was seen, though it has been
        edited or deleted since (a phone that was offline).
        """
        bubble, button = self._button(message, label, stale)
        if button is None or bubble is None:
            self._press_key(label)
            return None
        self._count(presses=1)
        if button.url is not None:
            self.opened.append(button.url)
            return button.url
        self._query(self._chat.messages[bubble.id], button)
        return None

    def _button(self, bubble: Bubble | None, label: Wanted, stale: bool) -> tuple[Bubble | None, Button | None]:
        if bubble is not None and stale:
            return bubble, self._there(bubble.button(label), label)
        living = [draw(message, self.user) for message in self._chat.visible()]
        if bubble is not None:
            now = next((one for one in living if one.id == bubble.id), None)
            return now, self._there(now.button(label) if now else None, label)
        newest = next((one for one in reversed(living) if one.button(label)), None)
        return newest, newest.button(label) if newest else None

    def _there(self, button: Button | None, label: Wanted) -> Button:
        if button is None:
            raise NotThere(f"{self.name} finds no button {label!r} on the message. The screen:\n{self._drawn()}")
        return button

    def _drawn(self) -> str:
        return "\n".join(str(draw(message, self.user)) for message in self._chat.visible())

    def _query(self, message: Message, button: Button) -> None:
        number = str(4_000_000_000_001 + len(self._world.queries))
        self._world.queries[number] = Query(number, self._chat, self._world.now())
        body = {
            "id": number,
            "from": self.user,
            "message": message.wire_in_query(),
            "chat_instance": str(7_000_000_000 + abs(self._chat.id)),
            "data": button.data,
        }
        self._world.note(self._chat, self.name, "pressed", message, button.label)
        self._world.updates.add("callback_query", body, self._chat.id)

    def _press_key(self, label: Wanted) -> None:
        """Press a key of the keyboard below, which posts its label as a message, or the position."""
        found = (key for key in keys_of(self._chat) if _is_label(label, str(key["text"])))
        key = next(found, None)
        if key is None:
            raise NotThere(f"{self.name} finds nothing labelled {label!r}. The screen:\n{self._drawn()}")
        self._count(presses=1)
        if (self._chat.keyboard or {}).get("one_time_keyboard"):
            self._chat.keyboard = None
        if key.get("request_location"):
            if self.where is None:
                raise NotThere(
                    f"Say where {self.name} is (`await phone.is_at(lat, lon)`) before the position is asked for."
                )
            self._send({"location": {"latitude": self.where[0], "longitude": self.where[1]}})
        else:
            self._send({"text": str(key["text"]), "entities": commands_in(str(key["text"]))})

    def _send(self, content: JSON, *, at: datetime | None = None, reply_to: Message | None = None) -> Bubble:
        if self._chat.blocked:
            raise NotThere(f"{self.name} has blocked the bot and cannot write to it.")
        self._chat.met = True
        message = self._world.post(self._chat, self.user, content, date=at or self._world.now(), reply_to=reply_to)
        if self._heard(message):
            self._world.updates.add("message", message.wire(), self._chat.id)
        return draw(message, self.user)

    def _heard(self, message: Message) -> bool:
        """Whether the bot is given a message: in a group only commands, mentions and replies to it."""
        if self._chat.is_private:
            return True
        reply = message.reply_to is not None and message.reply_to.by_bot
        mention = f"@{self._world.bot['username']}" in message.text
        return not self._chat.bot_left and (message.text.startswith("/") or mention or reply)

    def _forced_reply(self) -> Message | None:
        """Return the message that asks for a reply, if the newest of the bot does."""
        newest = next((one for one in reversed(self._chat.visible()) if one.by_bot), None)
        forced = newest is not None and (newest.markup or {}).get("force_reply")
        return newest if forced else None

    def _react(self, message: Message, emoji: str) -> None:
        body = {
            "chat": self._chat.wire(),
            "message_id": message.id,
            "user": self.user,
            "date": unix(self._world.now()),
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": emoji}],
        }
        self._count(presses=1)
        self._world.note(self._chat, self.name, "reacted to", message)
        self._world.updates.add("message_reaction", body, self._chat.id)

    def _hold_file(self, name: str, content_type: str, data: bytes, folder: str) -> JSON:
        return self._world.files.add(Upload(name, content_type, data), folder).wire()

    def _count(self, presses: int = 0, typed: int = 0, sent: int = 0) -> None:
        self.taps = Taps(self.taps.presses + presses, self.taps.typed + typed, self.taps.sent + sent)


def _is_label(wanted: Wanted, label: str) -> bool:
    return label == wanted if isinstance(wanted, str) else matches(wanted, label)
