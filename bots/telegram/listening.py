"""What both ways of hearing Telegram share: one process at a time does it, by a lease that each step renews.

A process that is killed or wedged loses the lease within seconds, and another goes on. Two at once would do no harm,
since a word is kept once by its update_id; they would only disturb one another.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from telegram.error import InvalidToken, TelegramError

from bots.telegram.errors import TOKEN_WAIT, reason_of
from bots.telegram.patience import LONGEST, Patience
from bots.telegram.request import Flooded
from bots.telegram.supervised import to_its_end
from bots.telegram.taking import OWN_UP_AFTER
from safety_service.store import leases
from safety_service.store.database import Database, Tx
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.stamps import Stamp

LEASE = "telegram_poller"
#: Seconds that what is cancelled has to come to its end.
LET_GO_WITHIN = 2.0
#: Stamped after every step that worked: how many `updates` there were (None: not told), until when all that was said is
#: in the inbox (`ended`), and whether Telegram fails to bring it (`stuck`).
POLLED = "poller"
#: Stamped when nothing waits with Telegram: all that was said there until then is in the inbox.
DRAINED = "telegram_drained"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. A poll waits briefly, so that a dead line is noticed soon, and a press can be dated."""

    wait: float = 5.0
    #: Beyond `wait`, until a poll that has not come back is given up as wedged.
    grace: float = 5.0
    lease: float = 8.0
    standby: float = 1.0
    owning_up: float = OWN_UP_AFTER
    #: Beyond all that a step may take, until it counts as wedged and is begun again beside what hangs.
    margin: float = 10.0
    #: Between two looks at how the webhook does.
    look: float = 3.0
    #: For so long something waits with Telegram and fails to come in, before Telegram is asked to try again now.
    stuck: float = 10.0


class Listener(ABC):
    """Does its steps while it is the one that listens, else stands by."""

    def __init__(self, database: Database, *, holder: str, pace: Pace, log: logging.Logger) -> None:
        self._database = database
        self._holder = holder
        self._pace = pace
        self._log = log
        self._patience = Patience(log, "Hearing what people say in Telegram")
        #: Until when something has to have come back, by the clock that nobody can set.
        self._back_by = 0.0
        #: What listens now. One that was left behind and comes back after all finds that it is not this any more.
        self._work: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Listen until cancelled. What hangs, and would do so silently for ever, is left behind and begun again."""
        try:
            while True:
                self._work = asyncio.create_task(self._take_turns(), name="telegram listener")
                await self._watched(self._work)
                self._log.critical("Listening to Telegram hangs: nobody has been heard. It is begun again.")
        finally:
            await to_its_end(self._let_go())

    async def _watched(self, work: asyncio.Task[None]) -> None:
        """Comes back when it hangs. A cancellation that is swallowed, or waits for what hangs, is not waited for."""
        self._expect(self._pace.standby)
        try:
            while not work.done() and (left := self._back_by - _steady()) > 0:
                await asyncio.wait({work}, timeout=left)
        finally:
            work.cancel()
            await asyncio.wait({work}, timeout=LET_GO_WITHIN)
        if work.done() and not work.cancelled():
            work.result()

    def _expect(self, seconds: float) -> None:
        self._back_by = _steady() + seconds + self._pace.margin

    def _goes_on(self) -> bool:
        return asyncio.current_task() is self._work

    async def _take_turns(self) -> None:
        while self._goes_on():
            if await self._try(self._is_mine):
                await self._listen_while_mine()
            else:
                self._expect(self._pace.standby)
                await asyncio.sleep(self._pace.standby)

    async def hold(self, tx: Tx) -> bool:
        """Take the lease or keep it; False: another process has it."""
        return await leases.hold(tx, LEASE, self._holder, timedelta(seconds=self._pace.lease))

    @abstractmethod
    def begins(self) -> None:
        """It is ours now: nothing is known of what was before."""

    @abstractmethod
    async def step(self) -> bool:
        """Hear what there is. Returns whether this is still the one that listens."""

    def failed(self, error: Exception) -> None:  # noqa: B027  (not every way has anything to forget)
        """A step failed."""

    async def _listen_while_mine(self) -> None:
        self._log.info("Listening to Telegram.")
        self.begins()
        while self._goes_on() and await self._try(self.step) is not False:
            pass
        self._log.info("This listens to Telegram no longer.")

    async def _is_mine(self) -> bool:
        return await to_its_end(self._take_lease())

    async def _take_lease(self) -> bool:
        async with self._database.transaction() as tx:
            return await self.hold(tx)

    async def _try(self, step: Callable[[], Awaitable[bool]]) -> bool | None:
        """Do one step; None if it failed, after a wait. Whatever fails here is outside, and may get well."""
        self._expect(self._pace.wait + self._pace.grace + self._pace.look)
        try:
            done = await step()
        except (DatabaseAway, TryAgain, TimeoutError, TelegramError) as error:
            self.failed(error)
            reason, at_least = _why(error)
            self._expect(max(at_least, LONGEST))
            await self._patience.failed(reason, at_least=at_least)
            return None
        self._patience.worked()
        return done

    async def _let_go(self) -> None:
        """Let another process begin at once."""
        try:
            async with self._database.transaction() as tx:
                await leases.let_go(tx, LEASE, self._holder)
        except (DatabaseAway, TryAgain):
            self._log.debug("The lease runs out by itself.")


def _why(error: Exception) -> tuple[str, float]:
    """In words, and for how many seconds it is no use to try again."""
    match error:
        case Flooded(seconds=seconds):
            return reason_of(error), seconds
        case InvalidToken():
            return f"the token is not accepted ({reason_of(error)})", TOKEN_WAIT
        case TelegramError():
            return reason_of(error), 0.0
        case TimeoutError():
            return "no answer at all", 0.0
    return f"the database: {type(error).__name__}", 0.0


def _steady() -> float:
    return asyncio.get_running_loop().time()


def heard_until(last: Stamp | None) -> datetime | None:
    """Until when all that was said is known to be in the inbox."""
    ended = None if last is None else last.info.get("ended")
    return None if ended is None else datetime.fromisoformat(ended)
