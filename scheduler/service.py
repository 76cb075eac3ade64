"""The scheduler of one process: the ticker, the sweep, the dispatcher and the watchdog, put together."""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from datetime import timedelta
from functools import partial

from bots.delivery.sender import Sender
from safety_service.actions import waking
from safety_service.actions.chases import CHASES
from safety_service.actions.debrief_chasing import sweep_debriefs
from safety_service.actions.places import Geocoder
from safety_service.actions.starting import note_start
from safety_service.actions.sweeping import due_now, sweep_alerts, sweep_rings, sweep_watches
from safety_service.store import alone, leases
from safety_service.store.database import Database
from scheduler import canary, chaser, linker, locating, outcry, summing, tidier
from scheduler.calm import Calm
from scheduler.canary import Canary, Wanted
from scheduler.chaser import Chaser
from scheduler.dispatcher import Dispatcher
from scheduler.gap import Drained, GapWatch
from scheduler.linker import Linker
from scheduler.locating import Locating
from scheduler.outcry import Outcry
from scheduler.pace import LASTS
from scheduler.summing import Summing
from scheduler.sweeper import Sweep, Sweeper
from scheduler.ticker import Ticker, bounded
from scheduler.tidier import Tidier
from scheduler.watchdog import Progress, Watchdog

log = logging.getLogger(__name__)

#: Urgent ones first.
SWEEPS = {"watches": sweep_watches, "alerts": sweep_alerts, "rings": sweep_rings, "debriefs": sweep_debriefs}
#: The same in short turns: what one of them holds, a word may be waiting for.
SHORTLY: dict[str, Sweep] = {
    **SWEEPS,
    "watches": partial(sweep_watches, lasts=LASTS),
    "alerts": partial(sweep_alerts, lasts=LASTS),
    "rings": partial(sweep_rings, lasts=LASTS),
}
TICK = timedelta(seconds=0.25)
REPORT_EVERY = timedelta(seconds=5)
#: How long a report may take.
REPORT_WITHIN = timedelta(seconds=10)
#: Seconds that messages on their way have to arrive when the process stops.
ARRIVE_WITHIN = 8.0
#: How long it may take to give back what this process alone was to do.
LEAVE_WITHIN = timedelta(seconds=0.8)


class Scheduler:
    """`run` goes on until stopped; when it fails, the process is to end and be started again."""

    def __init__(
        self,
        database: Database,
        senders: Iterable[Sender],
        drained: Drained,
        *,
        holder: str,
        public_url: str,
        replies: bool,
        geocoder: Geocoder,
        canary_wanted: Wanted | None = None,
    ) -> None:
        self._database = database
        self._holder = holder
        progress = Progress()
        # Nobody's turn: whatever else this process does may have all other connections in use.
        own = database.apart()
        gap = GapWatch(own, holder, drained, on_progress=progress.mark)
        self._sweeper = Sweeper(own, SHORTLY, gap, progress, glance=due_now)
        self._canary = None if canary_wanted is None else Canary(database, canary_wanted, holder)
        everyone = senders if self._canary is None else [*senders, self._canary.sender]
        self._dispatcher = Dispatcher(database, everyone, holder=holder, public_url=public_url, replies=replies)
        self._dispatcher.heed(lambda: self._sweeper.raging)
        calm = Calm(lambda: self._sweeper.raging or self._dispatcher.behind)
        self._watchdog = Watchdog(progress, what="the sweep")
        self._ticker = Ticker()
        self._ticker.every(TICK, self._sweeper.wake, name="sweep", within=TICK)
        self._ticker.every(REPORT_EVERY, self._dispatcher.report, name="report", within=REPORT_WITHIN)
        self._locating = Locating(database, geocoder, holder)
        if self._locating.wanted:
            self._ticker.every(locating.EVERY, self._locating.once, name="locate", within=locating.WITHIN)
        self._ticker.every(chaser.EVERY, Chaser(database, CHASES).once, name="chase", within=chaser.WITHIN)
        unkept = Outcry(database, lambda: gap.unkept_since, self._dispatcher.say_unwritten)
        self._ticker.every(outcry.EVERY, unkept.once, name="outcry", within=outcry.WITHIN)
        link, count = calm.waits(Linker(database, holder).once), calm.waits(Summing(database, holder).once)
        self._ticker.every(linker.EVERY, link, name="link", within=linker.WITHIN)
        self._ticker.every(summing.EVERY, count, name="figures", within=summing.WITHIN)
        self._ticker.every(tidier.EVERY, Tidier(database, holder).once, name="tidy", within=tidier.WITHIN)
        if self._canary is not None:
            self._canary.say = self._dispatcher.say_unwritten
            self._ticker.every(canary.EVERY, self._canary.once, name="canary", within=canary.WITHIN)

    async def run(self, stopping: asyncio.Event) -> None:
        """Keep the watch until stopped; then what is on its way arrives, and nothing more is begun."""
        self._watchdog.start()
        try:
            async with self._listening(), asyncio.TaskGroup() as tasks:
                going = [tasks.create_task(self._ticker.run()), tasks.create_task(self._sweeper.run())]
                sending = tasks.create_task(self._dispatcher.run())
                await bounded(self._dispatcher.report, "report", REPORT_WITHIN)
                await bounded(self._note_start, "noting the start", REPORT_WITHIN)
                await bounded(self._say_who_sleeps, "looking at the nights ahead", REPORT_WITHIN)
                await stopping.wait()
                self._dispatcher.stop()
                await asyncio.wait({sending}, timeout=ARRIVE_WITHIN)
                for each in (*going, sending):
                    each.cancel()
            await bounded(self._leave, "leaving", LEAVE_WITHIN)
        finally:
            self._watchdog.stop()
            await self._locating.close()

    def _listening(self) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self._canary is None else self._canary.listening()

    async def _say_who_sleeps(self) -> None:
        async with self._database.reading() as tx:
            for line in await waking.missing(tx):
                log.warning("%s", line)

    async def _leave(self) -> None:
        """Whoever goes on does not wait for what this one held, nor for what it said of Redis."""
        async with self._database.transaction() as tx:
            await leases.let_go_all(tx, self._holder)
            await alone.say(tx, self._holder, 0)

    async def _note_start(self) -> None:
        async with self._database.transaction() as tx:
            await note_start(tx, self._holder)
