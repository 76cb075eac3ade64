"""What a fresh test database holds: made once for each run, then copied for each test."""

from __future__ import annotations

from pathlib import Path

import asyncpg

from tests.services.postgres import PostgresServer
from tests.services.run import Run

TEMPLATE = "template_doorstep"


async def prepare_template(database_url: str) -> None:
    """Brings an empty database (`sqlite:///…` or `postgresql://…`) to the newest schema.

    There is no schema yet, so there is nothing to do.
    """


async def postgres_template(run: Run, server: PostgresServer) -> str:
    """The name of the database to copy from."""
    with run.lock("postgres-template"):
        done = run.folder / "postgres-template.done"
        if not done.exists():
            await execute(server, f'DROP DATABASE IF EXISTS "{TEMPLATE}"', f'CREATE DATABASE "{TEMPLATE}"')
            await prepare_template(server.url(TEMPLATE))
            done.touch()
    return TEMPLATE


async def sqlite_template(run: Run) -> Path:
    """The file to copy from; there is none while there is no schema."""
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
