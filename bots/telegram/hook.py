"""The webhook: what Telegram posts is in our inbox before it is answered with 200 (P6).

Any number of web processes may serve it side by side: a word is kept once by its update_id, and the inbox is worked
off in order within each chat by whichever process takes a word.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from functools import partial
from typing import Any

from aiohttp import web

from bots.telegram.api import JSON
from bots.telegram.listening import POLLED, heard_until
from bots.telegram.taking import Hearing, Taking
from safety_service.store import stamps, tallies
from safety_service.store.crash import crash_point
from safety_service.store.database import Tx
from safety_service.store.errors import DatabaseAway, TryAgain

log = logging.getLogger(__name__)

HEADER = "X-Telegram-Bot-Api-Secret-Token"

routes = web.RouteTableDef()


class Hook:
    """Where Telegram posts to, and what becomes of it there.

    The address and the secret are made of the token: every process knows them, and whoever knows the token could
    listen anyway.
    """

    def __init__(self, taking: Taking, *, token: str) -> None:
        self._taking = taking
        self.path = f"/telegram/{_made_of(token, 'path')[:32]}"
        self.secret = _made_of(token, "secret")

    async def take(self, update: JSON) -> None:
        """Keep what this update says. Raises DatabaseAway, TryAgain: Telegram is to bring it again."""
        await self._taking.keep([update], partial(self._keep, update))
        crash_point("hook:after_commit")

    async def _keep(self, update: JSON, tx: Tx) -> None:
        await self._taking.each(tx, [update], await _hearing(tx))
        crash_point("hook:before_commit")


#: None: nothing is posted here, because the bot polls or there is none.
HOOK: web.AppKey[Hook | None] = web.AppKey("telegram hook")


@routes.post("/telegram/{hidden}")
async def posted(request: web.Request) -> web.Response:
    """Whoever does not know the address is told that there is nothing; who does not know the secret is sent away."""
    hook = request.app[HOOK]
    if hook is None:
        raise web.HTTPNotFound
    if not _same(request.path, hook.path):
        _refuse("the address")
        raise web.HTTPNotFound
    if not _same(request.headers.get(HEADER, ""), hook.secret):
        _refuse("the secret")
        raise web.HTTPForbidden
    update = await _update(request)
    try:
        await hook.take(update)
    except (DatabaseAway, TryAgain) as error:
        log.warning("What Telegram brought could not be kept, and it is to bring it again: %s", type(error).__name__)
        raise web.HTTPInternalServerError from None
    return web.Response()


def _refuse(what: str) -> None:
    """No guess at a code: of so many nobody hits one, and whoever shares the address with them could use none then."""
    log.warning("Somebody who does not know %s of the webhook posted to it", what)
    tallies.HERE.strangers += 1


async def _update(request: web.Request) -> JSON:
    try:
        update: Any = await request.json()
        int(update["update_id"])
    except (json.JSONDecodeError, UnicodeDecodeError, LookupError, TypeError, ValueError):
        raise web.HTTPBadRequest(text="This is no update.") from None
    return dict(update)


async def _hearing(tx: Tx) -> Hearing:
    """It may have waited with Telegram ever since all was known to be here (`HookKeeper`)."""
    return Hearing(tx.now, tx.now, tx.now, heard_until(await stamps.last(tx, POLLED)))


def _same(given: str, ours: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), ours.encode())


def _made_of(token: str, what: str) -> str:
    return hmac.new(token.encode(), f"doorstep webhook {what}".encode(), hashlib.sha256).hexdigest()
