"""A proxy before several web processes: what is said goes to one after the other, and is lost if that one is gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import ClientError, ClientSession, web

from tests.services.process import free_port

NOT_PASSED_ON = {"Host", "Content-Length", "Connection", "Transfer-Encoding"}


@dataclass
class Spread:
    """Its `targets` may be set later; `taken` counts what each answered well."""

    session: ClientSession
    port: int = field(default_factory=free_port)
    targets: list[str] = field(default_factory=list)
    taken: Counter[str] = field(default_factory=Counter)
    _turn: int = 0

    @property
    def url(self) -> str:
        """What people know of it all."""
        return f"http://127.0.0.1:{self.port}"

    async def pass_on(self, request: web.Request) -> web.Response:
        """Once: whether it may be said again is for whoever said it to know."""
        self._turn += 1
        target = self.targets[self._turn % len(self.targets)]
        headers = {name: value for name, value in request.headers.items() if name not in NOT_PASSED_ON}
        try:
            async with self.session.request(
                request.method, f"{target}{request.path_qs}", data=await request.read(), headers=headers
            ) as answer:
                self.taken[target] += answer.ok
                return web.Response(status=answer.status, body=await answer.read())
        except ClientError:
            return web.Response(status=502)


@asynccontextmanager
async def spread() -> AsyncIterator[Spread]:
    """One that listens."""
    async with ClientSession() as session:
        made = Spread(session)
        app = web.Application()
        app.router.add_route("*", "/{any:.*}", made.pass_on)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", made.port).start()
        yield made
        await runner.cleanup()
