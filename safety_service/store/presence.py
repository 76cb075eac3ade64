"""Which processes there are: each says so now and then, by a stamp of its own, so that others can count them."""

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from safety_service.store import key_notes, schema, sealing, stamps
from safety_service.store.database import Tx
from safety_service.store.tables.system import stamp

#: Seconds between two times that a process says that it is there.
EVERY = 15.0
#: Who has not said so for this long is not there.
SEEN = timedelta(minutes=1)
#: One that was killed leaves its stamp behind; whoever comes later takes it away.
FORGOTTEN = timedelta(hours=1)
_MARK = "process:"


@dataclass(frozen=True, slots=True)
class Process:
    """One role of one process. `step`: the newest step of the schema that its code knows. `keys`: what names the keys
    that it was begun with, the one that seals first.
    """

    role: str
    host: str
    step: str
    at: datetime
    keys: tuple[str, ...] = ()


async def here(tx: Tx, roles: Iterable[str], holder: str) -> None:
    """Say that this process is there, and by which keys. `holder` names it as in its leases."""
    await key_notes.hold(tx)
    for role in roles:
        info = {"role": role, "host": socket.gethostname(), "step": schema.head(), "keys": sealing.ring().names}
        await stamps.stamp(tx, _name(role, holder), info)
    await tx.conn.execute(delete(stamp).where(stamp.c.name.startswith(_MARK), stamp.c.at < tx.now - FORGOTTEN))


async def gone(tx: Tx, roles: Iterable[str], holder: str) -> None:
    """Say that it ends, so that nobody counts on it."""
    for role in roles:
        await stamps.remove(tx, _name(role, holder))


async def seen(tx: Tx) -> list[Process]:
    """Those that are there now."""
    query = select(stamp).where(stamp.c.name.startswith(_MARK), stamp.c.at >= tx.now - SEEN).order_by(stamp.c.name)
    rows = await tx.conn.execute(query)
    return [_process(row.info, row.at) for row in rows]


def _process(info: Mapping[str, Any], at: datetime) -> Process:
    return Process(info["role"], info["host"], info["step"], at, tuple(info.get("keys", ())))


def _name(role: str, holder: str) -> str:
    return f"{_MARK}{role}:{holder[-40:]}"
