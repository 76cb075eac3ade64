"""A group chat, as the test moves it about."""

from __future__ import annotations

from .chat import Chat
from .world import World


class Group:
    """A group with the bot in it. The bot sees commands, mentions and replies to it, as is Telegram's default."""

    def __init__(self, world: World, chat: Chat) -> None:
        self._world = world
        self.chat = chat
        self.key = str(chat.id)

    @property
    def chat_id(self) -> int:
        """The number of the chat as it is now."""
        return self.chat.id

    async def becomes_supergroup(self, chat_id: int | None = None) -> int:
        """Move the group to a new number; calls to the old one are refused with the new one. Return the new one."""
        old = self.chat
        number = chat_id or int(f"-100{abs(old.id)}")
        new = self._world.chats[number] = Chat(number, "supergroup", title=old.title, members=old.members)
        sender = next(iter(old.members.values()), self._world.bot)
        leaving = self._world.post(old, sender, {"migrate_to_chat_id": number})
        self._world.updates.add("message", leaving.wire(), old.id)
        old.migrated_to = number
        coming = self._world.post(new, sender, {"migrate_from_chat_id": old.id})
        self._world.updates.add("message", coming.wire(), new.id)
        self.chat = new
        return number
