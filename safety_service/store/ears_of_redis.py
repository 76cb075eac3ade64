"""Listening to Redis, and noticing that nothing would be heard: a line that was cut without a word is like silence.

That is what a firewall leaves behind that forgot the line, or another machine at the same address: nobody ever says
that it is gone, and what is sent into it is taken.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable
from typing import Any

import redis.asyncio as redis

#: Before the name of every topic; where nobody speaks, only whether Redis is there is heard.
PREFIX = "doorstep:"
NOBODY = PREFIX + "nobody"


class Ears:
    """What a process hears of the others: topics of the kinds that somebody in it asked for, and no other.

    What nobody waits for costs as much to hear as what is waited for: every scheduler once heard of each check-in.
    """

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._wanted = {NOBODY}
        #: What was asked on this line; what of it was answered.
        self._asked: set[str] = set()
        self._confirmed: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        #: redis-py's PubSub, once all is asked of it that was wanted till then.
        self._ears: Any = None

    def note(self, topics: Iterable[str]) -> set[str]:
        """Topics of these kinds are to be heard as soon as Redis is there; nothing is asked of it now."""
        kinds = {_kind(each) for each in topics}
        self._wanted |= kinds
        return kinds

    async def want(self, topics: Iterable[str]) -> None:
        """Return when topics of these kinds are heard. Raises what redis-py does; then they are when it is back."""
        kinds = self.note(topics)
        if self._ears is not None and (new := kinds - self._asked):
            await self._ask(self._ears, new)
        for each in kinds:
            await self._confirmed[each].wait()

    async def heard(self, every: float) -> AsyncGenerator[Any, None]:
        """Each message, and None at times: see `heard` below. Raises what redis-py does, and TimeoutError."""
        async with self._client.pubsub(ignore_subscribe_messages=False) as ears:
            try:
                while new := self._wanted - self._asked:
                    await self._ask(ears, new)
                self._ears = ears
                async for message in heard(ears, every):
                    if message is None:
                        await self._ask_again()
                    elif message["type"] == "psubscribe":
                        self._confirmed[message["channel"].decode()].set()
                    yield message
            finally:
                self._ears = None
                self._asked.clear()
                for each in self._confirmed.values():
                    each.clear()

    async def _ask_again(self) -> None:
        """A question that was given up half-way may never have been asked."""
        missing = [each for each in self._wanted if not self._confirmed[each].is_set()]
        if missing:
            await self._ask(self._ears, missing)

    async def _ask(self, ears: Any, kinds: Collection[str]) -> None:
        await ears.psubscribe(*kinds)
        self._asked.update(kinds)


async def heard(ears: Any, every: float) -> AsyncIterator[Any]:
    """Each message of redis-py's PubSub; and None whenever it was asked, `every` so many seconds, whether it is there.

    Raises TimeoutError when it has not answered by the next time.
    """
    asked, due = False, time.monotonic() + every
    while not cancelled():
        message = await ears.get_message(timeout=max(0.0, due - time.monotonic()))
        if message is not None:
            asked = asked and message["type"] != "pong"
            yield message
        if time.monotonic() < due:
            continue
        if asked:
            raise TimeoutError
        await ears.ping()
        asked, due = True, time.monotonic() + every
        yield None


def cancelled() -> bool:
    """The client swallows a cancellation that meets it while it connects; it was asked for all the same."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _kind(topic: str) -> str:
    return f"{PREFIX}{topic.partition(':')[0]}*"
