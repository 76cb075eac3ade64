"""A Bot API that takes everything at once and stamps when it came: `python -m benchmarks.sink`, on 127.0.0.1 only.

Some chats may hang: their messages are taken, and never answered.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Collection
from itertools import count

import uvloop
from aiohttp import web

_BOT = {"id": 1, "is_bot": True, "first_name": "Doorstep", "username": "doorstep_bot"}


class Sink:
    """`stamps`: message id → seconds since the epoch at which the request for it was here."""

    def __init__(self, hanging: Collection[str] = ()) -> None:
        self._hanging = frozenset(hanging)
        self.hung = 0
        self.stamps: dict[int, float] = {}
        self._webhook = ""
        self._ids = count(1)

    def application(self) -> web.Application:
        """The Bot API below /bot…, and what came at /stamps."""
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._method)
        app.router.add_get("/stamps", self._told)
        app.router.add_delete("/stamps", self._forget)
        app.router.add_get("/hung", self._never_answered)
        return app

    async def _method(self, request: web.Request) -> web.Response:
        at = time.time()
        given = await request.post()
        method = request.match_info["method"].lower()
        if method == "sendmessage":
            if str(given["chat_id"]) in self._hanging:
                self.hung += 1
                await asyncio.Event().wait()
            return _ok(self._message(str(given["chat_id"]), at))
        if method == "getupdates":
            await asyncio.sleep(float(str(given.get("timeout", 0))))
            return _ok([])
        if method == "setwebhook":
            self._webhook = str(given["url"])
        if method == "getwebhookinfo":
            return _ok({"url": self._webhook, "has_custom_certificate": False, "pending_update_count": 0})
        return _ok(_BOT if method == "getme" else True)

    def _message(self, chat: str, at: float) -> dict[str, object]:
        number = next(self._ids)
        self.stamps[number] = at
        return {"message_id": number, "date": int(at), "chat": {"id": int(chat), "type": "private"}, "text": "…"}

    async def _told(self, _request: web.Request) -> web.Response:
        return web.json_response(self.stamps)

    async def _never_answered(self, _request: web.Request) -> web.Response:
        return web.json_response(self.hung)

    async def _forget(self, _request: web.Request) -> web.Response:
        self.stamps.clear()
        return web.json_response({})


def _ok(result: object) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sink", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--hangs", action="append", default=[], help="a chat whose messages are never answered")
    options = parser.parse_args()
    web.run_app(
        Sink(options.hangs).application(),
        host="127.0.0.1",
        port=options.port,
        access_log=None,
        print=None,
        shutdown_timeout=0.1,
        loop=uvloop.new_event_loop(),
    )


if __name__ == "__main__":
    main()
