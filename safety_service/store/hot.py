"""Hot state: what several processes share and may lose — wake-ups, live events, throttles, turns.

Nothing here decides anything: whoever is told looks into the database. Losing Redis slows things and loses nothing.
"""

import asyncio
import json
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any, Protocol, TypeVar
from uuid import uuid4

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from safety_service.store import ears_of_redis, turns
from safety_service.store.ears_of_redis import PREFIX, Ears
from safety_service.store.turns import Bucket, Turns

log = logging.getLogger(__name__)

Given = TypeVar("Given")
Event = tuple[str, dict[str, Any]]
#: A subscriber who reads nothing loses the oldest first: it wakes to look into the database anyway.
BACKLOG = 1000
#: Seconds that anything asked of Redis may take, and for which nothing is asked of it after it failed.
PATIENCE = 0.5
PAUSE = 1.0
#: Seconds after which the listener makes sure, again and again, that it would hear an event.
QUIET = 5.0
#: Processes that share turns, as long as nobody has said how many there are.
SHARERS = 3
LOST = (RedisError, OSError, EOFError)


class Hot(Protocol):
    """Payloads and values carry ids and times, never case text. Publishing neither raises nor waits for a network."""

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

    async def turn(self, buckets: Sequence[Bucket], most: float = 0.0) -> float:
        """Seconds until something may be done of which there may be only so much; taken if they are at most `most`."""

    @property
    def apart(self) -> int:
        """How many processes should share turns and cannot just now; 0: all is shared that is to be."""

    async def close(self) -> None:
        """Let go of connections."""


class InProcessHot:
    """The twin for one process alone."""

    def __init__(self) -> None:
        self._subscribers: defaultdict[str, set[asyncio.Queue[Event]]] = defaultdict(set)
        self._kept: dict[str, tuple[float, Any]] = {}
        self._turns = Turns()
        self.apart = 0

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

    async def turn(self, buckets: Sequence[Bucket], most: float = 0.0, sharers: int = 1) -> float:
        return self._turns.take(buckets, most, sharers)

    async def close(self) -> None:
        self._kept.clear()

    def _forget_old(self) -> None:
        now = time.monotonic()
        for key in [key for key, (until, _) in self._kept.items() if until <= now]:
            del self._kept[key]


async def _drain(queue: asyncio.Queue[Event]) -> AsyncIterator[Event]:
    while True:
        yield await queue.get()


class RedisHot:
    """Shared through Redis. Own subscribers hear at once; what other processes say comes from Redis.

    While Redis is away everything works within this process alone; that is logged once, and never raised.
    """

    def __init__(self, url: str) -> None:
        never_again = Retry(NoBackoff(), 0)
        self._redis = redis.Redis.from_url(
            url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=never_again
        )
        self._near = InProcessHot()
        self._me = uuid4().hex
        self._outgoing: asyncio.Queue[tuple[str, str]] = asyncio.Queue(BACKLOG)
        self._ears = Ears(self._redis)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._lost = False
        self._ask_again_at = float("-inf")
        #: How many processes took turns when Redis was last asked.
        self._sharers = SHARERS

    async def publish(self, topic: str, payload: dict[str, Any] | None = None) -> None:
        said = json.dumps({"from": self._me, "payload": payload or {}})
        await self._near.publish(topic, payload)
        if self._outgoing.full():
            self._outgoing.get_nowait()
        self._outgoing.put_nowait((topic, said))
        self._keep_running("speak", self._speak)

    @asynccontextmanager
    async def subscribe(self, *topics: str) -> AsyncIterator[AsyncIterator[Event]]:
        self._keep_running("listen", self._listen)
        async with self._near.subscribe(*topics) as events:
            self._ears.note(topics)
            if not self._lost:
                with suppress(*LOST):
                    # Not `wait_for`: in Python 3.11 it can swallow a cancellation that comes in the same moment.
                    async with asyncio.timeout(PATIENCE):
                        await self._ears.want(topics)
            yield events

    async def put(self, key: str, value: dict[str, Any], ttl: timedelta) -> None:
        await self._ask(
            lambda: self._redis.set(PREFIX + key, json.dumps(value), px=_milliseconds(ttl)),
            lambda: self._near.put(key, value, ttl),
        )

    async def get(self, key: str) -> dict[str, Any] | None:
        async def far() -> dict[str, Any] | None:
            kept = await self._redis.get(PREFIX + key)
            return None if kept is None else json.loads(kept)

        return await self._ask(far, lambda: self._near.get(key))

    async def count(self, key: str, ttl: timedelta) -> int:
        async def far() -> int:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.set(PREFIX + key, 0, px=_milliseconds(ttl), nx=True)
                pipe.incr(PREFIX + key)
                return int((await pipe.execute())[-1])

        return await self._ask(far, lambda: self._near.count(key, ttl))

    async def turn(self, buckets: Sequence[Bucket], most: float = 0.0) -> float:
        async def far() -> float:
            keys = [f"{PREFIX}{{turns}}:{each}" for each in ("", *(bucket.key for bucket in buckets))]
            given = await self._redis.eval(turns.SCRIPT, len(keys), *keys, *turns.arguments(self._me, buckets, most))
            self._sharers = max(1, int(given[1]))
            return int(given[0]) / 1_000_000

        return await self._ask(far, lambda: self._near.turn(buckets, most, self._sharers))

    @property
    def apart(self) -> int:
        return self._sharers if self._lost else 0

    async def answers(self) -> bool:
        """Whether Redis itself does, asked now."""
        try:
            async with asyncio.timeout(PATIENCE):
                return bool(await self._redis.ping())
        except LOST:
            return False

    async def close(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self._redis.aclose()

    def _keep_running(self, name: str, run: Callable[[], Any]) -> None:
        if name not in self._tasks or self._tasks[name].done():
            self._tasks[name] = asyncio.create_task(run(), name=f"redis {name}")

    async def _ask(self, far: Callable[[], Awaitable[Given]], near: Callable[[], Awaitable[Given]]) -> Given:
        if time.monotonic() < self._ask_again_at:
            return await near()
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await far()
        except LOST as error:
            self._is_lost(error)
            # Whoever listens hears that Redis is back, also where nothing more is asked of it.
            self._keep_running("listen", self._listen)
            return await near()
        self._is_back()
        return answer

    async def _speak(self) -> None:
        """In one breath whatever there is to say by now, and what is the same only once."""
        while not ears_of_redis.cancelled():
            said = [await self._outgoing.get()]
            while not self._outgoing.empty():
                said.append(self._outgoing.get_nowait())
            await self._ask(partial(self._say, dict.fromkeys(said)), _nothing)

    async def _say(self, said: Iterable[tuple[str, str]]) -> int:
        async with self._redis.pipeline(transaction=False) as pipe:
            for topic, each in said:
                pipe.publish(PREFIX + topic, each)
            return len(await pipe.execute())

    async def _listen(self) -> None:
        while not ears_of_redis.cancelled():
            try:
                await self._hear()
            except LOST as error:
                self._is_lost(error)
            if not ears_of_redis.cancelled():
                await asyncio.sleep(PAUSE)

    async def _hear(self) -> None:
        async with aclosing(self._ears.heard(QUIET)) as messages:
            async for message in messages:
                kind = None if message is None else message["type"]
                if kind == "pmessage":
                    await self._pass_on(message["channel"].decode().removeprefix(PREFIX), message["data"])
                if kind in {None, "psubscribe"}:
                    # A process that has nothing to ask would not notice otherwise that Redis is away, or back.
                    await self._ask(self._redis.ping, _nothing)

    async def _pass_on(self, topic: str, data: bytes) -> None:
        try:
            said = json.loads(data)
            sender, payload = said["from"], dict(said["payload"])
        except (ValueError, TypeError, KeyError):
            log.warning("an event from Redis cannot be read: is another version of Doorstep using it?")
            return
        if sender != self._me:
            await self._near.publish(topic, payload)

    def _is_lost(self, error: Exception) -> None:
        self._ask_again_at = time.monotonic() + PAUSE
        if not self._lost:
            log.warning("Redis is away (%s): hot state stays within each process", type(error).__name__)
        self._lost = True

    def _is_back(self) -> None:
        if self._lost:
            log.info("Redis is back")
        self._lost = False


async def _nothing() -> int:
    return 0


def _milliseconds(length: timedelta) -> int:
    return max(1, round(length.total_seconds() * 1000))
