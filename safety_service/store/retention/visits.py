"""Visits, alerts and messages: that they were stays for the figures; what stood in them does not."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, or_, select, update

from safety_service.store.database import Tx
from safety_service.store.retention.kept import free_visit, held_visits
from safety_service.store.retention.rule import Query, Rule, always, filled, nothing, sealed_of
from safety_service.store.tables.alerts import alert, alert_link, outbox
from safety_service.store.tables.visits import decision, visit

#: Nothing will be done with it any more.
_OVER = ("sent", "failed", "dropped", "held")


def _visits(before: datetime) -> Query:
    query = select(visit.c.id, visit.c.agency_id)
    query = query.where(visit.c.ends_at < before, filled(visit.c.address), free_visit(visit.c.id))
    return query.order_by(visit.c.ends_at)


async def empty_visits(tx: Tx, ids: Sequence[UUID]) -> None:
    """Where, why and with what plan these visits were made; and the reasons of the decisions on them."""
    gone = {"because": nothing(), "purpose": nothing(), "address": nothing(), "answers": nothing(), "lacking": None}
    await tx.conn.execute(update(visit).where(visit.c.id.in_(ids)).values(**gone, to_locate=False))
    reasons = update(decision).where(decision.c.visit_id.in_(ids), filled(decision.c.reason))
    await tx.conn.execute(reasons.values(reason=nothing()))


def _alerts(before: datetime) -> Query:
    messages = exists().where(outbox.c.alert_id == alert.c.id, outbox.c.state.in_(_OVER))
    query = select(alert.c.id, alert.c.agency_id)
    query = query.where(alert.c.resolved_at < before, alert.c.state == "resolved", free_visit(alert.c.visit_id))
    return query.where(or_(alert.c.note.is_not(None), messages)).order_by(alert.c.resolved_at)


async def empty_alerts(tx: Tx, ids: Sequence[UUID]) -> None:
    """What was noted when these were closed, and the messages by which people were told."""
    await tx.conn.execute(update(alert).where(alert.c.id.in_(ids)).values(note=None))
    await tx.conn.execute(delete(outbox).where(outbox.c.alert_id.in_(ids), outbox.c.state.in_(_OVER)))
    await tx.conn.execute(delete(alert_link).where(alert_link.c.alert_id.in_(ids)))


def _messages(before: datetime) -> Query:
    """Those of alerts are evidence, and go with the alert; a held family's stay."""
    kept = outbox.c.visit_id.is_not(None) & outbox.c.visit_id.in_(held_visits())
    query = select(outbox.c.id, outbox.c.agency_id)
    query = query.where(outbox.c.state.in_(_OVER), outbox.c.created_at < before, outbox.c.alert_id.is_(None), ~kept)
    return query.order_by(outbox.c.id)


async def _remove_messages(tx: Tx, ids: Sequence[UUID]) -> None:
    await tx.conn.execute(delete(outbox).where(outbox.c.id.in_(ids)))


RULES = (
    Rule(name="messages", lasts="messages", old=always(_messages), remove=_remove_messages, covers=sealed_of(outbox)),
    Rule(
        name="visits",
        lasts="visits",
        old=always(_visits),
        remove=empty_visits,
        covers=sealed_of(visit, decision),
    ),
    Rule(name="alerts", lasts="alerts", old=always(_alerts), remove=empty_alerts, covers=sealed_of(alert, outbox)),
)
