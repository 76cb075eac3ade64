"""What was found of check-ins, as rows of the table."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks import targets
from benchmarks.ground import NAMES, Kind
from benchmarks.processes import NotMeasured
from benchmarks.table import Row, percentile
from benchmarks.targets import Target
from benchmarks.usage import Used

OURS, TWO, SAME, FEWEST, EMPTY, PGBENCH = "ours", "two", "same", "fewest", "empty", "pgbench"
FLOORS = {
    SAME: "the same statements, bare",
    FEWEST: "the fewest statements, bare",
    EMPTY: "an empty handler",
    PGBENCH: "pgbench, the fewest statements",
}
ONE = "one web process"
SHARES = ((0.5, "p50"), (0.99, "p99"))
#: Processes with less of the whole than this are not worth a line.
WORTH_SAYING = 0.01
#: What in the floor does the work of these; the others have none.
_COUNTERPARTS = {"web": "parent", "service": "parent", "PostgreSQL": "PostgreSQL", "clients": "clients"}


@dataclass(slots=True)
class Rate:
    """What one server did, in all rounds together. Seconds."""

    a_second: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    #: Seconds that the processors worked, by process, for `taken` check-ins.
    used: Used = field(default_factory=dict)
    taken: int = 0

    def add(self, found: dict[str, Any], used: Used) -> None:
        """One round."""
        if found["failed"]:
            raise NotMeasured(f"{found['failed']} check-ins were not taken, the first: {found['first_failure']}")
        if not found["took"]:
            raise NotMeasured("no check-in was taken")
        self.a_second.append(len(found["took"]) / found["seconds"])
        self.took += found["took"]
        self.taken += found["taken"]
        for name, seconds in used.items():
            self.used[name] = self.used.get(name, 0.0) + seconds

    @property
    def rate(self) -> float:
        """Check-ins a second: the median of the rounds."""
        return median(self.a_second)

    def took_ms(self, share: float) -> float:
        """What this share of the answers did not take longer than."""
        return percentile(self.took, share) * 1000

    def used_ms(self, process: str) -> float:
        """Processor time of one check-in."""
        return self.used.get(process, 0.0) / self.taken * 1000


#: By who took them.
Rates = dict[str, Rate]


def rows_of(kind: Kind, rates: Rates, clients: int, count: int) -> list[Row]:
    """The rate beside each floor, how long an answer took, and whose processor time it was."""
    ours, name, where = rates[OURS], NAMES[kind], f"{clients} clients, {count:,} watched"
    wanted = _wanted(kind, clients, count)
    rows = [
        Row(f"check-ins/s, {where}", name, ours.rate, "/s", rates[floor].rate, says, wanted.get(floor, ()))
        for floor, says in FLOORS.items()
        if floor in rates
    ]
    if TWO in rates:
        what = f"check-ins/s, {where}, two web processes"
        rows.append(Row(what, name, rates[TWO].rate, "/s", ours.rate, ONE, wanted.get(TWO, ())))
    rows += _answers(name, where, ours, rates[SAME], FLOORS[SAME], wanted.get("p99", ()))
    if TWO in rates:
        rows += _answers(name, f"{where}, two web processes", rates[TWO], ours, ONE, ())
    return rows + _processors(name, where, ours, rates[SAME])


def _wanted(kind: Kind, clients: int, count: int) -> dict[str, tuple[Target, ...]]:
    if kind == "postgresql" and count >= targets.COUNTY:
        return {SAME: (targets.COUNTY_RATE, targets.COUNTY_SHARE), TWO: (targets.COUNTY_RATE,)}
    if kind == "sqlite" and clients == targets.SMALL_CLIENTS:
        return {SAME: (targets.SMALL_RATE,), "p99": (targets.SMALL_P99,)}
    return {}


def _answers(
    name: str, where: str, ours: Rate, floor: Rate, floor_is: str, wanted_p99: tuple[Target, ...]
) -> list[Row]:
    rows = []
    for share, says in SHARES:
        wanted = wanted_p99 if says == "p99" else ()
        what = f"check-in answered, {where}: {says}"
        rows.append(Row(what, name, ours.took_ms(share), "ms", floor.took_ms(share), floor_is, wanted))
    return rows


def _processors(name: str, where: str, ours: Rate, floor: Rate) -> list[Row]:
    whole = sum(ours.used.values())
    rows = []
    for process, seconds in ours.used.items():
        if seconds >= whole * WORTH_SAYING:
            there = _COUNTERPARTS.get(process)
            beside = (floor.used_ms(there), FLOORS[SAME]) if there else (None, "")
            what = f"processor time of a check-in, {where}: {process}"
            rows.append(Row(what, name, ours.used_ms(process), "ms", *beside))
    return rows
