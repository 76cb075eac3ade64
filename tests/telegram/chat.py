"""A chat: private, group or supergroup."""

from __future__ import annotations

from dataclasses import dataclass, field

from .message import Message
from .wire import JSON


@dataclass(eq=False)
class Chat:
    """A chat with its messages and all that a phone shows beside them."""

    id: int
    type: str
    title: str = ""
    person: JSON | None = None
    met: bool = True
    blocked: bool = False
    bot_left: bool = False
    migrated_to: int | None = None
    messages: dict[int, Message] = field(default_factory=dict)
    keyboard: JSON | None = None
    pinned: list[int] = field(default_factory=list)
    members: dict[int, JSON] = field(default_factory=dict)

    @property
    def is_private(self) -> bool:
        """Whether it is the chat of one person with the bot."""
        return self.type == "private"

    def wire(self) -> JSON:
        """Return the chat as the Bot API shows it."""
        if self.person is None:
            return {"id": self.id, "type": self.type, "title": self.title}
        names: JSON = {key: self.person[key] for key in ("first_name", "last_name", "username") if key in self.person}
        return {"id": self.id, "type": self.type, **names}

    def visible(self) -> list[Message]:
        """Return the messages that have not been deleted, oldest first."""
        return [message for message in self.messages.values() if not message.deleted]
