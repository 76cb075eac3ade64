"""The evidence log: all that anyone did, was told or read. Rows are added and never changed."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.ready import Ready
from safety_service.store.tables.system import event_log


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. `actor_id` None: the clock or the service itself. Details are sealed."""

    agency_id: UUID | None
    actor_id: UUID | None
    verb: str
    subject: str
    subject_id: UUID | None = None
    visit_id: UUID | None = None
    alert_id: UUID | None = None
    details: dict[str, Any] = field(default_factory=dict)


async def log(
    tx: Tx,
    *,
    agency_id: UUID | None,
    actor_id: UUID | None,
    verb: str,
    subject: str,
    subject_id: UUID | None = None,
    visit_id: UUID | None = None,
    alert_id: UUID | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Add one entry."""
    entry = Entry(
        agency_id=agency_id,
        actor_id=actor_id,
        verb=verb,
        subject=subject,
        subject_id=subject_id,
        visit_id=visit_id,
        alert_id=alert_id,
        details=details or {},
    )
    await log_all(tx, [entry])


async def log_all(tx: Tx, entries: Collection[Entry]) -> None:
    """Add many at once."""
    if entries:
        await tx.keep(partial(_add, entries=entries))


async def _add(tx: Tx, entries: Collection[Entry]) -> None:
    await tx.write(ADD, [{"id": new_id(), "at": tx.now, **_values(each)} for each in entries])


_FIELDS = tuple(name for name in Entry.__dataclass_fields__)
ADD = Ready(insert(event_log), "id", "at", *_FIELDS)


def _values(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in _FIELDS}
