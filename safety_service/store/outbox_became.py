"""What became of leased messages that were not taken, written down for many at once."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, bindparam, func, or_, select, update

from safety_service.store.database import Tx
from safety_service.store.outbox import ERROR_LENGTH
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import alert, outbox

#: On PostgreSQL. Whoever writes down what became of many messages waits no longer than this for what others hold.
_A_LITTLE = "SET LOCAL lock_timeout = '1s'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """A message's new state, and why. `again_at`: when it is tried again; `unsure`: it may have arrived."""

    message: UUID
    state: str
    error: str
    again_at: datetime | None = None
    sent_at: datetime | None = None
    unsure: bool = False


async def record_all(tx: Tx, became: Collection[Became]) -> None:
    """Write it down. One by one, the ten thousand of a storm that were to wait took half a minute."""
    rows = [{**asdict(each), "error": each.error[:ERROR_LENGTH]} for each in became]
    await tx.do_all(_BECAME, sorted(rows, key=lambda row: row["message"]))


async def wait_little(tx: Tx) -> None:
    """What waits for somebody's lock in this transaction is given up soon: others wait behind it."""
    if tx.dialect == "postgresql":
        await (await tx.driver()).run(_A_LITTLE, ())


async def free_alerts(tx: Tx, alert_ids: Collection[UUID]) -> frozenset[UUID]:
    """Of these alerts those that no other transaction holds. They are locked."""
    return frozenset(await tx.scalars(_FREE, alerts=alert_ids) if alert_ids else ())


_BECAME = Ready(
    update(outbox)
    .where(outbox.c.id == bindparam("message"))
    .values(
        lease_until=None,
        leased_by=None,
        maybe_sent=or_(outbox.c.maybe_sent, bindparam("unsure", type_=Boolean())),
        not_before=func.coalesce(bindparam("again_at", type_=outbox.c.not_before.type), outbox.c.not_before),
    ),
    *("state", "error", "sent_at"),
)
_FREE = Ready(
    select(alert.c.id)
    .where(alert.c.id.in_(bindparam("alerts", expanding=True)))
    .with_for_update(key_share=True, skip_locked=True)
)
