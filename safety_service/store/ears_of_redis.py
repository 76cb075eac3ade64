"""Listening to Redis, and noticing that nothing would be heard: a line that was cut without a word is like silence.

That is what a firewall leaves behind that forgot the line, or another machine at the same address: nobody ever says
that it is gone, and what is sent into it is taken.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any


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
