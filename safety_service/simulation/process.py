"""One process of the service: its sweep, its dispatcher, its inbox; until it dies."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bots.dialogue.inbox import InboxWorker, act_on, take_in
from bots.dialogue.incoming import Incoming
from safety_service.actions.sweeping import due_now
from safety_service.simulation import hearing
from safety_service.simulation.chance import chance
from safety_service.simulation.faults import Crash
from safety_service.simulation.ledger import Deed
from safety_service.simulation.network import Way
from safety_service.simulation.rows import moment, stored
from safety_service.store import inbox
from safety_service.store.database import Tx
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.hot import InProcessHot
from safety_service.store.instant import InstantDatabase
from scheduler.bundling import Parcel
from scheduler.dispatcher import Dispatcher, Setting
from scheduler.gap import GapWatch
from scheduler.lanes import Lane
from scheduler.pace import MOST, Pace
from scheduler.service import SWEEPS
from scheduler.sweeper import Sweeper
from scheduler.watchdog import Progress

if TYPE_CHECKING:
    from safety_service.simulation.world import World

#: Seconds between two sweeps when nothing is due: often enough for nobody to take it for a gap.
HEARTBEAT = 28.0
#: Seconds between two looks for what is to be sent or heard, while something waits.
AGAIN = 0.5
REPORT_EVERY = 60.0
CHANNELS = ("telegram", "sms")

#: When the next thing is due, of each kind. What is put off is due when it was put off to.
_DUE = """
SELECT min(at) FROM (
SELECT min(next_at) AS at FROM watch WHERE next_at IS NOT NULL
UNION ALL SELECT min(due_now) FROM alert WHERE due_now IS NOT NULL
UNION ALL SELECT min(next_at) FROM ring WHERE next_at IS NOT NULL)
"""
_WAITING = """
SELECT 1 FROM outbox WHERE state IN ('pending', 'sending') AND channel = ? AND priority BETWEEN ? AND ?
AND ((state = 'pending' AND not_before <= ?) OR (state = 'sending' AND lease_until <= ?)) LIMIT 1
"""
_TO_SEND = """
SELECT min(at) FROM (
SELECT min(not_before) AS at FROM outbox WHERE state = 'pending'
UNION ALL SELECT min(lease_until) FROM outbox WHERE state = 'sending')
"""


class _Glancing(Dispatcher):
    """Looks with one cheap query whether there is anything to lease: most wakings are for another lane.

    And says which rows go as one message.
    """

    def __init__(
        self, *arguments: Any, glance: Callable[[Lane], bool], together: Callable[[Parcel], None], **more: Any
    ) -> None:
        super().__init__(*arguments, **more)
        self._glance = glance
        self._together = together

    async def _take(self, lane: Lane, limit: int) -> Any:
        return await super()._take(lane, limit) if self._glance(lane) else []

    async def _deliver(self, parcel: Parcel, setting: Setting) -> None:
        self._together(parcel)
        await super()._deliver(parcel, setting)


class _Steady(Pace):
    """The same on a machine that is slow just now: a seed replays exactly."""

    def __init__(self) -> None:
        super().__init__(MOST, MOST)

    def more(self, seconds: float, done: int) -> bool:
        """As if it had taken no time: in here no sweep ends for its length."""
        return super().more(min(seconds, 0.0), done)

    def took(self, seconds: float, done: int) -> None:
        """However long."""

    def given_up(self) -> bool:
        """It is not."""
        return False


class Process:
    """Alive from its making until `gone`."""

    def __init__(self, world: World, number: int) -> None:
        self._world = world
        self._name = f"process-{number}"
        self._dice = chance(world.seed, "process", number)
        self._ticks, self._words = chance(world.seed, "ticks", number), chance(world.seed, "words", number)
        self._changed = asyncio.Event()
        self._swept = self._sent = self._heard = float("-inf")
        self._lag = 0.0
        self.dead = False
        self.gone = asyncio.Event()
        clock = world.clock
        hot = InProcessHot()
        self.database = InstantDatabase(world.machine, clock, hot)
        self.database.before_begin = self._before_begin
        self.database.before_commit = self._before_commit
        self.database.after_commit = self._after_commit
        gap = GapWatch(
            self.database,
            self._name,
            _drained,
            steady=clock.steady,
            skipping=clock.steady,
            drifting=clock.drift,
            sleeping=lambda: 0.0,
        )
        self._sweeper = Sweeper(self.database, SWEEPS, gap, Progress(), glance=due_now, pace=_Steady)
        ways = [Way(kind, world.network, lambda: not self.dead) for kind in CHANNELS]
        self._dispatcher = _Glancing(
            self.database,
            ways,
            holder=self._name,
            public_url="https://doorstep.example",
            idle=1e6,
            steady=clock.steady,
            glance=self._glance,
            together=world.network.together,
        )
        self._inbox = InboxWorker(self.database, self._handle)
        self._tasks = [
            asyncio.create_task(self._until_it_dies(part))
            for part in (self._pulse, self._dispatcher.run, self._reports)
        ]

    async def _until_it_dies(self, part: Callable[[], Awaitable[None]]) -> None:
        try:
            await part()
        except BaseException as error:
            if not self.dead and not isinstance(error, asyncio.CancelledError):
                self._world.observer.broken("the service", f"a part of the process ended by itself: {error!r}")
            raise

    def die(self) -> None:
        """It is dead from this moment; what it has in memory is gone."""
        if self.dead:
            return
        self.dead = True
        asyncio.get_running_loop().call_soon(self._bury)

    def _bury(self) -> None:
        for each in self._tasks:
            each.cancel()
            each.add_done_callback(_looked_at)
        self.gone.set()

    # --- what is outside of each transaction ---

    def _before_begin(self) -> None:
        if self.dead:
            raise Crash
        self._world.ledger.begin()
        if self._world.away:
            raise DatabaseAway("the simulated database is away")
        if (often := self._world.faults.busy) and self._dice.random() < often:
            raise TryAgain("the simulated database is busy")

    def _before_commit(self) -> None:
        self._perhaps_die("before")

    def _after_commit(self) -> None:
        self._world.committed(self._world.ledger.commit())
        self._changed.set()
        self._perhaps_die("after")

    def _perhaps_die(self, where: str) -> None:
        if self._world.dies_here():
            self._world.tell("crash", f"{where} a commit")
            self.die()
            raise Crash

    # --- the clockwork ---

    async def _pulse(self) -> None:
        """What the ticker does in a service, without the ticks at which nothing is due."""
        while True:
            await self._until_due()
            if self._is_due(_DUE, self._swept + self._world.tick) or self._now() >= self._swept + HEARTBEAT:
                await self._sweeper.once()
                self._swept = self._now()
                self._lag = self._ticks.uniform(0.0, self._world.tick)
            if self._is_due(_TO_SEND, self._sent + AGAIN):
                self._sent = self._now()
                await self.database.hot.publish("outbox")
            if self._waits_to_be_heard() and self._now() >= self._heard + AGAIN:
                self._heard = self._now()
                with contextlib.suppress(TryAgain, DatabaseAway):
                    await self._inbox.drain()

    async def _until_due(self) -> None:
        while True:
            self._changed.clear()
            wait = self._next() - self._now()
            if wait <= 0:
                return
            try:
                async with asyncio.timeout(wait):
                    await self._changed.wait()
            except TimeoutError:
                return

    def _next(self) -> float:
        moments = [self._swept + HEARTBEAT, self._moment(_DUE, self._swept + self._world.tick) + self._lag]
        moments.append(self._moment(_TO_SEND, self._sent + AGAIN))
        if self._waits_to_be_heard():
            moments.append(self._heard + AGAIN)
        return min(moments)

    def _glance(self, lane: Lane) -> bool:
        """Whether a message of this lane waits, or was lost on the way."""
        now = stored(self._world.clock.at)
        for kind in lane.kinds:
            found = self._world.machine.raw.execute(_WAITING, (kind, lane.least, lane.most, now, now)).fetchone()
            if found is not None:
                return True
        return False

    def _is_due(self, query: str, not_before: float) -> bool:
        return self._moment(query, not_before) <= self._now()

    def _moment(self, query: str, not_before: float) -> float:
        """By the steady clock."""
        found = self._world.machine.raw.execute(query).fetchone()[0]
        if found is None:
            return float("inf")
        # A clock that is read to the microsecond is never quite there.
        return max(self._now() + (moment(found) - self._world.clock.at).total_seconds() + 1e-5, not_before)

    def _waits_to_be_heard(self) -> bool:
        return self._world.machine.raw.execute("SELECT 1 FROM inbox WHERE state = 'new' LIMIT 1").fetchone() is not None

    def _now(self) -> float:
        return self._world.clock.steady()

    async def _reports(self) -> None:
        while True:
            with contextlib.suppress(TryAgain, DatabaseAway):
                await self._dispatcher.report()
            await asyncio.sleep(REPORT_EVERY)

    # --- words ---

    async def hear(self, deed: Deed, text: str) -> None:
        """Keep a word, and act on it now or a moment later. Comes back when it is kept. Raises Crash, TryAgain, …"""
        said = Incoming(
            person_id=deed.person_id,
            channel="telegram",
            kind="text",
            said_at=deed.said_at,
            provider_id=deed.mark,
            chat=f"chat-{deed.person_id}",
            text=text,
        )
        at_once = self._words.random() < 0.92
        async with self.database.transaction() as tx:
            await take_in(tx, said.channel, said.provider_id, said.chat, said.person_id, said.said_at, said.payload())
            if at_once:
                await act_on(tx, said.channel, said.chat, self._handle)

    async def _handle(self, tx: Tx, said: Incoming) -> None:
        await hearing.handle(tx, said, self._world.ledger)


async def _drained(tx: Tx, _until: datetime) -> bool:
    return await inbox.empty(tx)


def _looked_at(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        task.exception()
