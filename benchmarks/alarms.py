"""How soon alarms are with the people on duty: many at the same moment, and one after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
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
LOOK_EVERY = 0.5
AT_ONCE, LATENESS = "hand-over", "lateness"

#: Visit → the moment at which its alarm is due.
Moments = Mapping[UUID, datetime]
#: Visit → the number that the sink gave its alarm's message.
Arrived = Callable[[], Awaitable[Mapping[UUID, int]]]


async def measure(
    ground: Ground, kind: Kind, seeded: str, watched: Sequence[Watched], scale: Scale, wanted: Collection[str]
) -> list[Row]:
    """What is wanted of the two, by the service and then by the floor, each with a copy of the database."""
    found: dict[str, list[list[float]]] = {AT_ONCE: [], LATENESS: []}
    for way in (_service, _floor):
        async with processes.sink(ground) as sink, way(ground, await ground.copy(seeded), sink) as (database, arrived):
            for name in (LATENESS, AT_ONCE):
                if name in wanted:
                    moments = _moments(name, watched, scale)
                    await seed.alarm_at(database, moments)
                    due = {each.visit_id: at for each, at in moments}
                    found[name].append(await _lateness(sink, due, arrived, scale.patience))
    rows = _at_once_rows(kind, *found[AT_ONCE]) if AT_ONCE in wanted else []
    return rows + (_lateness_rows(kind, watched, scale, *found[LATENESS]) if LATENESS in wanted else [])


def _moments(name: str, watched: Sequence[Watched], scale: Scale) -> list[tuple[Watched, datetime]]:
    """Whose alarm is due when: all at the same moment, or others evenly one after the other."""
    first = datetime.now(UTC) + timedelta(seconds=scale.ahead)
    if name == AT_ONCE:
        return [(each, first) for each in watched[: scale.at_once]]
    others = watched[scale.at_once : scale.at_once + scale.spread]
    apart = timedelta(seconds=scale.spread_over) / len(others)
    return [(each, first + place * apart) for place, each in enumerate(others)]


def _at_once_rows(kind: Kind, ours: list[float], floor: list[float]) -> list[Row]:
    about, floor_is = f"{len(ours):,} alarms due at once", "the fewest statements and the posts, bare"
    return [
        Row(f"{about}: first handed over after", NAMES[kind], min(ours), "s", min(floor), floor_is),
        Row(f"{about}: last handed over after", NAMES[kind], max(ours), "s", max(floor), floor_is),
        Row(f"{about}: handed over", NAMES[kind], len(ours) / max(ours), "/s", len(floor) / max(floor), floor_is),
    ]


def _lateness_rows(
    kind: Kind, watched: Sequence[Watched], scale: Scale, ours: list[float], floor: list[float]
) -> list[Row]:
    about = f"lateness of {len(ours)} alarms over {scale.spread_over:g} s, {len(watched):,} watched"
    return [
        Row(
            f"{about}: {says}",
            NAMES[kind],
            percentile(ours, share),
            "s",
            percentile(floor, share),
            "a bare loop, 0.25 s",
        )
        for share, says in ((0.5, "p50"), (0.99, "p99"), (1.0, "worst"))
    ]


@asynccontextmanager
async def _service(ground: Ground, url: str, sink: Server) -> AsyncIterator[tuple[Database, Arrived]]:
    database = await Database.open(url, pool_size=2)
    sent = select(outbox.c.visit_id, outbox.c.provider_id).where(
        outbox.c.template.like("alarm.%"), outbox.c.provider_id.is_not(None)
    )

    async def arrived() -> dict[UUID, int]:
        """The first message of each alert; where it was not taken in time, there are more."""
        numbers: dict[UUID, int] = {}
        async with database.reading() as tx:
            for visit_id, number in await tx.conn.execute(sent):
                numbers[visit_id] = min(int(number), numbers.get(visit_id, int(number)))
        return numbers

    try:
        async with processes.doorstep(ground, url, sink):
            await _until_swept(database)
            yield database, arrived
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
async def _floor(_ground: Ground, url: str, sink: Server) -> AsyncIterator[tuple[Database, Arrived]]:
    database, bare = await Database.open(url, pool_size=2), await open_bare(url)
    alarms = BareAlarms(bare, sink.url)

    async def arrived() -> Mapping[UUID, int]:
        return alarms.arrived

    running = asyncio.create_task(alarms.run())
    try:
        yield database, arrived
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await bare.close()
        await database.close()


async def _lateness(sink: Server, due: Moments, arrived: Arrived, patience: float) -> list[float]:
    """Wait until every alarm is at the sink. Raises NotMeasured when some never come."""
    last_due = max(due.values()).timestamp()
    await asyncio.sleep(max(0.0, last_due - time.time()))
    numbers: Mapping[UUID, int] = {}
    while not due.keys() <= numbers.keys():
        if time.time() > last_due + patience:
            raise NotMeasured(f"{len(due.keys() - numbers.keys())} of {len(due)} alarms did not come")
        await asyncio.sleep(LOOK_EVERY)
        if len(await _stamps(sink)) >= len(due):
            numbers = await arrived()
    stamps = await _stamps(sink)
    return [stamps[numbers[visit]] - at.timestamp() for visit, at in due.items()]


async def _stamps(sink: Server) -> dict[int, float]:
    async with aiohttp.ClientSession() as session, session.get(f"{sink.url}/stamps") as answer:
        return {int(number): at for number, at in (await answer.json()).items()}
