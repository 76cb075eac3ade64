"""What stands between a service and its server: it passes everything on, slowly, or not at all and without a word."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass
class Between:
    """Connect to `port` instead of the server's own."""

    server_port: int
    port: int = 0
    #: Seconds that whatever is said waits, each way.
    delay: float = 0.0
    #: Whoever connects is taken, and never answered.
    mute: bool = False
    _lines: set[asyncio.Task[None]] = field(default_factory=set)
    #: Counts up: a line that was there when it went mute stays so, as when a firewall forgot it.
    _age: int = 0

    def goes_mute(self) -> None:
        """No line says anything any more, and none is closed: those that are there now never again."""
        self.mute = True
        self._age += 1

    def heals(self) -> None:
        """Whoever connects from now on is served at once."""
        self.mute, self.delay = False, 0.0

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One line."""
        mine = asyncio.current_task()
        assert mine is not None
        self._lines.add(mine)
        born = -1 if self.mute else self._age
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                there, to_there = await asyncio.open_connection("127.0.0.1", self.server_port)
                try:
                    async with asyncio.TaskGroup() as both:
                        both.create_task(self._pass(reader, to_there, born))
                        both.create_task(self._pass(there, writer, born))
                finally:
                    to_there.close()
        finally:
            writer.close()
            self._lines.discard(mine)

    async def _pass(self, from_: asyncio.StreamReader, to: asyncio.StreamWriter, born: int) -> None:
        with contextlib.suppress(ConnectionError):
            while said := await from_.read(65536):
                await asyncio.sleep(self.delay)
                if born == self._age:
                    to.write(said)
        if born == self._age:
            to.close()

    async def close(self) -> None:
        """Cut every line."""
        lines = list(self._lines)
        for each in lines:
            each.cancel()
        await asyncio.gather(*lines, return_exceptions=True)


@contextlib.asynccontextmanager
async def between(server_port: int) -> AsyncIterator[Between]:
    """Something in between, on a port of its own."""
    made = Between(server_port)
    server = await asyncio.start_server(made.take, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await made.close()
        await server.wait_closed()
