"""Whose "now" decides: the database's. SQL never asks for the time; a transaction reads it here, once."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

#: Names a file with the seconds that a process under test has skipped; it may change while that runs. A second number
#: there is by how much the clock alone was stepped, as when an administrator sets it; a third, how long it slept.
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
            return of_this_machine()
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


def of_this_machine() -> datetime:
    """What time it is by this machine's clock: for what has no database to ask."""
    return datetime.now(UTC) + _offset()


def passed() -> float:
    """Seconds by the clock that nobody can set; what a process under test skipped has passed there, too."""
    return time.monotonic() + _numbers()[0]


def drift() -> float:
    """Seconds by which this machine's clock is ahead of the one that nobody can set: it changes when the clock is set,
    and when the machine slept.
    """
    return time.time() - time.monotonic() + sum(_numbers()[1:])


def slept() -> float:
    """Seconds that this machine has slept since it was switched on, where it can tell; else 0."""
    counted = getattr(time, "CLOCK_BOOTTIME", None)
    asleep = 0.0 if counted is None else time.clock_gettime(counted) - time.monotonic()
    return asleep + sum(_numbers()[2:])


def _offset() -> timedelta:
    return timedelta(seconds=sum(_numbers()))


def _numbers() -> list[float]:
    name = os.environ.get(OFFSET_FILE)
    numbers = [float(number) for number in Path(name).read_text().split()] if name else []
    return numbers or [0.0]
