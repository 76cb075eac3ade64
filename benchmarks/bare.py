"""The floor's database: the driver, and nothing above it. Statements are written once, with `?` for each value."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import Any, Protocol
from uuid import UUID

import asyncpg

CONNECTIONS = 16


class Statements(Protocol):
    """Within a transaction."""

    async def run(self, sql: str, *values: Any) -> Sequence[Any]:
        """Run a statement with `?`; gives its rows."""

    async def run_as_is(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        """Run a statement in the driver's own way of writing, with values as it wants them."""


class Bare(Protocol):
    """A database without our store."""

    def transaction(self) -> AbstractAsyncContextManager[Statements]:
        """Begin, commit."""

    async def close(self) -> None:
        """Close every connection."""


async def open_bare(url: str) -> Bare:
    """Connect to `sqlite:///path` or `postgresql://…`."""
    if url.startswith("sqlite"):
        return _Sqlite(url.removeprefix("sqlite:///"))
    return _Postgresql(await asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS))


class _Sqlite:
    """One connection, as durable as the service's. Nothing here waits, so transactions follow one another."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=8)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self._connection.execute(f"PRAGMA {pragma}")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Statements]:
        self._connection.execute("BEGIN IMMEDIATE")
        yield self
        self._connection.execute("COMMIT")

    async def run(self, sql: str, *values: Any) -> Sequence[Any]:
        return await self.run_as_is(_without_locks(sql), [as_sqlite(each) for each in values])

    async def run_as_is(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        return self._connection.execute(sql, values).fetchall()

    async def close(self) -> None:
        self._connection.close()


class _Postgresql:
    def __init__(self, pool: Any) -> None:
        self._pool = pool

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Statements]:
        async with self._pool.acquire() as connection, connection.transaction():
            yield _OnPostgresql(connection)

    async def close(self) -> None:
        await self._pool.close()


class _OnPostgresql:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def run(self, sql: str, *values: Any) -> Sequence[Any]:
        return await self.run_as_is(_numbered(sql), values)

    async def run_as_is(self, sql: str, values: Sequence[Any]) -> Sequence[Any]:
        rows: Sequence[Any] = await self._connection.fetch(sql, *values)
        return rows


@cache
def _without_locks(sql: str) -> str:
    """SQLite's one writer needs none."""
    return sql.partition("FOR UPDATE")[0]


@cache
def _numbered(sql: str) -> str:
    number = count(1)
    return re.sub(r"\?", lambda _: f"${next(number)}", sql)


def as_sqlite(value: Any) -> Any:
    """A value as the store keeps it in SQLite."""
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return value
