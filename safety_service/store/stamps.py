"""When each part of the service last did its work, so that others can tell whether it still does."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Insert, bindparam, delete, select

from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables import system
from safety_service.store.upsert import insert_for


@dataclass(frozen=True)
class Stamp:
    """`info` is what that part said of itself: plain JSON, never case text."""

    name: str
    at: datetime
    info: Mapping[str, Any]


def _put(dialect: str) -> Insert:
    put = insert_for(dialect, system.stamp)
    return put.on_conflict_do_update(index_elements=["name"], set_={"at": put.excluded.at, "info": put.excluded.info})


_STAMP = Ready(_put, "name", "at", "info")
_LAST = Ready(select(system.stamp).where(system.stamp.c.name == bindparam("name")))


async def stamp(tx: Tx, name: str, info: Mapping[str, Any] | None = None) -> None:
    """Say that this part did its work now."""
    await tx.do(_STAMP, name=name, at=tx.now, info=dict(info or {}))


async def remove(tx: Tx, name: str) -> None:
    """Take this stamp away: what it said has been dealt with."""
    await tx.conn.execute(delete(system.stamp).where(system.stamp.c.name == name))


async def last(tx: Tx, name: str) -> Stamp | None:
    """When this part last did its work, or None if it never did."""
    row = await tx.first(_LAST, name=name)
    return Stamp(row.name, row.at, row.info) if row else None


async def every(tx: Tx) -> list[Stamp]:
    """All stamps, by name."""
    rows = await tx.conn.execute(select(system.stamp).order_by(system.stamp.c.name))
    return [Stamp(row.name, row.at, row.info) for row in rows]
