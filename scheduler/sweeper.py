"""The sweep: what is due is done. The ticker and urgent writes wake it; the database alone says what is due."""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping

from safety_service.store.crash import crash_point
from safety_service.store.database import Database, Tx
from safety_service.store.errors import DatabaseAway, SchemaIsNewer, TryAgain
from safety_service.store.glance import Due
from scheduler.gap import GapWatch
from scheduler.others import Others
from scheduler.pace import Pace
from scheduler.watchdog import Progress

log = logging.getLogger(__name__)

#: Does at most so many due things, urgent first, and gives how many it did.
Sweep = Callable[[Tx, int], Awaitable[int]]
#: Which sweeps have something to do, and in how many seconds another has, by one look.
Glance = Callable[[Tx], Awaitable[Due]]
#: Sweeps that raise alerts, which may have to climb in the same run.
RAISING = frozenset({"watches", "rings"})
#: Seconds that a look may take; then everything is swept.
GLANCE_WITHIN = 0.5
#: A failing one of these is loud, but nobody goes unwatched for it: it is no reason to start the process again.
MAY_WAIT = frozenset({"debriefs"})
#: Seconds after which a run with more to do lets the next one go on: other sweeps get their turn, stamps are made.
ENOUGH = 5.0
#: Seconds after which a run that does not come back is given up.
TOO_LONG = 12.0
#: Seconds between two runs that nothing else wakes: in a county something falls due every few milliseconds.
GATHERED = 0.05
#: Seconds without a tick after which it sweeps all the same.
UNWOKEN = 1.0
#: Seconds in which a database that is there answers.
ANSWERS_WITHIN = 2.0


class Sweeper:
    """Runs the sweeps, one run after the other. What fails in one stops neither the others nor the next run."""

    def __init__(
        self,
        database: Database,
        sweeps: Mapping[str, Sweep],
        gap: GapWatch,
        progress: Progress,
        *,
        glance: Glance | None = None,
        pace: Callable[[], Pace] = Pace,
        too_long: float = TOO_LONG,
    ) -> None:
        self._database = database
        self._sweeps = sweeps
        self._gap = gap
        self._progress = progress
        self._glance = glance
        self._paces = {name: pace() for name in sweeps}
        self._others = Others()
        #: What the last look found to be due.
        self._seen: frozenset[str] = frozenset()
        #: Which sweep is at work.
        self._at: str | None = None
        self._too_long = too_long
        self._wake = asyncio.Event()
        #: By the monotonic clock: when the next thing falls due that was not yet when it was looked.
        self._next_at = math.inf
        self._clean = False
        #: Whether more is due than one batch holds: the next one follows at once.
        self.raging = False

    async def wake(self) -> None:
        """Sweep now: the ticker's tick."""
        self._wake.set()

    async def run(self) -> None:
        """Sweep at each waking until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            while True:
                await self.once()
                await self._woken()
                self._wake.clear()

    async def _woken(self) -> None:
        """By a tick, by an urgent write, or by the moment itself at which something falls due."""
        wait = max(GATHERED, self._next_at - time.monotonic())
        soon = asyncio.get_running_loop().call_later(wait, self._wake.set)
        try:
            async with asyncio.timeout(UNWOKEN):
                await self._wake.wait()
        except TimeoutError:
            log.warning("no tick for %s s: sweeping all the same", UNWOKEN)
        finally:
            soon.cancel()

    async def _listen(self) -> None:
        """An urgent write does not wait for the tick."""
        async with self._database.hot.subscribe("sweep") as events:
            async for _ in events:
                self._wake.set()

    async def once(self) -> bool:
        """One run, bounded; whether it was clean. The watchdog is told of it, and of a database that is away."""
        try:
            async with asyncio.timeout(self._too_long):
                self._clean = await self._run()
        except DatabaseAway as error:
            self._clean = False
            self._progress.mark()
            log.warning("no sweep: %s", error)
            await asyncio.sleep(UNWOKEN / 2)
        except TryAgain as error:
            self._clean = False
            log.warning("no sweep: %s", error)
        except TimeoutError:
            self._clean = False
            log.exception("the sweep of %s took longer than %s s and was given up", self._at, self._too_long)
            await self._give_up()
        except SchemaIsNewer:
            raise
        except Exception:
            self._clean = False
            log.exception("the sweep failed")
        if self._clean:
            self._progress.mark()
        return self._clean

    async def _run(self) -> bool:
        """1. Was there a gap? 2. What is due? 3. Round after round, a batch of each, until nothing is. 4. Report."""
        crash_point("sweep:begin")
        self._at, self._next_at = None, math.inf
        if self._gap.due() and not await self._gap.look(clean=self._clean):
            return True
        try:
            return await self._rounds()
        finally:
            self.raging = False

    async def _rounds(self) -> bool:
        started = time.monotonic()
        clean = True
        did: set[str] = set()
        left = await self._due()
        while left and time.monotonic() - started < ENOUGH:
            for name, sweep in list(left.items()):
                pace, began = self._paces[name], time.monotonic()
                done = await self._one(name, sweep, pace.size)
                took = time.monotonic() - began
                more = done is not None and pace.more(took, done)
                self.raging = self.raging or more
                clean = clean and (done is not None or name in MAY_WAIT)
                if done != 0:
                    did.add(name)
                if done is not None and more:
                    pace.took(took, done)
                else:
                    del left[name]
                if clean and done:
                    # A long run that goes on committing does not stand still.
                    self._progress.mark()
            self.raging = bool(left)
        self._others.note(self._seen, did)
        return clean

    async def _due(self) -> dict[str, Sweep]:
        """What has something to do: where nothing is due, nobody who writes need wait for the sweep."""
        self._seen = frozenset()
        if self._glance is None:
            return dict(self._sweeps)
        try:
            async with asyncio.timeout(GLANCE_WITHIN), self._database.reading() as tx:
                seen = await self._glance(tx)
        except (TryAgain, TimeoutError):
            # Whoever else reads must not keep the watch from being kept.
            return dict(self._sweeps)
        self._seen = frozenset(each for each in seen.now if not self._others.have(each))
        due = set(self._seen)
        if due & RAISING:
            due.add("alerts")
        self._next_at = min(time.monotonic() + seen.next_in, self._others.next_at)
        return {name: sweep for name, sweep in self._sweeps.items() if name in due}

    async def _one(self, name: str, sweep: Sweep, limit: int) -> int | None:
        """One batch in one transaction; None if it failed, which keeps no other sweep from its turn."""
        self._at = name
        try:
            async with self._database.transaction() as tx:
                # Asked once the transaction has its time: a process may be suspended at any line above.
                done = 0 if self._gap.jumped() else await sweep(tx, limit)
                if done:
                    crash_point(f"sweep:{name}:before_commit")
            if done:
                crash_point(f"sweep:{name}:after_commit")
        except DatabaseAway:
            raise
        except TryAgain as error:
            log.warning("sweep of %s: %s", name, error)
        except Exception:
            log.exception("sweep of %s failed", name)
        else:
            return done
        return None

    async def _give_up(self) -> None:
        """Smaller batches next time; unless it is the database that does not answer, which is no stalled watch."""
        if self._at is not None and self._paces[self._at].given_up():
            # Else the watchdog ends this process before the second of the smaller ones, and the next begins anew.
            self._progress.mark()
        try:
            async with asyncio.timeout(ANSWERS_WITHIN), self._database.reading():
                return
        except (DatabaseAway, TryAgain, TimeoutError) as error:
            # Starting this process again would not help.
            log.warning("the database does not answer: %s", type(error).__name__)
            self._progress.mark()
