"""The rows from which a day's figures are counted: what each is of, and of which team; never whose.

`only` narrows them to what somebody is kept off: that much is taken from what they are shown.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from safety_service.store.database import Tx
from safety_service.store.exclusions import KeptOff
from safety_service.store.tables.alerts import alert, outbox
from safety_service.store.tables.learning import debrief, debrief_behaviour
from safety_service.store.tables.people import person
from safety_service.store.tables.system import event_log
from safety_service.store.tables.visits import visit, watch

Teams = Collection[UUID]
Only = KeptOff | None


@dataclass(frozen=True, slots=True)
class Given:
    """A debrief that was given."""

    id: UUID
    team_id: UUID
    asked_at: datetime
    submitted_at: datetime
    severity: str
    review: str | None
    reviewed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert, and when somebody first took it."""

    id: UUID
    team_id: UUID
    number: int
    kind: str
    state: str
    found: str | None
    opened_at: datetime
    taken_at: datetime | None
    visit_id: UUID | None
    worker_id: UUID | None
    family_id: UUID | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A worker was asked once more on this visit; or for its debrief."""

    team_id: UUID
    visit_id: UUID
    at: datetime


async def debriefs(
    tx: Tx, teams: Teams, since: datetime, until: datetime, only: Only = None, *, to_review: bool = False
) -> list[Given]:
    """Debriefs that were given in this time; `to_review`: only those of which a review is wanted, or was."""
    columns = (
        debrief.c.id,
        debrief.c.team_id,
        debrief.c.asked_at,
        debrief.c.submitted_at,
        debrief.c.severity,
        debrief.c.review,
        debrief.c.reviewed_at,
    )
    query = select(*columns).where(*_given(teams, since, until, only))
    if to_review:
        query = query.where(debrief.c.review.in_(("wanted", "done")))
    return [Given(*row) for row in await tx.conn.execute(query)]


async def behaviours(
    tx: Tx, teams: Teams, since: datetime, until: datetime, only: Only = None
) -> list[tuple[UUID, datetime, str]]:
    """What was met in them: (team, when it was told, kind)."""
    joined = debrief.join(debrief_behaviour, debrief_behaviour.c.debrief_id == debrief.c.id)
    query = select(debrief.c.team_id, debrief.c.submitted_at, debrief_behaviour.c.kind).select_from(joined)
    rows = await tx.conn.execute(query.where(*_given(teams, since, until, only)))
    return [(team_id, at, kind) for team_id, at, kind in rows]


async def alerts(tx: Tx, teams: Teams, since: datetime, until: datetime, only: Only = None) -> list[Raised]:
    """Alerts that opened in this time."""
    takes = event_log.c.alert_id == alert.c.id, event_log.c.verb == "took"
    taken_at = select(func.min(event_log.c.at)).where(*takes).scalar_subquery()
    own = (alert.c.id, alert.c.team_id, alert.c.number, alert.c.kind, alert.c.state, alert.c.found, alert.c.opened_at)
    about = (alert.c.visit_id, alert.c.worker_id, visit.c.family_id)
    query = select(*own, taken_at, *about).select_from(alert.outerjoin(visit, visit.c.id == alert.c.visit_id))
    there = [alert.c.team_id.in_(tuple(teams)), alert.c.opened_at >= since, alert.c.opened_at < until]
    if only is not None:
        own_worker = alert.c.worker_id.in_(tuple(only.workers))
        there.append(or_(own_worker, _about(only, visit.c.family_id, alert.c.visit_id)))
    rows = await tx.conn.execute(query.where(*there).order_by(alert.c.opened_at.desc(), alert.c.id.desc()))
    return [Raised(*row) for row in rows]


async def asked_again(tx: Tx, teams: Teams, since: datetime, until: datetime, only: Only = None) -> list[Asked]:
    """When workers were asked once more, each time once, by however many channels it was."""
    there = [*asking_again(since, until), visit.c.team_id.in_(tuple(teams))]
    if only is not None:
        there.append(_about(only, visit.c.family_id, visit.c.id))
    joined = outbox.join(visit, visit.c.id == outbox.c.visit_id)
    columns = visit.c.team_id, visit.c.id, outbox.c.person_id, outbox.c.created_at
    rows = await tx.conn.execute(select(*columns).select_from(joined).where(*there).distinct())
    return [Asked(row.team_id, row.id, row.created_at) for row in rows]


def asking_again(since: datetime, until: datetime) -> list[ColumnElement[bool]]:
    """The messages that ask once more, of this time: looked for by the index of whom they go to."""
    everybody = select(person.c.id)
    made = outbox.c.created_at >= since, outbox.c.created_at < until
    return [outbox.c.person_id.in_(everybody), *made, outbox.c.dedupe.like("ask:%:again%")]


async def unfinished(tx: Tx, teams: Teams, before: datetime, kept_off: KeptOff) -> int:
    """Debriefs that were wanted before then and are not given."""
    drafts = debrief.c.submitted_at.is_(None), debrief.c.asked_at < before
    return await _number(tx, teams, kept_off, *drafts)


async def unfinished_of(tx: Tx, teams: Teams, since: datetime, until: datetime, only: Only = None) -> list[Asked]:
    """The same, wanted in this time: of which visits."""
    drafts = debrief.c.submitted_at.is_(None), debrief.c.asked_at >= since, debrief.c.asked_at < until
    there = [debrief.c.team_id.in_(tuple(teams)), *drafts, *([] if only is None else [_about_debrief(only)])]
    rows = await tx.conn.execute(select(debrief.c.team_id, debrief.c.visit_id, debrief.c.asked_at).where(*there))
    return [Asked(*row) for row in rows]


async def waiting(tx: Tx, teams: Teams, kept_off: KeptOff) -> int:
    """Debriefs that wait for a review."""
    return await _number(tx, teams, kept_off, debrief.c.review == "wanted")


async def _number(tx: Tx, teams: Teams, kept_off: KeptOff, *there: ColumnElement[bool]) -> int:
    query = select(func.count()).where(debrief.c.team_id.in_(tuple(teams)), *there)
    if kept_off.families or kept_off.workers:
        query = query.where(~_about_debrief(kept_off))
    return int((await tx.conn.execute(query)).scalar_one())


def _given(teams: Teams, since: datetime, until: datetime, only: Only) -> list[ColumnElement[bool]]:
    there = [debrief.c.team_id.in_(tuple(teams)), debrief.c.submitted_at >= since, debrief.c.submitted_at < until]
    return there if only is None else [*there, _about_debrief(only)]


def _about_debrief(kept_off: KeptOff) -> ColumnElement[bool]:
    return _about(kept_off, debrief.c.family_id, debrief.c.visit_id)


def _about(kept_off: KeptOff, family_id: Any, visit_id: Any) -> ColumnElement[bool]:
    """Of one of these families, or of a visit on which one of these workers went."""
    there = exists().where(and_(watch.c.visit_id == visit_id, watch.c.worker_id.in_(tuple(kept_off.workers))))
    # Said twice: of what is NULL nobody knows whether it is among them, and what is not known is left out.
    of_family = and_(family_id.is_not(None), family_id.in_(tuple(kept_off.families)))
    return or_(of_family, there) if kept_off.workers else of_family
