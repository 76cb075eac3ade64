"""Where the benchmarks run: a folder, a PostgreSQL and a Redis of their own, all of it ended in the end."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import uuid4

from safety_service.store import migrate, sealing
from safety_service.store.sealing import KeyRing
from tests.services.postgres import PostgresServer, new_postgres
from tests.services.redis import RedisServer, start_redis
from tests.services.run import Run, UnavailableError
from tests.services.template import TEST_KEY, execute

Kind = Literal["sqlite", "postgresql"]
NAMES: dict[Kind, str] = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
#: The tests' server does not care for its disk; a commit that is measured has to be one.
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@dataclass(frozen=True)
class Ground:
    """A run's services. `postgres` and `redis` are None when only SQLite is measured, or they cannot be had."""

    run: Run
    postgres: PostgresServer | None = None
    redis: RedisServer | None = None

    @property
    def folder(self) -> Path:
        """Everything is kept here, and every process works here."""
        return self.run.folder

    async def fresh(self, kind: Kind) -> str:
        """The address of a new database with the newest schema."""
        url = await self._empty(kind)
        await migrate.upgrade(url)
        return url

    async def copy(self, url: str) -> str:
        """The address of a copy of this database, to which nobody may be connected."""
        if url.startswith("sqlite"):
            copied = await self._empty("sqlite")
            shutil.copyfile(url.removeprefix("sqlite:///"), copied.removeprefix("sqlite:///"))
            return copied
        return await self._empty("postgresql", template=url.rpartition("/")[2])

    @asynccontextmanager
    async def copied(self, url: str) -> AsyncIterator[str]:
        """The address of a copy that is there meanwhile: those of 100,000 watched would fill the disk."""
        copy = await self.copy(url)
        try:
            yield copy
        finally:
            await self.drop(copy)

    async def drop(self, url: str) -> None:
        """Remove a database; whoever is still connected is no longer."""
        if url.startswith("sqlite"):
            shutil.rmtree(Path(url.removeprefix("sqlite:///")).parent, ignore_errors=True)
            return
        assert self.postgres is not None
        await execute(self.postgres, f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')

    async def _empty(self, kind: Kind, template: str = "template1") -> str:
        if kind == "sqlite":
            return f"sqlite:///{self.run.new_folder('sqlite')}/doorstep.db"
        assert self.postgres is not None
        name = f"bench_{uuid4().hex}"
        await execute(self.postgres, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.postgres.url(name)


@asynccontextmanager
async def begin(kinds: list[Kind]) -> AsyncIterator[Ground]:
    """Start what these kinds of database need; end all of it afterwards. Raises UnavailableError."""
    sealing.use(KeyRing([TEST_KEY]))
    run = Run.begin()
    try:
        yield await _with_postgresql(run) if "postgresql" in kinds else Ground(run)
    finally:
        run.end()


async def _with_postgresql(run: Run) -> Ground:
    try:
        server = new_postgres(run)
        redis = start_redis(run)
    except UnavailableError as missing:
        raise UnavailableError(f"{missing} (or measure SQLite alone: --database sqlite)") from missing
    await execute(server, *(f"ALTER SYSTEM SET {name} = '{value}'" for name, value in DURABLE.items()))
    server.restart()
    return Ground(run, server, redis)
