"""What should have been done and was not: the auditor's own queries, apart from the sweep's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, case, func, or_, select

from safety_service.store.database import Tx
from safety_service.store.tables.alerts import alert, outbox, ring
from safety_service.store.tables.chat import inbox
from safety_service.store.tables.visits import watch


@dataclass(frozen=True, slots=True)
class Undone:
    """So many things that should have been done, the oldest of them by `since`."""

    count: int
    since: datetime


async def watches(tx: Tx, by: datetime) -> Undone | None:
    """Alarms due by then that nobody raised. Looked for by `alarm_at`, the auditor's own index."""
    return await _undone(tx, watch, watch.c.alarm_at, watch.c.alarm_at <= by, watch.c.next_at <= by)


async def alerts(tx: Tx, by: datetime) -> Undone | None:
    """Alerts that should have climbed by then."""
    return await _undone(tx, alert, alert.c.due_now, alert.c.due_now <= by)


async def rings(tx: Tx, by: datetime) -> Undone | None:
    """Requests to be rung that should have become alerts by then."""
    return await _undone(tx, ring, ring.c.next_at, ring.c.next_at <= by)


#: Messages that have not gone out, and since when each should have. A second call is written beside the first, to be
#: made later; a message that was tried waits on purpose until it is tried again, and has waited all the while.
waits = or_(outbox.c.state == "pending", outbox.c.state == "sending")
_FIRST_TRY = or_(outbox.c.attempts == 0, and_(outbox.c.attempts == 1, outbox.c.state == "sending"))
waits_since = case((_FIRST_TRY, outbox.c.not_before), else_=outbox.c.created_at)


async def messages(tx: Tx, by: datetime, most: int, *, tried: bool) -> Undone | None:
    """Messages at least this urgent (`most`) that wait since then; `tried`: a channel did not take them yet."""
    tries = outbox.c.attempts > 0 if tried else outbox.c.attempts == 0
    return await _undone(tx, outbox, waits_since, waits, outbox.c.priority <= most, waits_since <= by, tries)


async def words(tx: Tx, by: datetime) -> Undone | None:
    """Words that came in by then and were not acted on."""
    return await _undone(tx, inbox, inbox.c.received_at, inbox.c.state == "new", inbox.c.received_at <= by)


async def oldest_due(tx: Tx) -> datetime | None:
    """The oldest moment, of watches and alerts, that has come and that nothing was done about."""
    moments = [
        (await tx.conn.execute(select(func.min(column)).where(column <= tx.now))).scalar()
        for column in (watch.c.next_at, alert.c.due_now)
    ]
    return min((each for each in moments if each is not None), default=None)


async def _undone(tx: Tx, table: Table, since: ColumnElement[Any], *where: ColumnElement[bool]) -> Undone | None:
    query = select(func.count(), func.min(since)).select_from(table).where(*where)
    count, oldest = (await tx.conn.execute(query)).one()
    return Undone(count, oldest) if count else None
