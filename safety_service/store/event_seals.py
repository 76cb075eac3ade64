"""The links of the evidence log's chain, and the entries that have none yet."""

import json
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, LargeBinary, Select, func, insert, select, type_coerce

from safety_service.domain.event_chain import Entry, Link
from safety_service.store import sealing
from safety_service.store.database import Tx
from safety_service.store.errors import KeysDoNotOpen
from safety_service.store.tables.system import event_log, event_seal
from safety_service.store.types import REMOVED

#: What the key of the chain is made for (see `Tx.key_for`).
PURPOSE = "evidence chain"

_NAMES = ("id", "at", "agency_id", "actor_id", "verb", "subject", "subject_id", "visit_id", "alert_id")
#: Details as they are stored: one that no key opens must not keep the others from being read.
_ENTRY = (*(event_log.c[name] for name in _NAMES), type_coerce(event_log.c.details, LargeBinary).label("raw"))
_LINK = tuple(event_seal.c[name] for name in Link.__dataclass_fields__)


async def head(tx: Tx) -> Link | None:
    """The last link."""
    row = (await tx.conn.execute(select(*_LINK).order_by(event_seal.c.number.desc()).limit(1))).first()
    return None if row is None else Link(**row._mapping)


async def append(tx: Tx, links: Collection[Link]) -> None:
    """Add links."""
    if links:
        await tx.conn.execute(insert(event_seal), [asdict(each) for each in links])


async def without_link(tx: Tx, after: UUID, before: datetime, limit: int) -> list[Entry]:
    """Entries with a greater id and of before that moment that have no link, by id."""
    query = _without_link(after, before, *_ENTRY)
    return [_entry(row) for row in await tx.conn.execute(query.order_by(event_log.c.id).limit(limit))]


async def count_without_link(tx: Tx, after: UUID, before: datetime, most: int) -> int:
    """How many those are, counted no further than this; nothing of them is opened."""
    some = _without_link(after, before, event_log.c.id).limit(most).subquery()
    return int((await tx.conn.execute(select(func.count()).select_from(some))).scalar_one())


def _without_link(after: UUID, before: datetime, *columns: ColumnElement[Any]) -> Select[Any]:
    query = select(*columns).select_from(event_log).outerjoin(event_seal, event_seal.c.event_id == event_log.c.id)
    return query.where(event_seal.c.event_id.is_(None), event_log.c.id > after, event_log.c.at < before)


async def linked(tx: Tx, after: int, limit: int) -> list[tuple[Link, Entry | None]]:
    """The next links after this number, each with its entry; None: that is gone."""
    query = select(*(each.label(f"seal_{each.name}") for each in _LINK), *_ENTRY)
    query = query.select_from(event_seal).outerjoin(event_log, event_log.c.id == event_seal.c.event_id)
    rows = await tx.conn.execute(query.where(event_seal.c.number > after).order_by(event_seal.c.number).limit(limit))
    return [(_link(row), None if row.id is None else _entry(row)) for row in rows]


def made_before(at: datetime, earlier: UUID | None, lookback: timedelta) -> UUID:
    """The least id that could have been made `lookback` before the earlier of this moment and the making of that id."""
    moment = int(at.timestamp() * 1000)
    if earlier is not None:
        moment = min(moment, earlier.int >> 80)
    return UUID(int=max(0, moment - int(lookback.total_seconds() * 1000)) << 80)


def _link(row: Any) -> Link:
    return Link(**{name: getattr(row, f"seal_{name}") for name in Link.__dataclass_fields__})


def read_details(raw: bytes) -> tuple[Any, bool]:
    """Details as they are stored, opened: None where they were emptied; and whether a key opens them."""
    if raw == REMOVED:
        return None, True
    try:
        return json.loads(sealing.ring().open(raw)), True
    except KeysDoNotOpen:
        return None, False


def _entry(row: Any) -> Entry:
    named = {name: getattr(row, name) for name in _NAMES}
    details, opened = read_details(row.raw)
    return Entry(**named, details=details, opened=opened)
