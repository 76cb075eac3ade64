"""Statements that are ready, handed to the driver itself: on the connection of a transaction that has begun."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import aiosqlite
import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from safety_service.store.errors import CannotKeep, DatabaseAway
from safety_service.store.own_words import refuse

Rows = Sequence[Sequence[Any]]
_ANYTHING = text("SELECT 1")
#: Seconds for which the statements of one transaction may keep everything else in the process from its turn.
LONGEST_HOLD = 0.02


class Driver(Protocol):
    """What a transaction asks of its driver. Each raises DatabaseAway, CannotKeep, TryAgain, or the driver's error."""

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Rows:
        """The rows that it gives."""

    async def run(self, sql: str, arguments: Sequence[Any]) -> int:
        """How many rows it changed."""

    async def run_many(self, sql: str, rows: Rows) -> None:
        """The same statement for each of these."""

    @property
    def lives(self) -> bool:
        """Whether there is still a transaction to go back in."""


class InlineSqlite:
    """SQLite in this very thread: a statement takes less time than handing it to another."""

    def __init__(self, raw: sqlite3.Connection, *, lets_go: bool) -> None:
        self._raw = raw
        self._begun = raw.in_transaction
        self._lets_go = lets_go
        self._since = time.perf_counter()

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Rows:
        await self._turn()
        try:
            return self._raw.execute(sql, arguments).fetchall()
        except sqlite3.Error as error:
            refuse(error)

    async def run(self, sql: str, arguments: Sequence[Any]) -> int:
        await self._turn()
        try:
            return self._raw.execute(sql, arguments).rowcount
        except sqlite3.Error as error:
            refuse(error)

    async def run_many(self, sql: str, rows: Rows) -> None:
        await self._turn()
        try:
            self._raw.executemany(sql, rows)
        except sqlite3.Error as error:
            refuse(error)

    @property
    def lives(self) -> bool:
        return not self._begun or self._raw.in_transaction

    async def _turn(self) -> None:
        if not self.lives:
            # A full disk undoes the whole transaction. What came after it would be kept row by row.
            raise CannotKeep("the database undid the whole transaction")
        if self._lets_go and time.perf_counter() - self._since > LONGEST_HOLD:
            # Others, and whoever cancels this, have their turn in between.
            await asyncio.sleep(0)
            self._since = time.perf_counter()


class ThreadedSqlite:
    """SQLite in a thread of its own: for readers, whose statements may take long."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Rows:
        try:
            return list(await self._connection.execute_fetchall(sql, arguments))
        except asyncio.CancelledError:
            # Nobody waits for it any more; it would keep one of a few readers until it is done.
            await self._connection.interrupt()
            raise
        except sqlite3.Error as error:
            refuse(error)

    async def run(self, sql: str, arguments: Sequence[Any]) -> int:
        try:
            async with self._connection.execute(sql, arguments) as cursor:
                return cursor.rowcount
        except sqlite3.Error as error:
            refuse(error)

    async def run_many(self, sql: str, rows: Rows) -> None:
        try:
            await self._connection.executemany(sql, rows)
        except sqlite3.Error as error:
            refuse(error)

    @property
    def lives(self) -> bool:
        return True


class Postgres:
    """PostgreSQL, whose driver keeps each statement prepared."""

    def __init__(self, connection: AsyncConnection, raw: asyncpg.Connection[Any]) -> None:
        self._connection = connection
        self._raw = raw

    @property
    def raw(self) -> asyncpg.Connection[Any]:
        """The driver's own connection."""
        return self._raw

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Rows:
        async with self._heard():
            found: Rows = await self._raw.fetch(sql, *arguments)
        return found

    async def run(self, sql: str, arguments: Sequence[Any]) -> int:
        async with self._heard():
            said = await self._raw.execute(sql, *arguments)
        return int(said.rpartition(" ")[2]) if said[-1:].isdigit() else 0

    async def run_many(self, sql: str, rows: Rows) -> None:
        async with self._heard():
            await self._raw.executemany(sql, rows)

    @property
    def lives(self) -> bool:
        return not self._connection.invalidated and not self._raw.is_closed()

    @asynccontextmanager
    async def _heard(self) -> AsyncIterator[None]:
        if self._connection.invalidated:
            raise DatabaseAway("the connection was lost within this transaction")
        if self._raw.is_closed() or not self._raw.is_in_transaction():
            # It begins with the first statement that SQLAlchemy sees; which also finds out that a connection is lost.
            await self._connection.execute(_ANYTHING)
        try:
            yield
        except (asyncio.CancelledError, TimeoutError, OSError) as error:
            # As SQLAlchemy has it: a server that may be silent is not waited for again, to be asked to roll back.
            await self._connection.invalidate()
            if isinstance(error, asyncio.CancelledError):
                raise
            refuse(error, away=True)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if self._raw.is_closed():
                # SQLAlchemy finds it lost, and lets go of all connections that were made before.
                await self._connection.execute(_ANYTHING)
            refuse(error, away=self._raw.is_closed())


async def driver_of(connection: AsyncConnection) -> Driver:
    """The driver below a connection."""
    fairy = await connection.get_raw_connection()
    raw = fairy.driver_connection
    if isinstance(raw, sqlite3.Connection):
        return InlineSqlite(raw, lets_go=bool(getattr(connection, "lets_go", False)))
    if isinstance(raw, aiosqlite.Connection):
        return ThreadedSqlite(raw)
    assert isinstance(raw, asyncpg.Connection)
    return Postgres(connection, raw)
