"""A rule of retention: which rows have been kept long enough, what becomes of them, and what it covers."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Column, LargeBinary, Select, Table, func, literal, literal_column, select

from safety_service.store.database import Tx
from safety_service.store.types import REMOVED, Sealed, SealedBytes, SealedJson

#: Rows with `id` and `agency_id`, the oldest first.
Query = Select[Any]
Columns = frozenset[Column[Any]]


@dataclass(frozen=True, slots=True)
class Old:
    """Something that has been kept long enough. Without an agency: nobody knows whose it was."""

    id: UUID
    agency_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`name` is what the counts call it, `lasts` the policy's key under `[retention]`."""

    name: str
    lasts: str
    #: What is older than this moment, and neither held nor open.
    old: Callable[[Tx, datetime], Awaitable[Query]]
    remove: Callable[[Tx, Sequence[UUID]], Awaitable[None]]
    #: The sealed columns of which nothing is left then.
    covers: Columns = field(default_factory=frozenset)
    at_once: int = 500
    #: Each is much by itself: one that fails stops no other.
    one_by_one: bool = False


def always(query: Callable[[datetime], Query]) -> Callable[[Tx, datetime], Awaitable[Query]]:
    """A query for which nothing has to be asked before."""

    async def old(_tx: Tx, before: datetime) -> Query:
        return query(before)

    return old


def sealed_of(*tables: Table) -> Columns:
    """Every sealed column of these tables."""
    return frozenset(column for table in tables for column in table.c if is_sealed(column))


def is_sealed(column: Column[Any]) -> bool:
    """Whether nobody reads it without the keys."""
    return isinstance(column.type, Sealed | SealedJson | SealedBytes)


def nothing() -> BindParameter[bytes]:
    """What is written where sealed text was."""
    return literal(REMOVED, LargeBinary())


def filled(column: Column[Any]) -> Any:
    """Whether there is anything left in a sealed column; in the very words of the indexes that hold no other row."""
    return func.length(column) > literal_column("0")


async def found(tx: Tx, rule: Rule, before: datetime, limit: int) -> list[Old]:
    """What has been kept long enough, a batch of it."""
    rows = await tx.conn.execute((await rule.old(tx, before)).limit(limit))
    return [Old(row.id, row.agency_id) for row in rows]


async def still(tx: Tx, rule: Rule, before: datetime, among: Sequence[UUID]) -> list[Old]:
    """Which of these are as old as that still, and neither held nor open."""
    query = await rule.old(tx, before)
    place = query.selected_columns["id"]
    rows = await tx.conn.execute(query.where(place.in_(tuple(among))))
    return [Old(row.id, row.agency_id) for row in rows]


async def count(tx: Tx, rule: Rule, before: datetime) -> dict[UUID | None, int]:
    """How many have been kept long enough, by agency."""
    all_of_them = (await rule.old(tx, before)).order_by(None).subquery()
    by_agency = select(all_of_them.c.agency_id, func.count()).group_by(all_of_them.c.agency_id)
    return {row[0]: int(row[1]) for row in await tx.conn.execute(by_agency)}
