"""All measurements, one after the other: seeded once for each kind of database, each on copies of its own."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from benchmarks import alarms, checkins, idle, inbox, killed, learning, pages, pgbench
from benchmarks.floods import FLOODS
from benchmarks.ground import NAMES, Ground, Kind, begin
from benchmarks.idle import IDLE
from benchmarks.inbox import INBOX
from benchmarks.killed import KILLED
from benchmarks.learning import LEARNING
from benchmarks.pages import PAGES
from benchmarks.processes import NotMeasured
from benchmarks.profile import Profile, profile
from benchmarks.scale import Scale
from benchmarks.seeded import Seeds
from benchmarks.table import Row, figures, markdown
from safety_service.store.database import Database

CHECK_INS, PROFILE = "check-ins", "profile"
WATCH = (CHECK_INS, INBOX, *FLOODS, KILLED, IDLE, PROFILE)
EVERY = (*WATCH, LEARNING, PAGES)


@dataclass(slots=True)
class Report:
    """What was found; `missing`: what was to be measured and did not do its work."""

    rows: list[Row] = field(default_factory=list)
    profiles: dict[Kind, Profile] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    #: What is not there to be compared with.
    absent: list[str] = field(default_factory=list)
    shows_profiles: bool = True

    def markdown(self) -> str:
        """All of it."""
        parts = [_machine()]
        if self.rows:
            parts.append(figures(_side_by_side(self.rows)))
        parts += [f"**Not measured:** {each}." for each in self.missing]
        parts += [f"Not here, and so no floor: {each}." for each in self.absent]
        if self.shows_profiles:
            parts += [_taken_apart(kind, found) for kind, found in self.profiles.items()]
        return "\n\n".join(parts)


async def measure(kinds: list[Kind], wanted: Collection[str], scale: Scale) -> Report:
    """Everything that is wanted, one after the other."""
    report = Report(shows_profiles=PROFILE in wanted)
    async with begin(kinds) as ground:
        for kind in kinds:
            await _measure_on(ground, kind, wanted, scale, report)
    return report


async def _measure_on(ground: Ground, kind: Kind, wanted: Collection[str], scale: Scale, report: Report) -> None:
    if LEARNING in wanted:
        with _or_missing(report, f"{NAMES[kind]}: the learning loop over years of debriefs"):
            report.rows += await learning.measure(ground, kind, scale)
    if PAGES in wanted:
        with _or_missing(report, f"{NAMES[kind]}: the pages over years of debriefs"):
            report.rows += await pages.measure(ground, kind, scale)
    if set(WATCH) & set(wanted):
        await _measure_watch(ground, kind, wanted, scale, report)


async def _measure_watch(ground: Ground, kind: Kind, wanted: Collection[str], scale: Scale, report: Report) -> None:
    seeds = Seeds(ground, kind, _say)
    if {PROFILE, CHECK_INS} & set(wanted):
        await _measure_check_ins(seeds, wanted, scale, report)
    if INBOX in wanted:
        with _or_missing(report, f"{NAMES[kind]}: words by Telegram"):
            report.rows += await inbox.measure(seeds, scale)
    for name, plan in await alarms.plans(seeds, scale, wanted):
        with _or_missing(report, f"{NAMES[kind]}: {plan.about}"):
            report.rows += await alarms.measure(seeds, name, plan, scale)
    if KILLED in wanted:
        with _or_missing(report, f"{NAMES[kind]}: alarms while their process is killed"):
            report.rows += await killed.measure(seeds, scale)
    if IDLE in wanted:
        with _or_missing(report, f"{NAMES[kind]}: idle minutes"):
            report.rows += await idle.measure(seeds, scale)
    await seeds.end()


async def _measure_check_ins(seeds: Seeds, wanted: Collection[str], scale: Scale, report: Report) -> None:
    name = NAMES[seeds.kind]
    if CHECK_INS in wanted and seeds.kind == "postgresql" and pgbench.program(seeds.ground) is None:
        report.absent.append("pgbench is not beside PostgreSQL's programs")
    for count in scale.watched if CHECK_INS in wanted else scale.watched[:1]:
        with _or_missing(report, f"{name}: check-ins, {count:,} watched"):
            # With each number anew: what is said again is about this very database's agency.
            profiled = await _profile(seeds, count, scale)
            report.profiles.setdefault(seeds.kind, profiled)
            if CHECK_INS in wanted:
                report.rows += await checkins.measure(seeds, count, profiled, scale)


@contextmanager
def _or_missing(report: Report, what: str) -> Iterator[None]:
    """What cannot be measured is said, and costs the other figures nothing."""
    _say(what)
    try:
        yield
    except NotMeasured as why:
        report.missing.append(f"{what}: {why}")
        _say("\n".join([f"not measured: {why}", *getattr(why, "__notes__", [])]))


def _side_by_side(rows: list[Row]) -> list[Row]:
    """What belongs together, and the same figure of both kinds of database, one below the other."""
    subjects = list(dict.fromkeys(row.subject for row in rows))
    order = list(dict.fromkeys(row.what for row in rows))
    return sorted(rows, key=lambda row: (subjects.index(row.subject), order.index(row.what)))


def _say(what: str) -> None:
    """On the way, so that somebody who waits knows for what."""
    print(f"{datetime.now(UTC):%H:%M:%S} {what}", file=sys.stderr, flush=True)


async def _profile(seeds: Seeds, count: int, scale: Scale) -> Profile:
    watched = await seeds.watched(count)
    async with seeds.copied(count) as url:
        database = await Database.open(url)
        try:
            return await profile(database, watched[: scale.profiled])
        finally:
            await database.close()


def _machine() -> str:
    processor = f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end"
    return f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()}, {processor}."


def _taken_apart(kind: Kind, found: Profile) -> str:
    rows = [
        *found.lines,
        (f"together: {len(found.lines)} statements", found.in_statements),
        ("Python between them", found.between),
    ]
    lines = [[name, f"{seconds * 1000:.3f}", f"{seconds / found.seconds:.0%}"] for name, seconds in rows]
    whole = f"{found.seconds * 1000:.2f} ms within our handlers, {found.cpu_seconds * 1000:.2f} ms of this processor"
    head = ["statement", "ms", "of the whole"]
    return f"One check-in on {NAMES[kind]}, alone: {whole}.\n\n{markdown(head, lines)}"
