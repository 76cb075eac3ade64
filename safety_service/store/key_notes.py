"""Which keys ever sealed in a database: a word is sealed by each, so that one that is missing shows at every start.

A note is taken away only when nothing is sealed by its key any more. Which key seals is kept as well: one that a
rotation replaced never seals again, in whatever order somebody begins a process with it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, func, select, update

from safety_service.store import sealing
from safety_service.store.engines import connected, open_for_upgrade
from safety_service.store.errors import KeysDoNotOpen
from safety_service.store.tables.system import secret, stamp
from safety_service.store.upsert import insert_for

if TYPE_CHECKING:
    from safety_service.store.database import Tx

log = logging.getLogger(__name__)

#: Before the name of a key.
MARK = "key "
#: The name of the row that says which key seals.
SEALS = "seals"
#: An advisory lock's number in PostgreSQL: shared by who seals unseen by others, taken alone by who replaces keys and
#: who moves all of it away.
SEALING = 0x_D005_57EA


@dataclass(frozen=True, slots=True)
class Seals:
    """The key that sealed when this was last decided, and those that it replaced. What is neither is newer."""

    first: str
    replaced: frozenset[str]


def note(connection: Connection) -> None:
    """Note the key that seals, if it is not noted yet."""
    first = sealing.ring().names[0]
    if not connection.execute(select(secret.c.name).where(secret.c.name == MARK + first)).first():
        _put(connection, MARK + first, MARK + first)
    if not connection.execute(select(secret.c.name).where(secret.c.name == SEALS)).first():
        older = sorted(_noted(connection) - {first})
        _put(connection, SEALS, json.dumps({"first": first, "replaced": older}))


def _put(connection: Connection, name: str, value: str) -> None:
    put = insert_for(connection.dialect.name, secret).values(name=name, value=value)
    connection.execute(put.on_conflict_do_nothing())


def seals(connection: Connection) -> Seals | None:
    """Which key seals; None: that was never decided. Raises KeysDoNotOpen."""
    said = connection.execute(select(secret.c.value).where(secret.c.name == SEALS)).scalar()
    return None if said is None else Seals((read := json.loads(said))["first"], frozenset(read["replaced"]))


def follow(connection: Connection) -> bool:
    """Where the key that is first here was replaced, seal with the one that replaced it. Raises KeysDoNotOpen.

    A file that still has the old order, on one machine of several, is no reason not to watch; and what the old key
    sealed after its rotation would be lost with it.
    """
    ring, decided = sealing.ring(), seals(connection)
    if decided is None or ring.names[0] not in decided.replaced or decided.first not in ring.names:
        return False
    log.warning("key %s was replaced: %s seals, although it does not come first", ring.names[0], decided.first)
    sealing.use(ring.led_by(decided.first))
    return True


async def keep(tx: Tx) -> None:
    """Note the key that seals, in a transaction."""
    await tx.conn.run_sync(note)


async def hold(tx: Tx) -> None:
    """Until this transaction ends no other key takes the place of the one that seals, and nothing is moved away."""
    if tx.dialect == "postgresql":
        await tx.conn.execute(select(func.pg_advisory_xact_lock_shared(SEALING)))
    await tx.conn.run_sync(_hold)


def _hold(connection: Connection) -> None:
    # Also a key that was replaced: a process that stood still for long may have sealed with it since.
    note(connection)
    # Without the key that seals now it opens hardly anything, and others are told so by name; its note stays.
    with suppress(KeysDoNotOpen):
        if follow(connection):
            note(connection)


async def replace(tx: Tx) -> None:
    """From now on the first key seals, and none that sealed before. Whoever is sealing unseen is waited for."""
    if tx.dialect == "postgresql":
        await tx.conn.execute(select(func.pg_advisory_xact_lock(SEALING)))
    await keep(tx)
    first, before = sealing.ring().names[0], await decided(tx)
    replaced = (before.replaced | {before.first} | await noted(tx)) - {first}
    said = json.dumps({"first": first, "replaced": sorted(replaced)})
    await tx.conn.execute(update(secret).where(secret.c.name == SEALS).values(value=said))


async def decided(tx: Tx) -> Seals:
    """Which key seals. Where that was never decided: the first, and it replaced the others."""
    first = sealing.ring().names[0]
    return await tx.conn.run_sync(seals) or Seals(first, frozenset(await noted(tx) - {first}))


async def noted(tx: Tx) -> set[str]:
    """The names of the keys that sealed anything here."""
    return await tx.conn.run_sync(_noted)


def _noted(connection: Connection) -> set[str]:
    rows = connection.execute(select(secret.c.name).where(secret.c.name.startswith(MARK)))
    return {name.removeprefix(MARK) for name in rows.scalars()}


async def forget(tx: Tx, names: Collection[str]) -> None:
    """Nothing is sealed by these any more."""
    await tx.conn.execute(delete(secret).where(secret.c.name.in_([MARK + name for name in names])))


async def missing(url: str, counted: str) -> dict[str, Mapping[str, int]]:
    """Of the keys that sealed anything here those that are not in the ring, each with how much of which table it was.

    `counted`: the stamp that says so. Raises DatabaseAway, TryAgain.
    """
    engine = open_for_upgrade(url)
    try:
        async with connected(engine) as connection:
            rows = await connection.execute(select(secret.c.name).where(secret.c.name.startswith(MARK)))
            names = {name.removeprefix(MARK) for name in rows.scalars()}
            said = (await connection.execute(select(stamp.c.info).where(stamp.c.name == counted))).scalar() or {}
    finally:
        await engine.dispose()
    return {name: said.get("needed", {}).get(name, {}) for name in names - set(sealing.ring().names)}
