"""Noticing that the watch was not kept, and what follows: owning up, the inbox first, then overdue is overdue (P7)."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from safety_service.actions.gaps import OWED, Cause, own_up, tell_owed
from safety_service.actions.restoring import RESTORED
from safety_service.store import leases, stamps
from safety_service.store.clock import drift, passed, slept
from safety_service.store.database import Database, Tx
from safety_service.store.errors import CannotKeep, DatabaseAway, TryAgain
from safety_service.store.stamps import Stamp

log = logging.getLogger(__name__)

#: Name of the stamp (and the lock) of the last sweep that found everything in order.
SWEEP = "sweep"
#: Name of the stamp of the last look after a sweep that did not.
LOOKED = "looked"
#: Name of the stamp of the last gap.
GAP = "gap"
#: Not having swept for longer than this is a gap.
LONGEST = timedelta(seconds=30)
#: A clock that goes wrong by more than this is one, too.
STEP = timedelta(seconds=2)
#: How long the inbox may take before overdue is overdue.
DRAIN = timedelta(seconds=30)
#: For how long one process alone may own up.
ONE_AT_A_TIME = timedelta(seconds=5)
#: Seconds between two looks.
LOOK_EVERY = 1.0
#: People who are told of a gap in one transaction: words about them wait until it commits.
TOLD_AT_ONCE = 50
#: Seconds after which a process asks again whether anybody is owed it still: whoever found the gap may be lost by now.
ASKS_EVERY = 5.0
#: Seconds after which one look tells no more of them, so that those who are inside are watched meanwhile.
TELLS_FOR = 1.0
#: Seconds after which one transaction of them is given up, and tried again with fewer.
TELLS_WITHIN = 4.0

#: Whether every word that was said until then has been acted on.
Drained = Callable[[Tx, datetime], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Reading:
    """The database's time, read between two readings of the clock that nobody can set (seconds)."""

    now: datetime
    before: float
    after: float

    def disagrees(self, earlier: "Reading") -> bool:
        """Whether the database's clock and the other do not agree on how much time has passed since then."""
        by_database = (self.now - earlier.now).total_seconds()
        least, most = self.before - earlier.after, self.after - earlier.before
        return not least - STEP.total_seconds() <= by_database <= most + STEP.total_seconds()


class GapWatch:
    """Looks once a second, before the sweep: was there a gap, and may the sweep go on?"""

    def __init__(
        self,
        database: Database,
        holder: str,
        drained: Drained,
        *,
        steady: Callable[[], float] = time.monotonic,
        skipping: Callable[[], float] = passed,
        drifting: Callable[[], float] = drift,
        sleeping: Callable[[], float] = slept,
        on_progress: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._holder = holder
        self._drained = drained
        self._steady = steady
        self._skipping = skipping
        self._drifting = drifting
        self._drifted = drifting()
        self._sleeping = sleeping
        self._slept = sleeping()
        self._last: Reading | None = None
        #: Since when the database answers and keeps nothing, by the steady clock; None: it keeps what it is given.
        self.unkept_since: float | None = None
        #: Whether the database was away, or kept nothing, since the watch was last kept.
        self._away = False
        #: By the steady clock: when this process last looked, and when it last knew that the watch was kept.
        self._looked_at = float("-inf")
        self._kept_at: float | None = None
        self._hold_until: datetime | None = None
        self._on_progress = on_progress
        #: By the steady clock: when to ask whether anybody has to hear of a gap; at the start, of one before it.
        self._asks_at = float("-inf")
        #: By how much what is told at once has been made smaller.
        self._fewer = 1

    def due(self) -> bool:
        """Whether it is time to look again."""
        waited = self._steady() - self._looked_at >= LOOK_EVERY
        return waited or self._hold_until is not None or self.jumped()

    def jumped(self) -> bool:
        """Whether the machine slept since the last look, or its clock was set: look then, do not sweep."""
        return abs(self._drifting() - self._drifted) > STEP.total_seconds()

    async def look(self, *, clean: bool) -> bool:
        """Look, stamp the sweep if it was `clean`, and say whether it may go on. Raises DatabaseAway, TryAgain."""
        try:
            sweeps = await self._look(clean)
            self.unkept_since = None
            return sweeps
        except DatabaseAway as error:
            self._away = True
            if isinstance(error, CannotKeep):
                self.unkept_since = self._steady() if self.unkept_since is None else self.unkept_since
            raise

    async def _look(self, clean: bool) -> bool:
        drifted, before = self._drifting(), self._skipping()
        async with self._database.transaction() as tx:
            # Newer code may have upgraded the database under this process: it is not ours to sweep any more.
            await tx.must_be_current()
            reading = Reading(tx.now, before, self._skipping())
            stepped = self._last is not None and reading.disagrees(self._last)
            silent = self._kept_at is None or self._steady() - self._kept_at > LONGEST.total_seconds()
            found = (stepped or silent) and await self._found(tx, stepped=stepped)
            hold_until = await self._held(tx, look_up=stepped or silent)
            kept = found or clean or hold_until is not None
            # Something is written in any case: reading alone would not tell that nothing can be kept.
            await stamps.stamp(tx, SWEEP if kept else LOOKED)
        self._looked(reading, drifted, kept=kept)
        self._hold_until = hold_until
        if found:
            self._asks_at = self._steady()
        await self._tell_for_a_while()
        return hold_until is None

    def _looked(self, reading: Reading, drifted: float, *, kept: bool) -> None:
        self._last = reading
        self._drifted = drifted
        self._looked_at = self._steady()
        if kept:
            self._kept_at = self._looked_at
            self._slept = self._sleeping()
            self._away = False

    async def _tell_for_a_while(self) -> None:
        """Tell some of those who are owed it; the others at the next looks. None of them keeps the sweep from going on.

        With thousands of them, the look that told them all was cut off before anything was swept, until that was a gap
        of its own, of which everybody had to hear.
        """
        began = self._steady()
        try:
            while self._steady() >= self._asks_at and await self._tell_some():
                self._on_progress()
                if self._steady() - began >= TELLS_FOR:
                    break
        except TryAgain as error:
            log.warning("telling of a gap waits: %s", error)
        except TimeoutError:
            self._fewer *= 4
            log.warning("telling of a gap took longer than %s s: it is tried again with fewer at once", TELLS_WITHIN)

    async def _tell_some(self) -> bool:
        """Tell the next who were not watched; whether it told any. Only one process does at a time."""
        async with asyncio.timeout(TELLS_WITHIN), self._database.transaction() as tx:
            if not await leases.hold(tx, OWED, self._holder, ONE_AT_A_TIME):
                return False
            told = await tell_owed(tx, -(-TOLD_AT_ONCE // self._fewer))
            if not told:
                # Whoever finds the next gap tells of it at once.
                await leases.let_go(tx, OWED, self._holder)
        if not told:
            self._asks_at = self._steady() + ASKS_EVERY
        return told > 0

    async def _found(self, tx: Tx, *, stepped: bool) -> bool:
        """There may have been a gap. Only one process owns up; perhaps another one kept the watch."""
        if not await leases.hold(tx, GAP, self._holder, ONE_AT_A_TIME):
            return False
        restored = await stamps.last(tx, RESTORED)
        since = await self._since(tx, restored, stepped=stepped)
        if since is None:
            return False
        cause = self._cause(stepped=stepped) if restored is None else Cause.RESTORED
        count = await own_up(tx, since, tx.now, cause)
        await stamps.stamp(tx, GAP, {"from": since.isoformat()})
        await stamps.remove(tx, RESTORED)
        said = f"nobody was watched from {since} to {tx.now} ({cause}): {count} people are to hear of it"
        tx.after_commit(lambda: log.critical("%s", said))
        return True

    async def _since(self, tx: Tx, restored: Stamp | None, *, stepped: bool) -> datetime | None:
        """Since when nobody watched; None: there was no gap, or another process has owned up to it."""
        if restored is not None:
            return datetime.fromisoformat(restored.info["from"])
        if not stepped or self._last is None:
            return _silent_since(await stamps.last(tx, SWEEP), tx.now)
        known = await stamps.last(tx, GAP)
        return None if known is not None and abs(tx.now - known.at) <= LONGEST else self._last.now

    def _cause(self, *, stepped: bool) -> Cause:
        """Why nobody watched, as far as this process can tell."""
        if self._sleeping() - self._slept > STEP.total_seconds():
            return Cause.SUSPENDED
        if stepped:
            return Cause.CLOCK
        if self._kept_at is None:
            return Cause.DOWN
        if self._away:
            return Cause.DATABASE
        stood_still = self._steady() - self._looked_at > LONGEST.total_seconds()
        return Cause.SUSPENDED if stood_still else Cause.FAILING

    async def _held(self, tx: Tx, *, look_up: bool) -> datetime | None:
        """Until when the sweep waits for the inbox; also after another process's gap, or one before a restart."""
        until = self._hold_until
        if look_up:
            gap = await stamps.last(tx, GAP)
            until = None if gap is None else gap.at + DRAIN
        if until is None or not tx.now < until <= tx.now + DRAIN:
            return None
        return None if await self._drained(tx, until - DRAIN) else until


def _silent_since(swept: Stamp | None, now: datetime) -> datetime | None:
    """Since when nobody swept, if that is a gap. A database that was never swept holds nobody."""
    if swept is None or abs(now - swept.at) <= LONGEST:
        return None
    return swept.at
