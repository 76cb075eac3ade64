"""The tasks of one process: those whose end is the process's end, and those that are begun again in place."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from safety_service.processes.backoff import Backoff

log = logging.getLogger(__name__)

#: Works until it is told to stop (or is cancelled).
Work = Callable[[asyncio.Event], Coroutine[Any, Any, None]]
#: Seconds that tasks have to come to an end by themselves.
STOP_WITHIN = 9.0


class EndedEarly(Exception):
    """A task on which the process depends came to an end although nobody stopped it."""


class Tasks:
    """Run together until stopped."""

    def __init__(self) -> None:
        self._works: list[tuple[str, Work]] = []

    def vital(self, name: str, work: Work) -> None:
        """When this fails the process ends, and its parent starts it again."""

        async def once(stopping: asyncio.Event) -> None:
            await work(stopping)
            if not stopping.is_set():
                raise EndedEarly(name)

        self._works.append((name, once))

    def in_place(self, name: str, work: Work) -> None:
        """When this fails it is begun again, and everything else goes on."""

        async def again_and_again(stopping: asyncio.Event) -> None:
            backoff = Backoff()
            while not stopping.is_set():
                backoff.begun()
                try:
                    await work(stopping)
                except Exception:
                    log.exception("%s failed", name)
                if stopping.is_set():
                    return
                wait = backoff.ended()
                log.error("%s ended: it is begun again in %.1f s", name, wait)
                await pause(stopping, wait)

        self._works.append((name, again_and_again))

    async def run(self, stopping: asyncio.Event) -> None:
        """Run until stopped, or until something vital failed; that error is raised."""
        async with asyncio.TaskGroup() as group:
            running = {group.create_task(work(stopping), name=name) for name, work in self._works}
            await stopping.wait()
            _, slow = await asyncio.wait(running, timeout=STOP_WITHIN)
            for task in slow:
                log.warning("%s did not come to an end and is cut off", task.get_name())
                task.cancel()


async def pause(stopping: asyncio.Event, seconds: float) -> bool:
    """Wait, but not longer than until stopped; whether that has happened."""
    try:
        async with asyncio.timeout(seconds):
            await stopping.wait()
    except TimeoutError:
        return False
    return True


async def until_stopped(work: Coroutine[Any, Any, None], stopping: asyncio.Event) -> None:
    """Run what goes on for ever, and cancel it when stopped. Raises what it raises."""
    async with asyncio.TaskGroup() as group:
        going = group.create_task(work)
        told = group.create_task(stopping.wait())
        await asyncio.wait({going, told}, return_when=asyncio.FIRST_COMPLETED)
        going.cancel()
        told.cancel()
