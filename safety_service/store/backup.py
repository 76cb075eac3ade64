"""Making a copy of the database while the service runs: one moment of it, whole, in a file for its owner alone."""

import asyncio
import os
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, create_engine, text

from safety_service.store import libpq, manifest, sealing
from safety_service.store.clock import DatabaseClock, of_this_machine
from safety_service.store.contents import Contents, contents
from safety_service.store.engines import at_primary, connected, driver_url, open_engines
from safety_service.store.errors import CopyFailed, DatabaseAway, SchemaIsOlder
from safety_service.store.manifest import Manifest

#: Pages that SQLite copies at a time: a few milliseconds.
PAGES = 256


async def save(url: str, file: Path) -> Manifest:
    """Copy the database of this address to a file that is not there yet, and a manifest beside it.

    Words go on meanwhile. The keys are in neither; what is sealed stays so. Raises CopyFailed, SchemaIsOlder (there is
    nothing to copy), SchemaIsNewer, KeysDoNotOpen, DatabaseAway, TryAgain; then there is no file.
    """
    url = await at_primary(url)
    address = driver_url(url)
    half, beside = file.with_name(f".{file.name}.half"), manifest.beside(file)
    for path in (file, beside):
        if path.exists():
            raise CopyFailed(f"{path} is there already: nothing is overwritten")
    try:
        _reserve(half)
        if address.get_backend_name() == "sqlite":
            at, found = await asyncio.to_thread(_sqlite, address, half)
        else:
            at, found = await _postgresql(url, address, half)
        made = _manifest(address, at, found, await asyncio.to_thread(manifest.digest, half))
        await asyncio.to_thread(_put_in_place, half, file, made)
    except OSError as error:
        raise CopyFailed(f"{error.filename or file}: {error.strerror}") from None
    finally:
        half.unlink(missing_ok=True)
    return made


def _reserve(half: Path) -> None:
    """An empty file that nobody else can read, from its first moment. What an interrupted copy left is taken away."""
    half.unlink(missing_ok=True)
    os.close(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _manifest(address: URL, at: datetime, found: Contents, digest: str) -> Manifest:
    return Manifest(
        database=address.get_backend_name(),
        revision=found.revision,
        at=at,
        watched_until=found.watched_until,
        counts=found.counts,
        keys=sealing.ring().names,
        sha256=digest,
    )


def _put_in_place(half: Path, file: Path, made: Manifest) -> None:
    """The manifest first: a copy without one would be no copy."""
    with half.open("rb") as written:
        os.fsync(written.fileno())
    manifest.write(made, manifest.beside(file))
    half.rename(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


# SQLite


def _sqlite(address: URL, half: Path) -> tuple[datetime, Contents]:
    path = Path(address.database or "")
    if not path.exists():
        raise SchemaIsOlder
    at = of_this_machine()
    try:
        copy_sqlite(path, half)
        return at, contents_of(half)
    except sqlite3.Error as error:
        raise DatabaseAway(f"the database cannot be copied ({error})") from None


def copy_sqlite(path: Path, half: Path) -> None:
    """One moment of a database file, while others write to it. Raises sqlite3.Error."""
    with (
        closing(sqlite3.connect(path, isolation_level=None)) as live,
        closing(sqlite3.connect(half, isolation_level=None)) as copy,
    ):
        live.execute("PRAGMA query_only = ON")
        # One view, held to the end: else each word that is kept meanwhile would begin the copy anew.
        live.execute("BEGIN")
        live.execute("SELECT count(*) FROM sqlite_master").fetchone()
        live.backup(copy, pages=PAGES, sleep=0)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, not three


def contents_of(half: Path) -> Contents:
    """What is in a database file. Raises CopyFailed, SchemaIsOlder, SchemaIsNewer, KeysDoNotOpen."""
    engine = create_engine(URL.create("sqlite", database=str(half)))
    try:
        with engine.connect() as connection:
            if (said := connection.execute(text("PRAGMA quick_check")).scalar()) != "ok":
                raise CopyFailed(f"the database's file is damaged: {said}")
            found = contents(connection)
    finally:
        engine.dispose()
    if found is None:
        raise SchemaIsOlder
    return found


def describe(address: URL, file: Path) -> None:
    """A manifest for a database file that is a copy already. Raises as `contents_of` does, OSError."""
    at = of_this_machine()
    manifest.write(_manifest(address, at, contents_of(file), manifest.digest(file)), manifest.beside(file))


# PostgreSQL


async def _postgresql(url: str, address: URL, half: Path) -> tuple[datetime, Contents]:
    """The dump, the figures and the time are of one and the same moment."""
    write, engine = open_engines(url, 1)
    try:
        async with connected(engine) as connection, connection.begin():
            await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            at = await DatabaseClock().now(connection)
            found = await connection.run_sync(contents)
            if found is None:
                raise SchemaIsOlder
            snapshot = str((await connection.execute(text("SELECT pg_export_snapshot()"))).scalar_one())
            words = ("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={half}")
            await libpq.run("pg_dump", *words, url=address)
    finally:
        await engine.dispose()
        await write.dispose()
    return at, found
