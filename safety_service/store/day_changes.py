"""What changed since the figures were last counted: of which team, and a moment of the day that it counts for."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from safety_service.store.database import Tx
from safety_service.store.day_counts import asking_again
from safety_service.store.tables.alerts import alert, outbox
from safety_service.store.tables.learning import debrief
from safety_service.store.tables.visits import visit

Moment = tuple[UUID, datetime]


async def first(tx: Tx) -> datetime | None:
    """The oldest thing that there is to count."""
    given = (await tx.conn.execute(select(func.min(debrief.c.submitted_at)))).scalar()
    raised = (await tx.conn.execute(select(func.min(alert.c.opened_at)))).scalar()
    return min((each for each in (given, raised) if each is not None), default=None)


async def debriefs(tx: Tx, since: datetime, until: datetime) -> list[tuple[UUID, datetime, UUID]]:
    """Those that were given or reviewed in this time: (team, when given, family)."""
    columns = debrief.c.team_id, debrief.c.submitted_at, debrief.c.family_id
    given = select(*columns).where(debrief.c.submitted_at >= since, debrief.c.submitted_at < until)
    reviewed = select(*columns).where(debrief.c.reviewed_at >= since, debrief.c.reviewed_at < until)
    rows = [*(await tx.conn.execute(given)), *(await tx.conn.execute(reviewed))]
    return [(team, at, family) for team, at, family in rows if team is not None and at is not None]


async def alerts(tx: Tx, teams: Collection[UUID], since: datetime, until: datetime) -> list[Moment]:
    """Those that opened or ended in this time, and those that go on: taking one changes it, too."""
    chosen = select(alert.c.team_id, alert.c.opened_at)
    new = chosen.where(alert.c.team_id.in_(tuple(teams)), alert.c.opened_at >= since, alert.c.opened_at < until)
    ended = chosen.where(alert.c.resolved_at >= since, alert.c.resolved_at < until)
    going = chosen.where(alert.c.open_key.is_not(None))
    rows = [row for query in (new, ended, going) for row in await tx.conn.execute(query)]
    return [(team, at) for team, at in rows if team is not None]


async def asked_again(tx: Tx, since: datetime, until: datetime) -> list[Moment]:
    """When workers were asked once more."""
    joined = outbox.join(visit, visit.c.id == outbox.c.visit_id)
    query = select(visit.c.team_id, outbox.c.created_at).select_from(joined).where(*asking_again(since, until))
    return [(team, at) for team, at in await tx.conn.execute(query)]
