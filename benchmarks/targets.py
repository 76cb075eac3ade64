"""What is wanted of a figure. Whether it is kept is computed; nobody types it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """`least`: at least so much is wanted, else at most. `of_floor`: of the ratio to the floor, not of the figure."""

    limit: float
    least: bool = False
    of_floor: bool = False

    def says(self, ours: float, unit: str, floor: float | None) -> str:
        """What is wanted, and whether that is so."""
        sign = "≥" if self.least else "≤"
        if not self.of_floor:
            return f"{sign} {self.limit:,g} {unit}: {_kept(self._holds(ours))}"
        if not floor:
            return f"{sign} {self.limit:.0%} of the floor: not known"
        return f"{sign} {self.limit:.0%} of the floor: {_kept(self._holds(ours / floor))}"

    def _holds(self, found: float) -> bool:
        return found >= self.limit if self.least else found <= self.limit


def _kept(holds: bool) -> str:
    return "kept" if holds else "missed"


#: Check-ins a second on PostgreSQL, this many or more watched.
COUNTY = 100_000
COUNTY_RATE = Target(1_600, least=True)
#: Of what the same statements do bare.
COUNTY_SHARE = Target(0.6, least=True, of_floor=True)
#: On SQLite, with as many clients as these: a second, and ms.
SMALL_CLIENTS = 16
SMALL_RATE = Target(1_000, least=True)
SMALL_P99 = Target(50)
#: Alarms a second.
HAND_OVER = Target(1_200, least=True)
#: Of alarms that were due when their process was killed.
LOST = Target(0)
#: Seconds.
ON_TIME = Target(0.3)
IN_TROUBLE = Target(1.0)
#: From the fewest watched to the most: hundredths of a processor, MiB.
IDLE_CPU = Target(1.0)
IDLE_MEMORY = Target(50)
