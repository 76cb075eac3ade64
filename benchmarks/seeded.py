"""Databases with so many people inside, made once for each kind of database and copied for each measurement."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from benchmarks import seed
from benchmarks.ground import NAMES, Ground, Kind
from benchmarks.watched import Watched
from safety_service.store.database import Database

#: The first deadlines are half an hour off; whoever copies has the rest of it to measure.
STALE = timedelta(minutes=12)


@dataclass(slots=True)
class _Made:
    url: str
    watched: list[Watched]
    #: When its deadlines were set, by the monotonic clock.
    at: float


@dataclass(slots=True)
class Seeds:
    """What is there of one kind of database. `say` is told what takes long."""

    ground: Ground
    kind: Kind
    say: Callable[[str], None]
    _made: dict[int, _Made] = field(default_factory=dict)

    async def watched(self, count: int) -> list[Watched]:
        """Who is inside where so many are."""
        return (await self._of(count)).watched

    @asynccontextmanager
    async def copied(self, count: int) -> AsyncIterator[str]:
        """The address of a copy in which so many are inside, and nobody's deadline is near; gone in the end."""
        made = await self._of(count)
        await self._freshen(made)
        async with self.ground.copied(made.url) as url:
            yield url

    async def end(self) -> None:
        """Remove them all."""
        for each in self._made.values():
            await self.ground.drop(each.url)
        self._made.clear()

    async def _of(self, count: int) -> _Made:
        if count not in self._made:
            self._made[count] = await self._make(count)
        return self._made[count]

    async def _make(self, count: int) -> _Made:
        began = time.monotonic()
        url = await self.ground.fresh(self.kind)
        database = await Database.open(url)
        watched = await seed.seed(database, count)
        await database.close()
        self.say(f"{NAMES[self.kind]}: {count:,} people are inside, put there in {time.monotonic() - began:.1f} s")
        return _Made(url, watched, began)

    async def _freshen(self, made: _Made) -> None:
        now = time.monotonic()
        age = timedelta(seconds=now - made.at)
        if age < STALE:
            return
        database = await Database.open(made.url)
        await seed.put_off(database, age)
        await database.close()
        made.at = now
