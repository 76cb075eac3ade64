"""Lists in which a row was sealed with a key that is gone: it is there with what is not sealed, and fails no other.

Such a row is to be shown, and never to be saved: what stands in it is not what was kept.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from sqlalchemy import ColumnElement, Dialect, LargeBinary, Row, Select, type_coerce

from safety_service.store.database import Tx
from safety_service.store.errors import KeysDoNotOpen
from safety_service.store.types import Sealed, SealedJson, opened

log = logging.getLogger(__name__)

#: In place of a text that no key opens.
UNREAD = "This cannot be read: its key is missing."


async def rows(tx: Tx, query: Select[Any], given: Mapping[str, Any] | None = None, **instead: Any) -> list[Any]:
    """What the query finds; a row with `unread` lacks something.

    `instead`: what stands for a column that no key opens; else it is `UNREAD`, or None where it is JSON.
    """
    try:
        return list((await tx.conn.execute(query, given)).all())
    except KeysDoNotOpen:
        columns: dict[str, ColumnElement[Any]] = {str(each.key): each for each in query.selected_columns}
        raw = (as_kept(each) if isinstance(each.type, Sealed | SealedJson) else each for each in columns.values())
        found = (await tx.conn.execute(query.with_only_columns(*raw), given)).all()
        return [_opened(each, columns, instead, tx.conn.dialect) for each in found]


def text(sealed: bytes | None, what: str) -> str | None:
    """A sealed text that was read as it is kept (`as_kept`); `UNREAD` where no key opens it."""
    try:
        return opened(sealed)
    except KeysDoNotOpen:
        log.error("no key opens %s", what)  # noqa: TRY400 - it says all that is known
        return UNREAD


def as_kept(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A sealed column without opening it, under its own name."""
    return type_coerce(column, LargeBinary).label(str(column.key))


def _opened(
    row: Row[Any], columns: Mapping[str, ColumnElement[Any]], instead: Mapping[str, Any], dialect: Dialect
) -> SimpleNamespace:
    found = dict(row._mapping)
    closed: list[str] = []
    for name, column in columns.items():
        kind = column.type
        if not isinstance(kind, Sealed | SealedJson):
            continue
        try:
            found[name] = kind.process_result_value(found[name], dialect)
        except KeysDoNotOpen:
            found[name] = instead.get(name, UNREAD if isinstance(kind, Sealed) else None)
            closed.append(str(column))
    if closed:
        log.error("no key opens all of row %s: %s", found.get("id"), ", ".join(closed))
    return SimpleNamespace(**found, unread=bool(closed))
