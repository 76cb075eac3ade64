"""Check-ins a second over HTTP, beside the floors that the same machine has at the same time."""

from __future__ import annotations

import pickle
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import processes
from benchmarks.ground import NAMES, Ground, Kind
from benchmarks.processes import NotMeasured, Server
from benchmarks.profile import Profile
from benchmarks.replay import make_replay
from benchmarks.scale import Scale
from benchmarks.table import Row, percentile
from benchmarks.watched import Watched, save
from safety_service import api

OURS, SAME, FEWEST, EMPTY = "ours", "same", "fewest", "empty"
FLOORS = {SAME: "the same statements, bare", FEWEST: "the fewest statements, bare", EMPTY: "an empty handler"}


@dataclass(slots=True)
class Rate:
    """What one server did, in all rounds together. Seconds."""

    a_second: list[float] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    #: Seconds that the processors worked, by process, for `taken` check-ins.
    used: dict[str, float] = field(default_factory=dict)
    taken: int = 0

    def add(self, found: dict[str, Any], used: dict[str, float]) -> None:
        """One round."""
        if found["failed"]:
            raise NotMeasured(f"{found['failed']} check-ins were not taken, the first: {found['first_failure']}")
        self.a_second.append(len(found["took"]) / found["seconds"])
        self.took += found["took"]
        self.taken += found["taken"]
        for name, seconds in used.items():
            self.used[name] = self.used.get(name, 0.0) + seconds


async def measure(
    ground: Ground, kind: Kind, seeded: str, watched: Sequence[Watched], profiled: Profile, scale: Scale
) -> list[Row]:
    """Ours and the floors in turn, each on a copy of its own of the seeded database."""
    people = save(watched, ground.folder / f"watched-{kind}.json")
    replay = ground.folder / f"replay-{kind}.pickle"
    recorded = profiled.usual[-1]
    replay.write_bytes(pickle.dumps(make_replay(kind, recorded.statements, recorded.about)))
    rates = {name: Rate() for name in (OURS, *FLOORS)}
    async with _servers(ground, seeded, people, replay) as servers:
        for _ in range(scale.rounds):
            for name, rate in rates.items():
                server, path = (servers[0], api.PREFIX) if name == OURS else (servers[1], f"/{name}")
                found, used = await _one_round(ground, server, server.url + path, people, scale)
                rate.add(found, used)
    return _rows(kind, rates, scale)


@asynccontextmanager
async def _servers(ground: Ground, seeded: str, people: Path, replay: Path) -> AsyncIterator[tuple[Server, Server]]:
    ours, floors = await ground.copy(seeded), await ground.copy(seeded)
    words = ("--database-url", floors, "--watched", str(people), "--replay", str(replay))
    async with (
        processes.sink(ground) as sink,
        processes.doorstep(ground, ours, sink) as server,
        processes.module(ground, "benchmarks.floor_server", *words) as floor,
    ):
        yield server, floor


async def _one_round(
    ground: Ground, server: Server, url: str, people: Path, scale: Scale
) -> tuple[dict[str, Any], dict[str, float]]:
    def used() -> dict[str, float]:
        return {"server": server.cpu_seconds(), "PostgreSQL": processes.postgres_cpu_seconds(ground)}

    before = used()
    found = await processes.run(
        ground,
        *("benchmarks.clients", "--url", url, "--watched", str(people), "--clients", str(scale.clients)),
        *("--warm", str(scale.warm), "--seconds", str(scale.seconds)),
        within=60 + scale.warm + scale.seconds,
    )
    return found, processes.difference(before, used()) | {"clients": found["cpu_seconds"]}


def _rows(kind: Kind, rates: dict[str, Rate], scale: Scale) -> list[Row]:
    ours, name = rates[OURS], NAMES[kind]
    about = f"check-ins/s, {scale.clients} clients, {scale.watched:,} watched"
    rows = [
        Row(about, name, median(ours.a_second), "/s", median(rates[floor].a_second), says)
        for floor, says in FLOORS.items()
    ]
    for share, says in ((0.5, "p50"), (0.99, "p99")):
        took, floor = percentile(ours.took, share) * 1000, percentile(rates[SAME].took, share) * 1000
        rows.append(Row(f"check-in answered, {says}", name, took, "ms", floor, FLOORS[SAME]))
    for process, seconds in ours.used.items():
        if seconds:
            floor = rates[SAME].used[process] / rates[SAME].taken * 1000
            each = seconds / ours.taken * 1000
            rows.append(Row(f"processor time of a check-in: {process}", name, each, "ms", floor, FLOORS[SAME]))
    return rows
