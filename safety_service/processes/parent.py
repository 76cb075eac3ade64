"""The parent: starts a child for each set of roles, and starts again whichever ends."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Sequence

from safety_service.processes import tasks
from safety_service.processes.backoff import Backoff
from safety_service.processes.tasks import pause

log = logging.getLogger(__name__)

#: Seconds that children have to finish what they have in hand: what their tasks have, and a slow commit and goodbye.
STOP_WITHIN = tasks.STOP_WITHIN + 4.0


class Parent:
    """Keeps its children going until it is stopped."""

    def __init__(self, children: Sequence[Sequence[str]], stopping: asyncio.Event) -> None:
        """`children`: the roles of each."""
        self._children = [",".join(roles) for roles in children]
        self._stopping = stopping

    async def run(self) -> None:
        """Keep every child going until stopped, and come back when all are gone."""
        async with asyncio.TaskGroup() as group:
            for roles in self._children:
                group.create_task(self._keep(roles), name=roles)

    async def _keep(self, roles: str) -> None:
        backoff = Backoff()
        while not self._stopping.is_set():
            backoff.begun()
            child = await _start(roles)
            try:
                ended = await self._ended_by_itself(child)
            finally:
                await _end(child)
            if ended:
                wait = backoff.ended()
                log.critical("%s ended (%s): it is started again in %.1f s", roles, _how(child.returncode), wait)
                await pause(self._stopping, wait)

    async def _ended_by_itself(self, child: asyncio.subprocess.Process) -> bool:
        ended = asyncio.create_task(child.wait())
        told = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({ended, told}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if self._stopping.is_set():
            ended.cancel()
        return not self._stopping.is_set()


async def _start(roles: str) -> asyncio.subprocess.Process:
    """The pipe to its standard input is the child's lifeline: nothing is ever written, and it closes with us."""
    words = ("-m", "safety_service", "serve", "--child", roles)
    return await asyncio.create_subprocess_exec(sys.executable, *words, stdin=asyncio.subprocess.PIPE)


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        try:
            async with asyncio.timeout(STOP_WITHIN):
                await child.wait()
        except TimeoutError:
            log.warning("process %d does not stop: it is killed", child.pid)
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()


def _how(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return "stalled" if code == os.EX_SOFTWARE else f"exit {code}"
