"""Time that jumps: an event loop on which nobody waits, and the clocks that are read from it."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

Given = TypeVar("Given")


class Stuck(Exception):
    """Everybody waits for something that nobody will do."""


class _Jumping(selectors.SelectSelector):
    """Waits for no file, and for no time: the time that would be waited for has passed."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stuck
        self.passed += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop that goes to the next moment at which something is to be done, at once."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Seconds since the beginning, by the clock that nobody can set."""
        return self._jumping.passed


class SimulatedClock:
    """The database's clock, which somebody may set; by the side of the one that nobody can."""

    def __init__(self, loop: VirtualLoop, start: datetime) -> None:
        self._loop = loop
        self._start = start
        self.offset = timedelta()

    def steady(self) -> float:
        """Seconds since the beginning."""
        return self._loop.time()

    def drift(self) -> float:
        """Seconds by which the clock was set."""
        return self.offset.total_seconds()

    @property
    def at(self) -> datetime:
        """What time it is."""
        return self.true + self.offset

    @property
    def true(self) -> datetime:
        """What time it would be, had nobody set the clock: the providers' and the phones' time."""
        return self._start + timedelta(seconds=self._loop.time())

    async def now(self, conn: AsyncConnection) -> datetime:  # noqa: ARG002
        """The time of a transaction."""
        return self.at


def run(loop: VirtualLoop, main: Coroutine[Any, Any, Given]) -> Given:
    """Run to the end, and leave nothing running."""
    try:
        return loop.run_until_complete(main)
    finally:
        loop.set_exception_handler(lambda _loop, _context: None)
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()
