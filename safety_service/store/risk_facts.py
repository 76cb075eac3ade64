"""Risk facts of families: each with its source, its dates, what the family was told; never rewritten, never deleted."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, or_, select, update

from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.ready import Ready
from safety_service.store.tables.visits import risk_fact


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRow:
    """A fact as it is kept. `told`: yes, no or not_yet. `corrects_id`: the fact in whose place this one stands."""

    id: UUID
    family_id: UUID
    kind: str
    on: date
    source: str
    created_at: datetime
    created_by: UUID | None = None
    worker_id: UUID | None = None
    ended_on: date | None = None
    says: str | None = None
    review_on: date | None = None
    told: str | None = None
    told_why: str | None = None
    their_view: str | None = None
    debrief_id: UUID | None = None
    corrects_id: UUID | None = None
    ended_by: UUID | None = None
    ended_why: str | None = None


async def add(tx: Tx, family_id: UUID, kind: str, on: date, *, source: str, by: UUID | None, **more: Any) -> FactRow:
    """Keep a new fact; `more` are columns of FactRow."""
    made = FactRow(
        id=new_id(), family_id=family_id, kind=kind, on=on, source=source, created_at=tx.now, created_by=by, **more
    )
    await tx.do(_ADD, **_values(made))
    return made


_ADD = Ready(insert(risk_fact), *FactRow.__dataclass_fields__)


async def of_family(tx: Tx, family_id: UUID) -> list[FactRow]:
    """Every fact of a family, ended ones too, the newest first."""
    query = select(risk_fact).where(risk_fact.c.family_id == family_id)
    rows = await tx.conn.execute(query.order_by(risk_fact.c.on.desc(), risk_fact.c.id.desc()))
    return [_read(row) for row in rows]


async def load(tx: Tx, fact_id: UUID, *, lock: bool = False) -> FactRow | None:
    """The fact with this id; `lock` holds it until the transaction ends."""
    query = select(risk_fact).where(risk_fact.c.id == fact_id)
    row = (await tx.conn.execute(query.with_for_update() if tx.locks(lock) else query)).one_or_none()
    return None if row is None else _read(row)


async def end(tx: Tx, fact_id: UUID, on: date, *, by: UUID, why: str) -> bool:
    """It counts no more from this day on. False: it had ended before."""
    still = (risk_fact.c.id == fact_id) & or_(risk_fact.c.ended_on.is_(None), risk_fact.c.ended_on > on)
    values = {"ended_on": on, "ended_by": by, "ended_why": why, "review_on": None}
    return (await tx.conn.execute(update(risk_fact).where(still).values(values))).rowcount == 1


async def tell(tx: Tx, fact_id: UUID, *, told: str, why: str | None, view: str | None) -> None:
    """What the family was told of it, or why not; and what they say."""
    values = {"told": told, "told_why": why, "their_view": view}
    await tx.conn.execute(update(risk_fact).where(risk_fact.c.id == fact_id).values(values))


async def review(tx: Tx, fact_id: UUID, on: date | None) -> None:
    """When it is looked at again."""
    await tx.conn.execute(update(risk_fact).where(risk_fact.c.id == fact_id).values(review_on=on))


async def review_new(tx: Tx, debrief_id: UUID, on: date) -> None:
    """Those of a debrief that have no day yet are looked at again on this one."""
    mine = (risk_fact.c.debrief_id == debrief_id) & risk_fact.c.review_on.is_(None) & risk_fact.c.ended_on.is_(None)
    await tx.conn.execute(update(risk_fact).where(mine).values(review_on=on))


@dataclass(frozen=True, slots=True)
class Due:
    """A fact to be looked at again; what it says is not opened for that."""

    id: UUID
    family_id: UUID


async def due(tx: Tx, today: date, limit: int) -> list[Due]:
    """Facts to be looked at again by this day, locked; others' locks are stepped over."""
    asked = select(risk_fact.c.id, risk_fact.c.family_id)
    asked = asked.where(risk_fact.c.review_on <= today, risk_fact.c.ended_on.is_(None))
    rows = await tx.conn.execute(asked.order_by(risk_fact.c.review_on).limit(limit).with_for_update(skip_locked=True))
    return [Due(row.id, row.family_id) for row in rows]


def _read(row: Row[Any]) -> FactRow:
    return FactRow(**{name: row._mapping[risk_fact.c[name]] for name in FactRow.__dataclass_fields__})


def _values(row: FactRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in FactRow.__dataclass_fields__}


def corrected(row: FactRow, **changes: Any) -> dict[str, Any]:
    """The columns of the fact that stands in place of this one."""
    kept = _values(replace(row, **changes))
    return {name: kept[name] for name in ("worker_id", "says", "told", "told_why", "their_view", "debrief_id")}
