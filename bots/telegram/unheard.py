"""What is said while nothing can be kept is not heard: whoever says it is told so at once, and whom to ring.

It stays with Telegram, and is heard with the time at which it was said as soon as it can be kept.
"""

from __future__ import annotations

import logging

from telegram.error import TelegramError

from bots.telegram.api import JSON, Api
from bots.telegram.door import CHANNEL, NO_PREVIEW
from bots.telegram.errors import reason_of
from bots.telegram.updates import What, read_update
from bots.telegram.words import Words
from safety_service.store import agencies, channels
from safety_service.store.database import Database
from safety_service.store.errors import DatabaseAway, TryAgain

log = logging.getLogger(__name__)

#: These are about the chat itself: nobody waits for an answer.
NO_WORDS = frozenset({What.BLOCKED, What.UNBLOCKED, What.GROUP, What.MOVED, What.LIVE_POSITION})


class Unheard:
    """Says it without the database, once to each chat until something can be kept again."""

    def __init__(self, api: Api, database: Database, words: Words) -> None:
        self._api = api
        self._database = database
        self._words = words
        self._told: set[int] = set()

    async def say(self, updates: list[JSON]) -> None:
        """Tell whoever said these. What cannot be told is not tried again: there is nowhere to remember it."""
        for update in updates:
            heard = read_update(update)
            if heard is None or heard.what in NO_WORDS or heard.chat_id in self._told:
                continue
            self._told.add(heard.chat_id)
            text = self._words.own("not_kept", office=await self._office_of(str(heard.chat_id)))
            try:
                await self._api.rest.send_message(heard.chat_id, text, link_preview_options=NO_PREVIEW)
            except TelegramError as error:
                log.warning("Somebody could not be told that they were not heard: %s", reason_of(error))

    def kept(self) -> None:
        """What is said is kept again."""
        self._told.clear()

    async def _office_of(self, chat: str) -> str:
        """Often the database can still be read. If not, the words go without a number."""
        try:
            async with self._database.reading() as tx:
                channel = await channels.by_address(tx, CHANNEL, chat)
                return "" if channel is None else (await agencies.of_person(tx, channel.person_id)).office_phone
        except (DatabaseAway, TryAgain):
            return ""
