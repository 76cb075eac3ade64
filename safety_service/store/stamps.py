"""When each part of the service last did its work, so that others can tell whether it still does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from safety_service.store.database import Tx
from safety_service.store.tables import system
from safety_service.store.upsert import insert_or


@dataclass(frozen=True)
class Stamp:
    """`info` is what that part said of itself: plain JSON, never case text."""

    name: str
    at: datetime
    info: Mapping[str, Any]


async def stamp(tx: Tx, name: str, info: Mapping[str, Any] | None = None) -> None:
    """Say that this part did its work now."""
    new = {"at": tx.now, "info": dict(info or {})}
    put = insert_or(tx, system.stamp).values(name=name, **new)
    await tx.conn.execute(put.on_conflict_do_update(index_elements=["name"], set_=new))


async def remove(tx: Tx, name: str) -> None:
    """Take this stamp away: what it said has been dealt with."""
    await tx.conn.execute(delete(system.stamp).where(system.stamp.c.name == name))


async def last(tx: Tx, name: str) -> Stamp | None:
    """When this part last did its work, or None if it never did."""
    row = (await tx.conn.execute(select(system.stamp).where(system.stamp.c.name == name))).one_or_none()
    return Stamp(row.name, row.at, row.info) if row else None


async def every(tx: Tx) -> list[Stamp]:
    """All stamps, by name."""
    rows = await tx.conn.execute(select(system.stamp).order_by(system.stamp.c.name))
    return [Stamp(row.name, row.at, row.info) for row in rows]
