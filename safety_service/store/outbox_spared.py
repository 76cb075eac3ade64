"""Alarms that were on their way when somebody took their alert, or ended it, and that come back unsent."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import and_, bindparam, or_, select, update

from safety_service.domain.words import DANGER, State
from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import alert, outbox


async def spare(tx: Tx, leased: Collection[UUID]) -> frozenset[UUID]:
    """Of these messages, which this transaction has leased, drop what would have been if it had waited in the outbox
    (`unsent.drop_pending`, `calling.drop_calls`). Gives those that are dropped.

    Asked for as they are leased again, and not when it is written down that they were not sent: who takes the alert
    in that same moment sees them as being sent, and whoever writes does not see yet that it is taken.
    """
    return frozenset(await tx.scalars(_SPARED, ids=leased) if leased else ())


_THEIRS = alert.c.id == outbox.c.alert_id
#: What was said after it was taken (it was sent up the ladder all the same) goes out; so does danger, but to its owner.
_HAS_IT = and_(
    alert.c.state == State.TAKEN,
    outbox.c.created_at < alert.c.taken_at,
    or_(alert.c.kind.not_in(sorted(DANGER)), alert.c.owner_id == outbox.c.person_id),
)
_SPARED = Ready(
    update(outbox)
    .where(
        outbox.c.id.in_(bindparam("ids", expanding=True)),
        outbox.c.template.like("alarm.%"),
        select(alert.c.id).where(_THEIRS, or_(alert.c.state == State.RESOLVED, _HAS_IT)).exists(),
    )
    .values(
        state="dropped",
        lease_until=None,
        leased_by=None,
        error=select(alert.c.state).where(_THEIRS).scalar_subquery(),
    )
    .returning(outbox.c.id)
)
