"""The long poll: what people say is in our inbox before Telegram may forget it (P6).

One poller at a time, by a lease that each poll renews: a poller that is killed or wedged loses it within seconds.
Two at once would do no harm, since a word is kept once by its update_id; they would only disturb one another.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from telegram.error import InvalidToken, TelegramError

from bots.telegram.api import JSON, Api
from bots.telegram.errors import TOKEN_WAIT, reason_of
from bots.telegram.patience import Patience
from bots.telegram.request import Flooded
from bots.telegram.supervised import to_its_end
from safety_service.store import leases, stamps
from safety_service.store.crash import crash_point
from safety_service.store.database import Database, Tx
from safety_service.store.errors import DatabaseAway, TryAgain

log = logging.getLogger(__name__)

LEASE = "telegram_poller"
#: Stamped after every poll that worked.
POLLED = "poller"
#: Stamped after every poll that brought nothing: all that was said in Telegram until then is in the inbox.
DRAINED = "telegram_drained"


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. A poll waits briefly, so that a dead line is noticed soon, and a press can be dated."""

    wait: float = 5.0
    #: Beyond `wait`, until a poll that has not come back is given up as wedged.
    grace: float = 5.0
    lease: float = 8.0
    standby: float = 1.0
    #: For so long nothing has been kept before whoever speaks is told that nobody hears.
    owning_up: float = 5.0


@dataclass(frozen=True, slots=True)
class Hearing:
    """What is known of the time when updates were made. All by the database's clock."""

    now: datetime
    poll_began: datetime
    poll_ended: datetime
    #: When the last poll before this one that worked ended; None: there was none.
    heard_before: datetime | None


@dataclass(frozen=True, slots=True)
class Poll:
    """What one poll brought, and between which readings of the clock that nobody can set (seconds)."""

    updates: list[JSON]
    began: float
    ended: float


Take = Callable[[Tx, JSON, Hearing], Awaitable[None]]


class OwnsUp(Protocol):
    """Tells people that what they say cannot be kept, until it is `kept` again."""

    async def say(self, updates: list[JSON]) -> None:
        """Tell whoever said these."""

    def kept(self) -> None:
        """What is said is kept again."""


class Poller:
    """Fetches updates and has each taken in; `run` goes on until it is cancelled."""

    def __init__(
        self,
        api: Api,
        database: Database,
        take: Take,
        *,
        holder: str,
        pace: Pace | None = None,
        unheard: OwnsUp | None = None,
    ) -> None:
        self._api = api
        self._unheard = unheard
        #: When the first of the updates that could not be kept came in, by the clock that nobody can set.
        self._unkept_since: float | None = None
        self._database = database
        self._take = take
        self._holder = holder
        self._pace = pace or Pace()
        self._patience = Patience(log, "Hearing what people say in Telegram")
        self._offset: int | None = None
        self._drained = False

    async def run(self) -> None:
        """Poll while this is the one that polls, else stand by."""
        try:
            while True:
                if await self._try(self._is_mine):
                    await self._poll_while_mine()
                else:
                    await asyncio.sleep(self._pace.standby)
        finally:
            await to_its_end(self._let_go())

    async def _poll_while_mine(self) -> None:
        log.info("Polling Telegram.")
        self._offset, self._drained = None, False
        while await self._try(self._poll) is not False:
            pass
        log.info("Another poller has taken over.")

    async def _is_mine(self) -> bool:
        return await to_its_end(self._take_lease())

    async def _take_lease(self) -> bool:
        async with self._database.transaction() as tx:
            return await self._hold(tx)

    async def _hold(self, tx: Tx) -> bool:
        return await leases.hold(tx, LEASE, self._holder, timedelta(seconds=self._pace.lease))

    async def _try(self, step: Callable[[], Awaitable[bool]]) -> bool | None:
        """Do one step; None if it failed, after a wait. Whatever fails here is outside, and may get well."""
        try:
            done = await step()
        except (DatabaseAway, TryAgain) as error:
            await self._failed(f"the database: {type(error).__name__}")
        except TimeoutError:
            await self._failed("no answer at all")
        except Flooded as error:
            await self._failed(reason_of(error), error.seconds)
        except InvalidToken as error:
            await self._failed(f"the token is not accepted ({reason_of(error)})", TOKEN_WAIT)
        except TelegramError as error:
            await self._failed(reason_of(error))
        else:
            self._patience.worked()
            return done
        return None

    async def _failed(self, reason: str, at_least: float = 0.0) -> None:
        self._drained = False
        await self._patience.failed(reason, at_least=at_least)

    async def _poll(self) -> bool:
        """One poll, in this order, so that a crash at any point loses nothing:

        1. ask Telegram, without waiting until we know that nothing is left over from before;
        2. keep all of it, with the time of this hearing, in one transaction;
        3. only then move the offset, with which the next poll confirms it.

        Returns whether this is still the one that polls.
        """
        poll = await self._ask()
        try:
            mine = await to_its_end(self._keep(poll))
        except (DatabaseAway, TryAgain):
            await self._own_up(poll)
            raise
        self._unkept_since = None
        if self._unheard is not None:
            self._unheard.kept()
        crash_point("poller:after_commit")
        # Nothing left to confirm: ask for the earliest there is, for after a quiet week Telegram numbers anew.
        self._offset = int(poll.updates[-1]["update_id"]) + 1 if poll.updates else None
        self._drained = self._drained or not poll.updates
        return mine

    async def _own_up(self, poll: Poll) -> None:
        """Telegram keeps what we could not; but whoever waits for an answer must not believe that somebody heard."""
        if self._unkept_since is None:
            self._unkept_since = _steady()
        elif self._unheard is not None and _steady() - self._unkept_since >= self._pace.owning_up:
            await self._unheard.say(poll.updates)

    async def _ask(self) -> Poll:
        wait = self._pace.wait if self._drained else 0
        began = _steady()
        async with asyncio.timeout(wait + self._pace.grace):
            updates = await self._api.updates(self._offset, wait)
        return Poll(updates, began, _steady())

    async def _keep(self, poll: Poll) -> bool:
        async with self._database.transaction() as tx:
            hearing = await _hearing(tx, poll)
            for update in poll.updates:
                await self._keep_one(tx, update, hearing)
            await stamps.stamp(tx, POLLED, {"updates": len(poll.updates), "ended": hearing.poll_ended.isoformat()})
            if not poll.updates:
                await stamps.stamp(tx, DRAINED)
            mine = await self._hold(tx)
            crash_point("poller:before_commit")
        return mine

    async def _keep_one(self, tx: Tx, update: JSON, hearing: Hearing) -> None:
        """One that cannot be kept must not keep us from hearing all the others."""
        try:
            async with tx.savepoint():
                await self._take(tx, update, hearing)
        except (DatabaseAway, TryAgain):
            raise
        except Exception:
            log.exception("An update could not be taken in and is lost: %s", update.get("update_id"))

    async def _let_go(self) -> None:
        """Let another poller begin at once."""
        try:
            async with self._database.transaction() as tx:
                await leases.let_go(tx, LEASE, self._holder)
        except (DatabaseAway, TryAgain):
            log.debug("The lease runs out by itself.")


async def _hearing(tx: Tx, poll: Poll) -> Hearing:
    """The poll's times by the database's clock: it may have waited for the database since."""
    last = await stamps.last(tx, POLLED)
    since = _steady()
    return Hearing(
        now=tx.now,
        poll_began=tx.now - timedelta(seconds=since - poll.began),
        poll_ended=tx.now - timedelta(seconds=since - poll.ended),
        heard_before=None if last is None else datetime.fromisoformat(last.info["ended"]),
    )


def _steady() -> float:
    return asyncio.get_running_loop().time()
