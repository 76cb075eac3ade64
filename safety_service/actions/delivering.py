"""What becomes of messages: leased, sent, failed, tried later, unknown; and what follows from that (P4)."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.actions import scene as scenes
from safety_service.actions import topics
from safety_service.actions.carrying import carry_out
from safety_service.actions.cases import raise_on_visit
from safety_service.actions.telling import Priority
from safety_service.domain import handling
from safety_service.domain.effects import RaiseAlert
from safety_service.domain.reaching import REACHING
from safety_service.domain.words import Kind
from safety_service.store import alerts, bundles, channels, events, outbox, visits
from safety_service.store.database import Tx
from safety_service.store.events import Entry
from safety_service.store.outbox import Delivered, Outgoing

#: How long after an unknown outcome an alarm is sent again, marked as a repeat.
AGAIN_AFTER = timedelta(seconds=2)


async def lease(
    tx: Tx,
    channel_kinds: Collection[str],
    limit: int,
    holder: str,
    for_: timedelta,
    *,
    most: Priority = Priority.ROUTINE,
    least: Priority = Priority.DANGER,
    in_order: bool = False,
    resting: Collection[UUID] = (),
) -> list[Outgoing]:
    """Take the most urgent messages that are due; stale reminders are dropped, and their rows say so.

    `in_order`: of each chat only the oldest that has not gone out, so that none overtakes another. `resting`: chats
    whose alarms are being gathered.
    """
    if most is Priority.ROUTINE:
        await outbox.drop_stale(tx)
    return await outbox.lease(
        tx, channel_kinds, limit, holder, for_, most=most, least=least, in_order=in_order, resting=resting
    )


async def lease_rest(tx: Tx, channel_ids: Collection[UUID], holder: str, for_: timedelta) -> list[Outgoing]:
    """Take every other alarm that waits for these chats, to go out as one message with those taken already."""
    return await bundles.lease_rest(tx, channel_ids, holder, for_) if channel_ids else []


async def give_back(tx: Tx, taken: Collection[Outgoing]) -> None:
    """These are to wait a moment longer, for those that are to go out with them."""
    await bundles.give_back(tx, [each.id for each in taken])


def together(bundle_id: UUID, name_there: str) -> str:
    """The name for what went out as part of one message, which its provider calls so."""
    return bundles.name_of(bundle_id, name_there)


async def sent(tx: Tx, taken: Collection[tuple[Outgoing, str | None]]) -> None:
    """Providers took these, under these names: by those for urgent messages the people are reached."""
    await outbox.record_sent(tx, [(message.id, name) for message, name in taken])
    await events.log_all(tx, [_told(each, "was_told" if each.channel in REACHING else "was_sent") for each, _ in taken])
    _announce(tx, [each.alert_id for each, _ in taken])


def _announce(tx: Tx, alert_ids: Iterable[UUID | None]) -> None:
    """The pages of these alerts show who was reached."""
    for each in {alert_id for alert_id in alert_ids if alert_id is not None}:
        tx.announce(topics.of_alert(each))


def _told(done: Delivered | Outgoing, verb: str) -> Entry:
    return Entry(
        agency_id=done.agency_id,
        actor_id=None,
        verb=verb,
        subject="person",
        subject_id=done.person_id,
        visit_id=done.visit_id,
        alert_id=done.alert_id,
        details={"template": done.template, "channel": done.channel, "message_id": str(done.id)},
    )


async def later(tx: Tx, message_id: UUID, not_before: datetime, error: str) -> None:
    """Surely not taken: tried again at `not_before`."""
    await outbox.record(tx, message_id, "pending", not_before=not_before, error=error)


async def unknown(tx: Tx, message: Outgoing, error: str, *, cut: bool = False) -> None:
    """It may have been taken. An alarm goes out again, marked as a repeat; anything else is not said twice.

    `cut`: the process stopped and cut it off. That goes out again whatever it is, as if the process had been killed.
    An alarm sent again and again unknown is not reached: the next rung hears by its reach time meanwhile.
    """
    if cut or message.priority <= Priority.ALARM:
        again = tx.now + AGAIN_AFTER * min(message.attempts, 5)
        await outbox.record(tx, message.id, "pending", not_before=again, maybe_sent=True, error=error)
        return
    await outbox.record(tx, message.id, "sent", sent_at=tx.now, maybe_sent=True, error=error)


async def failed(tx: Tx, message: Outgoing, error: str, *, blocked: bool) -> None:
    """It can never be taken. A blocked channel is closed, and whoever depended on it is found another way."""
    await outbox.record(tx, message.id, "failed", error=error)
    await events.log(
        tx,
        agency_id=message.agency_id,
        actor_id=None,
        verb="not_delivered",
        subject="person",
        subject_id=message.person_id,
        visit_id=message.visit_id,
        alert_id=message.alert_id,
        details={"template": message.template, "channel": message.channel, "error": error[:300]},
    )
    _announce(tx, [message.alert_id])
    if blocked:
        await channel_blocked(tx, message.channel_id, message.person_id)
    if message.alert_id is not None and message.template.startswith("alarm."):
        await _climb_if_hopeless(tx, message.alert_id)


async def channel_blocked(tx: Tx, channel_id: UUID, person_id: UUID) -> None:
    """The person shut this channel."""
    await channels.block(tx, channel_id)
    if not await channels.reached(tx, [person_id]):
        await person_gone(tx, person_id)


async def person_gone(tx: Tx, person_id: UUID) -> None:
    """Nothing reaches this person any more: what they own lapses; if they are watched, their manager hears."""
    for owned in await alerts.owned_by(tx, person_id):
        after, effects = handling.owner_gone(owned.alert, tx.now)
        saved = await alerts.save(tx, owned, after)
        scene = scenes.Scene(agency_id=owned.agency_id, team_id=owned.team_id, workers=frozenset())
        await carry_out(tx, scene, {saved.id: saved}, effects)
    for row in await visits.live_of_worker(tx, person_id, lock=True):
        scene = await scenes.of_visit(tx, row)
        await raise_on_visit(tx, scene, RaiseAlert(person_id, Kind.UNDELIVERABLE, tx.now, tx.now))


async def _climb_if_hopeless(tx: Tx, alert_id: UUID) -> None:
    row = await alerts.load(tx, alert_id, lock=True)
    if row is None or await outbox.hopeful(tx, alert_id, row.alert.step):
        return
    await alerts.save(tx, row, handling.not_reached(row.alert, tx.now))
    tx.announce("sweep")


async def reached(tx: Tx, person_id: UUID, message_ids: Collection[UUID]) -> None:
    """The open chat page showed these messages to this person."""
    if message_ids:
        await _was_shown(tx, await outbox.mark_reached(tx, person_id, message_ids))


async def read(tx: Tx, person_id: UUID, alert_id: UUID) -> None:
    """This person opened the alert's own page: what their chat was told of it, they have before them.

    The board alone never counts: it says less than the alarm.
    """
    await _was_shown(tx, await outbox.mark_read(tx, person_id, alert_id))


async def _was_shown(tx: Tx, shown: Sequence[Delivered]) -> None:
    await events.log_all(tx, [_told(each, "was_shown") for each in shown])
    _announce(tx, [each.alert_id for each in shown])
