"""A message in a chat, as Telegram keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .wire import JSON, unix

if TYPE_CHECKING:
    from .chat import Chat


@dataclass(eq=False)
class Message:
    """A message: who sent it, what is in it, and what became of it since."""

    id: int
    chat: Chat
    sender: JSON
    date: datetime
    content: JSON
    markup: JSON | None = None
    reply_to: Message | None = None
    protected: bool = False
    silent: bool = False
    edited: datetime | None = None
    deleted: bool = False
    reactions: list[JSON] = field(default_factory=list)

    @property
    def by_bot(self) -> bool:
        """Whether the bot sent it."""
        return bool(self.sender["is_bot"])

    @property
    def text(self) -> str:
        """The words in it: text or caption."""
        return str(self.content.get("text") or self.content.get("caption") or "")

    @property
    def rows(self) -> list[list[JSON]]:
        """The inline buttons under it."""
        rows: list[list[JSON]] = (self.markup or {}).get("inline_keyboard", [])
        return rows

    @property
    def editable(self) -> bool:
        """Whether the bot may edit it: its own, and not with a keyboard of another kind under it."""
        return self.by_bot and not self.deleted and (self.markup is None or "inline_keyboard" in self.markup)

    def wire(self, *, with_reply: bool = True) -> JSON:
        """Return the message as the Bot API shows it."""
        body: JSON = {
            "message_id": self.id,
            "from": self.sender,
            "chat": self.chat.wire(),
            "date": unix(self.date),
            **{key: value for key, value in self.content.items() if value not in (None, [])},
        }
        body |= _present("edit_date", self.edited and unix(self.edited))
        body |= _present("has_protected_content", self.protected)
        if self.rows:
            body["reply_markup"] = {"inline_keyboard": self.rows}
        if with_reply and self.reply_to is not None and not self.reply_to.deleted:
            body["reply_to_message"] = self.reply_to.wire(with_reply=False)
        return body

    def wire_in_query(self) -> JSON:
        """Return the message as a button press carries it: a deleted one has no more than its number."""
        if self.deleted:
            return {"chat": self.chat.wire(), "message_id": self.id, "date": 0}
        return self.wire()


def _present(key: str, value: Any) -> JSON:
    return {key: value} if value else {}
