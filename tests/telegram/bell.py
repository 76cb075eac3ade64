"""A bell that rings when anything changes, so that nobody has to sleep and look again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Bell:
    """Wakes everybody who waits for something to change."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """Let all who wait look again."""
        rung, self._rung = self._rung, asyncio.Event()
        rung.set()

    async def until(self, look: Callable[[], T], timeout: float | None = None) -> T:
        """Return the first answer of `look` that is true; raise TimeoutError when none comes in time."""
        async with asyncio.timeout(timeout):
            while not (found := look()):
                await self._rung.wait()
            return found
