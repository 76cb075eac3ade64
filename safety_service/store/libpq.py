"""PostgreSQL's own programs, for what they do best: writing a whole database to a file, and reading it back."""

import asyncio
import os
import shutil

from sqlalchemy.engine import URL

from safety_service.store.errors import CopyFailed


async def run(program: str, *words: str, url: URL) -> None:
    """Run `pg_dump` or `pg_restore` on this database. Raises CopyFailed with what it said."""
    found = shutil.which(program)
    if found is None:
        raise CopyFailed(f"{program} is not to be found: install PostgreSQL's client programs, of the server's version")
    running = await asyncio.create_subprocess_exec(
        found,
        *words,
        env={**os.environ, **environment(url)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, complained = await running.communicate()
    except asyncio.CancelledError:
        running.kill()
        await running.wait()
        raise
    if running.returncode:
        raise CopyFailed(f"{program} failed: {_first_line(complained.decode(errors='replace'))}")


def environment(url: URL) -> dict[str, str]:
    """Where the database is, as these programs read it. Never on the command line: others can read that."""
    query = {name: str(value) for name, value in url.query.items() if isinstance(value, str)}
    given = {
        "PGHOST": query.get("host") or url.host,
        "PGPORT": None if url.port is None else str(url.port),
        "PGUSER": url.username,
        "PGPASSWORD": None if url.password is None else str(url.password),
        "PGDATABASE": url.database,
        "PGSSLMODE": query.get("sslmode") or query.get("ssl"),
        "PGCONNECT_TIMEOUT": "10",
        # Not `doorstep`: that is what a running service is known by.
        "PGAPPNAME": "doorstep copy",
    }
    return {name: value for name, value in given.items() if value}


def _first_line(said: str) -> str:
    """What went wrong; a line with a row's content is none of that."""
    lines = [line for line in said.splitlines() if "error" in line.lower()] or said.splitlines()
    return lines[0].strip() if lines else "it says nothing"
