"""The Telegram bot of one process: what it hears, what it says, and who it is."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from uuid import uuid4

from telegram import BotCommand, BotCommandScopeAllPrivateChats
from telegram.error import TelegramError

from bots.telegram.api import Api
from bots.telegram.background import Background
from bots.telegram.door import Door, Handle
from bots.telegram.ear import Ear
from bots.telegram.errors import reason_of
from bots.telegram.fetcher import Fetcher
from bots.telegram.hook import Hook
from bots.telegram.hook_keeper import HookKeeper
from bots.telegram.listening import Listener, Pace
from bots.telegram.pacing import PER_SECOND, Pacing
from bots.telegram.patience import Patience
from bots.telegram.poller import Poller
from bots.telegram.sender import TelegramSender
from bots.telegram.supervised import supervised, to_its_end
from bots.telegram.taking import Taking
from bots.telegram.tidying import Tidier
from bots.telegram.unheard import Unheard
from bots.telegram.words import Words
from config.wording import Wording
from safety_service.actions.linking import BOT_STAMP
from safety_service.store import channels, stamps
from safety_service.store.database import Database
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.outbox import Outgoing

log = logging.getLogger(__name__)


class TelegramBot:
    """Constructed by whoever wires the service together.

    `hear` is what the inbox worker calls with each word, of whatever channel; `sender` is what the dispatcher sends
    with; `run` listens until it is cancelled. Sending works without `run`, in a process that does not listen.
    """

    def __init__(
        self,
        database: Database,
        wording: Wording,
        dialogue: Handle,
        *,
        token: str,
        base_url: str,
        api_url: str = "",
        webhook: bool = False,
        per_second: int = PER_SECOND,
        pace: Pace | None = None,
    ) -> None:
        self._database = database
        self._words = Words(wording)
        self._api = Api(token, api_url)
        self._background = Background()
        self._door = Door(self._api, database.hot, self._words, dialogue, self._background, base_url=base_url)
        ear = Ear(self._door, self._background)
        pace = pace or Pace()
        self._unheard = Unheard(self._api, database, self._words)
        taking = Taking(database, ear.take, self._unheard, own_up_after=pace.owning_up)
        #: What takes in what Telegram posts, in the processes that serve HTTP; None: it is asked for it.
        self.hook = Hook(taking, token=token) if webhook else None
        self._listener = self._listens(taking, base_url, pace)
        self._fetcher = Fetcher(database, self._api)
        self.tidier = Tidier(database, self._api)
        self.hear: Handle = self._door.hear
        pacing = Pacing(database.hot, token=token, per_second=per_second)
        self.sender = TelegramSender(self._api, self._words, self._moved, self.tidier.tidy, pacing)
        #: The bot's name in Telegram, for links that open it; known once Telegram has told.
        self.username: str | None = None

    def _listens(self, taking: Taking, base_url: str, pace: Pace) -> Listener:
        holder = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        if self.hook is None:
            return Poller(self._api, self._database, taking, holder=holder, pace=pace)
        return HookKeeper(self._api, self._database, self.hook, base_url=base_url, holder=holder, pace=pace)

    async def run(self) -> None:
        """Listen, and say who we are; whatever dies of it is begun again in place."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(supervised("Listening to Telegram", self._listener.run), name="telegram ear")
                tasks.create_task(supervised("Fetching files from Telegram", self._fetcher.run), name="telegram files")
                tasks.create_task(supervised("Tidying Telegram chats", self.tidier.run), name="telegram tidying")
                introduced = supervised("The Telegram bot's introduction", self._introduce, once=True)
                tasks.create_task(introduced, name="telegram introduction")
        finally:
            await self._unheard.close()

    async def close(self) -> None:
        """Let go of all connections. Nothing can be sent afterwards."""
        await self._unheard.close()
        await self._background.close()
        await self._api.close()

    async def _moved(self, out: Outgoing, address: str) -> None:
        """A chat has a new address. If it cannot be kept now, Telegram tells us again with the next message."""
        try:
            async with self._database.transaction() as tx:
                await channels.readdress(tx, out.channel_id, address)
        except (DatabaseAway, TryAgain) as error:
            log.warning("A chat's new address was not kept: %s", type(error).__name__)

    async def _introduce(self) -> None:
        """Learn our own name, and put our commands into the menu: each once, as soon as Telegram can do it."""
        patience = Patience(log, "Introducing the bot to Telegram", longest=60)
        left = [self._learn_name, self._offer_commands, self._clear_menu]
        while left:
            failed = {part: why for part in left if (why := await _tried(part))}
            left = list(failed)
            if left:
                await patience.failed(failed[left[0]])
        patience.worked()

    async def _learn_name(self) -> None:
        self.username = (await self._api.rest.get_me()).username
        await to_its_end(self._keep_name())

    async def _offer_commands(self) -> None:
        commands = [BotCommand(name, says) for name, says in self._words.commands.items()]
        await self._api.rest.set_my_commands(commands, scope=BotCommandScopeAllPrivateChats())

    async def _clear_menu(self) -> None:
        """In groups there is nothing to be said; what an earlier version left for every chat would be offered there."""
        await self._api.rest.delete_my_commands()

    async def _keep_name(self) -> None:
        async with self._database.transaction() as tx:
            await stamps.stamp(tx, BOT_STAMP, {"username": self.username})


async def _tried(part: Callable[[], Awaitable[None]]) -> str:
    """Why it failed; empty: it did not."""
    try:
        await part()
    except TelegramError as error:
        return reason_of(error)
    except (DatabaseAway, TryAgain) as error:
        return type(error).__name__
    return ""
