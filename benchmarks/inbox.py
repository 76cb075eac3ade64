"""Words by Telegram's webhook: how many a second are kept, and acted on, where many speak at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import func, select

from benchmarks import processes, seed, usage
from benchmarks.alarms import LOOK_EVERY
from benchmarks.ground import NAMES, Kind
from benchmarks.processes import NotMeasured, Server
from benchmarks.scale import Scale
from benchmarks.seeded import Seeds
from benchmarks.table import Row, percentile
from benchmarks.usage import Used
from bots.telegram.hook import Hook
from bots.telegram.taking import Taking
from safety_service.store.database import Database
from safety_service.store.tables.chat import inbox
from safety_service.store.tables.visits import said

INBOX = "inbox"
#: Processes with less of the whole than this are not worth a line.
WORTH_SAYING = 0.01

#: When a word was kept, and when it had been acted on.
Handled = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Found:
    """`kept`: words a second that were answered with 200. `used`: seconds that the processors worked, by process."""

    kept: float
    handled: Sequence[Handled]
    used: Used

    @property
    def acted_on(self) -> float:
        """Words a second, from the first that was kept to the last that was acted on."""
        first, last = min(kept for kept, _ in self.handled), max(acted for _, acted in self.handled)
        return len(self.handled) / (last - first).total_seconds()

    def waited(self, share: float) -> float:
        """Seconds that this share of the words did not wait longer than."""
        return percentile([(acted - kept).total_seconds() for kept, acted in self.handled], share)


async def measure(seeds: Seeds, scale: Scale) -> list[Row]:
    """An OK of each of so many people, as fast as they are taken."""
    words, watched = scale.inbox
    await seeds.watched(watched)
    ground = seeds.ground
    settings = {"DOORSTEP_TELEGRAM_MODE": "webhook", "DOORSTEP_PUBLIC_URL": "https://doorstep.example.org"}
    async with (
        seeds.copied(watched) as url,
        processes.sink(ground) as sink,
        processes.doorstep(ground, url, sink, **settings) as server,
    ):

        def used() -> Used:
            return server.cpu_by_role() | {"PostgreSQL": usage.postgres_cpu_seconds(ground)}

        before = used()
        kept = await _posted(seeds, server, scale)
        handled = await _handled(url, words, scale)
        found = Found(kept, handled, usage.difference(before, used()))
    return rows_of(seeds.kind, scale, found)


async def _posted(seeds: Seeds, server: Server, scale: Scale) -> float:
    words, _ = scale.inbox
    hook = Hook(cast("Taking", None), token=processes.TOKEN)
    chats = (str(seed.FIRST_WORKERS_CHAT), str(seed.FIRST_WORKERS_CHAT + words))
    told: dict[str, Any] = await processes.run(
        seeds.ground,
        *("benchmarks.clients", "--url", server.url + hook.path, "--secret", hook.secret, "--chats", *chats),
        *("--clients", str(scale.inbox_clients)),
        within=scale.patience + scale.patience_each * words,
    )
    if told["failed"]:
        raise NotMeasured(f"{told['failed']} words were not taken, the first: {told['first_failure']}")
    return words / float(told["seconds"])


async def _handled(url: str, words: int, scale: Scale) -> list[Handled]:
    """Wait until each is acted on, which is: it stands among what the worker said."""
    given_up = time.monotonic() + scale.patience + scale.patience_each * words
    database = await Database.open(url, pool_size=1)
    try:
        while True:
            async with database.reading() as tx:
                there = (await tx.conn.execute(select(func.count()).select_from(said))).scalar_one()
                rows = await tx.conn.execute(
                    select(inbox.c.received_at, inbox.c.handled_at).where(inbox.c.state == "handled")
                )
                handled = [(received, acted) for received, acted in rows]
            if there >= words and len(handled) >= words:
                return handled
            if time.monotonic() > given_up:
                raise NotMeasured(f"{there} of {words} words were acted on")
            await asyncio.sleep(LOOK_EVERY)
    finally:
        await database.close()


def rows_of(kind: Kind, scale: Scale, found: Found) -> list[Row]:
    """Without a floor: the check-ins by HTTP are of another run."""
    words, watched = scale.inbox
    about = f"{words:,} words by Telegram, {scale.inbox_clients} clients, {watched:,} watched"

    def row(what: str, ours: float, unit: str) -> Row:
        return Row(f"{about}: {what}", NAMES[kind], ours, unit)

    whole = sum(found.used.values())
    return [
        row("kept", found.kept, "/s"),
        row("acted on", found.acted_on, "/s"),
        row("p50 acted on after", found.waited(0.5), "s"),
        row("p99 acted on after", found.waited(0.99), "s"),
        *(
            row(f"processor time of one, {process}", seconds / words * 1000, "ms")
            for process, seconds in found.used.items()
            if seconds >= WORTH_SAYING * whole
        ),
    ]
