"""A new key was put in front of the others: what they sealed is sealed anew, and then they are not needed any more."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from safety_service.domain.refusal import Refused
from safety_service.store import events, key_notes, presence, resealing, sealing, stamps
from safety_service.store.database import Database, Tx
from safety_service.transact import in_transaction

#: Name of the stamp that says what came of the last time.
ROTATED = "rotated"
#: How often everything is gone through: what somebody else had in hand, or wrote meanwhile, is met the next time.
PASSES = 4
#: Seconds between two transactions, at least: others have their turn.
PAUSE = 0.01


@dataclass
class Rotated:
    """What came of it. Keys by their names."""

    #: How many values were sealed anew, by table.
    resealed: Counter[str] = field(default_factory=Counter)
    #: What is sealed by which key, in which table, as was met when all was gone through for the last time; "": by none
    #: that is here.
    found: dict[str, Counter[str]] = field(default_factory=dict)
    #: By which keys anything was sealed when it was gone through for the first time.
    met: set[str] = field(default_factory=set)
    #: Older keys that are not needed any more. One that never sealed anything is a new one, and is not among them.
    free: list[str] = field(default_factory=list)

    def needed(self, name: str) -> Mapping[str, int]:
        """What this key alone opens, by table."""
        return {table: count[name] for table, count in self.found.items() if count[name]}


async def rotate(database: Database, on_page: Callable[[int], None] = lambda _: None) -> Rotated:
    """Seal everything anew that an older key sealed, while the service runs. It may be killed, and done again.

    Raises Refused where a process runs that does not seal with the first key, or a newer key is in use; DatabaseAway,
    TryAgain, SchemaIsNewer.
    """
    await in_transaction(database, _begin)
    done = Rotated()
    for _ in range(PASSES):
        before = done.resealed.total()
        done.found = {each: await _through(database, each, done, on_page) for each in resealing.tables()}
        done.met |= {name for count in done.found.values() for name in count}
        if done.resealed.total() == before:
            break
    await in_transaction(database, partial(_keep, done=done))
    return done


async def _through(database: Database, table: str, done: Rotated, on_page: Callable[[int], None]) -> Counter[str]:
    """Once through a table; gives by which keys its values were sealed when they were looked at."""
    found, last = Counter[str](), None
    while True:
        began = time.monotonic()
        async with database.reading() as tx:
            rows = await resealing.rows_after(tx, table, last)
        if not rows:
            return found
        page = await asyncio.to_thread(resealing.look, rows)
        if page.changes:
            await in_transaction(database, partial(_put, table=table, page=page))
            done.resealed[table] += sum(len(each.new) for each in page.changes)
            await asyncio.sleep(max(PAUSE, time.monotonic() - began))
        on_page(len(rows))
        found += page.found
        last = page.last


async def _begin(tx: Tx) -> None:
    """Only now the new key is needed to start: before, processes elsewhere may not have it yet.

    From here on no other one seals, whoever begins with which order: what this goes through afterwards is all there is.
    """
    await _is_the_newest(tx)
    await key_notes.replace(tx)
    await _all_seal_alike(tx)


async def _is_the_newest(tx: Tx) -> None:
    """With the old order all would be sealed with the old key again, and the new one be thrown away."""
    ring, decided, noted = sealing.ring(), await key_notes.decided(tx), await key_notes.noted(tx)
    for name in ring.names[1:]:
        if decided.first == ring.names[0] and name in noted - decided.replaced:
            raise Refused("newer_key", name=name)


async def _put(tx: Tx, table: str, page: resealing.Page) -> None:
    await _all_seal_alike(tx)
    await resealing.put(tx, table, page.changes)


async def _all_seal_alike(tx: Tx) -> None:
    """Whoever has not got the first key could not read what is sealed with it: then nobody would be watched."""
    await tx.must_be_current()
    first = sealing.ring().names[0]
    for each in await presence.seen(tx):
        if not each.keys or each.keys[0] != first:
            raise Refused("seals_otherwise", role=each.role, host=each.host)


async def _keep(tx: Tx, done: Rotated) -> None:
    """What is needed no more is forgotten; what came of it is kept, for the doctor and in the evidence log."""
    await _all_seal_alike(tx)
    first, *older = sealing.ring().names
    sealed = done.met | (await key_notes.decided(tx)).replaced
    done.free = [name for name in older if name in sealed and not done.needed(name)]
    await key_notes.forget(tx, done.free)
    said: dict[str, Any] = {
        "first": first,
        "free": done.free,
        "needed": {name: dict(done.needed(name)) for name in older if name not in done.free},
        "unopened": dict(done.needed("")),
    }
    await stamps.stamp(tx, ROTATED, said)
    details = {**said, "resealed": dict(done.resealed)}
    await events.log(tx, agency_id=None, actor_id=None, verb="resealed", subject="service", details=details)
