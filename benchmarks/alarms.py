"""How soon alarms are with the people on duty: a thousand at the same moment, and a few hundred one after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import aiohttp
from sqlalchemy import select

from benchmarks import processes, seed
from benchmarks.bare import open_bare
from benchmarks.bare_alarms import BareAlarms
from benchmarks.ground import NAMES, Ground, Kind
from benchmarks.processes import Server
from benchmarks.scale import Scale
from benchmarks.seed import Watched
from benchmarks.table import Row
from safety_service.store.database import Database
from safety_service.store.tables.alerts import outbox

#: Seconds between two looks whether all are there.
LOOK_EVERY = 0.5

#: Visit → the moment at which its alarm is due.
Moments = Mapping[UUID, datetime]
#: Visit → the number that the sink gave its alarm's message.
Arrived = Callable[[], Awaitable[Mapping[UUID, int]]]


async def at_once(ground: Ground, kind: Kind, seeded: str, watched: Sequence[Watched], scale: Scale) -> list[Row]:
    """Seconds until the first and the last of many alarms due at the same moment are at the sink."""
    chosen = watched[: scale.at_once]

    def moments(first: datetime) -> dict[Watched, datetime]:
        return dict.fromkeys(chosen, first)

    ours, floor = await _both(ground, seeded, moments, scale)
    about = f"{len(chosen):,} alarms due at once"
    floor_is = "the fewest statements and the posts, bare"
    return [
        Row(f"{about}: first handed over after", NAMES[kind], min(ours), "s", min(floor), floor_is),
        Row(f"{about}: last handed over after", NAMES[kind], max(ours), "s", max(floor), floor_is),
        Row(f"{about}: handed over", NAMES[kind], len(ours) / max(ours), "/s", len(floor) / max(floor), floor_is),
    ]


async def spread(ground: Ground, kind: Kind, seeded: str, watched: Sequence[Watched], scale: Scale) -> list[Row]:
    """How late the alarms are when they are due one after the other."""
    chosen = watched[: scale.spread]
    apart = timedelta(seconds=scale.spread_over) / len(chosen)

    def moments(first: datetime) -> dict[Watched, datetime]:
        return {each: first + place * apart for place, each in enumerate(chosen)}

    ours, floor = await _both(ground, seeded, moments, scale)
    about = f"lateness of {len(chosen)} alarms over {scale.spread_over:g} s, {len(watched):,} watched"
    return [
        Row(
            f"{about}: {says}",
            NAMES[kind],
            _percentile(ours, share),
            "s",
            _percentile(floor, share),
            "a bare loop, 0.25 s",
        )
        for share, says in ((0.5, "p50"), (0.99, "p99"), (1.0, "worst"))
    ]


def _percentile(found: Sequence[float], share: float) -> float:
    return sorted(found)[min(len(found) - 1, int(share * len(found)))]


Choose = Callable[[datetime], dict[Watched, datetime]]


async def _both(ground: Ground, seeded: str, choose: Choose, scale: Scale) -> tuple[list[float], list[float]]:
    """Seconds from due to the sink: the service's, then the floor's, each on its own copy of the database."""
    found = []
    for way in (_service, _floor):
        async with processes.sink(ground) as sink, way(ground, await ground.copy(seeded), sink) as (database, arrived):
            moments = choose(datetime.now(UTC) + timedelta(seconds=scale.ahead))
            await seed.alarm_at(database, list(moments.items()))
            due = {each.visit_id: at for each, at in moments.items()}
            found.append(await _lateness(sink, due, arrived, scale.patience))
    return found[0], found[1]


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
            yield database, arrived
    finally:
        await database.close()


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
    """Wait until every alarm is at the sink. Raises RuntimeError when some never come."""
    last_due = max(due.values()).timestamp()
    await asyncio.sleep(max(0.0, last_due - time.time()))
    numbers: Mapping[UUID, int] = {}
    while not due.keys() <= numbers.keys():
        if time.time() > last_due + patience:
            raise RuntimeError(f"{len(due.keys() - numbers.keys())} of {len(due)} alarms did not come")
        await asyncio.sleep(LOOK_EVERY)
        if len(await _stamps(sink)) >= len(due):
            numbers = await arrived()
    stamps = await _stamps(sink)
    return [stamps[numbers[visit]] - at.timestamp() for visit, at in due.items()]


async def _stamps(sink: Server) -> dict[int, float]:
    async with aiohttp.ClientSession() as session, session.get(f"{sink.url}/stamps") as answer:
        return {int(number): at for number, at in (await answer.json()).items()}
