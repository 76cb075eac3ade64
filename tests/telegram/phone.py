"""A person's phone: what they say, press and send, and what they see."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from .bell import T
from .chat import Chat
from .entities import commands_in
from .group import Group
from .message import Message
from .pressing import Pressing
from .records import Bubble, Entry, NotSeen, Screen, Wanted, matches
from .view import draw, draw_screen
from .wire import JSON
from .world import World

#: Seconds, on a machine that does much else; a test that passes never waits for them.
PATIENCE = 60.0


class Phone(Pressing):
    """A small driver for one person's phone in one chat; all that the person does is awaited."""

    def __init__(self, world: World, user: JSON, chat: Chat, keep: Callable[[Phone], None]) -> None:
        super().__init__(world, user, chat)
        self._keep = keep

    def in_group(self, group: Group) -> Phone:
        """Return this person's phone with the group open instead."""
        group.chat.members[self.user["id"]] = self.user
        phone = Phone(self._world, self.user, group.chat, self._keep)
        self._keep(phone)
        return phone

    async def says(self, text: str, *, at: datetime | None = None, reply_to: Bubble | None = None) -> Bubble:
        """Type a message and send it; `at` is when they said it, if that was earlier."""
        answered = self._chat.messages[reply_to.id] if reply_to else self._forced_reply()
        self._count(typed=1)
        return self._send(_words(text), at=at, reply_to=answered)

    async def starts(self, code: str | None = None, *, at: datetime | None = None) -> Bubble:
        """Open the bot by its link, with or without a code, and press Start."""
        if code is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", code):
            raise ValueError(f"A deep link cannot carry {code!r}: 1 to 64 letters, digits, _ and - only.")
        self._count(presses=1)
        return self._send(_words(f"/start {code}" if code else "/start"), at=at)

    async def edits(self, bubble: Bubble, text: str) -> Bubble:
        """Change a message of their own."""
        message = self._chat.messages[bubble.id]
        message.content = _words(text)
        self._count(typed=1)
        return self._announce_edit(message, "edited")

    async def is_at(self, lat: float, lon: float) -> None:
        """Be somewhere, which is what a key that asks for the position will send."""
        self.where = (lat, lon)

    async def sends_position(
        self, lat: float, lon: float, accuracy: float | None = None, *, at: datetime | None = None
    ) -> Bubble:
        """Send where they are, once."""
        self._count(sent=1)
        return self._send({"location": _location(lat, lon, accuracy)}, at=at)

    async def shares_position(
        self, lat: float, lon: float, accuracy: float | None = None, *, seconds: int = 3600, at: datetime | None = None
    ) -> Bubble:
        """Begin to share where they are, live."""
        self._count(sent=1)
        return self._send({"location": _location(lat, lon, accuracy) | {"live_period": seconds}}, at=at)

    async def moves(
        self, bubble: Bubble, lat: float, lon: float, accuracy: float | None = None, *, at: datetime | None = None
    ) -> Bubble:
        """Be somewhere else while sharing: the live position is edited, without a tap."""
        message = self._chat.messages[bubble.id]
        period = message.content["location"].get("live_period", 3600)
        message.content = {"location": _location(lat, lon, accuracy) | {"live_period": period}}
        return self._announce_edit(message, "moved", at)

    async def stops_sharing(self, bubble: Bubble, *, at: datetime | None = None) -> Bubble:
        """End the sharing: the last edit has no period any more."""
        message = self._chat.messages[bubble.id]
        kept = {key: value for key, value in message.content["location"].items() if key != "live_period"}
        message.content = {"location": kept}
        return self._announce_edit(message, "stopped sharing", at)

    async def sends_voice(self, data: bytes = b"OggS", *, seconds: int = 3, at: datetime | None = None) -> Bubble:
        """Send a voice note."""
        file = self._keep_file("voice.oga", "audio/ogg", data, "voice")
        return self._send({"voice": file | {"duration": seconds, "mime_type": "audio/ogg"}}, at=at)

    async def sends_photo(
        self, data: bytes = b"\xff\xd8\xff\xe0", *, caption: str | None = None, at: datetime | None = None
    ) -> Bubble:
        """Send a photo."""
        file = self._keep_file("photo.jpg", "image/jpeg", data, "photos")
        sizes = [file | {"width": 90, "height": 67}, file | {"width": 1280, "height": 960}]
        return self._send({"photo": sizes, "caption": caption}, at=at)

    async def sends_document(
        self,
        data: bytes = b"%PDF",
        *,
        name: str = "note.pdf",
        media_type: str | None = None,
        caption: str | None = None,
        at: datetime | None = None,
    ) -> Bubble:
        """Send a file; a phone says of what type it takes it to be, if it knows."""
        file = self._keep_file(name, media_type or "application/octet-stream", data, "documents")
        said = {} if media_type is None else {"mime_type": media_type}
        return self._send({"document": file | {"file_name": name} | said, "caption": caption}, at=at)

    async def sends_contact(self, number: str, first_name: str, *, at: datetime | None = None) -> Bubble:
        """Send a contact."""
        self._count(sent=1)
        return self._send({"contact": {"phone_number": number, "first_name": first_name}}, at=at)

    async def reacts(self, bubble: Bubble, emoji: str) -> None:
        """Put an emoji on a message; the bot hears of it only if it asked for reactions."""
        self._react(self._chat.messages[bubble.id], emoji)

    async def blocks_the_bot(self) -> None:
        """Block the bot: it is told, and from now on refused."""
        self._chat.blocked = True
        self._world.note(self._chat, self.name, "blocked the bot")
        self._world.bot_membership(self._chat, self.user, "member", "kicked")

    async def unblocks(self) -> None:
        """Let the bot in again."""
        self._chat.blocked = False
        self._world.note(self._chat, self.name, "unblocked the bot")
        self._world.bot_membership(self._chat, self.user, "kicked", "member")

    @property
    def screen(self) -> Screen:
        """What they see now: edits applied, deleted messages gone."""
        return draw_screen(self._chat, self.user, self._world.toasts.get(self._chat.id, []))

    @property
    def transcript(self) -> list[Entry]:
        """Everything in this chat in both directions, edits and deletions too."""
        return [entry for entry in self._world.diary if entry.chat == self._chat.id]

    async def sees(self, wanted: Wanted, *, after: Bubble | None = None, timeout: float = PATIENCE) -> Bubble:
        """Wait until a message of the bot with these words is on the screen (newer than `after`); return it."""

        def look() -> Bubble | None:
            new = [bubble for bubble in self.screen.from_bot if after is None or bubble.id > after.id]
            return next((bubble for bubble in reversed(new) if matches(wanted, bubble.text)), None)

        found = await self._until(look, f"{self.name} does not see {wanted!r}", timeout)
        assert found is not None
        return found

    async def sees_button(self, label: Wanted, *, timeout: float = PATIENCE) -> Bubble:
        """Wait until a message carries an inline button with this label; return the newest such message."""

        def look() -> Bubble | None:
            return next((bubble for bubble in reversed(self.screen.bubbles) if bubble.button(label)), None)

        found = await self._until(look, f"{self.name} sees no button {label!r}", timeout)
        assert found is not None
        return found

    async def sees_notice(self, wanted: Wanted, *, timeout: float = PATIENCE) -> str:
        """Wait for the short notice that follows a press; return its words."""

        def look() -> str:
            return next((toast.text for toast in reversed(self.screen.toasts) if matches(wanted, toast.text)), "")

        return await self._until(look, f"{self.name} sees no notice {wanted!r}", timeout)

    async def no_longer_sees(self, wanted: Wanted, *, timeout: float = PATIENCE) -> None:
        """Wait until no message of the bot with these words is on the screen."""
        await self._until(lambda: self.screen.find(wanted) is None, f"{self.name} still sees {wanted!r}", timeout)

    async def _until(self, look: Callable[[], T], complaint: str, timeout: float) -> T:
        try:
            return await self._world.bell.until(look, timeout)
        except TimeoutError:
            raise NotSeen(f"{complaint} within {timeout} s. The screen:\n{self.screen}") from None

    def _announce_edit(self, message: Message, what: str, at: datetime | None = None) -> Bubble:
        message.edited = at or self._world.now()
        self._world.note(self._chat, self.name, what, message)
        self._world.updates.add("edited_message", message.wire(), self._chat.id)
        return draw(message, self.user)

    def _keep_file(self, name: str, content_type: str, data: bytes, folder: str) -> JSON:
        self._count(sent=1)
        return self._hold_file(name, content_type, data, folder)

    def __repr__(self) -> str:
        return f"<phone of {self.name} in chat {self._chat.id}>"


def _words(text: str) -> JSON:
    return {"text": text, "entities": commands_in(text)}


def _location(lat: float, lon: float, accuracy: float | None) -> JSON:
    place: dict[str, Any] = {"latitude": lat, "longitude": lon}
    return place if accuracy is None else place | {"horizontal_accuracy": accuracy}
