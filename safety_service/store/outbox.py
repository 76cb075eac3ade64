"""The outbox: a row is one message to one person by one channel."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, insert, select, update

from safety_service.domain.reaching import REACHING, VOICE
from safety_service.store import calling, tallies
from safety_service.store import outbox_sql as sql
from safety_service.store.batch import Batch
from safety_service.store.database import Tx
from safety_service.store.errors import KeysDoNotOpen
from safety_service.store.ids import new_id
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import outbox
from safety_service.store.tables.people import channel
from safety_service.store.upsert import insert_for

log = logging.getLogger(__name__)
#: What no key opens is tried again after this, so often: other keys come with another process.
OPEN_AGAIN = timedelta(seconds=5)
TRIES_TO_OPEN = 20
#: An error's text is kept to this length; and of who leased a message the end, for a host's name may be long.
ERROR_LENGTH = 300
HOLDER_LENGTH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to be sent."""

    agency_id: UUID
    person_id: UUID
    channel_id: UUID
    channel: str
    priority: int
    template: str
    params: dict[str, Any]
    visit_id: UUID | None = None
    alert_id: UUID | None = None
    step: int = 0
    dedupe: str | None = None
    expires_at: datetime | None = None
    due_at: datetime | None = None
    #: None: now.
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message that a dispatcher has leased, with the address to send it to.

    What says no more is said for the first time, and is in no outbox: about no visit and no alert.
    """

    id: UUID
    agency_id: UUID
    person_id: UUID
    channel_id: UUID
    channel: str
    address: str
    priority: int
    template: str
    params: dict[str, Any]
    visit_id: UUID | None = None
    alert_id: UUID | None = None
    step: int = 0
    attempts: int = 1
    #: It may have arrived before: it says that it is a repeat.
    maybe_sent: bool = False
    due_at: datetime | None = None
    created_at: datetime


async def put(tx: Tx, messages: Collection[Message]) -> None:
    """Put messages in. The open chat page reads its rows from here, so a webchat row is handed over as it is stored."""
    rows = [_row(tx, each) for each in messages]
    if not rows:
        return
    await tx.write(_PUT if tx.foreseen is None else _PUT_NEW, rows)
    if isinstance(tx, Batch):
        _foresee_calls(tx, messages)
    tx.announce("outbox")
    here = [each for each in messages if each.channel == "webchat"]
    for person_id in {each.person_id for each in here}:
        tx.announce(f"person:{person_id}")
    tx.after_commit(lambda: _count_handed_over(here, tx.now))


def _foresee_calls(tx: Batch, messages: Collection[Message]) -> None:
    told = [each for each in messages if each.alert_id is not None and each.template.startswith("alarm.")]
    called = {(each.alert_id, each.step) for each in told if each.channel == VOICE}
    for alert_id, step in {(each.alert_id, each.step) for each in told}:
        tx.foresee(calling.called, alert_id, step, answer=(alert_id, step) in called)


def _count_handed_over(messages: Collection[Message], now: datetime) -> None:
    for each in messages:
        late = None if each.due_at is None else (now - each.due_at).total_seconds()
        tallies.HERE.delivered(each.channel, each.priority, 0.0, late)


def _row(tx: Tx, message: Message) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(message, name) for name in Message.__dataclass_fields__}
    here = message.channel == "webchat"
    return {
        **values,
        "id": new_id(),
        "state": "sent" if here else "pending",
        "sent_at": tx.now if here else None,
        "not_before": message.not_before or tx.now,
        "created_at": tx.now,
    }


async def known(tx: Tx, dedupe: Collection[str]) -> frozenset[str]:
    """Which of these messages are in the outbox already."""
    if tx.foreseen is not None:
        # A batch leaves out what is there already as it writes.
        return frozenset()
    return frozenset(await tx.scalars(sql.KNOWN, dedupe=dedupe)) if dedupe else frozenset()


async def drop_stale(tx: Tx) -> int:
    """Drop reminders whose time is over before their turn came; the row stays as the note of it."""
    return await tx.do(sql.STALE, now=tx.now)


async def lease(
    tx: Tx,
    channels: Collection[str],
    limit: int,
    holder: str,
    for_: timedelta,
    *,
    most: int,
    least: int = 0,
    in_order: bool = False,
    resting: Collection[UUID] = (),
) -> list[Outgoing]:
    """Take the most urgent rows with `least` ≤ priority ≤ `most` that are due, or whose lease ran out (a repeat).

    `in_order`: of each chat only its oldest row that has not gone out, so that none overtakes another. `resting`:
    chats whose alarms are being gathered; danger waits for nothing.
    """
    values: dict[str, Any] = {"channels": channels, "least": least, "most": most, "limit": limit, "now": tx.now}
    rests = {"resting": resting} if resting else {}
    if in_order:
        found = await tx.all(sql.OLDEST[bool(resting)], **values, **rests)
    else:
        found = [*await tx.all(sql.LOST, **values), *await tx.all(sql.NEXT[bool(resting)], **values, **rests)]
    return await hold(tx, [each.id for each in sorted(found)[:limit]], holder, for_)


async def hold(tx: Tx, ids: Collection[UUID], holder: str, for_: timedelta) -> list[Outgoing]:
    """Take these rows, which this transaction has chosen and locked."""
    if not ids:
        return []
    await tx.do(sql.HOLD, ids=ids, until=tx.now + for_, holder=holder[-HOLDER_LENGTH:])
    try:
        return await _leased(tx, ids)
    except KeysDoNotOpen:
        return await _that_open(tx, ids)


async def _leased(tx: Tx, ids: Collection[UUID]) -> list[Outgoing]:
    return [_outgoing(row) for row in await tx.all(_LEASED, ids=ids)]


async def _that_open(tx: Tx, ids: Collection[UUID]) -> list[Outgoing]:
    """One message that no key of ours opens keeps no other from going out. Another process may have its key."""
    found: list[Outgoing] = []
    for each in ids:
        try:
            found += await _leased(tx, [each])
        except KeysDoNotOpen:
            log.critical("message %s cannot be opened", each)
            await record(tx, each, "failed", error="no key opens it")
            again = update(outbox).where(outbox.c.id == each, outbox.c.attempts < TRIES_TO_OPEN)
            await tx.conn.execute(again.values(state="pending", not_before=tx.now + OPEN_AGAIN))
    return found


_FIELDS = tuple(name for name in Outgoing.__dataclass_fields__)
_PUT_FIELDS = ("id", "state", "sent_at", "created_at", *Message.__dataclass_fields__)
_PUT = Ready(insert(outbox), *_PUT_FIELDS)
_PUT_NEW = Ready(
    lambda dialect: insert_for(dialect, outbox).on_conflict_do_nothing(index_elements=["dedupe"]), *_PUT_FIELDS
)
_LEASED = Ready(
    select(*(outbox.c[name] for name in _FIELDS if name != "address"), channel.c.address)
    .join(channel, channel.c.id == outbox.c.channel_id)
    .where(outbox.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(outbox.c.priority, outbox.c.id)
)


def _outgoing(row: Any) -> Outgoing:
    return Outgoing(**{name: getattr(row, name) for name in _FIELDS})


async def load(tx: Tx, message_id: UUID) -> Outgoing | None:
    """One row with its address."""
    return next(iter(await _leased(tx, [message_id])), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """Which message reached whom, by which channel, about what."""

    id: UUID
    agency_id: UUID
    person_id: UUID
    channel: str
    template: str
    visit_id: UUID | None
    alert_id: UUID | None


_DELIVERED = tuple(outbox.c[name] for name in Delivered.__dataclass_fields__)


async def record_sent(tx: Tx, taken: Collection[tuple[UUID, str | None]]) -> None:
    """A provider took these (id, its name for it): sent; and reached, unless it only lies there (P4)."""
    now, rows = tx.now, [{"message": message_id, "provider_id": name} for message_id, name in taken]
    await tx.do_all(sql.SENT, [{**each, "sent_at": now, "now": now} for each in rows])


async def record(tx: Tx, message_id: UUID, state: str, **changes: Any) -> None:
    """What became of a leased row."""
    if "error" in changes and changes["error"] is not None:
        changes["error"] = str(changes["error"])[:ERROR_LENGTH]
    await tx.conn.execute(
        update(outbox).where(outbox.c.id == message_id).values(state=state, lease_until=None, leased_by=None, **changes)
    )


async def mark_reached(tx: Tx, person_id: UUID, ids: Collection[UUID]) -> list[Delivered]:
    """The open chat page showed these rows. Gives those that had not been shown before."""
    return await _shown(tx, person_id, outbox.c.id.in_(ids))


async def mark_read(tx: Tx, person_id: UUID, alert_id: UUID) -> list[Delivered]:
    """This person opened the alert's page, which says what these rows say. Gives those not shown before."""
    return await _shown(tx, person_id, outbox.c.alert_id == alert_id)


async def _shown(tx: Tx, person_id: UUID, which: ColumnElement[bool]) -> list[Delivered]:
    place = and_(which, outbox.c.person_id == person_id, outbox.c.channel == "webchat")
    mark = update(outbox).where(place, outbox.c.reached_at.is_(None), outbox.c.state == "sent")
    rows = await tx.conn.execute(mark.values(reached_at=tx.now).returning(*_DELIVERED))
    return [Delivered(**row._mapping) for row in rows]


async def reached(tx: Tx, alert_id: UUID, step: int) -> bool:
    """Whether somebody was reached by this telling of the alert (P4)."""
    query = select(outbox.c.id).where(outbox.c.alert_id == alert_id, outbox.c.step == step)
    query = query.where(outbox.c.reached_at.is_not(None), outbox.c.template.like("alarm.%"))
    return (await tx.conn.execute(query.limit(1))).first() is not None


async def reached_of(tx: Tx, alert_ids: Collection[UUID]) -> frozenset[tuple[UUID, int]]:
    """Of these alerts the tellings (alert, step) by which somebody was reached."""
    return frozenset((row.alert_id, row.step) for row in await tx.all(_REACHED, alerts=alert_ids))


_REACHED = Ready(
    select(outbox.c.alert_id, outbox.c.step)
    .where(
        outbox.c.alert_id.in_(bindparam("alerts", expanding=True)),
        outbox.c.reached_at.is_not(None),
        outbox.c.template.like("alarm.%"),
    )
    .distinct()
)


async def hopeful(tx: Tx, alert_id: UUID, step: int) -> bool:
    """Whether a row of this telling may still reach somebody."""
    query = select(outbox.c.id).where(outbox.c.alert_id == alert_id, outbox.c.step == step)
    query = query.where(outbox.c.channel.in_(REACHING))
    query = query.where(outbox.c.state.in_(("pending", "sending", "sent")), outbox.c.template.like("alarm.%"))
    return (await tx.conn.execute(query.limit(1))).first() is not None


async def reach_of(tx: Tx, alert_id: UUID) -> list[Any]:
    """Each alarm row of an alert: person_id, channel, created_at, reached_at, state."""
    query = select(
        outbox.c.person_id, outbox.c.channel, outbox.c.created_at, outbox.c.reached_at, outbox.c.state, outbox.c.step
    ).where(outbox.c.alert_id == alert_id, outbox.c.template.like("alarm.%"))
    return list((await tx.conn.execute(query.order_by(outbox.c.id))).all())
