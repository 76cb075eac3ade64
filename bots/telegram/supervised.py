"""Work that must not end, and work that must not be cut short."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from bots.telegram.patience import Patience

log = logging.getLogger(__name__)

Done = TypeVar("Done")


async def supervised(name: str, work: Callable[[], Awaitable[None]], *, once: bool = False) -> None:
    """Do `work` for ever (or until it is done `once`): what it dies of is said, and it is begun again after a wait."""
    patience = Patience(log, name)
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await work()
            if once:
                return
            reason = "ended by itself"
        except Exception as error:
            log.exception("%s died and is begun again", name)
            reason = f"died of {type(error).__name__}"
        if asyncio.get_running_loop().time() - began > 60:
            patience = Patience(log, name)
        await patience.failed(reason)


async def to_its_end(work: Coroutine[Any, Any, Done]) -> Done:
    """Do this whole, even if we are cancelled meanwhile: a transaction is not left to be cleared up by others."""
    task = asyncio.get_running_loop().create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
