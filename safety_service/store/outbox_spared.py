"""Messages that were on their way when they stopped being wanted, and that come back unsent."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update

from safety_service.domain.words import DANGER, State
from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import alert, outbox
from safety_service.store.tables.people import exclusion
from safety_service.store.tables.visits import visit, watch


async def spare(tx: Tx, leased: Collection[UUID]) -> frozenset[UUID]:
    """Of these messages, which this transaction has leased, drop what would have been if it had waited in the outbox
    (`unsent.drop_pending`, `unsent.drop_about`, `calling.drop_calls`). Gives those that are dropped.

    Asked for as they are leased again, and not when it is written down that they were not sent: who takes the alert
    in that same moment sees them as being sent, and whoever writes does not see yet that it is taken.
    """
    if not leased:
        return frozenset()
    kept_off = await tx.scalars(_KEPT_OFF, ids=leased)
    return frozenset([*kept_off, *await tx.scalars(_SPARED, ids=leased)])


def _dropped(which: ColumnElement[bool], why: object) -> Ready:
    """Of these that are leased, drop those; gives which they were."""
    return Ready(
        update(outbox)
        .where(outbox.c.id.in_(bindparam("ids", expanding=True)), outbox.c.state == "sending", which)
        .values(state="dropped", lease_until=None, leased_by=None, error=why)
        .returning(outbox.c.id)
    )


_THEIRS = alert.c.id == outbox.c.alert_id
#: What was said after it was taken (it was sent up the ladder all the same) goes out; so does danger, but to its owner.
_HAS_IT = and_(
    alert.c.state == State.TAKEN,
    outbox.c.created_at < alert.c.taken_at,
    or_(alert.c.kind.not_in(sorted(DANGER)), alert.c.owner_id == outbox.c.person_id),
)
_HAD = select(alert.c.id).where(_THEIRS, or_(alert.c.state == State.RESOLVED, _HAS_IT)).exists()
_SPARED = _dropped(
    and_(outbox.c.template.like("alarm.%"), _HAD), select(alert.c.state).where(_THEIRS).scalar_subquery()
)

_VISIT = func.coalesce(outbox.c.visit_id, select(alert.c.visit_id).where(_THEIRS).scalar_subquery())
_ABOUT = or_(
    exclusion.c.family_id == select(visit.c.family_id).where(visit.c.id == _VISIT).scalar_subquery(),
    exclusion.c.worker_id.in_(select(watch.c.worker_id).where(watch.c.visit_id == _VISIT)),
    exclusion.c.worker_id == select(alert.c.worker_id).where(_THEIRS).scalar_subquery(),
)
#: What was said to them in spite of it, after it, goes out: a worker is asked also at a family that they are kept off.
_SINCE = and_(exclusion.c.person_id == outbox.c.person_id, exclusion.c.created_at > outbox.c.created_at)
_KEPT_OFF = _dropped(select(exclusion.c.id).where(_SINCE, exclusion.c.ended_at.is_(None), _ABOUT).exists(), "kept off")
