"""Keeping the figures: whatever changed since the last time is counted again, day by day, by one process at a time."""

import time
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.actions import summing
from safety_service.actions.summing import Day
from safety_service.store import leases
from safety_service.store.database import Database

EVERY = timedelta(minutes=1)
WITHIN = timedelta(seconds=50)
#: Days that are kept in one transaction: others write between two of them.
AT_ONCE = 20
#: Seconds for which one run goes on; what is left waits for the next.
A_RUN = 30.0


class Summing:
    """`once` counts what changed, if no other process does."""

    def __init__(self, database: Database, holder: str) -> None:
        self._database = database
        self._holder = holder

    async def once(self) -> None:
        """One run."""
        async with self._database.transaction() as tx:
            if not await leases.hold(tx, "figures", self._holder, EVERY * 2):
                return
        until = time.monotonic() + A_RUN
        while not await self.step() and time.monotonic() < until:
            pass

    async def step(self) -> bool:
        """What changed in the next stretch of time; whether there is nothing after it."""
        async with self._database.reading() as tx:
            found = await summing.changed(tx)
            now = tx.now
        if found is None:
            return True
        days = sorted(found.days)
        for start in range(0, len(days), AT_ONCE):
            await self._count(days[start : start + AT_ONCE], found.zones)
        async with self._database.transaction() as tx:
            await summing.mark(tx, found.until)
        return found.until >= now

    async def _count(self, days: list[Day], zones: Mapping[UUID, ZoneInfo]) -> None:
        async with self._database.reading() as tx:
            counted = [(day, await summing.counted(tx, day, zones[day[0]])) for day in days]
        async with self._database.transaction() as tx:
            await summing.keep(tx, counted)
