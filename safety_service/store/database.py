"""The database as actions see it: transactions with one "now", savepoints, and what follows a commit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import String, column, select, table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from config.policy import Policy
from safety_service.store import guidances, key_notes, policies, schema, sealing
from safety_service.store.clock import Clock, DatabaseClock
from safety_service.store.drivers import Driver, driver_of
from safety_service.store.engines import connected, full, open_engines
from safety_service.store.guidances import Edition, Known
from safety_service.store.hot import Hot, InProcessHot
from safety_service.store.in_time import begun
from safety_service.store.policies import Shelf
from safety_service.store.ready import Ready
from safety_service.store.savepoints import Savepoint
from safety_service.store.standby import Standby
from safety_service.store.tables.system import secret

log = logging.getLogger(__name__)

_REVISION = Ready(select(column("version_num", String)).select_from(table("alembic_version")))
Dialect = Literal["sqlite", "postgresql"]


class Tx:
    """One transaction. `now` is its one time; what is announced or called after it happens only if it commits."""

    def __init__(self, conn: AsyncConnection, now: datetime, database: Database, driver: Driver | None = None) -> None:
        self.conn = conn
        self.now = now
        self.dialect = database.dialect
        self.shelf = database.shelf
        self.guidances = database.guidances
        #: Rows that hardly ever change and are asked for again and again in one transaction, by table and id.
        self.remembered: dict[tuple[str, UUID], Any] = {}
        self._index_key = database.index_key
        #: Only in a view that keeps who read what: the writes that follow it.
        self.owed: list[Callable[[Tx], Awaitable[None]]] | None = None
        self._announcements: list[tuple[str, dict[str, Any] | None]] = []
        self._after: list[Callable[[], None]] = []
        self._savepoints = 0
        self._driver = driver

    async def driver(self) -> Driver:
        """The driver of this transaction's connection."""
        if self._driver is None:
            self._driver = await driver_of(self.conn)
        return self._driver

    async def all(self, statement: Ready, **values: Any) -> list[Any]:
        """The rows that it gives. Raises KeyError for a value that is missing."""
        made = statement.for_(self.conn.dialect)
        sql, arguments = made.sql(values)
        return made.rows(await (self._driver or await self.driver()).fetch(sql, arguments))

    async def first(self, statement: Ready, **values: Any) -> Any:
        """Its first row, or None."""
        found = await self.all(statement, **values)
        return found[0] if found else None

    async def scalars(self, statement: Ready, **values: Any) -> list[Any]:
        """The first column of each of its rows."""
        return [each[0] for each in await self.all(statement, **values)]

    async def scalar(self, statement: Ready, **values: Any) -> Any:
        """The first column of its first row, or None."""
        found = await self.all(statement, **values)
        return found[0][0] if found else None

    async def do(self, statement: Ready, **values: Any) -> int:
        """Do it; how many rows it changed."""
        sql, arguments = statement.for_(self.conn.dialect).sql(values)
        return await (self._driver or await self.driver()).run(sql, arguments)

    async def do_all(self, statement: Ready, rows: Sequence[Mapping[str, Any]]) -> None:
        """Do it for each of these rows of values."""
        made = statement.for_(self.conn.dialect)
        each = [made.sql(values) for values in rows]
        driver = self._driver or await self.driver()
        if len(each) == 1:
            await driver.run(*each[0])
        elif each:
            await driver.run_many(each[0][0], [arguments for _, arguments in each])

    #: Only in a batch: what was read for all that is in it (`store.batch`).
    foreseen: dict[Any, Any] | None = None

    async def write(self, statement: Ready, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write these rows: now, or in a batch together with those of the others."""
        await self.do_all(statement, rows)

    def blind(self, text: str) -> str:
        """What stands for this text in an index: the same regardless of case and outer space."""
        return sealing.blind(self._index_key, text)

    def key_for(self, purpose: str) -> bytes:
        """A key for one purpose, made from the key of the indexes: it stays when the keys that seal are changed."""
        return sealing.key_for(self._index_key, purpose)

    async def policy(self) -> Policy:
        """The policy in force."""
        return await policies.current(self)

    async def guidance(self, agency_id: UUID) -> Edition:
        """The guidance in force for this agency, with its edition's number."""
        return await guidances.current(self, agency_id)

    def locks(self, wanted: bool) -> bool:
        """Whether rows are to be locked: never in a view, which changes none and lets nobody wait."""
        return wanted and self.owed is None

    async def keep(self, write: Callable[[Tx], Awaitable[None]]) -> None:
        """Write this: now, or where nothing but reading is done, in the transaction that follows it."""
        if self.owed is None:
            await write(self)
        else:
            self.owed.append(write)

    def announce(self, topic: str, payload: dict[str, Any] | None = None) -> None:
        """Publish this after the commit."""
        self._announcements.append((topic, payload))

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call this after the commit; if it fails, that is logged, and the word stands."""
        self._after.append(call)

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """What is done within is undone if it raises (its announcements too), and the rest is kept."""
        if self.dialect == "postgresql":
            return self._nested()
        self._savepoints += 1
        return Savepoint(self, f"s{self._savepoints}")

    @asynccontextmanager
    async def _nested(self) -> AsyncIterator[None]:
        # SQLAlchemy's own: it knows of connections that were lost within.
        follows = self.follows
        try:
            async with self.conn.begin_nested():
                yield
        except BaseException:
            self.undo(*follows)
            raise

    def undo(self, announced: int, called: int, owed: int) -> None:
        """Forget what was to follow after these, and what was read: it may have been undone."""
        self.remembered.clear()
        del (self.owed or [])[owed:]
        del self._announcements[announced:]
        del self._after[called:]

    @property
    def follows(self) -> tuple[int, int, int]:
        """How much is announced, called and written after it, as far as is known now."""
        return len(self._announcements), len(self._after), len(self.owed or ())

    async def must_be_current(self) -> None:
        """One tiny query: raises SchemaIsNewer when newer code has upgraded the database under this process."""
        at = await self.scalar(_REVISION)
        if at != schema.head():
            raise schema.newer_than_this(at)

    async def follow(self, hot: Hot) -> None:
        """Do what follows the commit. Nothing that fails here fails the word that was kept."""
        for topic, payload in self._announcements:
            try:
                await hot.publish(topic, payload)
            except Exception:
                log.exception("not announced: %s", topic.partition(":")[0])
        for call in self._after:
            try:
                call()
            except Exception:
                log.exception("a call after the commit failed")


class Database:
    """Open with `await Database.open(url)`; close it in the end."""

    def __init__(self, write: AsyncEngine, read: AsyncEngine, clock: Clock, hot: Hot) -> None:
        self.dialect: Dialect = "sqlite" if write.dialect.name == "sqlite" else "postgresql"
        self.hot = hot
        self.clock = clock
        self.shelf = Shelf()
        self.guidances: Known = {}
        self.index_key = ""
        self._unseen = False
        self._write = write
        self._read = read
        self._standby = Standby()
        self._url = ""
        self._aparts: list[Database] = []
        self._turn = asyncio.Lock()
        self._writing: asyncio.Task[Any] | None = None

    @classmethod
    async def open(
        cls, url: str, *, clock: Clock | None = None, hot: Hot | None = None, pool_size: int = 16, unseen: bool = False
    ) -> Database:
        """Connect to `sqlite:///path` or `postgresql://…`, which must have been upgraded (`migrate.upgrade`).

        `unseen`: who is in no list of processes (`presence`) looks in each transaction what became of keys and schema.
        Raises DatabaseAway, SchemaIsOlder, SchemaIsNewer, KeysDoNotOpen.
        """
        write, read = open_engines(url, pool_size)
        database = cls(write, read, clock or DatabaseClock(), hot or InProcessHot())
        database._url, database._unseen = url, unseen
        try:
            await database._check()
        except BaseException:
            await database.close()
            raise
        return database

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """Everything within is kept together, or nothing of it. Raises DatabaseAway, TryAgain.

        On SQLite only one at a time runs in this process; none may be opened within another.
        """
        turn = self._my_turn() if self.dialect == "sqlite" else nullcontext()
        async with turn:
            with self._standby:
                async with self._connected(self._write) as tx:
                    if self._standby.doubted and self.dialect == "postgresql":
                        await self._standby.must_confirm(tx.conn, await tx.driver())
                    if self._unseen:
                        await key_notes.hold(tx)
                        await tx.must_be_current()
                    yield tx
        await tx.follow(self.hot)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Tx]:
        """One unchanging view for reading; it waits for nobody who writes. Raises DatabaseAway, TryAgain."""
        async with self._connected(self._read) as tx:
            yield tx

    def apart(self) -> Database:
        """This database, by a connection that nobody else in this process uses. SQLite: itself. Closed with this."""
        if self.dialect == "sqlite":
            return self
        apart = Database(*open_engines(self._url, 1), self.clock, self.hot)
        apart.shelf, apart.guidances, apart.index_key = self.shelf, self.guidances, self.index_key
        self._aparts.append(apart)
        return apart

    @property
    def all_in_use(self) -> bool:
        """Whether who asks for a connection now has to wait for one. SQLite's turns are short."""
        return self.dialect == "postgresql" and full(self._write)

    async def close(self) -> None:
        """Close every connection."""
        for each in self._aparts:
            await each.close()
        await self._write.dispose()
        await self._read.dispose()

    @asynccontextmanager
    async def _connected(self, engine: AsyncEngine) -> AsyncIterator[Tx]:
        if self.dialect == "postgresql":
            async with begun(engine) as (conn, driver, patience):
                tx = Tx(conn, await self.clock.now(conn), self, driver)
                patience.end()
                yield tx
            return
        async with connected(engine) as conn, conn.begin():
            yield Tx(conn, await self.clock.now(conn), self)

    def _my_turn(self) -> AbstractAsyncContextManager[None]:
        return self._alone()

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        me = asyncio.current_task()
        if self._writing is me:
            raise RuntimeError("a transaction was opened within another: it would wait for itself for ever")
        async with self._turn:
            self._writing = me
            try:
                yield
            finally:
                self._writing = None

    async def _check(self) -> None:
        async with self.reading() as tx:
            await tx.conn.run_sync(schema.must_be_current)
            # All are opened: each key that sealed anything here has to be there.
            secrets = (await tx.conn.execute(select(secret.c.name, secret.c.value))).all()
            await tx.conn.run_sync(key_notes.follow)
        self.index_key = next(value for name, value in secrets if name == "index")
