"""Connections to both kinds of database, and their drivers' errors in the service's own words."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DisconnectionError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from config.database_url import each_server
from safety_service.store.errors import AllInUse, DatabaseAway
from safety_service.store.inline import InlineEngine
from safety_service.store.own_words import in_our_words
from safety_service.store.servers import Servers

#: Milliseconds. A transaction is a few small statements: whoever takes longer is stuck.
_POSTGRES_SETTINGS = {
    "application_name": "doorstep",
    "timezone": "UTC",
    "jit": "off",
    # A plan that was made while a table was empty reads all of it, and is kept: a storm of ten thousand on a new
    # database went at 130 a second. Every statement that is in a hurry has its index.
    "enable_seqscan": "off",
    "statement_timeout": "30000",
    "lock_timeout": "8000",
    "idle_in_transaction_session_timeout": "10000",
}
#: Seconds. After the server's own timeout: for when the server is no longer heard from at all.
LONGEST_STATEMENT = 40.0
#: Seconds for one of the pool's connections to become free; then a word is told to try again.
WAIT_FOR_CONNECTION = 10.0
#: Seconds that SQLite waits for another process that writes.
_SQLITE_BUSY = 8.0
_SQLITE_READERS = 4


def driver_url(url: str) -> URL:
    """The address with the driver that is used for it; of several servers, the first one's.

    Raises ValueError for another kind of database.
    """
    return _with_driver(each_server(url)[0])


def servers_of(url: str) -> Servers:
    """The servers of a PostgreSQL database."""
    return Servers([_with_driver(each) for each in each_server(url)])


async def at_primary(url: str) -> str:
    """The address of the one server that takes what is kept: for programs that shall all mean the same one.

    Raises DatabaseAway.
    """
    return each_server(url)[await servers_of(url).primary()] if driver_url(url).host else url


def _with_driver(url: str) -> URL:
    parsed = make_url(url)
    kind = parsed.get_backend_name()
    if kind == "sqlite":
        return parsed.set(drivername="sqlite+aiosqlite")
    if kind in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+asyncpg")
    raise ValueError(f"{kind} is not a kind of database that Doorstep knows: sqlite or postgresql")


def open_engines(url: str, pool_size: int) -> tuple[AsyncEngine, AsyncEngine]:
    """For writing, for reading. Connects to nothing yet."""
    address = driver_url(url)
    if address.get_backend_name() == "sqlite":
        # recursive_triggers: so that REPLACE, too, meets the triggers that refuse a DELETE.
        write = cast("AsyncEngine", InlineEngine(_inline(address, "foreign_keys = ON", "recursive_triggers = ON")))
        return write, _sqlite(address, _SQLITE_READERS, "BEGIN", "query_only = ON")
    engine = _postgresql(servers_of(url), pool_size, LONGEST_STATEMENT)
    return engine, engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def open_for_upgrade(url: str) -> AsyncEngine:
    """For changing tables: SQLite makes an altered table anew, and must not mind references while it does."""
    address = driver_url(url)
    if address.get_backend_name() == "sqlite":
        return _sqlite(address, 1, "BEGIN IMMEDIATE", "foreign_keys = OFF")
    return _postgresql(servers_of(url), 1, None)


def _postgresql(servers: Servers, connections: int, longest: float | None) -> AsyncEngine:
    several = {"async_creator_fn": servers.connect} if servers.several else {}
    engine = create_async_engine(
        servers.addresses[0],
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=WAIT_FOR_CONNECTION,
        connect_args={"timeout": 5, "command_timeout": longest, "server_settings": _POSTGRES_SETTINGS, **several},
    )
    event.listen(engine.sync_engine, "handle_error", in_our_words)
    if servers.several:
        _keep_to_the_primary(engine.sync_engine, servers)
    return engine


def _keep_to_the_primary(engine: Engine, servers: Servers) -> None:
    @event.listens_for(engine, "checkout")
    def _taken(connection: Any, _record: object, _proxy: object) -> None:
        # The server that it leads to may live on, and another have been promoted meanwhile.
        if not connection.run_async(servers.leads):
            connection.driver_connection.terminate()
            raise DisconnectionError("another server is the primary now")


def _sqlite(address: URL, connections: int, begin: str, *pragmas: str) -> AsyncEngine:
    engine = create_async_engine(
        address,
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=WAIT_FOR_CONNECTION,
        connect_args={"timeout": _SQLITE_BUSY},
    )

    _set_up(engine.sync_engine, *pragmas)

    @event.listens_for(engine.sync_engine, "invalidate")
    def _let_go(connection: Any, _record: object, _error: object) -> None:
        # A word was cancelled in the middle of a statement. Closing alone would keep the writer locked for as long
        # as somebody holds the cursor, be it in a traceback.
        connection.rollback()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "handle_error", in_our_words)
    return engine


def _inline(address: URL, *pragmas: str) -> Engine:
    engine = create_engine(
        address.set(drivername="sqlite"),
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=WAIT_FOR_CONNECTION,
        # Begun and committed in a thread, and used in another; never by two at a time.
        connect_args={"timeout": _SQLITE_BUSY, "check_same_thread": False},
    )
    _set_up(engine, *pragmas)
    event.listen(engine, "handle_error", in_our_words)
    return engine


def _set_up(engine: Engine, *pragmas: str) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        # The driver shall begin nothing by itself: we say BEGIN IMMEDIATE, or savepoints and locks go wrong.
        try:
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in ("journal_mode = WAL", "synchronous = FULL", *pragmas):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
        except BaseException:
            connection.close()
            raise


def full(engine: AsyncEngine) -> bool:
    """Whether all of its connections are in use."""
    return isinstance(engine.pool, QueuePool) and engine.pool.checkedout() >= engine.pool.size()


@asynccontextmanager
async def connected(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection; DatabaseAway when there is none to be had, AllInUse when this process has them all in use."""
    try:
        connection = await engine.connect()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DatabaseAway(f"no connection to the database ({type(error).__name__})") from error
    except InvalidRequestError as error:
        # Twice in a row it was not the primary any more.
        raise DatabaseAway("which server is the primary is changing") from error
    except PoolTimeout as error:
        raise AllInUse("every connection of this process to the database is in use") from error
    try:
        yield connection
    finally:
        await connection.close()
