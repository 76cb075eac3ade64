"""A database in memory that answers at once: the real tables and SQL, without threads, files or waiting.

For the simulation, which has thousands of transactions to do in a second. Never for a service: it is gone when the
process is. What is outside sees each commit come and go, so that it can look, or let the process die, right there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from safety_service.store import migrate
from safety_service.store.clock import Clock
from safety_service.store.database import Database
from safety_service.store.hot import Hot
from safety_service.store.inline import InlineConnection
from safety_service.store.own_words import in_our_words
from safety_service.store.tables.system import secret

Given = TypeVar("Given")
Look = Callable[[], None]


def _nothing() -> None:
    """Nobody looks."""


class Machine:
    """The one connection, which outlives every process that is simulated: as a disk outlives a crash."""

    def __init__(self, first_policy: str = "", first_guidance: str = "") -> None:
        self._engine = _engine()
        self.connection = self._engine.connect()
        driver = self.connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        #: The driver's connection, for whoever looks on between two transactions.
        self.raw = driver
        self.raw.deserialize(_empty(first_policy, first_guidance))
        self.raw.execute("PRAGMA foreign_keys = ON")
        self.raw.execute("PRAGMA recursive_triggers = ON")

    def close(self) -> None:
        """Everything that was in it is gone."""
        self.connection.close()
        self._engine.dispose()


class InstantDatabase(Database):
    """A database on a machine's memory, as one process has it open.

    `before_begin`, `before_commit`, `after_commit` are called around each transaction that writes; what they raise is
    raised there. What is raised before the commit undoes it.
    """

    def __init__(self, machine: Machine, clock: Clock, hot: Hot) -> None:
        self.before_begin: Look = _nothing
        self.before_commit: Look = _nothing
        self.after_commit: Look = _nothing
        write = cast("AsyncEngine", _InstantEngine(machine, self))
        super().__init__(write, cast("AsyncEngine", _InstantEngine(machine, None)), clock, hot)
        self.index_key = machine.connection.execute(select(secret.c.value).where(secret.c.name == "index")).scalar_one()
        machine.connection.rollback()

    def _my_turn(self) -> AbstractAsyncContextManager[None]:
        # Nothing within a transaction ever waits, so that none meets another.
        return nullcontext()


class _InstantEngine:
    def __init__(self, machine: Machine, watched: InstantDatabase | None) -> None:
        self._machine = machine
        self._watched = watched
        self.dialect = machine.connection.dialect

    async def connect(self) -> _InstantConnection:
        return _InstantConnection(self._machine.connection, self._watched)

    async def dispose(self) -> None:
        """The machine goes on."""


class _InstantConnection(InlineConnection):
    def __init__(self, connection: Connection, watched: InstantDatabase | None) -> None:
        super().__init__(connection)
        self._watched = watched

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[None]:
        watched = self._watched
        if watched is None:
            # Who only reads meets nobody who writes: nothing within a transaction ever waits.
            try:
                yield
            finally:
                self._connection.rollback()
            return
        watched.before_begin()
        known = self._connection.begin()
        raw = self.raw
        raw.execute("BEGIN")
        try:
            yield
            watched.before_commit()
            raw.execute("COMMIT")
        finally:
            known.rollback()
        watched.after_commit()

    async def close(self) -> None:
        """The machine's connection stays open."""


def _engine() -> Engine:
    engine = create_engine("sqlite://", poolclass=StaticPool, hide_parameters=True, query_cache_size=5000)

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        connection.isolation_level = None

    event.listen(engine, "handle_error", in_our_words)
    return engine


def prepare() -> None:
    """Make the empty database from which each machine of this process begins."""
    _empty("", "")


@cache
def _empty(first_policy: str, first_guidance: str) -> bytes:
    """A database with the newest schema and nothing in it; made once in a process."""
    engine = _engine()
    with engine.connect() as connection:
        with connection.begin():
            stand_in = cast("AsyncConnection", _InstantConnection(connection, None))
            run(migrate.bring_up(stand_in, first_policy, first_guidance))
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        whole = driver.serialize()
    engine.dispose()
    return whole


def run(work: Awaitable[Given]) -> Given:
    """Do what never really waits. Raises RuntimeError where it does wait."""
    steps: Generator[Any, None, Given] = work.__await__()
    try:
        next(steps)
    except StopIteration as done:
        return cast("Given", done.value)
    raise RuntimeError("something waited in a database that answers at once")
