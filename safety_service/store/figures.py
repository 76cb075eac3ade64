"""Figures of the whole service, for those who look after it: counts, never whose; the canary is in none of them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from safety_service.domain.canary import AGENCY as CANARY
from safety_service.domain.canary import WORKER
from safety_service.domain.words import State
from safety_service.store.audit import waits, waits_since
from safety_service.store.database import Tx
from safety_service.store.tables.alerts import alert, outbox
from safety_service.store.tables.visits import watch

#: The message that nobody has an alert any more: its owner forgot it.
LAPSED = "alert.lapsed"


@dataclass(frozen=True, slots=True)
class Pending:
    """Messages of one priority that wait to go out, the oldest since `since`."""

    priority: int
    count: int
    since: datetime


async def watched(tx: Tx) -> int:
    """How many visits are watched."""
    query = select(func.count(watch.c.visit_id.distinct())).where(
        watch.c.next_at.is_not(None), watch.c.worker_id != WORKER
    )
    return int((await tx.conn.execute(query)).scalar_one())


async def open_alerts(tx: Tx) -> dict[str, int]:
    """Unresolved alerts by kind."""
    query = select(alert.c.kind, func.count()).where(alert.c.state != State.RESOLVED, alert.c.agency_id != CANARY)
    return dict((await tx.conn.execute(query.group_by(alert.c.kind))).all())


async def unowned_since(tx: Tx) -> datetime | None:
    """Since when an alert has been nobody's: since it was opened, or since all were told that its owner forgot it."""
    told = select(func.max(outbox.c.created_at)).where(outbox.c.alert_id == alert.c.id, outbox.c.template == LAPSED)
    since = func.coalesce(told.scalar_subquery(), alert.c.opened_at)
    query = select(func.min(since)).where(alert.c.state == State.OPEN, alert.c.agency_id != CANARY)
    found: datetime | None = (await tx.conn.execute(query)).scalar()
    return found


async def pending(tx: Tx) -> list[Pending]:
    """What waits in the outbox, by priority; what is to go out later does not wait yet."""
    query = select(outbox.c.priority, func.count(), func.min(waits_since))
    query = query.where(waits, waits_since <= tx.now, outbox.c.agency_id != CANARY)
    rows = await tx.conn.execute(query.group_by(outbox.c.priority).order_by(outbox.c.priority))
    return [Pending(*row) for row in rows]
