"""The learning loop over years of debriefs: the log, its search, a briefing, planning where something is demanded."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import cycle, islice
from typing import Any

from sqlalchemy import func, select

from benchmarks.bare import Bare, open_bare
from benchmarks.ground import NAMES, Ground, Kind
from benchmarks.learning_seed import Seeded, seed
from benchmarks.recording import Recording, Statement, recording
from benchmarks.scale import Scale
from benchmarks.table import Row, percentile
from safety_service.actions import briefing, debrief_log, planning
from safety_service.actions.actor import load_actor
from safety_service.actions.debrief_log import Search
from safety_service.actions.planning import PlanRequest
from safety_service.store import debrief_words
from safety_service.store.database import Database, Tx
from safety_service.store.tables.learning import debrief_word

LEARNING = "learning"
FLOOR = "the same statements, bare"
#: What our transaction says besides its statements; the bare one says its own.
AROUND = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "SELECT clock_timestamp()", "SELECT 1")

Ask = Callable[[Tx, int], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: how long ours took, and the statements that it made. Seconds."""

    took: float
    statements: list[Statement]


async def measure(ground: Ground, kind: Kind, scale: Scale) -> list[Row]:
    """Each question in turn, ours on one copy of the years, its statements bare on another."""
    url = await ground.fresh(kind)
    database = await Database.open(url)
    seeded = await seed(database, scale.families, scale.debriefs)
    await database.close()
    again = await ground.copy(url)
    database, bare = await Database.open(url), await open_bare(again)
    name = NAMES[kind]
    try:
        rows = [
            row
            for what, ask in _questions(seeded, scale).items()
            for row in await _ask(database, bare, Row(what, name, 0, "ms"), ask, scale)
        ]
        return [*rows, *await _index(database, seeded, name, scale)]
    finally:
        await database.close()
        await bare.close()


def _questions(seeded: Seeded, scale: Scale) -> dict[str, Ask]:
    years = f"{scale.families * scale.debriefs:,} debriefs"

    def look(make: Callable[[int], Search]) -> Ask:
        async def ask(tx: Tx, number: int) -> Any:
            return await debrief_log.look(tx, await load_actor(tx, seeded.reader_id, "benchmark"), make(number))

        return ask

    def ref(number: int) -> str:
        return seeded.refs[number % len(seeded.refs)]

    async def brief(tx: Tx, number: int) -> Any:
        return await briefing.of(tx, await load_actor(tx, seeded.reader_id, "benchmark"), ref(number))

    async def plan(tx: Tx, number: int) -> Any:
        worker = seeded.worker_ids[number * 10 % len(seeded.worker_ids)]
        starts_at = tx.now + timedelta(hours=2 + number)
        asked = PlanRequest(family_ref=ref(number), starts_at=starts_at, ends_at=starts_at + timedelta(minutes=40))
        return await planning.plan_visit(tx, await load_actor(tx, worker, "benchmark"), asked)

    rare, common = list(islice(cycle(seeded.rare), 1000)), list(islice(cycle(seeded.common), 1000))
    return {
        f"debrief log of {years}: newest page": look(lambda _: Search()),
        f"debrief log of {years}: a rare word": look(lambda n: Search(text=rare[n])),
        f"debrief log of {years}: a common word": look(lambda n: Search(text=common[n])),
        f"debrief log of {years}: two common words": look(lambda n: Search(text=f"{common[n]} {common[n + 7]}")),
        f"debrief log of {years}: a common word at a family": look(lambda n: Search(text=common[n], family_ref=ref(n))),
        f"briefing, {scale.debriefs} debriefs of the family": brief,
        "planning where three measures are in force": plan,
    }


async def _ask(database: Database, bare: Bare, about: Row, ask: Ask, scale: Scale) -> list[Row]:
    ours: list[Asked] = []
    floor: list[float] = []
    with recording() as recorded:
        for number in range(scale.asked + scale.asked // 10):
            ours.append(await _once(database, recorded, ask, number))
            # At once: what else the machine does falls on both.
            floor.append(await said_bare(bare, ours[-1].statements))
    skip = scale.asked // 10  # the first ones fill caches
    took, least = [each.took for each in ours[skip:]], floor[skip:]
    return [
        replace(
            about,
            what=f"{about.what}, {says}",
            ours=percentile(took, share) * 1000,
            floor=percentile(least, share) * 1000,
            floor_is=FLOOR,
        )
        for share, says in ((0.5, "p50"), (0.99, "p99"))
    ]


async def _once(database: Database, recorded: Recording, ask: Ask, number: int) -> Asked:
    recorded.take()
    began = time.perf_counter()
    async with database.transaction() as tx:
        await ask(tx, number)
    took = time.perf_counter() - began
    return Asked(took, [each for each in recorded.take() if not each.name.startswith(AROUND)])


async def said_bare(bare: Bare, statements: Sequence[Statement]) -> float:
    """Say these in one transaction without our store; how long it took, in seconds."""
    began = time.perf_counter()
    async with bare.transaction() as connection:
        for each in statements:
            for values in each.params if isinstance(each.params, list) else [each.params]:
                await connection.run_as_is(each.sql, values)
    return time.perf_counter() - began


async def _index(database: Database, seeded: Seeded, name: str, scale: Scale) -> list[Row]:
    """What the buckets cost, and how many texts are opened for one that holds the word."""
    async with database.transaction() as tx:
        entries = (await tx.conn.execute(select(func.count()).select_from(debrief_word))).scalar_one()
        actor = await load_actor(tx, seeded.reader_id, "benchmark")
        opened = held = 0
        for word in seeded.rare[: scale.asked]:
            (candidates,) = debrief_words.having(tx, seeded.agency_id, [word])
            opened += (await tx.conn.execute(select(func.count()).select_from(candidates.subquery()))).scalar_one()
            held += len((await debrief_log.look(tx, actor, Search(text=word), 1000)).rows)
    each = entries / (scale.families * scale.debriefs)
    return [
        Row("word index: rows for each debrief", name, each, "rows"),
        Row("word index: texts opened for each that holds a rare word", name, opened / max(1, held), "texts"),
    ]
