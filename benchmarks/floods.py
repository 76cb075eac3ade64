"""Which alarms are due when: each measurement of alarms, and what it says in the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from benchmarks import seed, targets
from benchmarks.ground import NAMES, Kind
from benchmarks.scale import Scale
from benchmarks.table import Row, percentile
from benchmarks.targets import Target
from benchmarks.usage import Used
from benchmarks.watched import Watched

AT_ONCE, LATENESS, STORM, BESIDE = "hand-over", "lateness", "storm", "hanging"
FLOODS = (LATENESS, AT_ONCE, STORM, BESIDE)
THE_POSTS = "the fewest statements and the posts, bare"
ONE_SCHEDULER = "one scheduler"
A_LOOP = "a bare loop, 0.25 s"
SHARES = ((0.5, "p50"), (0.99, "p99"), (1.0, "worst"))

#: Seconds from the beginning at which somebody's alarm is due.
Due = tuple[Watched, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """`measured`: alarms whose lateness is told; `others` are due as well. `hangs`: chats that are never answered."""

    about: str
    watched: int
    measured: Sequence[Due]
    others: Sequence[Due] = ()
    hangs: Sequence[int] = ()
    #: Whether the others' alarms arrive, and are waited for.
    others_arrive: bool = True
    #: Wanted of the lateness.
    wanted: tuple[Target, ...] = ()

    @property
    def waited_for(self) -> Sequence[Due]:
        """Those that arrive."""
        return [*self.others, *self.measured] if self.others_arrive else self.measured

    def moments(self, scale: Scale) -> list[tuple[Watched, datetime]]:
        """When all of them are due, from now on."""
        begins = datetime.now(UTC) + timedelta(seconds=scale.ahead)
        return [(each, begins + timedelta(seconds=after)) for each, after in (*self.others, *self.measured)]


@dataclass(frozen=True, slots=True)
class Flood:
    """What became of it: seconds from due to the sink of each, and seconds that processors worked for all of them."""

    late: dict[UUID, float]
    used: Used = field(default_factory=dict)

    def of(self, plan: Plan) -> list[float]:
        """The lateness of those that are measured."""
        return [self.late[each.visit_id] for each, _ in plan.measured]


def at_once(watched: Sequence[Watched], count: int) -> Plan:
    """So many at the same moment."""
    return Plan(f"{count:,} alarms due at once, {len(watched):,} watched", len(watched), _from(watched[:count]))


def lateness(watched: Sequence[Watched], scale: Scale) -> Plan:
    """One after the other."""
    some = watched[: scale.spread]
    about = f"lateness of {len(some)} alarms over {scale.spread_over:g} s, {len(watched):,} watched"
    return Plan(about, len(watched), _from(some, scale.spread_over), wanted=(targets.ON_TIME,))


def storm(watched: Sequence[Watched], scale: Scale) -> Plan:
    """Some that fall due while many others are handed over: to other people, for much to one person is bundled."""
    teams = seed.teams_of(len(watched))
    stormy = teams - max(1, teams // 5)
    others = [each for place, each in enumerate(watched) if place % teams < stormy][: scale.storm]
    some = [each for place, each in enumerate(watched) if place % teams >= stormy][: scale.amid]
    about = f"lateness of {len(some)} alarms within {scale.amid_over:g} s of {len(others):,} others, {len(watched):,}"
    measured = _from(some, scale.amid_over, after=scale.amid_over / len(some))
    return Plan(f"{about} watched", len(watched), measured, _from(others), wanted=(targets.IN_TROUBLE,))


def beside(watched: Sequence[Watched], scale: Scale) -> Plan:
    """Some of other teams, while the first manager's messages are taken and never answered."""
    teams = seed.teams_of(len(watched))
    hanging = watched[::teams][: scale.hanging]
    chosen = [each for place, each in enumerate(watched) if place % teams][: scale.beside]
    about = f"lateness of {len(chosen)} alarms beside a receiver that hangs, {len(watched):,} watched"
    return Plan(
        about,
        len(watched),
        _from(chosen, scale.beside_over, after=0.25),
        _from(hanging),
        hangs=(seed.FIRST_MANAGERS_CHAT,),
        others_arrive=False,
        wanted=(targets.IN_TROUBLE,),
    )


def _from(some: Sequence[Watched], over: float = 0.0, after: float = 0.0) -> list[Due]:
    apart = over / max(1, len(some))
    return [(each, after + place * apart) for place, each in enumerate(some)]


def rows_of(kind: Kind, name: str, plan: Plan, ours: Flood, floor: Flood) -> list[Row]:
    """What was measured under this name, beside the floor."""
    return _at_once_rows(kind, plan, ours, floor) if name == AT_ONCE else _lateness_rows(kind, plan, ours, floor)


def rows_of_two(kind: Kind, plan: Plan, two: Flood, one: Flood) -> list[Row]:
    """What two schedulers hand over, beside one."""
    ours, alone, count = two.of(plan), one.of(plan), len(plan.measured)
    about = f"{plan.about}, two schedulers"

    def row(what: str, unit: str, figures: tuple[float, float], *wanted: Target) -> Row:
        return Row(f"{about}: {what}", NAMES[kind], figures[0], unit, figures[1], ONE_SCHEDULER, wanted)

    return [
        row("p99 handed over after", "s", (percentile(ours, 0.99), percentile(alone, 0.99))),
        row("last handed over after", "s", (max(ours), max(alone))),
        row("handed over", "/s", (count / max(ours), count / max(alone)), targets.HAND_OVER),
    ]


def _at_once_rows(kind: Kind, plan: Plan, ours: Flood, floor: Flood) -> list[Row]:
    mine, bare, count = ours.of(plan), floor.of(plan), len(plan.measured)

    def row(what: str, unit: str, figures: tuple[float, float | None], *wanted: Target) -> Row:
        beside = "" if figures[1] is None else THE_POSTS
        return Row(f"{plan.about}: {what}", NAMES[kind], figures[0], unit, figures[1], beside, wanted)

    rows = [
        row("first handed over after", "s", (min(mine), min(bare))),
        row("half handed over after", "s", (percentile(mine, 0.5), percentile(bare, 0.5))),
        row("p99 handed over after", "s", (percentile(mine, 0.99), percentile(bare, 0.99))),
        row("last handed over after", "s", (max(mine), max(bare))),
        row("handed over", "/s", (count / max(mine), count / max(bare)), targets.HAND_OVER),
    ]
    for process, seconds in ours.used.items():
        if seconds >= 0.01 * sum(ours.used.values()):
            there = floor.used.get("parent" if process in ("scheduler", "service") else process)
            beside = there / count * 1000 if there is not None and process != "parent" else None
            rows.append(row(f"processor time of one, {process}", "ms", (seconds / count * 1000, beside)))
    return rows


def _lateness_rows(kind: Kind, plan: Plan, ours: Flood, floor: Flood) -> list[Row]:
    mine, bare = ours.of(plan), floor.of(plan)
    return [
        Row(
            f"{plan.about}: {says}",
            NAMES[kind],
            percentile(mine, share),
            "s",
            percentile(bare, share),
            A_LOOP,
            plan.wanted if says == "p99" else (),
        )
        for share, says in SHARES
    ]
