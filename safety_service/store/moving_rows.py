"""Copying one table after the other into another database, and whether what arrived is what was there."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, LargeBinary, Row, Table, bindparam, insert, select, type_coerce, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from safety_service.store import sealing
from safety_service.store.errors import CopyFailed, KeysDoNotOpen
from safety_service.store.types import REMOVED, Sealed, SealedBytes, SealedJson

#: Rows in hand at once; of files, which are large, fewer.
AT_ONCE, FILES_AT_ONCE = 1000, 4
_WHOLE = 2**256


@dataclass
class Sum:
    """What a table holds: how many rows, and a digest of all of them in whatever order they come."""

    rows: int = 0
    digest: int = 0
    #: Sealed values that no key opens.
    unopened: int = 0

    def add(self, row: Sequence[Any]) -> None:
        """One more row."""
        said = hashlib.sha256()
        for value in row:
            plain = _plain(value)
            said.update(b"-" if plain is None else b"%d:%b" % (len(plain), plain))
        self.digest = (self.digest + int.from_bytes(said.digest())) % _WHOLE
        self.rows += 1


def _plain(value: Any) -> bytes | None:
    """The same bytes for the same value, whichever database gave it."""
    if value is None or isinstance(value, bytes):
        return value
    if isinstance(value, UUID):
        return value.bytes
    if isinstance(value, datetime | date):
        return value.isoformat().encode()
    if isinstance(value, timedelta):
        return repr(value.total_seconds()).encode()
    if isinstance(value, dict | list):
        return json.dumps(value, sort_keys=True).encode()
    return repr(value).encode()


async def copy(table: Table, old: AsyncConnection, new: AsyncConnection, on_rows: Callable[[int], None]) -> Sum:
    """Copy every row of a table. Raises CopyFailed, DatabaseAway, TryAgain."""
    of, loops = Sum(), _loops(table)
    add = insert(table).values({each.name: bindparam(f"v_{each.name}", type_=_kept_as(each)) for each in table.columns})
    async for batch in _batches(table, old):
        for row in batch:
            of.add(row)
        left_out = dict.fromkeys(f"v_{each.name}" for each in loops)
        rows = [{f"v_{name}": value for name, value in row._mapping.items()} | left_out for row in batch]
        await _write(table, new, add, rows)
        on_rows(len(batch))
    for each in loops:
        await _close_loop(table, each, old, new)
    return of


def _loops(table: Table) -> list[Column[Any]]:
    """References to rows of the same table, which may come later than what refers to them."""
    return [each for each in table.columns if any(key.column.table is table for key in each.foreign_keys)]


async def _close_loop(table: Table, column: Column[Any], old: AsyncConnection, new: AsyncConnection) -> None:
    (key,) = table.primary_key.columns
    put = update(table).where(key == bindparam("v_key")).values({column.name: bindparam("v_to")})
    query = select(key.label("v_key"), column.label("v_to")).where(column.is_not(None))
    found = await old.stream(query.execution_options(yield_per=AT_ONCE))
    async for batch in found.partitions():
        await _write(table, new, put, [dict(row._mapping) for row in batch])


async def _write(table: Table, new: AsyncConnection, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    try:
        await new.execute(statement, rows)
    except DBAPIError as error:
        said = str(error.orig).partition("\n")[0]
        raise CopyFailed(f"the new database refuses a row of `{table.name}`: {said}") from None


async def summed(table: Table, new: AsyncConnection) -> Sum:
    """What a table holds now; and each sealed value is opened."""
    found = Sum()
    sealed = [place for place, each in enumerate(table.columns) if is_sealed(each)]
    async for batch in _batches(table, new):
        for row in batch:
            found.add(row)
            found.unopened += sum(not _opens(row[place]) for place in sealed)
    return found


def _opens(raw: bytes | None) -> bool:
    if raw is None or raw == REMOVED:
        return True
    try:
        sealing.ring().open(raw)
    except KeysDoNotOpen:
        return False
    return True


async def _batches(table: Table, connection: AsyncConnection) -> AsyncIterator[Sequence[Row[Any]]]:
    files = any(isinstance(each.type, SealedBytes) for each in table.columns)
    query = select(*map(_as_kept, table.columns))
    at_once = FILES_AT_ONCE if files else AT_ONCE
    async with connection.stream(query.execution_options(yield_per=at_once)) as found:
        async for batch in found.partitions():
            yield batch


def is_sealed(column: Column[Any]) -> bool:
    """Whether it is read with the keys alone."""
    return isinstance(column.type, Sealed | SealedJson | SealedBytes)


def _as_kept(column: Column[Any]) -> ColumnElement[Any]:
    """What is sealed goes over as it is: bytes, and nothing is opened or sealed anew."""
    return type_coerce(column, LargeBinary).label(column.name) if is_sealed(column) else column


def _kept_as(column: Column[Any]) -> Any:
    return LargeBinary() if is_sealed(column) else column.type
