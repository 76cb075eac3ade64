"""Keeps the webhook set, and knows until when everything that was said has come in by it."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

from telegram import WebhookInfo
from telegram.error import BadRequest

from bots.telegram.answers import Unreadable
from bots.telegram.api import UPDATES, Api
from bots.telegram.errors import reason_of
from bots.telegram.hook import Hook
from bots.telegram.listening import DRAINED, POLLED, Listener, Pace
from bots.telegram.request import NoAnswer, UnknownMethod
from bots.telegram.supervised import to_its_end
from safety_service.store import stamps
from safety_service.store.database import Database, Tx

log = logging.getLogger(__name__)

#: Updates that Telegram posts at once: each is a short transaction.
AT_ONCE = 40
#: Looks that may find something waiting since nothing did, and it is still believed to be on its way.
ON_ITS_WAY = 2
#: Seconds after which it is set again where nobody tells how it does: it may have been forgotten.
AGAIN = 60.0
#: A server like Telegram's may not be able to tell. Setting the webhook has shown that it knows us.
CANNOT_TELL = (BadRequest, NoAnswer, UnknownMethod, Unreadable)


class HookKeeper(Listener):
    """Sets the webhook when it begins, and looks every few seconds whether Telegram gets rid of its updates."""

    def __init__(self, api: Api, database: Database, hook: Hook, *, base_url: str, holder: str, pace: Pace) -> None:
        super().__init__(database, holder=holder, pace=pace, log=log)
        self._api = api
        self._hook = hook
        self._url = base_url.rstrip("/") + hook.path
        #: Why Telegram does not tell how the webhook does; empty: it does.
        self._untold = ""
        #: It has told once, so it can.
        self._tells = False
        self.begins()

    def begins(self) -> None:
        """Whatever was set before may have had another secret."""
        self._set = False
        #: When the last look began, and since when something fails to come in: by the clock that nobody can set.
        self._looked: float | None = None
        self._fails_since: float | None = None
        #: Looks since the last that found nothing waiting.
        self._looks_since_empty = ON_ITS_WAY + 1
        #: The last failure that we know of, by Telegram's clock; it was set since, and the next look shows old ones.
        self._error_at: datetime | None = None
        self._set_since = True
        #: Looks since it was set that were told nothing.
        self._blind_looks = 0
        #: When Telegram last failed to bring something, or was asked to try again.
        self._quiet_since = float("-inf")
        #: It failed for so long that Telegram was asked to try again, and it is not known to be well since.
        self._stuck = False

    async def step(self) -> bool:
        """One look at what waits with Telegram."""
        async with asyncio.timeout(self._pace.grace):
            if not self._set:
                await self._set_hook()
            began = _steady()
            info = await self._info()
        if info is None:
            mine = await to_its_end(self._keep(None, self._not_told()))
        else:
            mine = await to_its_end(self._keep(info.pending_update_count, self._told(info, began)))
        self._looked = began
        await asyncio.sleep(self._pace.look)
        return mine

    async def _set_hook(self) -> None:
        """What waits is kept: it is what people said. Telegram tries at once to bring it."""
        await self._api.rest.set_webhook(
            self._url,
            secret_token=self._hook.secret,
            allowed_updates=UPDATES,
            max_connections=AT_ONCE,
            drop_pending_updates=False,
        )
        self._set, self._set_since, self._blind_looks = True, True, 0
        self._looked, self._fails_since, self._quiet_since = None, None, _steady()

    async def _info(self) -> WebhookInfo | None:
        """How the webhook does; None: it is not told, which keeps nobody from being heard."""
        try:
            info = await self._api.rest.get_webhook_info()
        except CANNOT_TELL as error:
            self._says_why(reason_of(error))
            return None
        self._says_why("")
        self._tells = True
        return info

    def _says_why(self, untold: str) -> None:
        """Once: it may be so for ever."""
        if untold and not self._untold:
            log.error("Telegram does not tell how the webhook does (%s): it is set all the same.", untold)
        elif self._untold and not untold:
            log.warning("Telegram tells again how the webhook does.")
        self._untold = untold

    def _not_told(self) -> float | None:
        """Whether it is still set is not known, either.

        Whoever never told is believed to bring at once what is said, since it was set and what had waited has come:
        else every press would be dated back to its question, and no OK would move a deadline.
        """
        if _steady() - self._quiet_since >= AGAIN:
            self._set = False
        self._blind_looks += 1
        return None if self._tells or self._blind_looks <= ON_ITS_WAY else self._looked

    def _told(self, info: WebhookInfo, began: float) -> float | None:
        """Until when all that was said has come in, as far as is known."""
        if info.url != self._url:
            log.error("The webhook was taken down or set to another address: it is set again.")
            self._set = False
        self._look_for_failures(info)
        return self._heard_until(info, began)

    def _heard_until(self, info: WebhookInfo, began: float) -> float | None:
        """Until when all that was said has come in; None: not known to be later than before.

        What is being posted still counts as waiting. So few that they can all be under way, none of them failed, and
        nothing waited a moment ago: what was said before the last look is here. Later something may hang that has not
        failed yet, and a press that waits with it must not be dated as if it had been made since.
        """
        if info.url != self._url:
            return None
        self._looks_since_empty = self._looks_since_empty + 1 if info.pending_update_count else 0
        if not info.pending_update_count:
            return began
        few = info.pending_update_count <= AT_ONCE and self._looks_since_empty <= ON_ITS_WAY
        return self._looked if few and self._fails_since is None and not self._stuck else None

    def _look_for_failures(self, info: WebhookInfo) -> None:
        """Left to itself Telegram waits longer after each failure, and people have been speaking meanwhile.

        Where people speak all the time the queue is never empty: asked to try again, it did not fail, so it is well.
        """
        now, waiting = _steady(), info.pending_update_count
        if self._set_since:
            self._set_since, self._error_at = False, info.last_error_date
        if info.last_error_date not in (None, self._error_at):
            self._quiet_since = now
            self._fails_since = now if self._fails_since is None else self._fails_since
        self._error_at = info.last_error_date
        if not waiting:
            self._fails_since, self._stuck = None, False
        elif self._fails_since is None and waiting <= AT_ONCE and now - self._quiet_since >= self._pace.stuck:
            self._stuck = False
        if self._fails_since is not None and now - self._fails_since >= self._pace.stuck:
            log.error("Telegram cannot bring what was said (%s). It is asked to try again.", info.last_error_message)
            self._set, self._stuck = False, True

    async def _keep(self, waiting: int | None, until: float | None) -> bool:
        async with self._database.transaction() as tx:
            ago = None if until is None else timedelta(seconds=_steady() - until)
            await _stamp(tx, waiting, ago, stuck=self._stuck)
            if until is not None and waiting == 0:
                await stamps.stamp(tx, DRAINED)
            return await self.hold(tx)


async def _stamp(tx: Tx, waiting: int | None, ago: timedelta | None, *, stuck: bool) -> None:
    last = await stamps.last(tx, POLLED)
    before = None if last is None else last.info.get("ended")
    ended = before if ago is None else (tx.now - ago).isoformat()
    await stamps.stamp(tx, POLLED, {"updates": waiting, "ended": ended, "stuck": stuck})


def _steady() -> float:
    return asyncio.get_running_loop().time()
