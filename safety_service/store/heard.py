"""Who has heard of alerts that are still open: a few statements, however many alerts there are."""

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select

from safety_service.domain.words import Kind, State
from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import alert, told
from safety_service.store.tables.visits import visit


class Heard(NamedTuple):
    """Somebody was told of an open alert: what is said of it, and whom it is about."""

    person_id: UUID
    alert_id: UUID
    number: int
    kind: Kind
    state: State
    step: int
    owner_id: UUID | None
    worker_id: UUID | None
    family_id: UUID | None


async def everyone(tx: Tx) -> list[UUID]:
    """Everyone who was told of an alert that is open."""
    return await tx.scalars(_EVERYONE)


async def by(tx: Tx, people: Collection[UUID]) -> list[Heard]:
    """The open alerts that each of these people was told of, by number."""
    rows = await tx.all(_BY, people=people) if people else []
    return [Heard(**{**each._mapping, "kind": Kind(each.kind), "state": State(each.state)}) for each in rows]


#: In the words of the index that holds no alert that is resolved.
_OPEN = alert.c.due_now.is_not(None)
_EVERYONE = Ready(
    select(told.c.person_id).join(alert, alert.c.id == told.c.alert_id).where(_OPEN).distinct().order_by("person_id")
)
_BY = Ready(
    select(
        told.c.person_id,
        told.c.alert_id,
        *(alert.c[name] for name in ("number", "kind", "state", "step", "owner_id", "worker_id")),
        visit.c.family_id,
    )
    .join(alert, alert.c.id == told.c.alert_id)
    .outerjoin(visit, visit.c.id == alert.c.visit_id)
    .where(_OPEN, told.c.person_id.in_(bindparam("people", expanding=True)))
    .order_by(alert.c.number)
)
