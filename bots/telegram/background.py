"""Small calls to Telegram that nobody waits for, and whose loss does no harm."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from telegram.error import TelegramError

from bots.telegram.errors import reason_of

log = logging.getLogger(__name__)

#: Calls under way at once; beyond that they are left undone.
MOST = 200


class Background:
    """Keeps hold of such calls while they run."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, call: Coroutine[Any, Any, object]) -> None:
        """Make this call some time soon."""
        if len(self._tasks) >= MOST:
            call.close()
            return
        task = asyncio.get_running_loop().create_task(self._done(call))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _done(self, call: Coroutine[Any, Any, object]) -> None:
        try:
            await call
        except TelegramError as error:
            log.info("A call that nobody waits for was lost: %s", reason_of(error))

    async def close(self) -> None:
        """Give up what is still under way."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
