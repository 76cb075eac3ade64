"""From the inbox to the router: in order within a chat, chats side by side, and nothing twice (P6)."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bots.dialogue.incoming import Incoming, from_payload
from bots.dialogue.urgency import cannot_wait
from safety_service.actions.telling import answer
from safety_service.store import agencies, channels, inbox, stamps
from safety_service.store.crash import crash_point
from safety_service.store.database import Database, Tx
from safety_service.store.errors import DatabaseAway, KeysDoNotOpen, TryAgain
from safety_service.store.inbox import Received

log = logging.getLogger(__name__)

POLL = timedelta(seconds=0.5)
#: How many chats are worked on side by side.
CHATS = 8
#: How many chats are looked up at once: what is urgent waits for those that were.
BATCH = 64
#: How many words a chat may say in one turn, while others wait for theirs.
TURN = 10
#: A word that fails this often is given up, loudly.
TRIES = 3
STAMP = "inbox_drained"
STAMP_EVERY = timedelta(seconds=5)

Handle = Callable[[Tx, Incoming], Awaitable[None]]


async def take_in(  # noqa: PLR0917 (the columns of one row, in their order)
    tx: Tx,
    channel: str,
    provider_id: str,
    chat: str,
    person_id: UUID | None,
    said_at: datetime,
    payload: dict[str, Any],
) -> bool:
    """Keep a word (see `Incoming.payload`) before it is confirmed to the provider. False: it is here already."""
    return await inbox.add(
        tx,
        channel=channel,
        provider_id=provider_id,
        chat=chat,
        person_id=person_id,
        said_at=said_at,
        payload={**payload, "chat": chat},
        urgent=cannot_wait(payload),
    )


async def act_on(tx: Tx, channel: str, chat: str, handle: Handle) -> None:
    """Act on what this chat has said, in order, in the transaction that took the last of it in.

    A word that fails stays for the InboxWorker, which tries it again and answers for it; later ones wait behind it.
    """
    chat_index = inbox.index_of(tx, channel, chat)
    while (word := await inbox.claim(tx, chat_index)) is not None:
        try:
            async with tx.savepoint():
                await handle(tx, await _incoming(tx, word))
                await inbox.handled(tx, word.id)
        except (DatabaseAway, TryAgain):
            raise
        except Exception:
            log.exception("a word could not be acted on at once (%s, %s)", word.channel, word.id)
            return


async def drained(tx: Tx) -> bool:
    """Whether every word that came in has been acted on."""
    return await inbox.empty(tx)


class InboxWorker:
    """Acts on what came in. `run` goes on until it is cancelled; `drain` does what there is now."""

    def __init__(self, database: Database, handle: Handle) -> None:
        self._database = database
        self._handle = handle
        self._wake = asyncio.Event()
        self._stamped: datetime | None = None
        self._seats = asyncio.Semaphore(CHATS)
        #: Chats that have a turn, or wait for a seat.
        self._busy: set[str] = set()

    async def run(self) -> None:
        """Woken by a word that came in, and by the poll in any case. A lost database is waited for.

        Each chat has turns of its own: one that hangs, cannot be read or never stops talking holds up no other.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            while True:
                self._wake.clear()
                try:
                    await self._begin_turns(tasks)
                except (DatabaseAway, TryAgain) as error:
                    log.warning("the inbox waits for the database: %s", type(error).__name__)
                await self._rest()

    async def _begin_turns(self, tasks: asyncio.TaskGroup) -> None:
        if len(self._busy) > CHATS:
            # Each seat is taken. Looking again with each word that was acted on took longer the more of them waited.
            return
        async with self._database.reading() as tx:
            chats = await inbox.chats_waiting(tx, BATCH)
        if not chats:
            await self._stamp(tx.now)
        for each in chats:
            if each not in self._busy:
                self._busy.add(each)
                tasks.create_task(self._turn(each))

    async def _turn(self, chat_index: str) -> None:
        try:
            if await self._chat(chat_index, TURN):
                # It may have said more meanwhile.
                self._wake.set()
        except (DatabaseAway, TryAgain) as error:
            log.warning("a chat waits for the database: %s", type(error).__name__)
        except Exception:
            # It is tried again at the next poll; all others go on.
            log.exception("a chat's words could not be read")
        finally:
            self._busy.discard(chat_index)
            if len(self._busy) == CHATS:
                # Seats are about to be free, and whoever spoke meanwhile was not looked up.
                self._wake.set()

    async def drain(self) -> int:
        """Act on everything that waits; gives how many words that were. Raises DatabaseAway, TryAgain."""
        done = 0
        while True:
            async with self._database.reading() as tx:
                chats = await inbox.chats_waiting(tx, BATCH)
            if not chats:
                await self._stamp(tx.now)
                return done
            counted = await asyncio.gather(*(self._chat(each) for each in chats))
            if not sum(counted):
                # Another process has them all.
                return done
            done += sum(counted)

    async def _stamp(self, now: datetime) -> None:
        if self._stamped is None or now - self._stamped >= STAMP_EVERY:
            async with self._database.transaction() as tx:
                await stamps.stamp(tx, STAMP)
            self._stamped = now

    async def _listen(self) -> None:
        async with self._database.hot.subscribe("inbox") as events:
            async for _ in events:
                self._wake.set()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(POLL.total_seconds()):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _chat(self, chat_index: str, most: float = math.inf) -> int:
        done = 0
        async with self._seats:
            while done < most and await self._one(chat_index):
                done += 1
        return done

    async def _one(self, chat_index: str) -> bool:
        """Act on the chat's next word: what it does and that it was done are one transaction."""
        word: Received | None = None
        try:
            async with self._database.transaction() as tx:
                word = await inbox.claim(tx, chat_index)
                if word is None:
                    return False
                await self._handle(tx, await _incoming(tx, word))
                await inbox.handled(tx, word.id)
                crash_point("inbox:before_commit")
            crash_point("inbox:after_commit")
        except (DatabaseAway, TryAgain):
            raise
        except Exception as error:
            if word is None:
                raise
            log.exception("a word could not be acted on (%s, %s)", word.channel, word.id)
            await self._failed(word, type(error).__name__)
        return True

    async def _failed(self, word: Received, error: str) -> None:
        async with self._database.transaction() as tx:
            if await inbox.tried(tx, word.id, error) < TRIES:
                return
            log.critical("given up: a word failed %d times (%s, %s)", TRIES, word.channel, word.id)
            await inbox.failed(tx, word.id, error)
            person_id = word.person_id if word.unread else (await _incoming(tx, word)).person_id
            if person_id is not None:
                office = (await agencies.of_person(tx, person_id)).office_phone
                await answer(tx, person_id, word.channel, "reply.failed", {"office_phone": office})


async def _incoming(tx: Tx, word: Received) -> Incoming:
    if word.unread:
        raise KeysDoNotOpen("no key opens what was said")
    said = from_payload(
        word.payload,
        person_id=word.person_id,
        channel=word.channel,
        provider_id=word.provider_id,
        said_at=word.said_at,
    )
    if said.person_id is None and said.chat:
        # It came in before the chat was linked, and is acted on after.
        channel = await channels.by_address(tx, said.channel, said.chat)
        return replace(said, person_id=None if channel is None else channel.person_id)
    return said
