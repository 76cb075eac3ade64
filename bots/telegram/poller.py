"""The long poll: what people say is in our inbox before Telegram may forget it (P6)."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

from telegram.error import Conflict, TelegramError

from bots.telegram.api import BATCH, JSON, Api
from bots.telegram.errors import reason_of
from bots.telegram.listening import DRAINED, POLLED, Listener, Pace, heard_until
from bots.telegram.taking import Hearing, Taking
from safety_service.store import stamps
from safety_service.store.crash import crash_point
from safety_service.store.database import Database, Tx
from safety_service.store.errors import DatabaseAway, TryAgain

log = logging.getLogger(__name__)

#: So many that wait, and cannot be kept, leave room for what is newly said alone.
CROWDED = BATCH // 2
#: Seconds between two polls of a server that does not wait until somebody speaks.
BREATH = 0.25


@dataclass(frozen=True, slots=True)
class Poll:
    """What one poll brought, and between which readings of the clock that nobody can set (seconds).

    `wait`: for how long Telegram was asked to wait until somebody speaks.
    """

    updates: list[JSON]
    began: float
    ended: float
    wait: float

    @property
    def hurried(self) -> bool:
        """Nobody had spoken, and it did not wait for anybody."""
        return not self.updates and self.ended - self.began < self.wait / 2


class Poller(Listener):
    """Fetches updates and has each taken in."""

    def __init__(self, api: Api, database: Database, taking: Taking, *, holder: str, pace: Pace) -> None:
        super().__init__(database, holder=holder, pace=pace, log=log)
        self._api = api
        self._taking = taking
        self.begins()

    def begins(self) -> None:
        """Ask from the beginning, without waiting until we know that nothing is left over from before."""
        self._offset: int | None = None
        self._drained = False
        #: How many updates wait because they cannot be kept.
        self._unkept = 0
        #: Whether no webhook keeps updates from us; None: that could not be seen to.
        self._unhooked: bool | None = False
        #: Telegram ended a poll of ours for somebody else.
        self._displaced = False

    def failed(self, error: Exception) -> None:
        """What was said meanwhile is asked for without waiting."""
        self._drained = False
        self._displaced = isinstance(error, Conflict)
        if isinstance(error, Conflict) or self._unhooked is None:
            # Somebody set a webhook meanwhile, or polls with our token.
            self._unhooked = False

    async def step(self) -> bool:
        """One poll, in this order, so that a crash at any point loses nothing:

        1. ask Telegram, without waiting until we know that nothing is left over from before;
        2. keep all of it, with the time of this hearing, in one transaction;
        3. only then move the offset, with which the next poll confirms it.

        While nothing can be kept it does not move, and of all that waits Telegram shows the first hundred again and
        again: live positions, hundreds an hour from each phone, must not hide whoever asks for help then.
        """
        if self._displaced and not await self._still_mine():
            return False
        self._displaced = False
        poll = await self._ask()
        self._unkept = len(poll.updates)
        mine = await self._taking.keep(poll.updates, lambda tx: self._keep(tx, poll))
        self._unkept = 0
        crash_point("poller:after_commit")
        # Nothing left to confirm: ask for the earliest there is, for after a quiet week Telegram numbers anew.
        self._offset = int(poll.updates[-1]["update_id"]) + 1 if poll.updates else None
        if poll.hurried:
            await asyncio.sleep(BREATH)
        self._drained = self._drained or not poll.updates
        return mine

    async def _still_mine(self) -> bool:
        """Whoever took its turn meanwhile may have set the webhook, which is not to be taken down then.

        Where the database cannot say, nobody else can have taken it, and people are to be told that nobody hears.
        """
        try:
            return await self._is_mine()
        except (DatabaseAway, TryAgain):
            return True

    async def _ask(self) -> Poll:
        wait = self._pace.wait if self._drained else 0
        await self._unhook()
        async with asyncio.timeout(wait + self._pace.grace):
            began = _steady()
            updates = await self._api.updates(self._offset, wait, new_words=self._unkept >= CROWDED)
        return Poll(updates, began, _steady(), wait)

    async def _unhook(self) -> None:
        """A webhook of an earlier life would keep every update from us. What waits is kept: it is what people said.

        If that fails they are asked for all the same: perhaps there is none, and if there is one we are told so.
        """
        if self._unhooked is not False:
            return
        try:
            async with asyncio.timeout(self._pace.grace):
                await self._api.rest.delete_webhook(drop_pending_updates=False)
        except (TelegramError, TimeoutError) as error:
            self._unhooked = None
            why = reason_of(error) if isinstance(error, TelegramError) else "no answer at all"
            log.warning("Whether a webhook keeps away what is said is not known: %s", why)
        else:
            self._unhooked = True

    async def _keep(self, tx: Tx, poll: Poll) -> bool:
        hearing = await _hearing(tx, poll)
        await self._taking.each(tx, poll.updates, hearing)
        await stamps.stamp(tx, POLLED, {"updates": len(poll.updates), "ended": hearing.poll_ended.isoformat()})
        if not poll.updates:
            await stamps.stamp(tx, DRAINED)
        mine = await self.hold(tx)
        crash_point("poller:before_commit")
        return mine


async def _hearing(tx: Tx, poll: Poll) -> Hearing:
    """The poll's times by the database's clock: it may have waited for the database since."""
    last = await stamps.last(tx, POLLED)
    since = _steady()
    return Hearing(
        now=tx.now,
        poll_began=tx.now - timedelta(seconds=since - poll.began),
        poll_ended=tx.now - timedelta(seconds=since - poll.ended),
        heard_before=heard_until(last),
    )


def _steady() -> float:
    return asyncio.get_running_loop().time()
