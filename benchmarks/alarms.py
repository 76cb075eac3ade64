"""How soon alarms are with the people on duty: many at the same moment, and one after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

import aiohttp
from sqlalchemy import select

from benchmarks import processes, seed
from benchmarks.bare import open_bare
from benchmarks.bare_alarms import BareAlarms
from benchmarks.ground import NAMES, Ground, Kind
from benchmarks.processes import NotMeasured, Server
from benchmarks.scale import Scale
from benchmarks.table import Row, percentile
from benchmarks.watched import Watched
from safety_service.store import stamps
from safety_service.store.database import Database
from safety_service.store.tables.alerts import outbox

#: Seconds between two looks whether all are there.
LOOK_EVERY = 0.25
AT_ONCE, LATENESS = "hand-over", "lateness"

#: Visit → the moment at which its alarm is due.
Moments = Mapping[UUID, datetime]
#: Visit → the number that the sink gave its alarm's message.
Arrived = Callable[[], Awaitable[Mapping[UUID, int]]]


@dataclass(frozen=True, slots=True)
class Works:
    """What raises alarms: `arm` sets deadlines, `arrived` tells whose alarms have been handed over."""

    arm: Callable[[Sequence[tuple[Watched, datetime]]], Awaitable[None]]
    arrived: Arrived
    #: What the processors have worked for it so far, the database server apart.
    cpu_seconds: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Flood:
    """One flood of alarms: seconds from due to the sink of each, and seconds that processors worked for all of them."""

    late: list[float]
    used: dict[str, float]


async def measure(
    ground: Ground, kind: Kind, seeded: str, watched: Sequence[Watched], scale: Scale, wanted: Collection[str]
) -> list[Row]:
    """What is wanted of the two, by the service and then by the floor, each with a copy of the database."""
    found: dict[str, list[Flood]] = {AT_ONCE: [], LATENESS: []}
    for way in (_service, _floor):
        async with processes.sink(ground) as sink, way(ground, await ground.copy(seeded), sink) as works:
            for name in (LATENESS, AT_ONCE):
                if name in wanted:
                    found[name].append(await _flood(ground, sink, works, _moments(name, watched, scale), scale))
    rows = _at_once_rows(kind, *found[AT_ONCE]) if AT_ONCE in wanted else []
    return rows + (_lateness_rows(kind, watched, scale, *found[LATENESS]) if LATENESS in wanted else [])


async def _flood(
    ground: Ground, sink: Server, works: Works, moments: Sequence[tuple[Watched, datetime]], scale: Scale
) -> Flood:
    def used() -> dict[str, float]:
        return {"service": works.cpu_seconds(), "PostgreSQL": processes.postgres_cpu_seconds(ground)}

    await works.arm(moments)
    before, due = used(), {each.visit_id: at for each, at in moments}
    late = await _lateness(sink, due, works.arrived, scale.patience)
    return Flood(late, processes.difference(before, used()))


def _moments(name: str, watched: Sequence[Watched], scale: Scale) -> list[tuple[Watched, datetime]]:
    """Whose alarm is due when: all at the same moment, or others evenly one after the other."""
    first = datetime.now(UTC) + timedelta(seconds=scale.ahead)
    if name == AT_ONCE:
        return [(each, first) for each in watched[: scale.at_once]]
    others = watched[scale.at_once : scale.at_once + scale.spread]
    apart = timedelta(seconds=scale.spread_over) / len(others)
    return [(each, first + place * apart) for place, each in enumerate(others)]


def _at_once_rows(kind: Kind, ours: Flood, floor: Flood) -> list[Row]:
    count, floor_is = len(ours.late), "the fewest statements and the posts, bare"

    def row(what: str, unit: str, figure: Callable[[Flood], float]) -> Row:
        return Row(f"{count:,} alarms due at once: {what}", NAMES[kind], figure(ours), unit, figure(floor), floor_is)

    rows = [
        row("first handed over after", "s", lambda flood: min(flood.late)),
        row("last handed over after", "s", lambda flood: max(flood.late)),
        row("handed over", "/s", lambda flood: count / max(flood.late)),
        row("processor time of one, service", "ms", lambda flood: flood.used["service"] / count * 1000),
    ]
    if kind == "postgresql":
        rows.append(
            row("processor time of one, PostgreSQL", "ms", lambda flood: flood.used["PostgreSQL"] / count * 1000)
        )
    return rows


def _lateness_rows(kind: Kind, watched: Sequence[Watched], scale: Scale, ours: Flood, floor: Flood) -> list[Row]:
    about = f"lateness of {len(ours.late)} alarms over {scale.spread_over:g} s, {len(watched):,} watched"

    def row(says: str, share: float) -> Row:
        figures = percentile(ours.late, share), percentile(floor.late, share)
        return Row(f"{about}: {says}", NAMES[kind], figures[0], "s", figures[1], "a bare loop, 0.25 s")

    return [row("p50", 0.5), row("p99", 0.99), row("worst", 1.0)]


@asynccontextmanager
async def _service(ground: Ground, url: str, sink: Server) -> AsyncIterator[Works]:
    database = await Database.open(url, pool_size=2)
    sent = select(outbox.c.visit_id, outbox.c.provider_id).where(
        outbox.c.template.like("alarm.%"), outbox.c.provider_id.is_not(None)
    )

    async def arrived() -> dict[UUID, int]:
        """The first message of each alert; where it was not taken in time, there are more."""
        numbers: dict[UUID, int] = {}
        async with database.reading() as tx:
            for visit_id, number in await tx.conn.execute(sent):
                # Of many to one chat some go as one message, whose number stands last.
                here = int(number.rpartition(":")[2])
                numbers[visit_id] = min(here, numbers.get(visit_id, here))
        return numbers

    try:
        async with processes.doorstep(ground, url, sink) as server:
            await _until_swept(database)
            yield Works(partial(seed.alarm_at, database), arrived, server.cpu_seconds)
    finally:
        await database.close()


async def _until_swept(database: Database) -> None:
    """The web server is up, and so is the watch, perhaps in another process."""
    async with asyncio.timeout(processes.STARTS_WITHIN):
        while True:
            async with database.reading() as tx:
                if await stamps.last(tx, "sweep") is not None:
                    return
            await asyncio.sleep(0.1)


@asynccontextmanager
async def _floor(_ground: Ground, url: str, sink: Server) -> AsyncIterator[Works]:
    database, bare = await Database.open(url, pool_size=2), await open_bare(url)
    alarms = BareAlarms(bare, sink.url)
    running: list[asyncio.Task[None]] = []

    async def arm(moments: Sequence[tuple[Watched, datetime]]) -> None:
        """While nobody looks: bare SQLite makes everything in this process wait, and so would wait for us for ever."""
        await _ended(running)
        await seed.alarm_at(database, moments)
        running.append(asyncio.create_task(alarms.run()))

    async def arrived() -> Mapping[UUID, int]:
        if running[-1].done():
            running[-1].result()
        return alarms.arrived

    try:
        yield Works(arm, arrived, time.process_time)
    finally:
        await _ended(running)
        await bare.close()
        await database.close()


async def _ended(running: Sequence[asyncio.Task[None]]) -> None:
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def _lateness(sink: Server, due: Moments, arrived: Arrived, patience: float) -> list[float]:
    """Wait until every alarm is at the sink. Raises NotMeasured when some never come."""
    last_due = max(due.values()).timestamp()
    await asyncio.sleep(max(0.0, last_due - time.time()))
    numbers: Mapping[UUID, int] = {}
    while not due.keys() <= numbers.keys():
        if time.time() > last_due + patience:
            raise NotMeasured(f"{len(due.keys() - numbers.keys())} of {len(due)} alarms did not come")
        await asyncio.sleep(LOOK_EVERY)
        numbers = await arrived()
    stamps = await _stamps(sink)
    return [stamps[numbers[visit]] - at.timestamp() for visit, at in due.items()]


async def _stamps(sink: Server) -> dict[int, float]:
    async with aiohttp.ClientSession() as session, session.get(f"{sink.url}/stamps") as answer:
        return {int(number): at for number, at in (await answer.json()).items()}
