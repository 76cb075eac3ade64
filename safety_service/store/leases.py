"""Locks that a process holds for a while: the single long-poller, the single sweeper of a kind."""

from datetime import timedelta

from sqlalchemy import Insert, bindparam, delete, or_

from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.system import lease
from safety_service.store.upsert import insert_for

#: A holder is `host:process:random`, and hosts may have long names: the end is kept, which tells all apart.
LONGEST = 120


async def hold(tx: Tx, name: str, holder: str, for_: timedelta) -> bool:
    """Take the lock, or keep it, until now + `for_`. False: somebody else holds it and their time is not up."""
    return await tx.scalar(_HOLD, name=name, holder=holder[-LONGEST:], until=tx.now + for_, now=tx.now) is not None


def _take(dialect: str) -> Insert:
    take = insert_for(dialect, lease)
    mine = {"holder": take.excluded.holder, "until": take.excluded.until}
    free = or_(lease.c.holder == take.excluded.holder, lease.c.until <= bindparam("now"))
    return take.on_conflict_do_update(index_elements=["name"], set_=mine, where=free).returning(lease.c.name)


_HOLD = Ready(_take, "name", "holder", "until")


async def let_go_all(tx: Tx, holder: str) -> None:
    """Give back every lock of this holder."""
    await tx.conn.execute(delete(lease).where(lease.c.holder == holder[-LONGEST:]))


async def let_go(tx: Tx, name: str, holder: str) -> None:
    """Give the lock back, if it is still held by this holder; another's stays."""
    await tx.conn.execute(delete(lease).where(lease.c.name == name, lease.c.holder == holder[-LONGEST:]))
