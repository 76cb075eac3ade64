"""Calls among the messages of an alert: whether somebody is called, and calls that need not be made any more."""

from uuid import UUID

from sqlalchemy import select, update

from safety_service.store.batch import foreseen
from safety_service.store.database import Tx
from safety_service.store.tables.alerts import outbox

#: Stands at the end of `dedupe` of the second call for the same telling, and of each after it.
AGAIN = ":call"


@foreseen
async def called(tx: Tx, alert_id: UUID, step: int) -> bool:
    """Whether somebody is called by this telling of the alert."""
    query = select(outbox.c.id).where(outbox.c.alert_id == alert_id, outbox.c.step == step)
    query = query.where(outbox.c.channel == "voice", outbox.c.template.like("alarm.%"))
    return (await tx.conn.execute(query.limit(1))).first() is not None


async def drop_calls(tx: Tx, alert_id: UUID, taker_id: UUID | None, reason: str) -> None:
    """Somebody has it, and is told nothing that still waits; whoever else was to hear of danger is called again."""
    waiting = (outbox.c.alert_id == alert_id) & (outbox.c.state == "pending") & outbox.c.template.like("alarm.%")
    theirs = outbox.c.person_id == taker_id
    await tx.conn.execute(update(outbox).where(waiting, theirs).values(state="dropped", error=reason))
