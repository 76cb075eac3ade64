"""A synchronous standby that is gone: nothing can be kept, and that is known before anything is tried."""

from __future__ import annotations

import asyncio
import contextlib
import time

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from safety_service.store.drivers import Driver, Postgres
from safety_service.store.errors import CannotKeep, DatabaseAway, TryAgain

#: Whether a commit of anybody waits for the standby for longer than commits do. These times are all the server's own.
_WAITS = text(
    "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'"
    " AND query_start < clock_timestamp() - interval '2 seconds')"
)
#: Seconds between two times that all connections are let go, to find a server that was promoted meanwhile.
LET_GO_EVERY = 5.0
NO_STANDBY = "the database keeps nothing: its synchronous standby does not confirm"


class Standby:
    """Entered around each transaction: one that failed makes the next one ask whether commits wait.

    Else each of them would wait at the server, with its connection and its locks, until there is none left.
    """

    def __init__(self) -> None:
        #: Whether something failed since it was last asked.
        self.doubted = False
        self._let_go_at = float("-inf")

    def __enter__(self) -> None:
        """Nothing has failed yet."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # Who was cancelled says nothing of what became of their commit.
        if kind is not None and issubclass(kind, (DatabaseAway, TryAgain, asyncio.CancelledError)):
            self.doubted = True

    async def must_confirm(self, connection: AsyncConnection, driver: Driver) -> None:
        """Raises CannotKeep while commits wait for a standby."""
        if (await connection.execute(_WAITS)).scalar_one():
            await self._let_go(connection, driver)
            raise CannotKeep(NO_STANDBY)
        self.doubted = False

    async def _let_go(self, connection: AsyncConnection, driver: Driver) -> None:
        """This may be an old primary whose standby took its place. SQLAlchemy lets go of the others with this one."""
        assert isinstance(driver, Postgres)
        if time.monotonic() - self._let_go_at >= LET_GO_EVERY:
            self._let_go_at = time.monotonic()
            driver.raw.terminate()
            with contextlib.suppress(DatabaseAway):
                await connection.execute(_WAITS)
