"""How quickly messages were handed over, counted by every process and added up in the database.

Kept in the database, because the processes that deliver are not the one that is asked for figures, and may run on
other machines; the counts go on where they were when a process is started again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from safety_service.domain.reaching import CANARY
from safety_service.store.database import Database, Tx
from safety_service.store.tables.system import stamp
from safety_service.store.upsert import insert_or

#: Name of the row that holds the sums.
ROW = "tally"
#: Upper bounds of the buckets, in seconds.
BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, math.inf)
SEPARATOR = "|"


@dataclass
class Histogram:
    """How many were so quick: `buckets[n]` counts those above the bound before `BOUNDS[n]` and not above it."""

    buckets: list[int] = field(default_factory=lambda: [0] * len(BOUNDS))
    total: float = 0.0

    def observe(self, seconds: float) -> None:
        """Count one."""
        at = max(seconds, 0.0)
        self.buckets[next(place for place, bound in enumerate(BOUNDS) if at <= bound)] += 1
        self.total += at

    def add(self, other: Histogram) -> None:
        """Count all that the other counted."""
        self.buckets = [mine + theirs for mine, theirs in zip(self.buckets, other.buckets, strict=True)]
        self.total += other.total


@dataclass
class Tally:
    """What was counted. Deliveries by `channel|priority`; lateness; failures by channel; who posted as if Telegram."""

    deliveries: dict[str, Histogram] = field(default_factory=dict)
    lateness: Histogram = field(default_factory=Histogram)
    failures: dict[str, int] = field(default_factory=dict)
    strangers: int = 0

    @property
    def empty(self) -> bool:
        """Whether nothing was counted."""
        return not self.deliveries and not self.failures and not self.strangers

    def delivered(self, channel: str, priority: int, seconds: float, late: float | None) -> None:
        """A channel took a message, so many seconds after it was put in; `late`: after the moment it is about."""
        if channel == CANARY:
            return  # it reached nobody
        self.deliveries.setdefault(f"{channel}{SEPARATOR}{priority}", Histogram()).observe(seconds)
        if late is not None:
            self.lateness.observe(late)

    def failed(self, channel: str) -> None:
        """A channel did not take a message."""
        if channel != CANARY:
            self.failures[channel] = self.failures.get(channel, 0) + 1

    def add(self, other: Tally) -> None:
        """Count all that the other counted."""
        for name, histogram in other.deliveries.items():
            self.deliveries.setdefault(name, Histogram()).add(histogram)
        self.lateness.add(other.lateness)
        for channel, count in other.failures.items():
            self.failures[channel] = self.failures.get(channel, 0) + count
        self.strangers += other.strangers

    def take(self) -> Tally:
        """What was counted so far; counting begins anew."""
        taken = Tally(self.deliveries, self.lateness, self.failures, self.strangers)
        self.deliveries, self.lateness, self.failures, self.strangers = {}, Histogram(), {}, 0
        return taken


#: What this process has counted and not yet added to the sums.
HERE = Tally()


async def flush(database: Database) -> None:
    """Add what this process counted to the sums; what could not be added is added the next time."""
    if HERE.empty:
        return
    counted = HERE.take()
    try:
        async with database.transaction() as tx:
            await tx.conn.execute(insert_or(tx, stamp).values(name=ROW, at=tx.now, info={}).on_conflict_do_nothing())
            kept = select(stamp.c.info).where(stamp.c.name == ROW).with_for_update()
            known = _in((await tx.conn.execute(kept)).scalar_one())
            known.add(counted)
            await tx.conn.execute(update(stamp).where(stamp.c.name == ROW).values(at=tx.now, info=_out(known)))
    except BaseException:
        HERE.add(counted)
        raise


async def sums(tx: Tx) -> Tally:
    """All that was ever counted."""
    kept = (await tx.conn.execute(select(stamp.c.info).where(stamp.c.name == ROW))).scalar()
    return _in(kept or {})


def _out(tally: Tally) -> dict[str, Any]:
    return {
        "deliveries": {name: [each.buckets, each.total] for name, each in tally.deliveries.items()},
        "lateness": [tally.lateness.buckets, tally.lateness.total],
        "failures": tally.failures,
        "strangers": tally.strangers,
    }


def _in(kept: dict[str, Any]) -> Tally:
    if not kept:
        return Tally()
    return Tally(
        {name: Histogram(*each) for name, each in kept["deliveries"].items()},
        Histogram(*kept["lateness"]),
        dict(kept["failures"]),
        kept.get("strangers", 0),
    )
