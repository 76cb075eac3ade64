"""The details of the evidence log. Who did what, to what and when stays for good, and so does the chain of seals."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, or_, select, update

from safety_service.store import stamps
from safety_service.store.database import Tx
from safety_service.store.retention.kept import free_visit, held_ids, held_visits
from safety_service.store.retention.rule import Query, Rule, filled, nothing, sealed_of
from safety_service.store.tables.alerts import alert
from safety_service.store.tables.system import event_log, event_seal

#: Before this entry nothing is left to be emptied: the log is not read from its beginning each time.
_STAMP = "retention_evidence"


async def _old(tx: Tx, before: datetime) -> Query:
    """Only of entries that the chain holds: it must be possible to say later that nothing else was changed."""
    sealed = exists().where(event_seal.c.event_id == event_log.c.id)
    of_alerts = select(alert.c.id).where(or_(alert.c.visit_id.in_(held_visits()), alert.c.due_now.is_not(None)))
    query = select(event_log.c.id, event_log.c.agency_id).where(
        event_log.c.id >= await _begin(tx),
        event_log.c.at < before,
        filled(event_log.c.details),
        sealed,
        free_visit(event_log.c.visit_id),
        or_(event_log.c.alert_id.is_(None), event_log.c.alert_id.not_in(of_alerts)),
        or_(event_log.c.subject_id.is_(None), event_log.c.subject_id.not_in(held_ids())),
    )
    return query.order_by(event_log.c.id)


async def _begin(tx: Tx) -> UUID:
    before = await stamps.last(tx, _STAMP)
    return UUID(before.info["from"]) if before else UUID(int=0)


async def _empty(tx: Tx, ids: Sequence[UUID]) -> None:
    await tx.conn.execute(update(event_log).where(event_log.c.id.in_(ids)).values(details=nothing()))
    left = select(event_log.c.id).where(event_log.c.id >= await _begin(tx), filled(event_log.c.details))
    first = (await tx.conn.execute(left.order_by(event_log.c.id).limit(1))).scalar()
    if first is not None:
        await stamps.stamp(tx, _STAMP, {"from": str(first)})


RULES = (Rule(name="evidence", lasts="evidence", old=_old, remove=_empty, covers=sealed_of(event_log)),)
