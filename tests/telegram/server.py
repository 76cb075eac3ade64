"""A Telegram Bot API server for tests, over real HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import re
from types import TracebackType
from typing import Self

from aiohttp import web

# Imported for what they register.
from . import answering as _answering
from . import editing as _editing
from . import receiving as _receiving
from . import sending as _sending
from .courier import Courier
from .fate import Fate
from .params import read_params
from .records import Call
from .stage import Stage
from .wire import ApiError, failure
from .world import DEFAULT_TOKEN, Clock, real_clock

__all__ = ["BotApiServer", "_answering", "_editing", "_receiving", "_sending"]
TOKEN_FORM = re.compile(r"\d+:[\w-]{30,}")


class BotApiServer(Stage):
    """Telegram as a bot sees it: `async with BotApiServer() as telegram:`.

    Point the bot at `telegram.base_url` and `telegram.base_file_url` with `telegram.token`. The people, groups and
    faults are ordered with the methods of `Stage`. With `control=True` the same is offered under `/control/`.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        token: str = DEFAULT_TOKEN,
        clock: Clock = real_clock,
        query_lifetime: float = 60.0,
        webhook_pause: float = 0.1,
        control: bool = False,
    ) -> None:
        super().__init__(token, clock, query_lifetime)
        self.port = port
        self._control = control
        self._webhook_pause = webhook_pause
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._courier: asyncio.Task[None] | None = None

    @property
    def root_url(self) -> str:
        """Where the server is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """What goes before the token in the address of a method."""
        return f"{self.root_url}/bot"

    @property
    def base_file_url(self) -> str:
        """What goes before the token in the address of a file."""
        return f"{self.root_url}/file/bot"

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=60 * 1024 * 1024)
        app.router.add_route("*", "/bot{token}/{method}", self._method)
        app.router.add_get("/file/bot{token}/{path:.+}", self._file)
        if self._control:
            from .control import Control

            app.router.add_post("/control/{target}/{action}", Control(self).handle)
        return app

    async def start(self) -> None:
        """Listen, on a free port unless one was given."""
        self._runner = web.AppRunner(self._app(), access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await self.listens_again()
        self._courier = asyncio.create_task(Courier(self.world, self._webhook_pause).run())

    async def stop(self) -> None:
        """Let go of everything that hangs, and stop."""
        self.world.faults.lift_all()
        self.world.updates.displace("Conflict: the server is stopping")
        if self._courier is not None:
            self._courier.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._courier
        if self._runner is not None:
            await self._runner.cleanup()

    async def stops_listening(self) -> None:
        """Refuse connections and drop those there are, so that the next call fails before anything was sent."""
        assert self._runner is not None
        if self._site is not None and (server := self._runner.server) is not None:
            await self._site.stop()
            self._site = None
            for connection in server.connections:
                connection.force_close()
            while server.connections:
                await asyncio.sleep(0)

    async def listens_again(self) -> None:
        """Take connections (again), on the same port."""
        assert self._runner is not None
        self._site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await self._site.start()
        self.port = int(self._runner.addresses[-1][1])

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def _check_token(self, request: web.Request) -> None:
        token = request.match_info["token"]
        if not TOKEN_FORM.fullmatch(token):
            raise ApiError(404, "Not Found")
        if not hmac.compare_digest(token, self.token):
            raise ApiError(401, "Unauthorized")

    async def _method(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check_token(request)
            params = await read_params(request)
        except ApiError as error:
            return failure(error)
        name = request.match_info["method"]
        call = Call(len(self.calls) + 1, name, params.chat_id, params.plain(), self.world.now())
        self.calls.append(call)
        self.world.bell.ring()
        return await Fate(self.world, request, call, params).answer()

    async def _file(self, request: web.Request) -> web.StreamResponse:
        try:
            self._check_token(request)
        except ApiError as error:
            return failure(error)
        file = self.world.files.at(request.match_info["path"])
        if file is None:
            return failure(ApiError(404, "Not Found"))
        return web.Response(body=file.data, content_type="application/octet-stream")
