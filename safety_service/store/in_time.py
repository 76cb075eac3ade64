"""A PostgreSQL server that says nothing any more: its connection is closed, and nobody waits for it.

A frozen server, or a commit that waits for a synchronous standby that is gone, would be waited for as long as a
statement may take. Closed, and not cancelled: a commit whose wait is cancelled is kept by this server alone, and seen
by everybody as if it stood. One that is only left waits on unseen until the standby has it, or is gone with the server.
So whoever is cancelled while they commit is cancelled once it is known what came of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safety_service.store.drivers import Driver, Postgres, driver_of
from safety_service.store.engines import connected

#: Seconds that beginning a transaction may take, and ending it.
WITHIN = 3.0
#: Seconds after that: the answer may be there, and this process have been too busy (or asleep) to read it.
READ_WITHIN = 1.0


class Patience:
    """With one connection. When it is at its end, whoever waits there is told that the database is away."""

    def __init__(self, raw: asyncpg.Connection[Any]) -> None:
        self._raw = raw
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Something is asked that is answered at once."""
        self._timer = asyncio.get_running_loop().call_later(WITHIN, self._late)

    def end(self) -> None:
        """It is answered."""
        if self._timer is not None:
            self._timer.cancel()

    def _late(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(READ_WITHIN, self._raw.terminate)


@asynccontextmanager
async def begun(engine: AsyncEngine) -> AsyncIterator[tuple[AsyncConnection, Driver, Patience]]:
    """A transaction on PostgreSQL. The caller ends the patience once it is answered for the first time."""
    async with connected(engine) as connection:
        driver = await driver_of(connection)
        assert isinstance(driver, Postgres)
        patience = Patience(driver.raw)
        try:
            patience.begin()
            async with connection.begin() as whole:
                try:
                    yield connection, driver, patience
                finally:
                    patience.end()
                    patience.begin()
                await _to_its_end(whole.commit())
        finally:
            patience.end()


class _Uncancelled(asyncio.Task[None]):
    """Nobody cancels it, not even who ends the loop: the driver would ask the server to stop waiting."""

    def cancel(self, msg: Any | None = None) -> bool:  # noqa: ARG002  (the name is asyncio's)
        return False


async def _to_its_end(commit: Coroutine[Any, Any, None]) -> None:
    """Patience has an end: so has this."""
    task = _Uncancelled(commit, loop=asyncio.get_running_loop())
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled from task.exception()
    task.result()
