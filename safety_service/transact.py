"""One transaction for each thing that is done; what only collided with others is tried again. A view for reading."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from random import uniform
from typing import TypeVar

from safety_service.store.database import Database, Tx
from safety_service.store.errors import AllInUse, TryAgain

Done = TypeVar("Done")

ATTEMPTS = 5
PAUSE = 0.02  # seconds, growing with each attempt


async def in_transaction(database: Database, work: Callable[[Tx], Awaitable[Done]]) -> Done:
    """Run `work` in one transaction, again from the start when it collided with another; `work` does nothing else.

    Raises DatabaseAway; TryAgain when it collided every time.
    """
    for attempt in range(1, ATTEMPTS):
        try:
            async with database.transaction() as tx:
                return await work(tx)
        except AllInUse:
            raise
        except TryAgain:
            await asyncio.sleep(uniform(0, PAUSE * attempt))  # noqa: S311  (not a secret)
    async with database.transaction() as tx:
        return await work(tx)


async def in_view(database: Database, work: Callable[[Tx], Awaitable[Done]]) -> Done:
    """Run `work`, which only reads, without keeping those who write waiting.

    What it keeps of who read what (`Tx.keep`) is written before this comes back: nobody sees what is not kept.
    Raises DatabaseAway, TryAgain.
    """
    async with database.reading() as tx:
        owed: list[Callable[[Tx], Awaitable[None]]] = []
        tx.owed = owed
        found = await work(tx)
    if owed:
        await in_transaction(database, partial(_write, owed))
    return found


async def _write(owed: Sequence[Callable[[Tx], Awaitable[None]]], tx: Tx) -> None:
    for each in owed:
        await each(tx)
