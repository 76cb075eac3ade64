"""A task that must not end: when it does, that is loud, and it is begun again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bots.telegram.patience import Patience

log = logging.getLogger(__name__)


async def supervised(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` for ever: whatever ends it, it is said with its traceback and begun again after a short wait."""
    patience = Patience(log, name)
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await work()
            reason = "ended by itself"
        except Exception as error:
            log.exception("%s died and is begun again", name)
            reason = f"died of {type(error).__name__}"
        if asyncio.get_running_loop().time() - began > 60:
            patience = Patience(log, name)
        await patience.failed(reason)
