"""What becomes of messages: leased, sent, failed, tried later, unknown; and what follows from that (P4)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
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
from safety_service.store import alerts, bundles, channels, events, outbox, outbox_became, outbox_spared, visits
from safety_service.store.database import Tx
from safety_service.store.events import Entry
from safety_service.store.outbox import Delivered, Outgoing
from safety_service.store.outbox_became import Became

#: How long after an unknown outcome an alarm is sent again, marked as a repeat.
AGAIN_AFTER = timedelta(seconds=2)
#: So often, at most, what comes instead of alarms that nobody needs any more is leased with the others.
LOOKS = 20


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
    wanted: list[Outgoing] = []
    for _ in range(LOOKS):
        free = limit - len(wanted)
        taken = await outbox.lease(
            tx, channel_kinds, free, holder, for_, most=most, least=least, in_order=in_order, resting=resting
        )
        wanted += await _still_wanted(tx, taken)
        if len(taken) < free or len(wanted) == limit:
            break
    return wanted


async def lease_rest(tx: Tx, channel_ids: Collection[UUID], holder: str, for_: timedelta) -> list[Outgoing]:
    """Take every other alarm that waits for these chats, to go out as one message with those taken already."""
    return await _still_wanted(tx, await bundles.lease_rest(tx, channel_ids, holder, for_)) if channel_ids else []


async def _still_wanted(tx: Tx, taken: list[Outgoing]) -> list[Outgoing]:
    """Without what stopped being wanted while it was on its way: alarms went out after "Mia has it"."""
    about = (each for each in taken if (each.alert_id or each.visit_id) is not None)
    again = [each.id for each in about if each.attempts > 1]
    spared = await outbox_spared.spare(tx, again)
    return [each for each in taken if each.id not in spared] if spared else taken


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


async def later(tx: Tx, put_off: Collection[tuple[UUID, datetime, str]]) -> None:
    """Surely not taken: each is tried again at its time. (id, when, why)"""
    again = [Became(message=each, state="pending", again_at=at, error=why) for each, at, why in put_off]
    await outbox_became.record_all(tx, again)


async def unknown(tx: Tx, doubtful: Collection[tuple[Outgoing, str, bool]]) -> None:
    """They may have been taken. Alarms go out again, marked as repeats; anything else is not said twice.

    (message, why, cut.) `cut`: the process stopped and cut it off. That goes out again whatever it is, as if the
    process had been killed. An alarm sent again and again unknown is not reached: the next rung hears by its reach
    time meanwhile.
    """
    await outbox_became.record_all(tx, [_doubtful(tx, *each) for each in doubtful])


def _doubtful(tx: Tx, message: Outgoing, error: str, cut: bool) -> Became:
    if cut or message.priority <= Priority.ALARM:
        again = tx.now + AGAIN_AFTER * min(message.attempts, 5)
        return Became(message=message.id, state="pending", again_at=again, unsure=True, error=error)
    return Became(message=message.id, state="sent", sent_at=tx.now, unsure=True, error=error)


async def failed(tx: Tx, given_up: Collection[tuple[Outgoing, str]]) -> frozenset[UUID]:
    """They can never be taken, and why: whoever depended on them is found another way.

    Gives the alerts that somebody else has in hand at this moment: they are to be looked at again
    (`climb_if_hopeless`). Whoever holds one keeps no other message from being written down.
    """
    await outbox_became.record_all(tx, [Became(message=m.id, state="failed", error=why) for m, why in given_up])
    await events.log_all(tx, [_not_delivered(message, error) for message, error in given_up])
    _announce(tx, [message.alert_id for message, _ in given_up])
    alarms = (message.alert_id for message, _ in given_up if message.template.startswith("alarm."))
    return await climb_if_hopeless(tx, {each for each in alarms if each is not None})


def _not_delivered(message: Outgoing, error: str) -> Entry:
    told = _told(message, "not_delivered")
    return replace(told, details={"template": message.template, "channel": message.channel, "error": error[:300]})


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


async def climb_if_hopeless(tx: Tx, alert_ids: Collection[UUID]) -> frozenset[UUID]:
    """Of these alerts those climb whose messages can reach nobody any more. Gives those that somebody else has in hand.

    They are not waited for: a transaction that was suspended in the middle of "I have it" kept a taken SOS from being
    written down, and everybody else's alarm.
    """
    free = await outbox_became.free_alerts(tx, alert_ids)
    for row in await alerts.load_many(tx, free):
        if not await outbox.hopeful(tx, row.id, row.alert.step):
            await alerts.save(tx, row, handling.not_reached(row.alert, tx.now))
            tx.announce("sweep")
    return frozenset(alert_ids) - free


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
