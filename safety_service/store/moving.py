"""Moving everything from one database to another that is empty: in one transaction there, while nothing runs here.

Whatever goes wrong before its end, the old database is as it was, and the new one is as empty as it was. Then the old
one is marked: whoever began on it again would watch, and hear, for nobody.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, delete, event, func, inspect, select, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from safety_service.store import contents, key_notes, migrate, moving_rows, presence, schema
from safety_service.store.clock import DatabaseClock
from safety_service.store.contents import Contents
from safety_service.store.database import Database, Tx
from safety_service.store.engines import connected, driver_url, open_for_upgrade
from safety_service.store.errors import CopyFailed, DatabaseAway, KeysDoNotOpen, TryAgain
from safety_service.store.hot import InProcessHot
from safety_service.store.moving_rows import Sum
from safety_service.store.own_words import in_our_words
from safety_service.store.restore import RUNNING, alone, nobody_else
from safety_service.store.tables import metadata
from safety_service.store.tables.learning import guidance_edition
from safety_service.store.tables.system import lease, policy_edition, secret, stamp

Done = TypeVar("Done")
#: What `doorstep migrate` puts into a new database, and what looking at it leaves: of each, no more than so many rows.
_FRESH: dict[Table, int | None] = {secret: None, stamp: None, lease: None, policy_edition: 1, guidance_edition: 1}


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved: by table, and in figures. `marked`: nothing begins on the old one any more."""

    tables: dict[str, Sum]
    of: Contents
    marked: bool = True

    @property
    def rows(self) -> int:
        """All of them."""
        return sum(each.rows for each in self.tables.values())

    @property
    def unopened(self) -> dict[str, int]:
        """How many sealed values of which tables no key opens; none did before."""
        return {name: each.unopened for name, each in self.tables.items() if each.unopened}


async def move(
    source: str,
    target: str,
    last: Callable[[Tx, Moved], Awaitable[Done]],
    on_rows: Callable[[int], None] = lambda _: None,
) -> tuple[Moved, Done]:
    """Move all of it. `last` is done in the same transaction, when everything is there and was held against the old.

    Raises CopyFailed, SchemaIsNewer, KeysDoNotOpen, DatabaseAway, TryAgain; then nothing was changed.
    """
    if driver_url(source) == driver_url(target):
        raise CopyFailed("the old database and the new one are the same")
    done: tuple[Moved, Done] | None = None
    try:
        async with _old(source) as old:
            done = await _brought(old, target, last, on_rows)
            await _mark(old)
    except (DatabaseAway, TryAgain):
        if done is None:
            raise
        done = replace(done[0], marked=False), done[1]
    return done


async def _brought(
    old: AsyncConnection,
    target: str,
    last: Callable[[Tx, Moved], Awaitable[Done]],
    on_rows: Callable[[int], None],
) -> tuple[Moved, Done]:
    async with _new(target) as new:
        of = await old.run_sync(_looked_at)
        await _nobody_lately(await _as_tx(old))
        await _emptied(new)
        tables = {table.name: await moving_rows.copy(table, old, new, on_rows) for table in metadata.sorted_tables}
        await _same(tables, new)
        moved = Moved(tables, of)
        return moved, await last(await _as_tx(new), moved)


async def _mark(old: AsyncConnection) -> None:
    """The new one is kept: from now on nothing begins on the old one, and who waited to write there is refused."""
    if old.dialect.name == "sqlite":
        await old.execute(text("PRAGMA query_only = OFF"))
    mark = schema.moved(await DatabaseClock().now(old))
    await old.execute(text("UPDATE alembic_version SET version_num = :mark"), {"mark": mark})


def _looked_at(connection: Connection) -> Contents:
    """What is in the old one. Raises CopyFailed, SchemaIsNewer, KeysDoNotOpen."""
    found = contents.contents(connection)
    if found is None:
        raise CopyFailed("there is nothing of Doorstep in the old database")
    key_notes.follow(connection)
    if found.revision != schema.head():
        raise CopyFailed(
            f"the old database is at step {found.revision}, this code is at {schema.head()}: set DOORSTEP_DATABASE_URL"
            " to it, and run `doorstep migrate` first"
        )
    return found


async def _nobody_lately(tx: Tx) -> None:
    """Whoever is being started again is there in a moment, and would keep words that are lost. Raises CopyFailed."""
    for each in await presence.seen(tx):
        raise CopyFailed(
            f"the old database: the {each.role} on {each.host} was there less than a minute ago: stop it, and if it was"
            " killed, try again in a minute"
        )


# The old one: read, and held, so that nobody says a word to it that would be lost


@asynccontextmanager
async def _old(url: str) -> AsyncIterator[AsyncConnection]:
    path = _path(driver_url(url))
    if path is not None and not path.is_file():
        raise CopyFailed(f"there is no {path}")
    async with AsyncExitStack() as stack:
        engine = open_for_upgrade(url) if path is None else _file_alone(path)
        connection = await stack.enter_async_context(_opened(stack, engine))
        if path is None:
            await stack.enter_async_context(_said_of("old", nobody_else(connection)))
        hold = ["PRAGMA query_only = ON"] if path is not None else await _held(connection)
        try:
            await stack.enter_async_context(connection.begin())
            for each in hold:
                await connection.execute(text(each))
        except TryAgain:
            raise CopyFailed(f"the old database: {RUNNING}") from None
        await _for_long(connection)
        yield connection


async def _held(connection: AsyncConnection) -> list[str]:
    """PostgreSQL: one view of all of it, which nobody changes. The locks come first: the view is of their moment."""
    async with connection.begin():
        there = set(await connection.run_sync(lambda opened: inspect(opened).get_table_names()))
    tables = ", ".join(f'"{each.name}"' for each in metadata.sorted_tables if each.name in there)
    view = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
    return [view, f"LOCK TABLE {tables} IN SHARE MODE"] if tables else [view]


def _file_alone(path: Path) -> AsyncEngine:
    """A file that nobody else can open for as long as this connection lives; it gets no other kind of journal."""
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(path)), connect_args={"timeout": 1})

    @event.listens_for(engine.sync_engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        # Before anything is read: else what is not in the file yet is shared with others.
        cursor = connection.cursor()
        cursor.execute("PRAGMA locking_mode = EXCLUSIVE")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")

    event.listen(engine.sync_engine, "handle_error", in_our_words)
    return engine


# The new one: everything, or nothing


@asynccontextmanager
async def _new(url: str) -> AsyncIterator[AsyncConnection]:
    path = _path(driver_url(url))
    made = path is not None and not path.exists()
    if path is not None:
        await asyncio.to_thread(_alone, path)
    try:
        async with AsyncExitStack() as stack:
            connection = await stack.enter_async_context(_opened(stack, open_for_upgrade(url)))
            if path is None:
                await stack.enter_async_context(_said_of("new", nobody_else(connection)))
            await stack.enter_async_context(connection.begin())
            await _for_long(connection)
            yield connection
    except BaseException:
        if path is not None and made:
            for each in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
                each.unlink(missing_ok=True)
        raise


def _alone(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
        return
    try:
        alone(path)
    except CopyFailed as why:
        raise CopyFailed(f"the new database: {why}") from None


async def _emptied(new: AsyncConnection) -> None:
    """Bring it to this code's schema, and take away what a new one begins with. Raises CopyFailed."""
    try:
        await migrate.bring_up(new)
    except KeysDoNotOpen:
        raise CopyFailed(
            "the new database was made with other keys: make it again, empty, and give it the keys of the old one"
        ) from None
    there: dict[str, int] = {}
    for table in metadata.sorted_tables:
        count = int((await new.execute(select(func.count()).select_from(table))).scalar_one())
        most = _FRESH.get(table, 0)
        if most is not None and count > most:
            there[table.name] = count
    if there:
        named = ", ".join(f"{name}: {count}" for name, count in there.items())
        raise CopyFailed(f"there is something in the new database already ({named}): make it again, empty")
    for table in _FRESH:
        await new.execute(delete(table))


async def _same(tables: dict[str, Sum], new: AsyncConnection) -> None:
    """Read all of it again, and hold it against what was read from the old one. Raises CopyFailed."""
    for table in metadata.sorted_tables:
        there, was = await moving_rows.summed(table, new), tables[table.name]
        if (there.rows, there.digest) != (was.rows, was.digest):
            raise CopyFailed(f"what arrived of `{table.name}` is not what was sent: {there.rows} rows of {was.rows}")
        was.unopened = there.unopened
    if new.dialect.name == "postgresql":
        # Until it has counted what it holds, a database reads whole tables where an index would do.
        await new.execute(text("ANALYZE"))
    elif (await new.execute(text("PRAGMA foreign_key_check"))).first():
        raise CopyFailed("a row would refer to another that is not there")


async def _as_tx(connection: AsyncConnection) -> Tx:
    """Its transaction as actions know one."""
    database = Database(connection.engine, connection.engine, DatabaseClock(), InProcessHot())
    index = select(secret.c.value).where(secret.c.name == "index")
    database.index_key = (await connection.execute(index)).scalar_one()
    return Tx(connection, await database.clock.now(connection), database)


# Both


@asynccontextmanager
async def _opened(stack: AsyncExitStack, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    stack.push_async_callback(engine.dispose)
    async with connected(engine) as connection:
        yield connection


@asynccontextmanager
async def _said_of(which: str, held: AbstractAsyncContextManager[None]) -> AsyncIterator[None]:
    """Which of the two it is that somebody uses."""
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(held)
        except CopyFailed as why:
            raise CopyFailed(f"the {which} database: {why}") from None
        yield


async def _for_long(connection: AsyncConnection) -> None:
    """It is one long transaction, and idle while the other database works."""
    if connection.dialect.name == "postgresql":
        for each in ("statement_timeout", "idle_in_transaction_session_timeout"):
            await connection.execute(text(f"SET LOCAL {each} = 0"))


def _path(address: URL) -> Path | None:
    return Path(address.database or "") if address.get_backend_name() == "sqlite" else None
