"""SQLite without a thread for each statement: what is asked of a connection is done here and now.

A small statement takes SQLite a few microseconds, and to hand it to a thread and back takes twenty times that. Only
what can wait goes to a thread: BEGIN, for another process that writes, and COMMIT, for the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine

from safety_service.store.errors import CannotKeep
from safety_service.store.own_words import refuse

Given = TypeVar("Given")


class InlineConnection:
    """As much of an AsyncConnection as the store asks for."""

    #: Whether others may have their turn in the middle of a transaction.
    lets_go = False

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.dialect = connection.dialect
        self.execute = at_once(connection.execute)
        self.exec_driver_sql = at_once(connection.exec_driver_sql)
        self.get_raw_connection = at_once(lambda: connection.connection)

    async def run_sync(self, call: Callable[..., Given], *arguments: Any) -> Given:
        """Call it with the connection."""
        return call(self._connection, *arguments)

    @property
    def raw(self) -> sqlite3.Connection:
        """The driver's own connection."""
        driver = self._connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        return driver


class WritingConnection(InlineConnection):
    """The one connection of a process that writes to a file."""

    lets_go = True

    def __init__(self, connection: Connection, engine: InlineEngine) -> None:
        super().__init__(connection)
        self._engine = engine
        self._begun = False
        self.execute = at_once(self._while_it_lasts(connection.execute))

    def _while_it_lasts(self, call: Callable[..., Given]) -> Callable[..., Given]:
        def done(*arguments: Any) -> Given:
            if self._begun and not self.raw.in_transaction:
                raise CannotKeep("the database undid the whole transaction")
            return call(*arguments)

        return done

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[None]:
        """A transaction: no other process writes while it lasts."""
        raw = self.raw
        # SQLAlchemy must know of it: else it takes an error for the end of all, and rolls back.
        known = self._connection.begin()
        try:
            await self._engine.apart(raw.execute, "BEGIN IMMEDIATE")
            self._begun = True
            yield
            if not raw.in_transaction:
                raise CannotKeep("the database undid the whole transaction")
            await self._engine.apart(raw.execute, "COMMIT")
        except sqlite3.Error as error:
            refuse(error)
        finally:
            self._begun = False
            known.rollback()

    async def close(self) -> None:
        """Give it back."""
        self._connection.close()


class InlineEngine:
    """Opens the one connection when it is needed, and keeps it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = _thread()
        self.dialect = engine.dialect

    async def connect(self) -> WritingConnection:
        """The connection; its last user has given it back. Raises what SQLAlchemy raises."""
        made: list[Connection] = []
        try:
            await self.apart(lambda: made.append(self._engine.connect()))
        except BaseException:
            # Cancelled meanwhile: it must not be held by a result that nobody takes.
            for each in made:
                each.close()
            raise
        return WritingConnection(made[0], self)

    async def apart(self, call: Callable[..., Given], *arguments: Any) -> Given:
        """Do it in the thread, and to its end: whoever is cancelled meanwhile leaves nothing that goes on behind."""
        loop = asyncio.get_running_loop()
        working = loop.run_in_executor(self._thread, call, *arguments)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            while not working.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([working])
            working.exception()
            raise

    async def dispose(self) -> None:
        """Close the connection; it is opened again where it is asked for again."""
        self._engine.dispose()
        ended, self._thread = self._thread, _thread()
        ended.shutdown(wait=False)


def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "sqlite")


def at_once(call: Callable[..., Given]) -> Callable[..., Awaitable[Given]]:
    """A function that is awaited, and never waits."""

    async def done(*arguments: Any) -> Given:
        return call(*arguments)

    return done
