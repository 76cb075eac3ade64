"""What goes along with something that must not be stopped by it: done by itself, and loud when it fails."""

import logging
from collections.abc import Awaitable
from typing import TypeVar

from safety_service.store.database import Tx
from safety_service.store.errors import DatabaseAway, TryAgain

log = logging.getLogger(__name__)

Result = TypeVar("Result")


async def apart(tx: Tx, work: Awaitable[Result], otherwise: Result, what: str) -> Result:
    """Do this in a savepoint; `otherwise` where it fails, which is said with `what` and undoes nothing else."""
    try:
        async with tx.savepoint():
            return await work
    except (DatabaseAway, TryAgain):
        raise
    except Exception:
        log.exception("failed by itself: %s", what)
        return otherwise


async def by_itself(tx: Tx, work: Awaitable[object], what: str) -> bool:
    """Do one of many in a savepoint; whether it was done. One that fails is said with `what` and stops no other."""

    async def whole() -> bool:
        await work
        return True

    return await apart(tx, whole(), False, what)
