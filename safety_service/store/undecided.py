"""Measures that wait for a manager's decision, over all families of some teams; and who goes to those families."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, func, or_, select, true

from config.guidance import Demands
from safety_service.domain.plan import Because, Measure, MeasureState
from safety_service.domain.words import Status
from safety_service.store.database import Tx
from safety_service.store.exclusions import KeptOff
from safety_service.store.family_list import undecided, visited_by_teams
from safety_service.store.tables.plans import measure
from safety_service.store.tables.visits import family, visit, watch

Place = tuple[datetime, UUID]
_AHEAD = (Status.PLANNED, Status.WAITING, Status.BEGUN)


@dataclass(frozen=True, slots=True)
class Undecided:
    """A measure, the reference of its family, and where it stands in the list."""

    measure: Measure
    ref: str
    place: Place


async def of_teams(
    tx: Tx, agency_id: UUID, teams: Collection[UUID], kept_off: KeptOff, limit: int, after: Place | None = None
) -> list[Undecided]:
    """Those at families where these teams go, what is to be decided first at the top; `after`: those behind it."""
    first = func.coalesce(measure.c.decide_by, measure.c.next_at)
    behind = true() if after is None else or_(first > after[0], and_(first == after[0], measure.c.id > after[1]))
    query = (
        select(measure, family.c.ref, first.label("first"))
        .join(family, family.c.id == measure.c.family_id)
        .where(
            measure.c.agency_id == agency_id,
            *undecided(kept_off),
            measure.c.family_id.not_in(tuple(kept_off.families)),
            visited_by_teams(teams),
            behind,
        )
        .order_by(first, measure.c.id)
        .limit(limit)
    )
    return [Undecided(_read(row), row.ref, (row.first, row.id)) for row in await tx.conn.execute(query)]


async def going_to(tx: Tx, family_ids: Collection[UUID]) -> dict[UUID, frozenset[UUID]]:
    """Who goes to each of these families next, or is there now: nothing there is theirs to decide."""
    query = (
        select(visit.c.family_id, watch.c.worker_id)
        .join(watch, watch.c.visit_id == visit.c.id)
        .where(visit.c.family_id.in_(tuple(family_ids)), visit.c.status.in_(_AHEAD))
        .distinct()
    )
    found: dict[UUID, set[UUID]] = {}
    for row in await tx.conn.execute(query):
        found.setdefault(row.family_id, set()).add(row.worker_id)
    return {each: frozenset(workers) for each, workers in found.items()}


def _read(row: Row[Any]) -> Measure:
    plain = {each.name: row._mapping[each] for each in measure.columns}
    opened = {"demands": Demands.model_validate(row.demands), "because": Because.read(row.because)}
    return Measure(**{**plain, **opened, "state": MeasureState(row.state)})
