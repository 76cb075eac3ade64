"""Where providers would be: an HTTP gateway for calls and text messages, and a mail server. Both are real servers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiohttp import web
from aiosmtpd.smtp import SMTP


@dataclass
class Gateway:
    """Takes what Apprise's `jsons://` posts. `answers`: what it says to the next ones; `hangs`: it says nothing."""

    url: str = ""
    got: list[dict[str, Any]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    always: int = 200
    hangs: asyncio.Event | None = None

    @property
    def texts(self) -> list[str]:
        """What was to be said."""
        return [str(each["message"]) for each in self.got]

    def to(self, address: str) -> list[str]:
        """What was to be said to this address."""
        return [str(each["message"]) for each in self.got if each["to"] == address]

    async def take(self, request: web.Request) -> web.Response:
        """One call or message."""
        if self.hangs is not None:
            await self.hangs.wait()
        self.got.append(await request.json())
        return web.Response(status=self.answers.pop(0) if self.answers else self.always)


@contextlib.asynccontextmanager
async def gateway() -> AsyncIterator[Gateway]:
    """A gateway on a port of its own. Its address is an Apprise address with the place of a person's own."""
    sink = Gateway()
    app = web.Application()
    app.router.add_post("/call", sink.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    sink.url = f"json://{host}:{port}/call?:to={{address}}"
    try:
        yield sink
    finally:
        if sink.hangs is not None:
            sink.hangs.set()
        await runner.cleanup()


@dataclass
class Mails:
    """A mail server that keeps what it got."""

    url: str = ""
    got: list[tuple[list[str], Message]] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """One mail."""
        self.got.append((list(envelope.rcpt_tos), message_from_bytes(envelope.content)))
        return "250 taken"


@contextlib.asynccontextmanager
async def mail_server() -> AsyncIterator[Mails]:
    """A mail server on a port of its own, with its Apprise address."""
    mails = Mails()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(mails, hostname="here"), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    mails.url = f"mailto://127.0.0.1:{port}?from=doorstep@example.org&to={{address}}"
    try:
        yield mails
    finally:
        server.close()
        await server.wait_closed()
