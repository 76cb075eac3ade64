"""Whose "now" decides: the database's. SQL never asks for the time; a transaction reads it here, once."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

#: Names a file with the seconds by which a process under test goes ahead of time; it may change while that runs.
OFFSET_FILE = "DOORSTEP_CLOCK_OFFSET_FILE"
_CLOCK_TIMESTAMP = text("SELECT clock_timestamp()")


class Clock(Protocol):
    """Gives the time of a transaction."""

    async def now(self, conn: AsyncConnection) -> datetime:
        """The present, aware UTC."""


class DatabaseClock:
    """PostgreSQL's own clock; with SQLite, which has none, the process's."""

    async def now(self, conn: AsyncConnection) -> datetime:
        if conn.dialect.name == "sqlite":
            return datetime.now(UTC) + _offset()
        at: datetime = (await conn.execute(_CLOCK_TIMESTAMP)).scalar_one()
        return at.astimezone(UTC) + _offset()


class SetClock:
    """Stands still until it is moved: for tests."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("a time without its offset cannot be set")
        self.at = at.astimezone(UTC)

    def move(self, by: timedelta) -> datetime:
        """Go on (or back) by this much; returns the new time."""
        self.at += by
        return self.at

    async def now(self, conn: AsyncConnection) -> datetime:  # noqa: ARG002
        return self.at


def _offset() -> timedelta:
    name = os.environ.get(OFFSET_FILE)
    return timedelta(seconds=float(Path(name).read_text())) if name else timedelta()
