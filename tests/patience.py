"""Waiting for what another task or process is about to do: looking often, and giving up loudly."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable


async def until(so: Callable[[], object | Awaitable[object]], within: float = 30.0, every: float = 0.01) -> None:
    """Come back as soon as it is so; it is no test of time passing. Raises AssertionError when it never is."""
    end = time.monotonic() + within
    while True:
        answer = so()
        if inspect.isawaitable(answer):
            answer = await answer
        if answer:
            return
        assert time.monotonic() < end, f"not within {within} s"
        await asyncio.sleep(every)
