"""Decisions on measures as the figures see them: what was decided, and what was met there before and afterwards."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select

from safety_service.store.database import Tx
from safety_service.store.day_counts import Only, Teams
from safety_service.store.tables.learning import debrief, debrief_behaviour
from safety_service.store.tables.plans import measure, measure_decision
from safety_service.store.tables.visits import family, visit


@dataclass(frozen=True, slots=True)
class Made:
    """A decision on a measure. `team_id`: who told what it is for, or who visits there."""

    id: UUID
    team_id: UUID | None
    measure_id: UUID
    family_id: UUID
    ref: str
    debrief_id: UUID | None
    kind: str
    at: datetime


async def decisions(tx: Tx, teams: Teams, since: datetime, until: datetime, only: Only = None) -> list[Made]:
    """Decisions of this time, the newest first."""
    rows = (
        _made()
        .where(measure_decision.c.at >= since, measure_decision.c.at < until)
        .order_by(measure_decision.c.at.desc(), measure_decision.c.id.desc())
    )
    found = [Made(*row) for row in await tx.conn.execute(rows)]
    wanted = frozenset(teams)
    return [each for each in found if each.team_id in wanted and (only is None or each.family_id in only.families)]


async def of_families(tx: Tx, family_ids: Collection[UUID], since: datetime) -> list[Made]:
    """Decisions since then on the measures of these families."""
    rows = _made().where(measure.c.family_id.in_(tuple(family_ids)), measure_decision.c.at >= since)
    return [Made(*row) for row in await tx.conn.execute(rows)]


async def met_again(tx: Tx, made: Made, since: date, until: date) -> bool:
    """Whether what the measure is for was met at that family again."""
    if made.debrief_id is None:
        return False
    kinds = select(debrief_behaviour.c.kind).where(debrief_behaviour.c.debrief_id == made.debrief_id)
    there = debrief_behaviour.c.family_id == made.family_id, debrief_behaviour.c.kind.in_(kinds)
    after = debrief_behaviour.c.on > since, debrief_behaviour.c.on <= until
    query = select(debrief_behaviour.c.debrief_id).where(*there, *after).limit(1)
    return (await tx.conn.execute(query)).first() is not None


async def told_of(tx: Tx, family_id: UUID, since: datetime, until: datetime, hard: Collection[str]) -> tuple[int, int]:
    """Debriefs of a family that were given in this time: how many, and how many of them of a hard visit."""
    is_hard = func.coalesce(func.sum(case((debrief.c.severity.in_(tuple(hard)), 1), else_=0)), 0)
    there = debrief.c.family_id == family_id, debrief.c.submitted_at >= since, debrief.c.submitted_at < until
    all_of_them, those = (await tx.conn.execute(select(func.count(), is_hard).where(*there))).one()
    return int(all_of_them), int(those)


def _made() -> Any:
    newest = (
        select(visit.c.team_id)
        .where(visit.c.family_id == measure.c.family_id)
        .order_by(visit.c.starts_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    joined = (
        measure_decision.join(measure, measure.c.id == measure_decision.c.measure_id)
        .join(family, family.c.id == measure.c.family_id)
        .outerjoin(debrief, debrief.c.id == measure.c.debrief_id)
    )
    team_id = func.coalesce(debrief.c.team_id, newest, type_=visit.c.team_id.type).label("team_id")
    about = measure.c.id, measure.c.family_id, family.c.ref, measure.c.debrief_id
    decision = measure_decision.c.kind, measure_decision.c.at
    return select(measure_decision.c.id, team_id, *about, *decision).select_from(joined)
