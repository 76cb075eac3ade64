"""What stays whatever its age: all of a family that is held, and whatever is open or watched."""

from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, CompoundSelect, Select, Table, exists, not_, or_, select, union

from safety_service.store import holds
from safety_service.store.tables import metadata
from safety_service.store.tables.alerts import alert, ring, told
from safety_service.store.tables.visits import decision, family, visit, watch

Ids = Select[tuple[UUID]] | CompoundSelect[Any]


def held_visits() -> Select[tuple[UUID]]:
    """Visits to families that are held."""
    return select(visit.c.id).where(visit.c.family_id.in_(holds.held()))


def kept_visits() -> Ids:
    """Visits of which nothing is touched: to a family that is held, or with somebody watched or an alert on it."""
    return union(
        held_visits(),
        select(watch.c.visit_id).where(watch.c.next_at.is_not(None)),
        select(alert.c.visit_id).where(alert.c.due_now.is_not(None), alert.c.visit_id.is_not(None)),
        select(ring.c.visit_id).where(ring.c.next_at.is_not(None), ring.c.visit_id.is_not(None)),
    )


def free_visit(column: Column[Any]) -> ColumnElement[bool]:
    """Of no visit, or of one that is neither held nor open."""
    return or_(column.is_(None), column.not_in(kept_visits()))


def free_family(column: Column[Any]) -> ColumnElement[bool]:
    """Of no family, or of one that is not held."""
    return or_(column.is_(None), column.not_in(holds.held()))


def not_in_alarm(worker: Column[Any]) -> ColumnElement[bool]:
    """No alert about this worker is open: what they said without a visit may be needed."""
    return not_(exists().where(alert.c.worker_id == worker, alert.c.due_now.is_not(None)))


def held_ids() -> Ids:
    """The ids of all that belongs to families that are held: what an entry of the evidence log may be about."""
    of_visits = select(alert.c.id).where(alert.c.visit_id.in_(held_visits()))
    return union(
        select(family.c.id).where(family.c.id.in_(holds.held())),
        of_visits,
        *(select(each.c.id).where(each.c.family_id.in_(holds.held())) for each in _of_families() if "id" in each.c),
    )


def held_people() -> Ids:
    """Everybody who had to do with a family that is held: who they were must still be known."""
    visits = held_visits()
    alerts = select(alert.c.id).where(alert.c.visit_id.in_(held_visits()))
    return union(
        select(watch.c.worker_id).where(watch.c.visit_id.in_(visits)),
        select(decision.c.by).where(decision.c.visit_id.in_(visits)),
        select(told.c.person_id).where(told.c.alert_id.in_(alerts)),
        *(
            select(column).where(each.c.family_id.in_(holds.held()), column.is_not(None))
            for each in _of_families()
            for column in each.c
            if any(key.column.table.name == "person" for key in column.foreign_keys)
        ),
    )


def _of_families() -> list[Table]:
    return [each for each in metadata.sorted_tables if "family_id" in each.c]
