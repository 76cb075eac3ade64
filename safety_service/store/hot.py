"""Hot state: what several processes share and may lose — wake-ups, live events, throttles, latest positions.

Nothing here decides anything: whoever is told looks into the database. Losing Redis slows things and loses nothing.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Any, Protocol

log = logging.getLogger(__name__)

Event = tuple[str, dict[str, Any]]
#: A subscriber who reads nothing loses the oldest first: it wakes to look into the database anyway.
BACKLOG = 1000


class Hot(Protocol):
    """Publishing never raises and never waits for a network."""

    async def publish(self, topic: str, payload: dict[str, Any] | None = None) -> None:
        """Tell every subscriber of this topic, in this process and in the others."""

    def subscribe(self, *topics: str) -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        """Events of these topics from the moment of entering; never ends by itself."""

    async def put(self, key: str, value: dict[str, Any], ttl: timedelta) -> None:
        """Keep a value for a while."""

    async def get(self, key: str) -> dict[str, Any] | None:
        """The value, if it was kept and is not lost."""

    async def count(self, key: str, ttl: timedelta) -> int:
        """How often this was counted, this time included, since the first time within `ttl`."""

    async def close(self) -> None:
        """Let go of connections."""


class InProcessHot:
    """The twin for one process alone."""

    def __init__(self) -> None:
        self._subscribers: defaultdict[str, set[asyncio.Queue[Event]]] = defaultdict(set)
        self._kept: dict[str, tuple[float, Any]] = {}

    async def publish(self, topic: str, payload: dict[str, Any] | None = None) -> None:
        for queue in self._subscribers.get(topic, ()):
            if queue.full():
                queue.get_nowait()
            queue.put_nowait((topic, payload or {}))

    @asynccontextmanager
    async def subscribe(self, *topics: str) -> AsyncIterator[AsyncIterator[Event]]:
        queue: asyncio.Queue[Event] = asyncio.Queue(BACKLOG)
        for topic in topics:
            self._subscribers[topic].add(queue)
        try:
            yield _drain(queue)
        finally:
            for topic in topics:
                self._subscribers[topic].discard(queue)
                if not self._subscribers[topic]:
                    del self._subscribers[topic]

    async def put(self, key: str, value: dict[str, Any], ttl: timedelta) -> None:
        self._forget_old()
        self._kept[key] = (time.monotonic() + ttl.total_seconds(), value)

    async def get(self, key: str) -> dict[str, Any] | None:
        until, value = self._kept.get(key, (0.0, None))
        return value if until > time.monotonic() else None

    async def count(self, key: str, ttl: timedelta) -> int:
        self._forget_old()
        until, before = self._kept.get(key, (time.monotonic() + ttl.total_seconds(), 0))
        self._kept[key] = (until, before + 1)
        return int(before) + 1

    async def close(self) -> None:
        self._kept.clear()

    def _forget_old(self) -> None:
        now = time.monotonic()
        for key in [key for key, (until, _) in self._kept.items() if until <= now]:
            del self._kept[key]


async def _drain(queue: asyncio.Queue[Event]) -> AsyncIterator[Event]:
    while True:
        yield await queue.get()
