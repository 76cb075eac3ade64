"""What a fresh test database holds: made once for each run, then copied for each test."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from safety_service.store import migrate, sealing
from safety_service.store.sealing import KeyRing
from tests.services.postgres import PostgresServer
from tests.services.run import Run

TEMPLATE = "template_doorstep"
#: Seals every test database; a process under test is given it as DOORSTEP_SECRET_KEYS.
TEST_KEY = "ZG9vcnN0ZXAgdGVzdHMgb25seSwgbm90IGEgc2VjcmU="


async def prepare_template(database_url: str) -> None:
    """Brings an empty database (`sqlite:///…` or `postgresql://…`) to the newest schema."""
    sealing.use(KeyRing([TEST_KEY]))
    await migrate.upgrade(database_url)


async def postgres_template(run: Run, server: PostgresServer) -> str:
    """The name of the database to copy from."""
    with run.lock("postgres-template"):
        done = run.folder / "postgres-template.done"
        if not done.exists():
            await execute(server, f'DROP DATABASE IF EXISTS "{TEMPLATE}"', f'CREATE DATABASE "{TEMPLATE}"')
            await prepare_template(server.url(TEMPLATE))
            done.touch()
    return TEMPLATE


@asynccontextmanager
async def postgres_copy(run: Run, server: PostgresServer) -> AsyncIterator[str]:
    """A database with the newest schema, to use and to spoil; gives its address."""
    template, name = await postgres_template(run, server), f"test_{uuid.uuid4().hex}"
    # File by file: through the journal, as is usual, it takes twice the work.
    await execute(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    yield server.url(name)
    await execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


async def sqlite_template(run: Run) -> Path:
    """The file to copy from."""
    folder = run.folder / "sqlite-template"
    with run.lock("sqlite-template"):
        if not folder.exists():
            fresh = run.new_folder("sqlite")
            await prepare_template(f"sqlite:///{fresh}/doorstep.db")
            fresh.rename(folder)
    return folder / "doorstep.db"


async def execute(server: PostgresServer, *statements: str) -> None:
    connection = await asyncpg.connect(server.url(), timeout=10)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
