"""The outbox's statements on the way of every message, which are written once."""

from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    and_,
    bindparam,
    case,
    func,
    not_,
    or_,
    select,
    true,
    union_all,
    update,
)

from safety_service.domain.reaching import REACHING
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import outbox

#: The priority of alarms that are no cry.
ALARMS = 1


def gathered() -> ColumnElement[bool]:
    """Alarms of which many may go out as one message; never danger."""
    return and_(outbox.c.priority == ALARMS, outbox.c.template.like("alarm.%"))


KNOWN = Ready(select(outbox.c.dedupe).where(outbox.c.dedupe.in_(bindparam("dedupe", expanding=True))))
STALE = Ready(
    update(outbox)
    .where(outbox.c.state == "pending", outbox.c.expires_at <= bindparam("now"))
    .values(state="dropped", error="stale")
)
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
HOLD = Ready(
    update(outbox)
    .where(outbox.c.id.in_(_IDS))
    .values(
        maybe_sent=or_(outbox.c.maybe_sent, outbox.c.state == "sending"),
        state="sending",
        lease_until=bindparam("until"),
        leased_by=bindparam("holder"),
        attempts=outbox.c.attempts + 1,
    )
)


def _next(*, in_order: bool, resting: bool) -> Ready:
    lost = and_(outbox.c.state == "sending", outbox.c.lease_until <= bindparam("now"))
    due = and_(outbox.c.state == "pending", outbox.c.not_before <= bindparam("now"))
    here = outbox.c.channel.in_(bindparam("channels", expanding=True))
    these = and_(here, outbox.c.priority.between(bindparam("least"), bindparam("most")))
    # Each by an index of its own, which is as small as what waits: not all that was ever sent is read.
    out = union_all(
        *(
            select(outbox.c.id, outbox.c.channel_id).where(outbox.c.state == each, these)
            for each in ("pending", "sending")
        )
    ).subquery("out")
    place = func.row_number().over(partition_by=out.c.channel_id, order_by=out.c.id)
    ranked = select(out.c.id, place.label("place")).subquery()
    first = select(ranked.c.id).where(ranked.c.place == 1) if in_order else select(out.c.id)
    rests = outbox.c.channel_id.in_(bindparam("resting", expanding=True))
    awake = not_(and_(gathered(), rests)) if resting else true()
    return Ready(
        select(outbox.c.id)
        # Said again of the row itself: another dispatcher may have taken it since.
        .where(outbox.c.id.in_(first), or_(due, lost), awake)
        .order_by(outbox.c.priority, outbox.c.not_before, outbox.c.id)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True)
    )


NEXT = {
    (in_order, resting): _next(in_order=in_order, resting=resting)
    for in_order in (False, True)
    for resting in (False, True)
}

_REACHING = or_(*(outbox.c.channel == kind for kind in sorted(REACHING)))
SENT = Ready(
    update(outbox)
    .where(outbox.c.id == bindparam("message"))
    .values(
        state="sent",
        lease_until=None,
        leased_by=None,
        reached_at=case((_REACHING, bindparam("now", type_=outbox.c.reached_at.type))),
        error=None,
    ),
    *("sent_at", "provider_id"),
)
