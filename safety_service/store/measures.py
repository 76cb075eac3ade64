"""Measures of the risk reduction plan, and the decisions on them: a row each, decisions never changed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, case, insert, select, update

from config.guidance import Demands
from safety_service.domain.plan import HOLDS, OPEN, UNDECIDED, Because, Measure, MeasureDecision, MeasureState, written
from safety_service.store.database import Tx
from safety_service.store.due import due_rows
from safety_service.store.ids import new_id
from safety_service.store.ready import Ready
from safety_service.store.tables.learning import debrief
from safety_service.store.tables.plans import measure, measure_decision
from safety_service.store.tables.visits import watch

#: A measure as it is kept.
MeasureRow = Measure


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A manager's decision on a measure. `changes`: what was changed by it."""

    kind: MeasureDecision
    reason: str
    by: UUID
    at: datetime
    changes: Mapping[str, Any] | None = None


async def add(tx: Tx, row: MeasureRow) -> None:
    """Keep a new one."""
    await tx.conn.execute(insert(measure).values(**_values(row)))


async def save(tx: Tx, row: MeasureRow) -> None:
    """Write it back."""
    await tx.conn.execute(update(measure).where(measure.c.id == row.id).values(**_values(row)))


async def load(tx: Tx, measure_id: UUID, *, lock: bool = False) -> MeasureRow | None:
    """The measure with this id; `lock` holds it until the transaction ends."""
    query = select(measure).where(measure.c.id == measure_id)
    row = (await tx.conn.execute(query.with_for_update() if tx.locks(lock) else query)).one_or_none()
    return None if row is None else _read(row)


async def in_force(tx: Tx, family_id: UUID) -> list[MeasureRow]:
    """What holds at this family now: in force, and provisional, the oldest first."""
    return await _of(tx, family_id, HOLDS)


async def open_of(tx: Tx, family_id: UUID) -> list[MeasureRow]:
    """What holds, and what is proposed."""
    return await _of(tx, family_id, OPEN)


async def of_family(tx: Tx, family_id: UUID) -> list[MeasureRow]:
    """Every measure that there ever was, the oldest first."""
    return await _of(tx, family_id, tuple(MeasureState))


async def _of(tx: Tx, family_id: UUID, states: Collection[MeasureState]) -> list[MeasureRow]:
    return [_read(row) for row in await tx.all(_OF, family_id=family_id, states=[str(each) for each in states])]


_OF = Ready(
    select(measure)
    .where(measure.c.family_id == bindparam("family_id"), measure.c.state.in_(bindparam("states", expanding=True)))
    .order_by(measure.c.id)
)


async def due(tx: Tx, limit: int) -> list[MeasureRow]:
    """Those whose owner is to be asked by now, locked; others' locks are stepped over."""
    return await due_rows(tx, measure, limit, _read)


async def hurry(tx: Tx, family_id: UUID, by: datetime) -> None:
    """A visit comes sooner than what is undecided was to be decided: it is to be decided before that."""
    await tx.do(_HURRY, family=family_id, by=by)


_BY = bindparam("by", type_=measure.c.decide_by.type)
_HURRY = Ready(
    update(measure)
    .where(
        measure.c.family_id == bindparam("family"),
        measure.c.state.in_([str(each) for each in UNDECIDED]),
        measure.c.decide_by > _BY,
    )
    .values(decide_by=_BY, next_at=case((measure.c.next_at > _BY, _BY), else_=measure.c.next_at))
)


async def add_decision(tx: Tx, measure_id: UUID, made: Decision) -> None:
    """Keep a decision; it is never changed."""
    await tx.conn.execute(
        insert(measure_decision).values(
            id=new_id(),
            measure_id=measure_id,
            kind=made.kind,
            reason=made.reason,
            changes=None if made.changes is None else dict(made.changes),
            by=made.by,
            at=made.at,
        )
    )


async def decisions(tx: Tx, measure_ids: Collection[UUID]) -> dict[UUID, list[Decision]]:
    """The decisions on these measures, the oldest first."""
    found: dict[UUID, list[Decision]] = {each: [] for each in measure_ids}
    if not found:
        return found
    query = select(measure_decision).where(measure_decision.c.measure_id.in_(found))
    for row in await tx.conn.execute(query.order_by(measure_decision.c.id)):
        kind = MeasureDecision(row.kind)
        found[row.measure_id].append(Decision(kind=kind, reason=row.reason, by=row.by, at=row.at, changes=row.changes))
    return found


async def met_by(tx: Tx, debrief_ids: Collection[UUID]) -> frozenset[UUID]:
    """Everybody who went on the visits that these debriefs are of."""
    if not debrief_ids:
        return frozenset()
    query = select(watch.c.worker_id).join(debrief, debrief.c.visit_id == watch.c.visit_id)
    return frozenset((await tx.conn.execute(query.where(debrief.c.id.in_(debrief_ids)))).scalars())


def _read(row: Any) -> MeasureRow:
    values = dict(row._mapping)
    return Measure(
        **{
            **values,
            "state": MeasureState(row.state),
            "demands": Demands.model_validate(row.demands),
            "because": Because.read(row.because),
        }
    )


def _values(row: MeasureRow) -> dict[str, Any]:
    plain = {column.name: getattr(row, column.name) for column in measure.columns}
    return plain | {"demands": written(row.demands), "because": row.because.written()}
