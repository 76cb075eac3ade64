"""What the service costs while nothing is due: processor time and memory, by how many are watched."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import processes, targets, usage
from benchmarks.ground import NAMES
from benchmarks.processes import Server
from benchmarks.scale import Scale
from benchmarks.seeded import Seeds
from benchmarks.table import Row
from benchmarks.usage import Used

IDLE = "idle"
DATABASE_SERVER = "PostgreSQL"


@dataclass(frozen=True, slots=True)
class Minute:
    """With so many watched: seconds that processors worked, and MiB held in the end, by process."""

    watched: int
    seconds: float
    cpu: Used
    memory: Used

    def share(self, process: str) -> float:
        """Hundredths of one processor."""
        return self.cpu.get(process, 0.0) / self.seconds * 100

    @property
    def shares(self) -> float:
        """Hundredths of one processor, of all processes together."""
        return sum(map(self.share, self.cpu))

    @property
    def own_memory(self) -> float:
        """MiB of our processes: a database server's cache grows with what it keeps, as it should."""
        return sum(held for process, held in self.memory.items() if process != DATABASE_SERVER)


async def measure(seeds: Seeds, scale: Scale) -> list[Row]:
    """A quiet minute with each number of people watched, beside the one with the fewest."""
    minutes = [await _minute(seeds, count, scale) for count in scale.idle_watched]
    return rows_of(NAMES[seeds.kind], minutes)


def rows_of(name: str, minutes: Sequence[Minute]) -> list[Row]:
    """Each beside the first, and what has grown from the first to the last."""
    rows = [row for each in minutes for row in _rows(name, each, minutes[0])]
    return rows + _grown(name, minutes[0], minutes[-1])


async def _minute(seeds: Seeds, count: int, scale: Scale) -> Minute:
    ground = seeds.ground
    async with (
        seeds.copied(count) as url,
        processes.sink(ground) as sink,
        processes.doorstep(ground, url, sink) as server,
    ):

        def used() -> Used:
            return server.cpu_by_role() | _of_postgres(seeds, usage.postgres_cpu_seconds(ground))

        await asyncio.sleep(scale.idle_after)
        before = used()
        await asyncio.sleep(scale.idle_seconds)
        cpu = usage.difference(before, used())
        return Minute(count, scale.idle_seconds, cpu, _memory(seeds, server))


def _memory(seeds: Seeds, server: Server) -> Used:
    return server.memory_by_role() | _of_postgres(seeds, usage.postgres_memory(seeds.ground))


def _of_postgres(seeds: Seeds, used: float) -> Used:
    return {DATABASE_SERVER: used} if seeds.kind == "postgresql" else {}


def _rows(name: str, minute: Minute, first: Minute) -> list[Row]:
    floor_is = f"with {first.watched:,} watched"
    about = f"an idle minute, {minute.watched:,} watched"

    def row(what: str, unit: str, ours: float, floor: float) -> Row:
        beside = (None, "") if minute is first else (floor, floor_is)
        return Row(f"{about}: {what}", name, ours, unit, *beside)

    cpu = [row(f"processor, {each}", "% of one", minute.share(each), first.share(each)) for each in minute.cpu]
    held = [row(f"memory, {each}", "MiB", minute.memory[each], first.memory.get(each, 0.0)) for each in minute.memory]
    return [*cpu, *held]


def _grown(name: str, first: Minute, last: Minute) -> list[Row]:
    about = f"an idle minute, {last.watched:,} watched and not {first.watched:,}"
    memory = last.own_memory - first.own_memory
    return [
        Row(f"{about}: processor", name, last.shares - first.shares, "% of one more", targets=(targets.IDLE_CPU,)),
        Row(f"{about}: memory of Doorstep", name, memory, "MiB more", targets=(targets.IDLE_MEMORY,)),
    ]
