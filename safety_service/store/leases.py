"""Locks that a process holds for a while: the single long-poller, the single sweeper of a kind."""

from datetime import timedelta

from sqlalchemy import delete, or_

from safety_service.store.database import Tx
from safety_service.store.tables.system import lease
from safety_service.store.upsert import insert_or


async def hold(tx: Tx, name: str, holder: str, for_: timedelta) -> bool:
    """Take the lock, or keep it, until now + `for_`. False: somebody else holds it and their time is not up."""
    mine = {"holder": holder, "until": tx.now + for_}
    take = insert_or(tx, lease).values(name=name, **mine)
    free = or_(lease.c.holder == holder, lease.c.until <= tx.now)
    taken = take.on_conflict_do_update(index_elements=["name"], set_=mine, where=free).returning(lease.c.name)
    return (await tx.conn.execute(taken)).scalar() is not None


async def let_go(tx: Tx, name: str, holder: str) -> None:
    """Give the lock back, if it is still held by this holder; another's stays."""
    await tx.conn.execute(delete(lease).where(lease.c.name == name, lease.c.holder == holder))
