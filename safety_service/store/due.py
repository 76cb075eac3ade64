"""Rows whose moment has come: read one by one, so that one that cannot be read keeps no other from being seen to."""

import logging
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Table, bindparam, select, update

from safety_service.store.database import Tx
from safety_service.store.errors import KeysDoNotOpen
from safety_service.store.ready import Ready

log = logging.getLogger(__name__)

Read = TypeVar("Read")

#: A row that cannot be read (sealed with a key that is gone, or spoilt) is looked at again after this.
UNREADABLE = timedelta(hours=1)


async def due_rows(
    tx: Tx, table: Table, limit: int, read: Callable[[Any], Read], *, without: Collection[str] = ()
) -> list[Read]:
    """Rows of a table whose `next_at` has come, the longest due first, locked; others' locks are stepped over.

    `without`: columns that are left unread, so that it is no matter whether a key opens them.
    """
    chosen, whole = _ready(table, frozenset(without))
    found: list[Read] = []
    for row_id in await tx.scalars(chosen, now=tx.now, limit=limit):
        try:
            if (row := await tx.first(whole, id=row_id)) is not None:
                found.append(read(row))
        except (KeysDoNotOpen, ValueError, TypeError, KeyError):
            log.critical("%s %s cannot be read: nobody is asked about it", table.name, row_id, exc_info=True)
            await _later(tx, table, row_id, tx.now + UNREADABLE)
    return found


@cache
def _ready(table: Table, without: frozenset[str]) -> tuple[Ready, Ready]:
    columns = table.c
    due = select(columns.id).where(columns.next_at <= bindparam("now")).order_by(columns.next_at, columns.id)
    wanted = [each for each in columns if each.name not in without]
    return (
        Ready(due.limit(bindparam("limit")).with_for_update(skip_locked=True)),
        Ready(select(*wanted).where(columns.id == bindparam("id"))),
    )


async def _later(tx: Tx, table: Table, row_id: Any, at: datetime) -> None:
    await tx.conn.execute(update(table).where(table.c.id == row_id).values(next_at=at))
