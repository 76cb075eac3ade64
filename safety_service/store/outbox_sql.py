"""The outbox's statements on the way of every message, which are written once."""

from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
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


_WAITING = ("pending", "sending")
#: What waits for its turn, as far as it still has one.
_PENDING = and_(
    outbox.c.state == "pending",
    outbox.c.not_before <= bindparam("now"),
    or_(outbox.c.expires_at.is_(None), outbox.c.expires_at > bindparam("now")),
)
#: What was being sent when its sender was lost.
_LOST = and_(outbox.c.state == "sending", outbox.c.lease_until <= bindparam("now"))
_THESE = and_(
    outbox.c.channel.in_(bindparam("channels", expanding=True)),
    outbox.c.priority.between(bindparam("least"), bindparam("most")),
)
_URGENCY = (outbox.c.priority, outbox.c.not_before, outbox.c.id)


def _awake(*, resting: bool) -> ColumnElement[bool]:
    rests = outbox.c.channel_id.in_(bindparam("resting", expanding=True))
    return not_(and_(gathered(), rests)) if resting else true()


def _first(where: ColumnElement[bool], *order: ColumnElement[Any]) -> Select[Any]:
    """By the order of an index that is as small as what waits, so that no more is read than is taken."""
    return select(*_URGENCY).where(where).order_by(*order).limit(bindparam("limit")).with_for_update(skip_locked=True)


def _oldest(*, resting: bool) -> Select[Any]:
    """Of each chat only its oldest. All that waits is read for it: few lanes need their order."""
    waits = (select(outbox.c.id, outbox.c.channel_id).where(outbox.c.state == each, _THESE) for each in _WAITING)
    out = union_all(*waits).subquery("out")
    place = func.row_number().over(partition_by=out.c.channel_id, order_by=out.c.id)
    ranked = select(out.c.id, place.label("place")).subquery()
    # Said again of the row itself: another dispatcher may have taken it since.
    first = and_(outbox.c.id.in_(select(ranked.c.id).where(ranked.c.place == 1)), or_(_PENDING, _LOST))
    return _first(and_(first, _awake(resting=resting)), *_URGENCY)


OLDEST = {resting: Ready(_oldest(resting=resting)) for resting in (False, True)}
NEXT = {resting: Ready(_first(and_(_PENDING, _THESE, _awake(resting=resting)), *_URGENCY)) for resting in (False, True)}
LOST = Ready(_first(and_(_LOST, _THESE), outbox.c.lease_until, outbox.c.id))

_OF_CHATS = and_(gathered(), outbox.c.channel_id.in_(bindparam("chats", expanding=True)))
#: What more waits for these chats, of alarms that may be gathered.
REST = Ready(_first(and_(_PENDING, _OF_CHATS), *_URGENCY))
REST_LOST = Ready(_first(and_(_LOST, _OF_CHATS), outbox.c.lease_until, outbox.c.id))

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
