"""How soon alarms are with the people on duty, raised by the service and by the floor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import aiohttp
from sqlalchemy import select

from benchmarks import floods, processes, seed, usage
from benchmarks.bare import open_bare
from benchmarks.bare_alarms import BareAlarms
from benchmarks.floods import Flood, Plan
from benchmarks.ground import Ground
from benchmarks.processes import NotMeasured, Server
from benchmarks.scale import Scale
from benchmarks.seeded import Seeds
from benchmarks.table import Row
from benchmarks.usage import Used
from benchmarks.watched import Watched
from safety_service.store import stamps
from safety_service.store.database import Database
from safety_service.store.tables.alerts import outbox

#: Seconds between two looks whether all are there; to look takes longer where there are many.
LOOK_EVERY = 0.25
LOOK_AFTER_EACH = 0.0004

#: Visit → the number that the sink gave its alarm's message.
Arrived = Callable[[], Awaitable[Mapping[UUID, int]]]


@dataclass(frozen=True, slots=True)
class Works:
    """What raises alarms: `arm` sets deadlines, `arrived` tells whose alarms have been handed over."""

    arm: Callable[[Sequence[tuple[Watched, datetime]]], Awaitable[None]]
    arrived: Arrived
    #: What the processors have worked for it so far, the database server apart.
    used: Callable[[], Used]


Way = Callable[[Ground, str, Server], AbstractAsyncContextManager[Works]]


async def plans(seeds: Seeds, scale: Scale, wanted: Collection[str]) -> list[tuple[str, Plan]]:
    """What is to be measured, by name."""
    return [each for name in floods.FLOODS if name in wanted for each in await _planned(seeds, scale, name)]


async def _planned(seeds: Seeds, scale: Scale, name: str) -> list[tuple[str, Plan]]:
    few = await seeds.watched(scale.watched[0])
    if name == floods.AT_ONCE:
        return [(name, floods.at_once(await seeds.watched(all_), count)) for count, all_ in scale.at_once]
    if name == floods.LATENESS:
        return [(name, floods.lateness(await seeds.watched(count), scale)) for count in scale.watched]
    return [(name, floods.storm(few, scale) if name == floods.STORM else floods.beside(few, scale))]


async def measure(seeds: Seeds, name: str, plan: Plan, scale: Scale) -> list[Row]:
    """By the service and then by the floor, each with a copy of the database."""
    ours = await _flood(seeds, _service, plan, plan.hangs, scale)
    # The floor has one chat for everybody: it would hang altogether.
    floor = await _flood(seeds, _floor, plan, (), scale)
    rows = floods.rows_of(seeds.kind, name, plan, ours, floor)
    if name == floods.AT_ONCE and seeds.kind == "postgresql":
        rows += floods.rows_of_two(seeds.kind, plan, await _flood(seeds, _two_schedulers, plan, (), scale), ours)
    return rows


async def _flood(seeds: Seeds, way: Way, plan: Plan, hangs: Sequence[int], scale: Scale) -> Flood:
    ground = seeds.ground
    async with (
        seeds.copied(plan.watched) as url,
        processes.sink(ground, hangs=hangs) as sink,
        way(ground, url, sink) as works,
    ):
        moments = plan.moments(scale)
        due = {each.visit_id: at for each, at in moments}

        def used() -> Used:
            return works.used() | {"PostgreSQL": usage.postgres_cpu_seconds(ground)}

        await works.arm(moments)
        before = used()
        awaited = {each.visit_id: due[each.visit_id] for each, _ in plan.waited_for}
        late = await _lateness(sink, awaited, works.arrived, scale)
        await _must_hang(sink, hangs)
        return Flood(late, usage.difference(before, used()))


async def _must_hang(sink: Server, hangs: Sequence[int]) -> None:
    """Else what is told would be of a receiver that nobody wrote to."""
    if hangs and not await asked(sink, "/hung"):
        raise NotMeasured("nothing was sent to the receiver that hangs")


@asynccontextmanager
async def _service(ground: Ground, url: str, sink: Server) -> AsyncIterator[Works]:
    async with processes.doorstep(ground, url, sink) as server, watched_by(url, server.cpu_by_role) as works:
        yield works


@asynccontextmanager
async def _two_schedulers(ground: Ground, url: str, sink: Server) -> AsyncIterator[Works]:
    async with processes.two_doorsteps(ground, url, sink, "web,scheduler") as both:

        def used() -> Used:
            return usage.together(*(each.cpu_by_role() for each in both))

        async with watched_by(url, used) as works:
            yield works


@asynccontextmanager
async def watched_by(url: str, used: Callable[[], Used]) -> AsyncIterator[Works]:
    """A service that keeps watch over this database; it does when this yields."""
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
                last = number.rpartition(":")[2]
                if last.isdigit():  # there is none where nobody knows which message it was
                    numbers[visit_id] = min(int(last), numbers.get(visit_id, int(last)))
        return numbers

    try:
        await _until_swept(database)
        yield Works(partial(seed.alarm_at, database), arrived, used)
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
        yield Works(arm, arrived, lambda: {"parent": time.process_time()})
    finally:
        await _ended(running)
        await bare.close()
        await database.close()


async def _ended(running: Sequence[asyncio.Task[None]]) -> None:
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def _lateness(sink: Server, due: Mapping[UUID, datetime], arrived: Arrived, scale: Scale) -> dict[UUID, float]:
    """Wait until every alarm is at the sink. Raises NotMeasured when some never come."""
    numbers = await until_there(due, arrived, scale)
    if missing := len(due.keys() - numbers.keys()):
        raise NotMeasured(f"{missing} of {len(due)} alarms did not come")
    return how_late(await asked(sink, "/stamps"), numbers, due)


def how_late(
    stamps: Mapping[str, float], numbers: Mapping[UUID, int], due: Mapping[UUID, datetime]
) -> dict[UUID, float]:
    """Seconds from the moment at which each was due until its message was at the sink."""
    return {visit: stamps[str(numbers[visit])] - at.timestamp() for visit, at in due.items() if visit in numbers}


async def until_there(due: Mapping[UUID, datetime], arrived: Arrived, scale: Scale) -> Mapping[UUID, int]:
    """Wait until all of these alarms are at the sink, or some are given up: what has come."""
    last_due = max(due.values()).timestamp()
    given_up = last_due + scale.patience + scale.patience_each * len(due)
    await asyncio.sleep(max(0.0, last_due - time.time()))
    numbers: Mapping[UUID, int] = {}
    while not due.keys() <= numbers.keys() and time.time() < given_up:
        await asyncio.sleep(LOOK_EVERY + LOOK_AFTER_EACH * len(due))
        numbers = await arrived()
    return numbers


async def asked(sink: Server, path: str) -> Any:
    """What the sink tells of itself."""
    async with aiohttp.ClientSession() as session, session.get(sink.url + path) as answer:
        return await answer.json()
