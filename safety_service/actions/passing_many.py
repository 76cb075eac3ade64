"""Many due moments of watches at once: what all of them need is read at once, and written at once."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from safety_service.actions.alarm import BATTERY_COUNTS, BEGIN_COUNTS
from safety_service.actions.reached_by import providers
from safety_service.actions.telling import live_ways
from safety_service.domain import events as ev
from safety_service.domain.alert import Alert
from safety_service.domain.climb import deadline
from safety_service.store import agencies, alerts, channels, foresight, in_hand, outbox, people, standing, visits
from safety_service.store.alerts import AlertRow
from safety_service.store.batch import Batch
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow

#: A visit and one of those who go: whose next moment has come.
Due = tuple[UUID, UUID]


class Happen(Protocol):
    """Lets an event happen to a visit (`cases.happen`)."""

    def __call__(
        self, tx: Tx, row: VisitRow, event: ev.Event, *, alerts_open: list[AlertRow] | None = None
    ) -> Awaitable[VisitRow]: ...


async def pass_many(tx: Tx, due: Sequence[Due], happen: Happen) -> list[Due]:
    """Pass those of which nothing is unusual. Gives the others: joint visits, and alarms where an alert is open.

    Raises what any one of them raises; then nothing of it may be kept.
    """
    rows = await visits.load_many(tx, tuple({visit_id for visit_id, _ in due}))
    # Not locked: whoever has one of them in hand would keep the watches of all agencies waiting.
    known = await in_hand.alarmed(tx, tuple(rows))
    loaded = [(rows[visit_id], worker_id) for visit_id, worker_id in due if visit_id in rows]
    usual = [each for each in loaded if _is_usual(tx, *each, known)]
    if usual:
        batch = Batch(tx)
        await _foresee(batch, usual)
        for row, worker_id in usual:
            await happen(batch, row, ev.DeadlinePassed(worker_id=worker_id), alerts_open=[])
        await batch.flush()
    passed = {row.id for row, _ in usual}
    return [each for each in due if each[0] not in passed]


async def note_reached(tx: Tx, alert_ids: Sequence[UUID]) -> list[UUID]:
    """Of alerts that are due, those that have only been waiting for somebody to be reached, and somebody was (P4).

    Most are: after a storm all of them, half a minute later. They wait on for an answer. Gives which they were.
    """
    rows = await alerts.load_many(tx, alert_ids)
    reached = await outbox.reached_of(tx, alert_ids)
    batch = Batch(tx)
    noted: list[UUID] = []
    for row in rows:
        if (row.id, row.alert.step) in reached and _waits_on(row.alert, tx.now):
            after, effects = deadline(row.alert, tx.now, {}, reached=True)
            assert not effects
            await alerts.save(batch, row, after)
            noted.append(row.id)
    await batch.flush()
    return noted


def _waits_on(alert: Alert, now: datetime) -> bool:
    return alert.open and (alert.next_at is None or alert.next_at > now)


def _is_usual(tx: Tx, row: VisitRow, worker_id: UUID, with_alerts: Collection[UUID]) -> bool:
    # A question touches no alert, whichever is open.
    return len(row.visit.watches) == 1 and not (row.id in with_alerts and _is_alarm(row, worker_id, tx))


async def _foresee(batch: Batch, due: Sequence[tuple[VisitRow, UUID]]) -> None:
    alarms = [(row, worker) for row, worker in due if _is_alarm(row, worker, batch)]
    told = {worker for row, worker in due if not _is_alarm(row, worker, batch)}
    if alarms:
        told |= await foresight.of_scenes(batch, [row for row, _ in alarms])
        for agency_id in {row.agency_id for row, _ in alarms}:
            told |= await standing.of(batch, agency_id)
        await foresight.of_alarms(batch, alarms, BATTERY_COUNTS, BEGIN_COUNTS)
    for agency_id in {row.agency_id for row, _ in due}:
        await agencies.get(batch, agency_id)
    await providers(batch)
    await people.many(batch, {*told, *(worker for _, worker in due)})
    ways = await channels.live_many(batch, told)
    for each in told:
        batch.foresee(live_ways, each, answer=ways.get(each, ()))


def _is_alarm(row: VisitRow, worker_id: UUID, tx: Tx) -> bool:
    alarm_at = row.visit.watch(worker_id).alarm_at
    return alarm_at is not None and alarm_at <= tx.now
