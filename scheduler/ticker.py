"""The ticker: APScheduler as a clock and no more. Nothing is kept in it, and it is itself watched.

Its timer can die without a word (an error between two ticks leaves none set, and `running` stays true), so that
ticks are counted: when they stop coming the timer is wound up again, and if that does not help this task fails.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, timedelta

from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from safety_service.store.errors import DatabaseAway, TryAgain

log = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]
#: Seconds without a single tick after which the timer counts as dead, at the least; or four of its shortest periods.
SILENCE = 1.0


class TickerStopped(Exception):
    """The timer stands, and could not be wound up again."""


class Ticker:
    """Calls jobs at their intervals: never dropped for being late, never twice at once, never failing silently."""

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            jobstores={"default": MemoryJobStore()},
            timezone=UTC,
            # A late tick is still a tick: by default APScheduler drops what is a second late.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._shortest = float("inf")
        self._ticks = 0

    def every(self, period: timedelta, job: Job, *, name: str, within: timedelta) -> None:
        """Call this job again and again; a run that takes longer than `within` is ended."""

        async def run() -> None:
            self._ticks += 1
            try:
                await bounded(job, name, within)
            except asyncio.CancelledError:
                # The process stops: APScheduler would log that as a failure.
                if self._scheduler.running:
                    raise

        seconds = period.total_seconds()
        self._shortest = min(self._shortest, seconds)
        self._scheduler.add_job(run, "interval", seconds=seconds, id=name, name=name)

    async def run(self) -> None:
        """Tick until cancelled. Raises TickerStopped."""
        self._scheduler.start()
        try:
            await self._watch(max(SILENCE, 4 * self._shortest))
        finally:
            if self._scheduler.running:
                self._scheduler.shutdown(wait=False)

    async def _watch(self, silence: float) -> None:
        dead = False
        while True:
            before = self._ticks
            await asyncio.sleep(silence)
            if self._ticks != before:
                dead = False
            elif dead:
                raise TickerStopped("the timer stands and could not be wound up again")
            else:
                dead = True
                log.critical("the timer stands: it is wound up again")
                self._scheduler.wakeup()


async def bounded(job: Job, name: str, within: timedelta) -> bool:
    """Run a job to its end, or to its time: a failure is loud, and the next run comes all the same."""
    try:
        async with asyncio.timeout(within.total_seconds()):
            await job()
    except (DatabaseAway, TryAgain) as error:
        log.warning("%s: %s: %s", name, type(error).__name__, error)
    except TimeoutError:
        log.exception("%s took longer than %s and was ended", name, within)
    except Exception:
        log.exception("%s failed", name)
    else:
        return True
    return False
