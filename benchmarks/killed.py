"""What becomes of alarms when whoever raises and sends them is killed amid them: none may be lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from benchmarks import alarms, floods, processes, targets, usage
from benchmarks.floods import Plan
from benchmarks.ground import NAMES, Kind
from benchmarks.processes import NotMeasured, Server
from benchmarks.scale import Scale
from benchmarks.seeded import Seeds
from benchmarks.table import Row, percentile
from safety_service.store.database import Database
from safety_service.store.tables.alerts import outbox

KILLED = "killed"
#: Seconds until a message that the sink has is also kept as handed over.
KEPT_WITHIN = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """What became of so many: seconds from due to the sink of each that came; `twice`: messages that came again."""

    due: int
    killed_after: float
    late: Collection[float]
    twice: int

    @property
    def lost(self) -> int:
        """Those that never came."""
        return self.due - len(self.late)

    @property
    def before(self) -> int:
        """Those that nobody could lose any more."""
        return sum(each < self.killed_after for each in self.late)


async def measure(seeds: Seeds, scale: Scale) -> list[Row]:
    """Alarms due at the same moment, and SIGKILL a moment after it: each time with a copy of the database."""
    count, all_ = scale.killed
    plan = floods.at_once(await seeds.watched(all_), count)
    found = [(after, await _flood(seeds, plan, after, scale)) for after in scale.killed_after]
    return [row for after, each in found for row in rows_of(seeds.kind, plan, after, each)]


async def _flood(seeds: Seeds, plan: Plan, after: float, scale: Scale) -> Found:
    ground = seeds.ground
    async with (
        seeds.copied(plan.watched) as url,
        processes.sink(ground) as sink,
        processes.doorstep(ground, url, sink) as server,
        alarms.watched_by(url, server.cpu_by_role) as works,
    ):
        moments = plan.moments(scale)
        await works.arm(moments)
        due = {each.visit_id: at for each, at in moments}
        killed_after = await _killed(server, moments[0][1], after)
        numbers = await alarms.until_there(due, works.arrived, scale)
        return await _found(url, sink, numbers, due, killed_after)


async def _killed(server: Server, moment: datetime, after: float) -> float:
    """How many seconds after this moment whoever raises alarms was killed; its parent starts it again."""
    child = usage.child_of(server.process.pid, "scheduler", "service")
    if child is None:
        raise NotMeasured("there is nobody who raises alarms")
    await asyncio.sleep(max(0.0, moment.timestamp() + after - time.time()))
    child.kill()
    return time.time() - moment.timestamp()


async def _found(
    url: str, sink: Server, numbers: Mapping[UUID, int], due: Mapping[UUID, datetime], killed_after: float
) -> Found:
    stamps: dict[str, float] = await alarms.asked(sink, "/stamps")
    await asyncio.sleep(KEPT_WITHIN)
    late = alarms.how_late(stamps, numbers, due)
    return Found(len(due), killed_after, late.values(), twice(stamps, await _kept(url)))


def twice(stamps: Collection[str], kept: Collection[str]) -> int:
    """Messages at the sink that nobody here knows to be there: what was in them was handed over once more."""
    return len(set(stamps) - {each.rpartition(":")[2] for each in kept})


async def _kept(url: str) -> list[str]:
    database = await Database.open(url, pool_size=1)
    try:
        async with database.reading() as tx:
            kept = select(outbox.c.provider_id).where(outbox.c.provider_id.is_not(None))
            return list((await tx.conn.execute(kept)).scalars())
    finally:
        await database.close()


def rows_of(kind: Kind, plan: Plan, after: float, found: Found) -> list[Row]:
    """What was found, without a floor: of what is lost there is none."""
    if not found.late:
        raise NotMeasured(f"none of {found.due} alarms came")
    about = f"{found.due:,} alarms due at once, killed {after:g} s later, {plan.watched:,} watched"

    def row(what: str, ours: float, unit: str) -> Row:
        wanted = (targets.LOST,) if what == "lost" else ()
        return Row(f"{about}: {what}", NAMES[kind], ours, unit, targets=wanted)

    return [
        row("lost", found.lost, "alarms"),
        row("handed over before that", found.before, "alarms"),
        row("handed over more than once", found.twice, "messages"),
        row("half handed over after", percentile(list(found.late), 0.5), "s"),
        row("last handed over after", max(found.late), "s"),
    ]
