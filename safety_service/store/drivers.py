"""Statements that are ready, handed to the driver itself: on the connection of a transaction that has begun."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import aiosqlite
import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from safety_service.store.own_words import refuse

Rows = Sequence[Sequence[Any]]
_ANYTHING = text("SELECT 1")


class Driver(Protocol):
    """What a transaction asks of its driver. Each raises DatabaseAway, CannotKeep, TryAgain, or the driver's error."""

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Rows:
        """The rows that it gives."""

    async def run(self, sql: str, arguments: Sequence[Any]) -> int:
        """How many rows it changed."""

    async def run_many(self, sql: str, rows: Rows) -> None:
        """The same statement for each of these."""


class InlineSqlite:
    """SQLite in this very thread: a statement takes less time than handing it to another."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Rows:
        try:
            return self._raw.execute(sql, arguments).fetchall()
        except sqlite3.Error as error:
            refuse(error)

    async def run(self, sql: str, arguments: Sequence[Any]) -> int:
        try:
            return self._raw.execute(sql, arguments).rowcount
        except sqlite3.Error as error:
            refuse(error)

    async def run_many(self, sql: str, rows: Rows) -> None:
        try:
            self._raw.executemany(sql, rows)
        except sqlite3.Error as error:
            refuse(error)


class ThreadedSqlite:
    """SQLite in a thread of its own: for readers, whose statements may take long."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def fetch(self, sql: str, arguments: Sequence[Any]) -> Rows:
        try:
            return list(await self._connection.execute_fetchall(sql, arguments))
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


class Postgres:
    """PostgreSQL, whose driver keeps each statement prepared."""

    def __init__(self, connection: AsyncConnection, raw: asyncpg.Connection[Any]) -> None:
        self._connection = connection
        self._raw = raw

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

    @asynccontextmanager
    async def _heard(self) -> AsyncIterator[None]:
        if not self._raw.is_in_transaction():
            # It begins with the first statement that SQLAlchemy sees.
            await self._connection.execute(_ANYTHING)
        try:
            yield
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            if self._raw.is_closed():
                # SQLAlchemy finds it lost, and lets go of all connections that were made before.
                await self._connection.execute(_ANYTHING)
            refuse(error, away=self._raw.is_closed())


async def driver_of(connection: AsyncConnection) -> Driver:
    """The driver below a connection."""
    fairy = await connection.get_raw_connection()
    raw = fairy.driver_connection
    if isinstance(raw, sqlite3.Connection):
        return InlineSqlite(raw)
    if isinstance(raw, aiosqlite.Connection):
        return ThreadedSqlite(raw)
    assert isinstance(raw, asyncpg.Connection)
    return Postgres(connection, raw)
