"""Looks on after each commit, and says which promise was broken. Its model is its own, written from the promises: it
reads rows, and calls nothing of the rules that it checks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from safety_service.simulation.alerts_seen import AlertsSeen
from safety_service.simulation.ledger import Outcome
from safety_service.simulation.messages_seen import MessagesSeen
from safety_service.simulation.rows import stored
from safety_service.simulation.watches_seen import WatchesSeen

if TYPE_CHECKING:
    from safety_service.simulation.world import World

#: Tables whose changes are looked at.
TABLES = ("watch", "alert", "outbox")
#: Seconds between two looks at everything that should be happening.
SCAN_EVERY = 2.0
#: Seconds that something due may wait: a tick, a busy database, a batch.
ALLOWANCE = 3.0
#: Seconds after a return until everything is as always: the inbox is heard first.
RETURN = 36.0
#: Seconds without a sweep that count as a gap, and within which it is told after the return.
GAP = 31.0
OWN_UP = 60.0


@dataclass(frozen=True, slots=True)
class Broken:
    """A promise that was broken."""

    promise: str
    why: str
    step: int
    at: datetime


class Observer:
    """`broken` ends the simulation."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.found: Broken | None = None
        self.now = world.clock.at
        self.watches = WatchesSeen(self)
        self.alerts = AlertsSeen(self)
        self.messages = MessagesSeen(self)
        self._scanned = float("-inf")
        self._up_since = float("inf")
        self._down_since: float | None = None
        self._quiet_since = float("-inf")
        #: A gap that is to be owned up to: since when the service is back, by the database's clock.
        self._owed: datetime | None = None

    def open(self) -> None:
        """Begin to look: from here on each changed row is known."""
        run = self.world.machine.raw.execute
        run("CREATE TEMP TABLE touched (name TEXT, id INTEGER)")
        for name in TABLES:
            for event in ("INSERT", "UPDATE"):
                run(
                    # Names of our own, from above.
                    f"CREATE TEMP TRIGGER seen_{name}_{event} AFTER {event} ON main.{name} "
                    f"BEGIN INSERT INTO touched VALUES ('{name}', new.rowid); END"
                )

    def broken(self, promise: str, why: str) -> None:
        """A promise was broken: the first one counts."""
        if self.found is None:
            self.found = Broken(promise, why, self.world.story.step, self.now)
            self.world.tell("BROKEN", f"{promise}: {why}")
            self.world.ended.set()

    def row(self, query: str, *values: Any) -> Any:
        """The first row of a query."""
        return self.world.machine.raw.execute(query, values).fetchone()

    # --- what happens to the service ---

    def comes_up(self) -> None:
        """A process begins."""
        steady = self.world.clock.steady()
        if (
            self._down_since is not None
            and steady - self._down_since > GAP
            and self.watches.under_way(self.world.clock.at)
        ):
            self._owed = self._owed or self.world.clock.at
        self._up_since = steady
        self.trouble()

    def goes_down(self) -> None:
        """A process died."""
        self._down_since = self.world.clock.steady()
        self._up_since = float("inf")

    def trouble(self) -> None:
        """Something happened after which the service needs a moment."""
        self._quiet_since = self.world.clock.steady()

    def quiet_for(self, seconds: float) -> bool:
        """Whether nothing has kept the service from its work for so long."""
        steady = self.world.clock.steady()
        return self.world.away is False and steady - max(self._up_since, self._quiet_since) >= seconds

    # --- after each commit ---

    def look(self, outcomes: list[Outcome]) -> None:
        """Look at what this commit changed; now and then, at all that should be happening."""
        if self.found is not None:
            return
        self.now = self.world.clock.at
        run = self.world.machine.raw.execute
        touched = run("SELECT DISTINCT name, id FROM touched").fetchall()
        if touched:
            run("DELETE FROM touched")
        rows: dict[str, list[int]] = {name: [] for name in TABLES}
        for name, row_id in touched:
            rows[name].append(row_id)
        self.watches.hear(outcomes)
        self.alerts.hear(outcomes)
        self.alerts.look(rows["alert"], outcomes)
        self.watches.look(rows["watch"], outcomes)
        self.messages.look(rows["outbox"])
        steady = self.world.clock.steady()
        if steady - self._scanned >= SCAN_EVERY:
            self._scanned = steady
            self._scan()

    def stored(self, at: datetime, before: float = 0.0) -> str:
        """A moment, so many seconds before another, as it stands in a row."""
        return stored(at - timedelta(seconds=before))

    def at_the_end(self) -> None:
        """Nothing was lost."""
        if self.found is None:
            self.messages.at_the_end()

    def _scan(self) -> None:
        if self.quiet_for(RETURN):
            self.watches.scan()
            self.alerts.scan()
        if self._owed is not None and self.quiet_for(OWN_UP):
            since, self._owed = self._owed, None
            query = "SELECT count(*) FROM event_log WHERE verb = 'not_watched' AND at >= ?"
            if not self.row(query, stored(since))[0]:
                self.broken("P7", f"the service was not watching until {since:%H:%M:%S}, and has not said so")
