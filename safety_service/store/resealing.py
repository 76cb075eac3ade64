"""Sealing anew, with the first key, what an older key sealed: page by page, beside those who write.

Nothing is remembered between two runs: what the first key sealed already is known by looking at it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, LargeBinary, Row, Table, bindparam, delete, insert, select, type_coerce, update

from safety_service.store import key_notes, sealing
from safety_service.store.database import Tx
from safety_service.store.moving_rows import is_sealed
from safety_service.store.tables import metadata
from safety_service.store.tables.system import lease, secret
from safety_service.store.types import REMOVED, SealedBytes

#: Rows in one page, and so in one transaction: others who write wait no longer than that. Of files, fewer.
AT_ONCE, FILES_AT_ONCE = 100, 4
#: What stands in `lease` within such a transaction, and never after it: the guard of what stands lets it be resealed.
MARK = "resealing"


@dataclass(frozen=True, slots=True)
class Change:
    """What was sealed by an older key in one row, by column: as it was, and as it shall be."""

    key: Any
    old: Mapping[str, bytes]
    new: Mapping[str, bytes]


@dataclass
class Page:
    """Some rows of a table: by which keys their values are sealed ("": by none here), and what is to be changed."""

    last: Any
    found: Counter[str] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)


def tables() -> Iterator[str]:
    """Those in which anything is sealed."""
    return (each.name for each in metadata.sorted_tables if any(map(is_sealed, each.columns)))


def _sealed(table: Table) -> list[Column[Any]]:
    return [each for each in table.columns if is_sealed(each)]


def _key(table: Table) -> Column[Any]:
    (key,) = table.primary_key.columns
    return key


async def rows_after(tx: Tx, name: str, last: Any) -> Sequence[Row[Any]]:
    """The next rows by their key, with what is sealed as it is kept; after None: the first."""
    table = metadata.tables[name]
    key, sealed = _key(table), _sealed(table)
    files = any(isinstance(each.type, SealedBytes) for each in sealed)
    query = select(key, *(type_coerce(each, LargeBinary).label(each.name) for each in sealed)).order_by(key)
    if last is not None:
        query = query.where(key > last)
    if table is secret:
        # A note says that its key is needed: it stays under that key until it is not.
        query = query.where(key.not_like(f"{key_notes.MARK}%"))
    return (await tx.conn.execute(query.limit(FILES_AT_ONCE if files else AT_ONCE))).all()


def look(rows: Sequence[Row[Any]]) -> Page:
    """What is sealed by which key, and sealed anew. It takes its time, and no connection."""
    ring, page = sealing.ring(), Page(rows[-1][0])
    for row in rows:
        old: dict[str, bytes] = {}
        for name in row._fields[1:]:
            value: bytes | None = row._mapping[name]
            if value is None or value == REMOVED:
                continue
            by = ring.sealed_by(value)
            page.found[by or ""] += 1
            if by is not None and by != ring.names[0]:
                old[name] = value
        if old:
            page.changes.append(Change(row[0], old, {name: ring.rotate(value) for name, value in old.items()}))
    return page


async def put(tx: Tx, name: str, changes: Sequence[Change]) -> None:
    """Change these, unless somebody else did so since, or is about to: nobody is waited for."""
    table = metadata.tables[name]
    # Whoever does the same waits here, holding nothing.
    await tx.conn.execute(insert(lease).values(name=MARK, holder="doorstep keys rotate", until=tx.now))
    free = await _free(tx, table, [each.key for each in changes])
    by_columns: dict[tuple[str, ...], list[Change]] = {}
    for each in changes:
        if each.key in free:
            by_columns.setdefault(tuple(each.old), []).append(each)
    for names, same in by_columns.items():
        await tx.conn.execute(_update(table, names), [_values(each) for each in same])
    await tx.conn.execute(delete(lease).where(lease.c.name == MARK))


async def _free(tx: Tx, table: Table, keys: Sequence[Any]) -> set[Any]:
    key = _key(table)
    query = select(key).where(key.in_(keys)).with_for_update(key_share=True, skip_locked=True)
    return set((await tx.conn.execute(query)).scalars())


def _update(table: Table, names: Sequence[str]) -> Any:
    raw = LargeBinary()
    same = (type_coerce(table.c[name], raw) == bindparam(f"old_{name}", type_=raw) for name in names)
    put = update(table).where(_key(table) == bindparam("of_key"), *same)
    return put.values({name: bindparam(f"new_{name}", type_=raw) for name in names})


def _values(change: Change) -> dict[str, Any]:
    old = {f"old_{name}": value for name, value in change.old.items()}
    return {"of_key": change.key, **old, **{f"new_{name}": value for name, value in change.new.items()}}


async def guard_is_open(tx: Tx) -> bool:
    """Whether somebody left the mark where everybody sees it: what stands is not guarded then."""
    return (await tx.conn.execute(select(lease.c.name).where(lease.c.name == MARK))).first() is not None
