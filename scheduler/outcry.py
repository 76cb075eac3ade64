"""The last resort: while the database keeps nothing, managers and administrators are told past the outbox (P7)."""

import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from safety_service.actions import outcry
from safety_service.store.database import Database
from safety_service.store.outbox import Outgoing

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=2)
WITHIN = timedelta(seconds=60)
#: Seconds for which nothing was kept before anybody is told: a switch to another server takes a moment.
PATIENCE = 10.0
#: Seconds after which it is said again, for as long as it lasts.
AGAIN = 900.0

#: Hands messages to their channels, and gives how many were taken.
Say = Callable[[list[Outgoing]], Awaitable[int]]


class Outcry:
    """`unkept_since`: since when nothing could be kept, by the clock that nobody can set; None: it can."""

    def __init__(
        self,
        database: Database,
        unkept_since: Callable[[], float | None],
        say: Say,
        *,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._unkept_since = unkept_since
        self._say = say
        self._steady = steady
        self._said_at: float | None = None

    async def once(self) -> None:
        """Tell them, if it is time to. What reaches nobody is tried again soon. Raises DatabaseAway, TryAgain."""
        since, now = self._unkept_since(), self._steady()
        if since is None:
            self._said_at = None
        elif now - since >= PATIENCE and (self._said_at is None or now - self._said_at >= AGAIN):
            await self._cry(timedelta(seconds=now - since))

    async def _cry(self, lasted: timedelta) -> None:
        async with self._database.reading() as tx:
            began: datetime = tx.now - lasted
            messages = await outcry.messages(tx, began)
        taken = await self._say(messages)
        log.critical("nothing can be kept since %s: nobody is watched; %d of %d were told", began, taken, len(messages))
        if taken:
            self._said_at = self._steady()
