"""What the timeline of an alert is made of: rows only, so that it is the same after any crash."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select

from safety_service.domain.timeline import Deed, Sending, WordSaid
from safety_service.store import unopened
from safety_service.store.database import Tx
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.system import event_log
from safety_service.store.tables.visits import said

#: What the service itself notes that belongs into every timeline.
OF_SERVICE = ("not_watched", "started")
#: What became of a message, which its own row says; and that somebody looked.
OF_MESSAGES = ("was_told", "was_shown", "was_sent", "read", "link_opened")


async def deeds(tx: Tx, alert_id: UUID, most: int | None = None) -> list[Deed]:
    """Everything in the evidence log about this alert, in order; but not that its timeline was read.

    `most`: only so many of the latest, and of those what somebody did: not that a message went out, or who looked.
    """
    about = [event_log.c.alert_id == alert_id, event_log.c.subject != "timeline"]
    if most is None:
        return await _deeds(tx, *about)
    return await _deeds(tx, *about, event_log.c.verb.not_in(OF_MESSAGES), most=most)


async def rings(tx: Tx, visit_id: UUID) -> list[Deed]:
    """How requests to be rung during this visit were answered."""
    return await _deeds(tx, event_log.c.visit_id == visit_id, event_log.c.subject == "ring")


async def of_service(tx: Tx, since: datetime, until: datetime) -> list[Deed]:
    """What the service itself went through between these moments."""
    of_all = (event_log.c.agency_id.is_(None), event_log.c.verb.in_(OF_SERVICE))
    return await _deeds(tx, *of_all, event_log.c.at.between(since, until))


async def _deeds(tx: Tx, *where: ColumnElement[bool], most: int | None = None) -> list[Deed]:
    latest_first = (event_log.c.at.desc(), event_log.c.id.desc())
    rows = await unopened.rows(tx, select(event_log).where(*where).order_by(*latest_first).limit(most))
    return [
        Deed(at=row.at, verb=row.verb, by=row.actor_id, about=row.subject_id, details=row.details or {})
        for row in reversed(rows)
    ]


async def about_alert(tx: Tx, alert_id: UUID, most: int | None = None) -> list[Sending]:
    """Every message about this alert; `most`: only so many of the latest."""
    return await _sendings(tx, outbox.c.alert_id == alert_id, most=most)


async def to_workers(
    tx: Tx, visit_id: UUID, workers: Collection[UUID], since: datetime, until: datetime
) -> list[Sending]:
    """What these workers were asked and told on the visit between these moments."""
    asked = or_(outbox.c.template.like("ask.%"), outbox.c.template.like("worker.%"))
    theirs = (outbox.c.person_id.in_(workers), outbox.c.created_at.between(since, until))
    return await _sendings(tx, *theirs, outbox.c.visit_id == visit_id, outbox.c.alert_id.is_(None), asked)


async def _sendings(tx: Tx, *where: ColumnElement[bool], most: int | None = None) -> list[Sending]:
    latest_first = (outbox.c.created_at.desc(), outbox.c.id.desc())
    rows = await tx.conn.execute(select(*_COLUMNS).where(*where).order_by(*latest_first).limit(most))
    return [
        Sending(
            to=row.person_id,
            channel=row.channel,
            template=row.template,
            step=row.step,
            put_at=row.created_at,
            sent_at=row.sent_at,
            reached_at=row.reached_at,
            state=row.state,
            attempts=row.attempts,
            maybe_sent=row.maybe_sent,
            error=row.error,
        )
        for row in reversed(rows.all())
    ]


_COLUMNS = tuple(
    outbox.c[name]
    for name in (
        "person_id",
        "channel",
        "template",
        "step",
        "created_at",
        "sent_at",
        "reached_at",
        "state",
        "attempts",
        "maybe_sent",
        "error",
    )
)


async def words(
    tx: Tx, visit_id: UUID | None, workers: Collection[UUID], since: datetime, until: datetime
) -> list[WordSaid]:
    """What these workers said on the visit; without one, what they said without one between these moments."""
    place = said.c.visit_id.is_(None) if visit_id is None else said.c.visit_id == visit_id
    query = select(said).where(place, said.c.worker_id.in_(workers), said.c.heard_at.between(since, until))
    return [_word(row) for row in await unopened.rows(tx, query.order_by(said.c.heard_at, said.c.id))]


async def visits_spoken_of(tx: Tx, worker_id: UUID, since: datetime, until: datetime) -> dict[UUID, datetime]:
    """Visits on which this worker said something between these moments, with when they were last heard there."""
    query = select(said.c.visit_id, func.max(said.c.heard_at).label("last")).where(*_between(worker_id, since, until))
    found = await tx.conn.execute(query.where(said.c.visit_id.is_not(None)).group_by(said.c.visit_id))
    return {each.visit_id: each.last for each in found}


async def words_on(
    tx: Tx, visit_ids: Collection[UUID], worker_id: UUID, since: datetime, until: datetime
) -> list[WordSaid]:
    """What this worker said on these visits between these moments."""
    query = select(said).where(said.c.visit_id.in_(visit_ids), *_between(worker_id, since, until))
    return [_word(row) for row in await unopened.rows(tx, query.order_by(said.c.heard_at, said.c.id))]


def _between(worker_id: UUID, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    # What was said before, and came in late, is from before.
    return said.c.worker_id == worker_id, said.c.said_at >= since, said.c.heard_at.between(since, until)


def _word(row: Any) -> WordSaid:
    return WordSaid(
        worker_id=row.worker_id,
        kind=row.kind,
        said_at=row.said_at,
        heard_at=row.heard_at,
        via=row.via,
        note=row.note or "",
        away_m=(row.position or {}).get("distance_m"),
    )
