"""Keeping what was said before Telegram may forget it (P6), and owning up when that fails for more than a moment."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from bots.telegram.api import JSON
from bots.telegram.supervised import to_its_end
from safety_service.store.database import Database, Tx
from safety_service.store.errors import DatabaseAway, TryAgain

log = logging.getLogger(__name__)

#: Seconds for which nothing has been kept before whoever speaks is told that nobody hears.
OWN_UP_AFTER = 5.0
#: Seconds after which another failure is one of its own. Of several processes that share the webhook, each hears only
#: some words, and what it could not keep may have been kept long ago by another.
APART = 30.0

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Hearing:
    """What is known of the time when updates were made. All by the database's clock."""

    now: datetime
    poll_began: datetime
    poll_ended: datetime
    #: Until when all that was said had been heard, before this; None: not known.
    heard_before: datetime | None


Take = Callable[[Tx, JSON, Hearing], Awaitable[None]]


class OwnsUp(Protocol):
    """Tells people that what they say cannot be kept, until it is `kept` again."""

    def say(self, updates: list[JSON]) -> None:
        """Begin to tell whoever said these: nobody who listens waits for that."""

    def kept(self) -> None:
        """What is said is kept again."""


class Taking:
    """Has updates taken in, whichever way they came."""

    def __init__(self, database: Database, take: Take, unheard: OwnsUp, *, own_up_after: float = OWN_UP_AFTER) -> None:
        self._database = database
        self._take = take
        self._unheard = unheard
        self._own_up_after = own_up_after
        #: When the first of the updates that could not be kept came in, by the clock that nobody can set.
        self._unkept_since: float | None = None
        self._failed_at = float("-inf")

    async def keep(self, updates: list[JSON], work: Callable[[Tx], Awaitable[Done]]) -> Done:
        """Do this in one transaction, whole even if we are cancelled. Raises DatabaseAway, TryAgain."""
        try:
            done = await to_its_end(self._in_transaction(work))
        except (DatabaseAway, TryAgain):
            self._own_up(updates)
            raise
        self._unkept_since = None
        self._unheard.kept()
        return done

    async def each(self, tx: Tx, updates: Iterable[JSON], hearing: Hearing) -> None:
        """Take these in. One that cannot be kept must not keep us from hearing all the others."""
        for update in updates:
            try:
                async with tx.savepoint():
                    await self._take(tx, update, hearing)
            except (DatabaseAway, TryAgain):
                raise
            except Exception:
                log.exception("An update could not be taken in and is lost: %s", update.get("update_id"))

    async def _in_transaction(self, work: Callable[[Tx], Awaitable[Done]]) -> Done:
        async with self._database.transaction() as tx:
            return await work(tx)

    def _own_up(self, updates: list[JSON]) -> None:
        """Telegram keeps what we could not; but whoever waits for an answer must not believe that somebody heard."""
        now, before = _steady(), self._failed_at
        self._failed_at = now
        if self._unkept_since is None or now - before > APART:
            self._unkept_since = now
            self._unheard.kept()
        if now - self._unkept_since >= self._own_up_after and updates:
            self._unheard.say(updates)


def _steady() -> float:
    return asyncio.get_running_loop().time()
