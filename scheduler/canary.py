"""The canary's keeper: sends it out, listens for its alarm, and now and then says so to whoever operates the service.

Its ear is an HTTP server of our own on this machine, which nobody else can speak to: what arrives there was swept,
kept, leased, worded and sent as every alarm is.
"""

import hmac
import json
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from aiohttp import web

from bots.delivery.canary_sender import CanarySender
from safety_service.actions import canary
from safety_service.store import leases
from safety_service.store.database import Database
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.outbox import Outgoing
from safety_service.transact import in_transaction

log = logging.getLogger(__name__)

EVERY = timedelta(seconds=5)
WITHIN = timedelta(seconds=30)
#: The lock of the one that looks after it, and how long it is its.
CANARY = "canary"
ONE = timedelta(seconds=40)

#: Hands over what is in no outbox; gives how many messages were taken.
Say = Callable[[list[Outgoing]], Awaitable[int]]


@dataclass(frozen=True)
class Wanted:
    """What the settings say: how often (None: never), and which Telegram chat is told once a day (None: none)."""

    every: timedelta | None
    telegram: str | None = None


class Canary:
    """`once` does what comes next, if no other process does; `listening` is its ear."""

    def __init__(self, database: Database, wanted: Wanted, holder: str) -> None:
        self._database = database
        self._wanted = wanted
        self._holder = holder
        self._hidden = secrets.token_urlsafe(24)
        self.sender = CanarySender()
        #: Set by whoever has a dispatcher.
        self.say: Say | None = None

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Its ear is open; where it cannot be opened no canary comes through, which is said as any other fault is."""
        app = web.Application()
        app.router.add_post("/{hidden}", self._hear)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            try:
                await site.start()
                self.sender.url = f"http://127.0.0.1:{runner.addresses[0][1]}/{self._hidden}"
            except OSError:
                log.exception("the canary has no ear")
            yield
        finally:
            self.sender.url = None
            await runner.cleanup()

    async def once(self) -> None:
        """One look, and what comes next."""
        async with self._database.reading() as tx:
            wanted = await canary.wanted(tx, self._wanted.every)
            to_say = await canary.to_say(tx) if self._wanted.telegram else None
        if not wanted and to_say is None:
            return
        async with self._database.transaction() as tx:
            await tx.must_be_current()
            if not await leases.hold(tx, CANARY, self._holder, ONE):
                return
            if self._wanted.every is not None:
                await canary.note(tx, self._wanted.every)
        async with self._database.transaction() as tx:
            await canary.step(tx, self._wanted.every)
        if to_say is not None and self.say is not None and self._wanted.telegram:
            taken = await self.say([canary.message(self._wanted.telegram, to_say)])
            await in_transaction(self._database, partial(canary.said, taken=bool(taken)))

    async def _hear(self, request: web.Request) -> web.Response:
        if not hmac.compare_digest(request.match_info["hidden"], self._hidden):
            raise web.HTTPNotFound
        try:
            heard = json.loads(await request.read())
            if str(heard["template"]).startswith("alarm.") and heard["alert"]:
                about, text = UUID(heard["alert"]), str(heard["text"])
                await in_transaction(self._database, partial(canary.heard, alert_id=about, text=text))
        except (DatabaseAway, TryAgain) as error:
            raise web.HTTPServiceUnavailable from error
        except (KeyError, TypeError, ValueError) as error:
            raise web.HTTPBadRequest from error
        return web.Response(status=204)
