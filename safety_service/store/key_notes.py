"""Which keys ever sealed in a database: a word is sealed by each, so that one that is missing shows at every start.

A note is taken away only when nothing is sealed by its key any more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, select

from safety_service.store import sealing
from safety_service.store.engines import connected, open_for_upgrade
from safety_service.store.tables.system import secret, stamp
from safety_service.store.upsert import insert_for

if TYPE_CHECKING:
    from safety_service.store.database import Tx

#: Before the name of a key.
MARK = "key "


def note(connection: Connection) -> None:
    """Note the key that seals, if it is not noted yet."""
    name = MARK + sealing.ring().names[0]
    if not connection.execute(select(secret.c.name).where(secret.c.name == name)).first():
        put = insert_for(connection.dialect.name, secret).values(name=name, value=name)
        connection.execute(put.on_conflict_do_nothing())


async def keep(tx: Tx) -> None:
    """The same, in a transaction."""
    await tx.conn.run_sync(note)


async def noted(tx: Tx) -> set[str]:
    """The names of the keys that sealed anything here."""
    rows = await tx.conn.execute(select(secret.c.name).where(secret.c.name.startswith(MARK)))
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
