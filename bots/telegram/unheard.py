"""What is said while nothing can be kept is not heard: whoever says it is told so at once, and whom to ring.

It stays with Telegram, and is heard with the time at which it was said as soon as it can be kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from telegram.error import TelegramError

from bots.delivery.outcome import Blocked, Refused, Sent, Unknown
from bots.telegram.api import JSON, Api
from bots.telegram.door import CHANNEL, NO_PREVIEW
from bots.telegram.errors import outcome_of, reason_of
from bots.telegram.updates import What, read_update
from bots.telegram.words import Words
from safety_service.store import agencies, channels
from safety_service.store.database import Database
from safety_service.store.errors import DatabaseAway, TryAgain

log = logging.getLogger(__name__)

#: These are about the chat itself: nobody waits for an answer.
NO_WORDS = frozenset({What.BLOCKED, What.UNBLOCKED, What.GROUP, What.MOVED, What.LIVE_POSITION})
#: Chats that are told side by side: one that hangs holds up no other. Half of the connections.
AT_ONCE = 16
#: Seconds for which a place is kept after each, so that Telegram hears fewer a second than it takes from one bot.
BREATH = 0.6
#: Seconds for which the offices' numbers are looked up, for all who are told together.
LOOK_UP = 1.0
#: Seconds that what is given up has to come to its end: a frozen database may not let go.
LET_GO_WITHIN = 2.0
#: How often it is said to a chat of which it is not known whether it was taken.
AT_MOST = 3


@dataclass(slots=True)
class Outage:
    """Who was told of it, and who is just being told."""

    told: set[int] = field(default_factory=set)
    underway: set[int] = field(default_factory=set)
    unsure: Counter[int] = field(default_factory=Counter)
    over: bool = False


class Unheard:
    """Says it without the database, once to each chat until something can be kept again.

    It is said beside the hearing: whoever listens has to ask again soon, and is taken for wedged if it does not.
    """

    def __init__(self, api: Api, database: Database, words: Words) -> None:
        self._api = api
        self._database = database
        self._words = words
        self._outage = Outage()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def say(self, updates: list[JSON]) -> None:
        """Begin to tell whoever said these. Who could not be told is told when the same comes in again."""
        outage = self._outage
        chats = [each for each in _who_speaks(updates) if each not in outage.told | outage.underway]
        if chats:
            outage.underway.update(chats)
            self._start(self._tell_all(outage, chats))

    def kept(self) -> None:
        """What is said is kept again."""
        self._outage.over = True
        self._outage = Outage()

    async def close(self) -> None:
        """Tell nobody more."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=LET_GO_WITHIN)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work, name="telegram unheard")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _tell_all(self, outage: Outage, chats: list[int]) -> None:
        offices = await self._offices_of(chats)
        await asyncio.gather(*(self._tell(outage, each, offices.get(each, "")) for each in chats))

    async def _tell(self, outage: Outage, chat: int, office: str) -> None:
        try:
            async with self._places:
                if not outage.over:
                    await self._send(outage, chat, office)
                    await asyncio.sleep(BREATH)
        except Exception:
            log.exception("Somebody could not be told that they were not heard")
        finally:
            outage.underway.discard(chat)

    async def _send(self, outage: Outage, chat: int, office: str) -> None:
        text = self._words.own("not_kept", office=office)
        try:
            await self._api.rest.send_message(chat, text, link_preview_options=NO_PREVIEW)
        except TelegramError as error:
            outcome = outcome_of(error)
            log.warning("Somebody may not have been told that they were not heard: %s", reason_of(error))
            outage.unsure[chat] += isinstance(outcome, Unknown)
            if not isinstance(outcome, Blocked | Refused | Sent) and outage.unsure[chat] < AT_MOST:
                return
        outage.told.add(chat)

    async def _offices_of(self, chats: list[int]) -> dict[int, str]:
        """Often the database can still be read. If not, the words go without a number.

        A frozen database is not waited for, nor for the look-up to be cancelled: both may hang.
        """
        found: dict[int, str] = {}
        looking = self._start(self._look_up(chats, found))
        await asyncio.wait({looking}, timeout=LOOK_UP)
        looking.cancel()
        return dict(found)

    async def _look_up(self, chats: list[int], found: dict[int, str]) -> None:
        try:
            async with self._database.reading() as tx:
                for each in chats:
                    channel = await channels.by_address(tx, CHANNEL, str(each))
                    if channel is not None:
                        found[each] = (await agencies.of_person(tx, channel.person_id)).office_phone
        except (DatabaseAway, TryAgain) as error:
            log.warning("The offices' numbers are not known just now: %s", type(error).__name__)
        except Exception:
            log.exception("The offices' numbers could not be looked up")


def _who_speaks(updates: list[JSON]) -> list[int]:
    """Their chats, each once. What cannot be read is said where it is taken in."""
    chats: dict[int, None] = {}
    for update in updates:
        with suppress(LookupError, TypeError, ValueError):
            heard = read_update(update)
            if heard is not None and heard.what not in NO_WORDS:
                chats[heard.chat_id] = None
    return list(chats)
