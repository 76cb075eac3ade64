"""All that Telegram knows: chats, people, files, updates, and what has happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .bell import Bell
from .chat import Chat
from .faults import FaultBook
from .files import FileStore
from .message import Message
from .records import Call, Entry, Toast
from .updates import UpdateQueue
from .wire import JSON, ApiError, bad_request, unix

Clock = Callable[[], datetime]
DEFAULT_TOKEN = "4242:" + "T" * 35


def real_clock() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


@dataclass(eq=False)
class Query:
    """A press of an inline button that the bot may answer."""

    id: str
    chat: Chat
    at: datetime
    answered: bool = False


@dataclass
class Webhook:
    """Where updates are posted to, when the bot does not poll."""

    url: str = ""
    secret: str = ""
    max_connections: int = 40
    last_error_at: datetime | None = None
    last_error: str = ""


class World:
    """Telegram's side of everything, without HTTP."""

    def __init__(self, token: str = DEFAULT_TOKEN, clock: Clock = real_clock, query_lifetime: float = 60.0) -> None:
        self.token = token
        self.clock = clock
        self.shift = timedelta(0)
        self.query_lifetime = timedelta(seconds=query_lifetime)
        self.bot: JSON = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Doorstep",
            "username": "doorstep_test_bot",
        }
        self.bell = Bell()
        self.updates = UpdateQueue(self.bell)
        self.faults = FaultBook(self.bell)
        self.files = FileStore()
        self.webhook = Webhook()
        self.chats: dict[int, Chat] = {}
        self.calls: list[Call] = []
        self.diary: list[Entry] = []
        self.queries: dict[str, Query] = {}
        self.toasts: dict[int, list[Toast]] = {}
        self.settings: JSON = {}
        self._last_id = 100

    def now(self) -> datetime:
        """Return the time that messages are stamped with."""
        return self.clock() + self.shift

    def next_id(self, chat: Chat) -> int:
        """Return the next message number: supergroups count for themselves, all other chats together."""
        if chat.type == "supergroup":
            return max(chat.messages, default=0) + 1
        self._last_id += 1
        return self._last_id

    def note(self, chat: Chat, who: str, what: str, message: Message | None = None, text: str = "") -> None:
        """Write a line into the transcript."""
        words = text or (message.text if message else "")
        labels = tuple(str(button["text"]) for row in message.rows for button in row) if message else ()
        self.diary.append(Entry(self.now(), chat.id, who, what, words, message.id if message else None, labels))
        self.bell.ring()

    def chat_for(self, chat_id: int | None, *, writing: bool = False) -> Chat:
        """Return the chat that a call names; refuse as Telegram does where the bot may not use it."""
        chat = self.chats.get(chat_id) if chat_id is not None else None
        if chat is None or not chat.met:
            raise bad_request("chat not found")
        if chat.migrated_to is not None:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, words, migrate_to_chat_id=chat.migrated_to)
        if writing and chat.blocked:
            raise ApiError(403, "Forbidden: bot was blocked by the user")
        if chat.bot_left:
            raise ApiError(403, f"Forbidden: bot is not a member of the {chat.type} chat")
        return chat

    def post(self, chat: Chat, sender: JSON, content: JSON, **details: object) -> Message:
        """Put a message into a chat."""
        message = Message(self.next_id(chat), chat, sender, self.now(), content)
        for name, value in details.items():
            setattr(message, name, value)
        chat.messages[message.id] = message
        if message.by_bot and message.markup and "inline_keyboard" not in message.markup:
            chat.keyboard = None if message.markup.get("remove_keyboard") else message.markup
        self.note(chat, message.sender["first_name"], "said", message)
        return message

    def bot_membership(self, chat: Chat, person: JSON, before: str, after: str) -> None:
        """Tell the bot that its place in a chat has changed."""
        body: JSON = {"chat": chat.wire(), "from": person, "date": unix(self.now())}
        body["old_chat_member"] = self._member(before)
        body["new_chat_member"] = self._member(after)
        self.updates.add("my_chat_member", body, chat.id)

    def _member(self, status: str) -> JSON:
        return {"status": status, "user": self.bot, **({"until_date": 0} if status == "kicked" else {})}
