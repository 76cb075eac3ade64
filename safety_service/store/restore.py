"""Putting a copy of the database back: beside the old one, made fit there, and only then in its place.

Whatever goes wrong before that leaves the old database as it was; and what was there is kept as a copy, too.
"""

import asyncio
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

from sqlalchemy import URL, create_engine, func, select, text
from sqlalchemy.exc import DatabaseError, ProgrammingError
from sqlalchemy.ext.asyncio import AsyncConnection

from safety_service.store import backup, key_notes, libpq, manifest, migrate, schema, sealing
from safety_service.store.clock import of_this_machine
from safety_service.store.contents import holds_anybody
from safety_service.store.database import Database
from safety_service.store.engines import at_primary, connected, driver_url, open_for_upgrade
from safety_service.store.errors import CopyFailed, KeysDoNotOpen, SchemaIsNewer, SchemaIsOlder
from safety_service.store.manifest import Manifest
from safety_service.store.migrate import ASIDE

#: Makes a copy fit for the present.
TakeUp = Callable[[Database], Awaitable[None]]
RUNNING = "the service is still running on this database: stop it first, in every place where it runs"
OTHERS_DATA = "there are people and visits in this database: with --replace they are kept as a copy, and replaced"


async def put_back(url: str, file: Path, take_up: TakeUp, *, replace: bool) -> Path | None:
    """Put this copy in the database's place. Gives the file in which the old one now is, if there was one.

    Raises CopyFailed, SchemaIsNewer, KeysDoNotOpen, DatabaseAway, TryAgain; then the old database is as it was.
    """
    url = await at_primary(url)
    address = driver_url(url)
    await asyncio.to_thread(check, file, address)
    try:
        if address.get_backend_name() == "sqlite":
            return await _sqlite(address, file, take_up, replace=replace)
        return await _postgresql(url, address, file, take_up, replace=replace)
    except OSError as error:
        raise CopyFailed(f"{error.filename or file}: {error.strerror}") from None


def check(file: Path, address: URL) -> Manifest:
    """Whether this copy can be put back here at all. Raises CopyFailed, SchemaIsNewer."""
    found = manifest.read(file)
    kind = address.get_backend_name()
    if found.database != kind:
        raise CopyFailed(f"{file} is of a {found.database} database, and DOORSTEP_DATABASE_URL names one of {kind}")
    if found.revision not in {step.revision for step in schema.steps().walk_revisions()}:
        raise SchemaIsNewer(f"the copy is at step {found.revision}, this code knows no further than {schema.head()}")
    if missing := set(found.keys) - set(sealing.ring().names):
        raise CopyFailed(f"of the {len(found.keys)} keys that the copy needs, {len(missing)} are not there")
    return found


def _kept_beside(path: Path) -> Path:
    """Where what was there before is kept."""
    return path.with_name(f"before-restore-{of_this_machine():%Y%m%dT%H%M%S.%f}.copy")


# SQLite: a file takes the place of another, in one step


async def _sqlite(address: URL, file: Path, take_up: TakeUp, *, replace: bool) -> Path | None:
    path = Path(address.database or "")
    kept = await asyncio.to_thread(_looked_at, path, replace=replace)
    half = path.with_name(f".{path.name}.restoring")
    try:
        await asyncio.to_thread(_copied, file, half)
        await _made_fit(f"sqlite:///{half}", take_up)
        await asyncio.to_thread(_in_place, half, path, kept)
    finally:
        for each in (half, *(half.with_name(half.name + end) for end in ("-wal", "-shm", "-journal"))):
            each.unlink(missing_ok=True)
    if kept is not None:
        await asyncio.to_thread(_described, address, kept)
    return kept


def _looked_at(path: Path, *, replace: bool) -> Path | None:
    """Where to keep what is there now; None: nothing is. Raises CopyFailed."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.exists() or not path.stat().st_size:
        return None
    alone(path)
    if not replace and _holds_anybody(path):
        raise CopyFailed(OTHERS_DATA)
    return _kept_beside(path)


def _holds_anybody(path: Path) -> bool:
    engine = create_engine(URL.create("sqlite", database=str(path)))
    try:
        with engine.connect() as connection:
            return holds_anybody(connection)
    except DatabaseError:
        return True  # it is damaged, and nobody can tell
    finally:
        engine.dispose()


def _described(address: URL, kept: Path) -> None:
    """What is kept can be put back, too; unless it is damaged, of newer code, or sealed with other keys."""
    with suppress(CopyFailed, SchemaIsNewer, SchemaIsOlder, KeysDoNotOpen, DatabaseError):
        backup.describe(address, kept)


def _copied(file: Path, half: Path) -> None:
    half.unlink(missing_ok=True)
    half.touch(mode=0o600)
    shutil.copyfile(file, half)


async def _made_fit(url: str, take_up: TakeUp) -> None:
    await migrate.upgrade(url)
    database = await Database.open(url, pool_size=2)
    try:
        await take_up(database)
    finally:
        await database.close()


def _in_place(half: Path, path: Path, kept: Path | None) -> None:
    alone(half)
    with half.open("rb") as written:
        os.fsync(written.fileno())
    if kept is not None:
        alone(path)
        path.chmod(0o600)
        # There is never a moment without a database: a service that starts in it would make an empty one.
        os.link(path, kept)
    half.replace(path)


def alone(path: Path) -> None:
    """Make one file of it, which only works where nobody else has it open. Raises CopyFailed."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=1)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            raise CopyFailed(RUNNING if "locked" in str(error) else str(error)) from None
        except sqlite3.DatabaseError:
            return  # it is damaged: that is what copies are for


# PostgreSQL: the old tables are set aside, and taken back if anything goes wrong


async def _postgresql(url: str, address: URL, file: Path, take_up: TakeUp, *, replace: bool) -> Path | None:
    engine = open_for_upgrade(url)
    kept = None
    try:
        async with connected(engine) as connection, nobody_else(connection):
            await _taken_back(connection, if_there=True)
            async with connection.begin():
                old = await connection.run_sync(holds_anybody)
            if old and not replace:
                raise CopyFailed(OTHERS_DATA)
            if old:
                kept = await _kept(url, address, _kept_beside(file))
            await _swapped(connection, url, address, file, take_up)
    finally:
        await engine.dispose()
    return kept


async def _kept(url: str, address: URL, kept: Path) -> Path:
    try:
        await backup.save(url, kept)
    except (SchemaIsNewer, KeysDoNotOpen):
        # This code cannot read it; it is kept all the same, for the code and the keys that can.
        await asyncio.to_thread(kept.touch, mode=0o600)
        await libpq.run("pg_dump", "--format=custom", f"--file={kept}", url=address)
    return kept


@asynccontextmanager
async def nobody_else(connection: AsyncConnection) -> AsyncIterator[None]:
    """A service that starts meanwhile waits before it looks into the database; one that runs is not put up with.

    A command, or a child that its parent starts again, waits before it keeps anything.
    """
    async with connection.begin():
        mine = (await connection.execute(select(func.pg_try_advisory_lock(migrate.UPGRADING)))).scalar_one()
        none_seals = (await connection.execute(select(func.pg_try_advisory_lock(key_notes.SEALING)))).scalar_one()
        others = (await connection.execute(_OTHERS)).scalar_one()
    try:
        if not mine:
            raise CopyFailed("an upgrade, a restore or a move is under way")
        if others or not none_seals:
            raise CopyFailed(RUNNING)
        yield
    finally:
        async with connection.begin():
            await connection.execute(select(func.pg_advisory_unlock_all()))


_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND application_name = 'doorstep' AND pid <> pg_backend_pid()"
)


async def _swapped(connection: AsyncConnection, url: str, address: URL, file: Path, take_up: TakeUp) -> None:
    try:
        async with connection.begin():
            await _do(connection, f"ALTER SCHEMA public RENAME TO {ASIDE}", "CREATE SCHEMA public")
    except ProgrammingError:
        raise CopyFailed("the database's user must own the database and its schema `public`") from None
    try:
        words = ("--schema=public", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction")
        await libpq.run("pg_restore", *words, f"--dbname={address.database}", str(file), url=address)
        async with connection.begin():
            await migrate.bring_up(connection)
        database = await Database.open(url, pool_size=2)
        try:
            await take_up(database)
        finally:
            await database.close()
    except BaseException:
        await _taken_back(connection)
        raise
    async with connection.begin():
        await _do(connection, f"DROP SCHEMA {ASIDE} CASCADE")


async def _taken_back(connection: AsyncConnection, *, if_there: bool = False) -> None:
    """The old tables as they were; `if_there`: an earlier restore was killed in the middle, perhaps."""
    async with connection.begin():
        query = text("SELECT count(*) FROM pg_namespace WHERE nspname = :name")
        if if_there and not (await connection.execute(query, {"name": ASIDE})).scalar_one():
            return
        await _do(connection, "DROP SCHEMA IF EXISTS public CASCADE", f"ALTER SCHEMA {ASIDE} RENAME TO public")


async def _do(connection: AsyncConnection, *statements: str) -> None:
    for statement in statements:
        await connection.execute(text(statement))
