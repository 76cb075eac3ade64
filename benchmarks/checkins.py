"""Check-ins a second over HTTP, beside the floors that the same machine has at the same time."""

from __future__ import annotations

import pickle
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import pgbench, processes, usage
from benchmarks.checkin_rows import EMPTY, FEWEST, OURS, PGBENCH, SAME, TWO, Rate, Rates, rows_of
from benchmarks.ground import Ground, Kind
from benchmarks.processes import Server
from benchmarks.profile import Profile
from benchmarks.replay import make_replay
from benchmarks.scale import Scale
from benchmarks.seeded import Seeds
from benchmarks.table import Row
from benchmarks.usage import Used
from benchmarks.watched import save
from safety_service import api


@dataclass(frozen=True)
class _Place:
    """Where one of those that are compared serves."""

    servers: Sequence[Server]
    path: str

    @property
    def urls(self) -> list[str]:
        """A client takes one of them."""
        return [each.url + self.path for each in self.servers]

    def used(self, ground: Ground) -> Used:
        """What the processors have worked for it so far."""
        used: Used = {"PostgreSQL": usage.postgres_cpu_seconds(ground)}
        for each in self.servers:
            for role, seconds in each.cpu_by_role().items():
                used[role] = used.get(role, 0.0) + seconds
        return used


@dataclass
class _Field:
    """What takes turns: places that serve, and pgbench where it is there."""

    people: Path
    places: dict[str, _Place] = field(default_factory=dict)
    pgbench: tuple[Path, str, Path] | None = None


async def measure(seeds: Seeds, count: int, profiled: Profile, scale: Scale) -> list[Row]:
    """Ours and the floors in turn with so many watched, each on a copy of its own of the seeded database."""
    rows: list[Row] = []
    async with _begun(seeds, count, profiled) as all_of_them:
        for clients in scale.clients:
            rates: Rates = {}
            for _ in range(scale.rounds):
                await _one_round(seeds.ground, all_of_them, rates, clients, scale)
            rows += rows_of(seeds.kind, rates, clients, count)
    return rows


@asynccontextmanager
async def _begun(seeds: Seeds, count: int, profiled: Profile) -> AsyncIterator[_Field]:
    ground, watched = seeds.ground, await seeds.watched(count)
    found = _Field(save(watched, ground.folder / f"watched-{seeds.kind}.json"))
    replay = _replay(ground, seeds.kind, profiled)
    async with seeds.copied(count) as ours, seeds.copied(count) as floors:
        program = pgbench.program(ground) if seeds.kind == "postgresql" else None
        if program is not None:
            found.pgbench = program, floors, await pgbench.prepare(ground, floors, watched)
        words = ("--database-url", floors, "--watched", str(found.people), "--replay", str(replay))
        async with (
            processes.sink(ground) as sink,
            _ours(ground, seeds.kind, ours, sink) as servers,
            processes.module(ground, "benchmarks.floor_server", *words) as floor,
        ):
            found.places[OURS] = _Place(servers[:1], api.PREFIX)
            if len(servers) > 1:
                found.places[TWO] = _Place(servers, api.PREFIX)
            found.places |= {name: _Place([floor], f"/{name}") for name in (SAME, FEWEST, EMPTY)}
            yield found


def _replay(ground: Ground, kind: Kind, profiled: Profile) -> Path:
    recorded = profiled.usual[-1]
    path = ground.folder / f"replay-{kind}.pickle"
    path.write_bytes(pickle.dumps(make_replay(kind, recorded.statements, recorded.about, profiled.began)))
    return path


@asynccontextmanager
async def _ours(ground: Ground, kind: Kind, url: str, sink: Server) -> AsyncIterator[Sequence[Server]]:
    """On PostgreSQL there may be several web servers; on SQLite one process writes."""
    if kind == "sqlite":
        async with processes.doorstep(ground, url, sink) as server:
            yield [server]
        return
    async with processes.two_doorsteps(ground, url, sink) as both:
        yield both


async def _one_round(ground: Ground, found: _Field, rates: Rates, clients: int, scale: Scale) -> None:
    for name, place in found.places.items():
        rate = rates.setdefault(name, Rate())
        before = place.used(ground)
        told = await _clients(ground, place.urls, found.people, clients, scale)
        rate.add(told, usage.difference(before, place.used(ground)) | {"clients": told["cpu_seconds"]})
    if found.pgbench is not None:
        a_second = await pgbench.rate(*found.pgbench, clients, scale.seconds)
        rates.setdefault(PGBENCH, Rate()).a_second.append(a_second)


async def _clients(ground: Ground, urls: Sequence[str], people: Path, clients: int, scale: Scale) -> dict[str, Any]:
    told: dict[str, Any] = await processes.run(
        ground,
        *("benchmarks.clients", *(word for url in urls for word in ("--url", url)), "--watched", str(people)),
        *("--clients", str(clients), "--warm", str(scale.warm), "--seconds", str(scale.seconds)),
        within=90 + scale.warm + scale.seconds,
    )
    return told
