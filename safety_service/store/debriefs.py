"""Debriefs: one for each worker of a visit; what was met in them, and what was added afterwards."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, insert, select, update

from safety_service.store import unopened
from safety_service.store.database import Tx
from safety_service.store.due import due_rows
from safety_service.store.ids import new_id
from safety_service.store.ready import Ready
from safety_service.store.tables.learning import debrief, debrief_addendum, debrief_behaviour
from safety_service.store.tables.visits import watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Debrief:
    """A row. `answers` are by question key, without part E, which is `private`.

    `next_at` and `stage` say when and how it is chased; `signals` is what the system saw of the visit by itself.
    """

    id: UUID
    agency_id: UUID
    visit_id: UUID
    worker_id: UUID
    state: str = "draft"
    answers: Mapping[str, Any]
    severity: str = "none"
    wants_to_talk: bool = False
    asked_at: datetime
    next_at: datetime | None
    stage: str | None
    submitted_at: datetime | None = None
    family_id: UUID | None = None
    team_id: UUID | None = None
    guidance_edition: int | None = None
    first_part_at: datetime | None = None
    private: Mapping[str, Any] | None = None
    signals: Sequence[Mapping[str, Any]] | None = None
    review: str | None = None
    sampled: bool = False
    review_next_at: datetime | None = None
    reviewed_by: UUID | None = None
    reviewed_at: datetime | None = None
    review_note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """Something that was met: its key, group and severity in the guidance."""

    kind: str
    group: str
    severity: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Addendum:
    """What was added to a debrief after it was submitted."""

    id: UUID
    by: UUID
    at: datetime
    text: str


async def add(tx: Tx, row: Debrief) -> None:
    """Keep a new one."""
    await tx.do(_ADD, **_values(row))


async def load(tx: Tx, debrief_id: UUID, *, lock: bool = False) -> Debrief | None:
    """The debrief with this id; `lock` holds it until the transaction ends."""
    query = select(debrief).where(debrief.c.id == debrief_id)
    row = (await tx.conn.execute(query.with_for_update() if tx.locks(lock) else query)).one_or_none()
    return None if row is None else _read(row)


async def is_asked(tx: Tx, visit_id: UUID, worker_id: UUID) -> bool:
    """Whether this worker's debrief of this visit is wanted, or was. Nothing that is sealed is read."""
    return await tx.first(_ASKED, visit_id=visit_id, worker_id=worker_id) is not None


async def of_visit(tx: Tx, visit_id: UUID, worker_id: UUID) -> Debrief | None:
    """This worker's debrief of this visit."""
    return next((each for each in await all_of_visit(tx, visit_id) if each.worker_id == worker_id), None)


async def all_of_visit(tx: Tx, visit_id: UUID) -> list[Debrief]:
    """Everybody's debrief of this visit."""
    return [_read(row) for row in await tx.all(_OF_VISIT, visit_id=visit_id)]


_OF_VISIT = Ready(select(debrief).where(debrief.c.visit_id == bindparam("visit_id")).order_by(debrief.c.id))
_ASKED = Ready(
    select(debrief.c.id).where(
        debrief.c.visit_id == bindparam("visit_id"), debrief.c.worker_id == bindparam("worker_id")
    )
)
_ADD = Ready(insert(debrief), *(each.name for each in debrief.columns))


async def open_of(tx: Tx, worker_id: UUID) -> list[Debrief]:
    """What this worker has not told yet, the oldest first; but none that no key opens: nobody could go on with it."""
    chosen = select(debrief).where(debrief.c.worker_id == worker_id, debrief.c.state == "draft")
    rows = await unopened.rows(tx, chosen.order_by(debrief.c.asked_at, debrief.c.id))
    return [_read(row) for row in rows if not getattr(row, "unread", False)]


async def due(tx: Tx, limit: int) -> list[Debrief]:
    """Those to be chased by now, locked; others' locks are stepped over."""
    return await due_rows(tx, debrief, limit, _read)


async def who_went(tx: Tx, debrief_ids: Collection[UUID]) -> dict[UUID | None, frozenset[UUID]]:
    """Everybody who goes on the visit that each of these debriefs is of."""
    found: dict[UUID | None, set[UUID]] = {}
    if debrief_ids:
        query = select(debrief.c.id, watch.c.worker_id).join(watch, watch.c.visit_id == debrief.c.visit_id)
        for row in await tx.conn.execute(query.where(debrief.c.id.in_(debrief_ids))):
            found.setdefault(row.id, set()).add(row.worker_id)
    return {each: frozenset(workers) for each, workers in found.items()}


async def quiet_given(tx: Tx, family_id: UUID) -> int:
    """How many debriefs of this family were given about quiet visits."""
    about = (debrief.c.family_id == family_id, debrief.c.severity == "none", debrief.c.state != "draft")
    return int((await tx.conn.execute(select(func.count()).where(*about).select_from(debrief))).scalar_one())


async def given_before(tx: Tx, family_id: UUID, than: Debrief, limit: int) -> list[Debrief]:
    """The last debriefs of other visits to this family whose first part was given, the newest first."""
    about = (debrief.c.family_id == family_id, debrief.c.visit_id != than.visit_id, debrief.c.asked_at <= than.asked_at)
    query = select(debrief).where(*about, debrief.c.first_part_at.is_not(None))
    rows = await tx.conn.execute(query.order_by(debrief.c.asked_at.desc(), debrief.c.id.desc()).limit(limit))
    return [_read(row) for row in rows]


async def save(tx: Tx, row: Debrief) -> None:
    """Write it back."""
    await tx.do(_SAVE, this=row.id, **_values(row))


async def put_off(tx: Tx, debrief_id: UUID, until: datetime) -> None:
    """It is not chased before then."""
    await tx.do(_PUT_OFF, this=debrief_id, next_at=until)


_SAVE = Ready(update(debrief).where(debrief.c.id == bindparam("this")), *(each.name for each in debrief.columns))
_PUT_OFF = Ready(update(debrief).where(debrief.c.id == bindparam("this")), "next_at")


async def met_in(tx: Tx, debrief_id: UUID) -> frozenset[str]:
    """The keys of what was recorded as met."""
    query = select(debrief_behaviour.c.kind).where(debrief_behaviour.c.debrief_id == debrief_id)
    return frozenset((await tx.conn.execute(query)).scalars())


async def add_met(tx: Tx, row: Debrief, met: Collection[Met]) -> None:
    """Record what was met, a row each: what families, teams and trends are looked up by."""
    about = {"debrief_id": row.id, "family_id": row.family_id, "worker_id": row.worker_id, "team_id": row.team_id}
    if met:
        values = [
            {**about, "kind": each.kind, "group": each.group, "severity": each.severity, "on": each.on} for each in met
        ]
        await tx.conn.execute(insert(debrief_behaviour), values)


async def add_addendum(tx: Tx, debrief_id: UUID, by: UUID, text: str) -> Addendum:
    """Keep what was added; it is never changed."""
    made = Addendum(id=new_id(), by=by, at=tx.now, text=text)
    await tx.conn.execute(
        insert(debrief_addendum).values(id=made.id, debrief_id=debrief_id, by=by, at=tx.now, text=text)
    )
    return made


async def addenda(tx: Tx, debrief_id: UUID) -> list[Addendum]:
    """What was added, in its order."""
    query = select(debrief_addendum).where(debrief_addendum.c.debrief_id == debrief_id)
    rows = await tx.conn.execute(query.order_by(debrief_addendum.c.at, debrief_addendum.c.id))
    return [Addendum(id=row.id, by=row.by, at=row.at, text=row.text) for row in rows]


_FIELDS = tuple(Debrief.__dataclass_fields__)


def _read(row: Any) -> Debrief:
    return Debrief(**{name: getattr(row, name) for name in _FIELDS})


def _values(row: Debrief) -> dict[str, Any]:
    values = {column.name: getattr(row, column.name) for column in debrief.columns}
    return values | {
        "answers": dict(row.answers),
        "private": None if row.private is None else dict(row.private),
        "signals": None if row.signals is None else [dict(each) for each in row.signals],
    }
