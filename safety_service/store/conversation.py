"""What one person and the service said to each other on the chat page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select

from safety_service.domain.words import Phase, State, Status
from safety_service.store import unopened
from safety_service.store.database import Tx
from safety_service.store.tables.alerts import alert, outbox, ring
from safety_service.store.tables.chat import inbox
from safety_service.store.tables.plans import measure
from safety_service.store.tables.visits import said, visit, watch

CHANNEL = "webchat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message of ours: rendered each time that it is shown.

    `open`: what it asks for is not settled yet; `over`: it said where somebody was, and that alert is resolved.
    """

    id: UUID
    at: datetime
    template: str
    params: dict[str, Any]
    visit_id: UUID | None
    alert_id: UUID | None
    seen: bool
    open: bool
    over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A word of theirs, as it came in."""

    id: UUID
    at: datetime
    provider_id: str
    payload: dict[str, Any]


async def told(tx: Tx, person_id: UUID, since: datetime | None, limit: int) -> list[Told]:
    """The newest messages to a person, oldest first."""
    query = (
        select(outbox, alert.c.state.label("alert_state"), visit.c.status.label("visit_status"))
        .outerjoin(alert, alert.c.id == outbox.c.alert_id)
        .outerjoin(visit, visit.c.id == outbox.c.visit_id)
        .where(outbox.c.person_id == person_id, outbox.c.channel == CHANNEL, outbox.c.state == "sent")
        .order_by(outbox.c.created_at.desc(), outbox.c.id.desc())
        .limit(limit)
    )
    if since is not None:
        query = query.where(outbox.c.created_at >= since)
    # One that no key opens is said in the built-in short form: without its params nothing else can be.
    rows = await unopened.rows(tx, query, params={})
    opened = [row for row in rows if row.params]
    rings = await _open_rings(tx, [row.params["ring_id"] for row in opened if row.template == "ring.wanted"])
    measures = await _undecided(tx, [row.params["measure_id"] for row in opened if row.template in _PROPOSALS])
    answered = await _resolved(tx, [row.params["alert_id"] for row in opened if row.template in _ANSWERS])
    return [_told(row, rings | measures, answered) for row in reversed(rows)]


#: Of each kind of question that a row of its own settles: which row that is.
_SETTLED_BY = {"ring.wanted": "ring_id", "plan.proposed": "measure_id", "plan.undecided": "measure_id"}
_PROPOSALS = frozenset(template for template, key in _SETTLED_BY.items() if key == "measure_id")


#: What says where somebody is. An answer names its alert in what it says.
_ALARMS = ("alarm.", "alert.offer")
_ANSWERS = frozenset({"reply.words_999", "reply.map"})


async def _resolved(tx: Tx, ids: Collection[str]) -> frozenset[UUID]:
    if not ids:
        return frozenset()
    these = alert.c.id.in_([UUID(each) for each in ids])
    return frozenset(
        (await tx.conn.execute(select(alert.c.id).where(these, alert.c.state == State.RESOLVED))).scalars()
    )


def _told(row: Any, unsettled_rows: frozenset[UUID], resolved: frozenset[UUID]) -> Told:
    settled_by = _SETTLED_BY.get(row.template) if row.params else None
    unsettled = (
        row.alert_state is not None and row.alert_state != State.RESOLVED,
        row.template == "decision.wanted" and row.visit_status == Status.WAITING,
        settled_by is not None and UUID(row.params[settled_by]) in unsettled_rows,
    )
    return Told(
        id=row.id,
        at=row.created_at,
        template=row.template,
        params=row.params,
        visit_id=row.visit_id,
        alert_id=row.alert_id,
        seen=row.reached_at is not None,
        open=any(unsettled),
        over=(row.template.startswith(_ALARMS) and row.alert_state == State.RESOLVED)
        or (row.template in _ANSWERS and row.params and UUID(row.params["alert_id"]) in resolved),
    )


async def heard(tx: Tx, person_id: UUID, since: datetime | None, limit: int) -> list[Heard]:
    """The newest words of a person, oldest first."""
    query = (
        select(inbox.c.id, inbox.c.received_at, inbox.c.provider_id, inbox.c.payload)
        .where(inbox.c.person_id == person_id, inbox.c.channel == CHANNEL)
        .order_by(inbox.c.received_at.desc(), inbox.c.id.desc())
        .limit(limit)
    )
    if since is not None:
        query = query.where(inbox.c.received_at >= since)
    rows = await unopened.rows(tx, query, payload={"text": unopened.UNREAD})
    return [
        Heard(id=row.id, at=row.received_at, provider_id=row.provider_id, payload=row.payload) for row in reversed(rows)
    ]


async def inside_since(tx: Tx, person_id: UUID) -> datetime | None:
    """When the "going in" of the visit that they are inside was heard; None: they are inside none."""
    inside = and_(watch.c.worker_id == person_id, watch.c.phase == Phase.INSIDE)
    # On a joint visit somebody else may have said it for all.
    went_in = and_(said.c.visit_id == watch.c.visit_id, said.c.kind == "begin")
    query = select(said.c.heard_at).join(watch, went_in).where(inside).order_by(said.c.id).limit(1)
    return (await tx.conn.execute(query)).scalar()


async def _open_rings(tx: Tx, ids: Collection[str]) -> frozenset[UUID]:
    if not ids:
        return frozenset()
    these = ring.c.id.in_([UUID(each) for each in ids])
    return frozenset((await tx.conn.execute(select(ring.c.id).where(these, ring.c.state == "open"))).scalars())


async def _undecided(tx: Tx, ids: Collection[str]) -> frozenset[UUID]:
    if not ids:
        return frozenset()
    waits = measure.c.state.in_(("proposed", "provisional"))
    query = select(measure.c.id).where(measure.c.id.in_([UUID(each) for each in ids]), waits)
    return frozenset((await tx.conn.execute(query)).scalars())
