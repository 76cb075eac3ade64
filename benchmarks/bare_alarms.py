"""The floor of an alarm: the statements without which there is none, and the message's way, without our code."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import aiohttp

from benchmarks.bare import Bare, Statements, as_sqlite
from benchmarks.seed import GRACE, INTERVAL
from safety_service.store.ids import new_id
from scheduler.pace import MOST

#: As the service: messages on their way at once, outcomes written down together.
AT_ONCE = 32
RECORDED_TOGETHER = 100
#: Seconds between two looks at what is due, as the service's.
TICK = 0.25
#: As long as a sealed alarm.
_PARAMS = b"x" * 1_600
_LADDER = '{"rungs": []}'

_DUE = """
SELECT watch.visit_id, watch.worker_id, visit.agency_id, visit.team_id
FROM watch JOIN visit ON visit.id = watch.visit_id
WHERE watch.next_at <= ? ORDER BY watch.next_at LIMIT ? FOR UPDATE SKIP LOCKED
"""
_TO_TELL = """
SELECT rota.person_id, channel.id FROM rota JOIN channel ON channel.person_id = rota.person_id
WHERE rota.team_id = ? AND rota.post = 'manager_on_duty' AND rota.starts_at <= ? AND rota.ends_at > ?
"""
_MOVE = "UPDATE watch SET stage = 'ask', due_at = ?, alarm_at = ?, next_at = ? WHERE visit_id = ? AND worker_id = ?"
_NUMBER = "UPDATE agency SET last_number = last_number + 1 WHERE id = ? RETURNING last_number"
_ALERT = """
INSERT INTO alert (id, agency_id, team_id, number, kind, state, worker_id, visit_id, opened_at, due_at, ladder, rung,
step, doing, next_at, reach_by, due_now, open_key)
VALUES (?, ?, ?, ?, 'missed_check_in', 'open', ?, ?, ?, ?, ?, 0, 1, 'answer', ?, ?, ?, ?)
"""
_TOLD = 'INSERT INTO told (alert_id, person_id, rung, "at") VALUES (?, ?, 0, ?)'
_OUTBOX = """
INSERT INTO outbox (id, agency_id, person_id, channel_id, channel, priority, template, params, visit_id, alert_id, step,
dedupe, state, not_before, due_at, created_at)
VALUES (?, ?, ?, ?, 'telegram', 1, 'alarm.missed_check_in', ?, ?, ?, 1, ?, 'pending', ?, ?, ?)
"""
_LOG = """
INSERT INTO event_log (id, agency_id, "at", verb, subject, subject_id, visit_id, alert_id, details)
VALUES (?, ?, ?, 'told', 'alert', ?, ?, ?, ?)
"""
_SENDING = "UPDATE outbox SET state = 'sending', lease_until = ?, attempts = attempts + 1 WHERE id = ?"
_SENT = (
    "UPDATE outbox SET state = 'sent', lease_until = NULL, sent_at = ?, reached_at = ?, provider_id = ? WHERE id = ?"
)


@dataclass(frozen=True, slots=True)
class _Message:
    id: UUID
    chat: str
    visit_id: UUID


class BareAlarms:
    """Raises the alarm for whatever is due. `arrived`: visit → the sink's number of its message."""

    def __init__(self, bare: Bare, sink_url: str) -> None:
        self.arrived: dict[UUID, int] = {}
        self._bare = bare
        self._url = f"{sink_url}/bot1:floor/sendMessage"
        self._waiting: asyncio.Queue[_Message] = asyncio.Queue()
        self._taken: asyncio.Queue[tuple[_Message, int]] = asyncio.Queue()

    async def run(self) -> None:
        """Look, raise, send and write down until cancelled."""
        connector = aiohttp.TCPConnector(limit=AT_ONCE)
        async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._look())
            tasks.create_task(self._write_down())
            for _ in range(AT_ONCE):
                tasks.create_task(self._send(session))

    async def _look(self) -> None:
        while True:
            if await self._sweep() < MOST:
                await asyncio.sleep(TICK)

    async def _sweep(self) -> int:
        now = datetime.now(UTC)
        async with self._bare.transaction() as statements:
            due = await statements.run(_DUE, now, MOST)
            messages = [await _raise(statements, tuple(row), now) for row in due]
            for each in messages:
                await statements.run(_SENDING, now + timedelta(seconds=30), each.id)
        for each in messages:
            self._waiting.put_nowait(each)
        return len(due)

    async def _send(self, session: aiohttp.ClientSession) -> None:
        while True:
            message = await self._waiting.get()
            async with session.post(self._url, data={"chat_id": message.chat, "text": "x" * 600}) as answer:
                self._taken.put_nowait((message, (await answer.json())["result"]["message_id"]))

    async def _write_down(self) -> None:
        while True:
            batch = [await self._taken.get()]
            while len(batch) < RECORDED_TOGETHER and not self._taken.empty():
                batch.append(self._taken.get_nowait())
            now = datetime.now(UTC)
            async with self._bare.transaction() as statements:
                for message, number in batch:
                    await statements.run(_SENT, now, now, str(number), message.id)
            self.arrived |= {message.visit_id: number for message, number in batch}


async def _raise(statements: Statements, due: Sequence[Any], now: datetime) -> _Message:
    """One alert with its message, as it stands in the rows afterwards."""
    visit, worker, agency, team = due
    alert, outbox, due_at = new_id(), new_id(), now - GRACE
    await statements.run("SAVEPOINT one")
    person, channel = (await statements.run(_TO_TELL, team, now, now))[0]
    later = now + INTERVAL
    await statements.run(_MOVE, later, later + GRACE, later, visit, worker)
    number = (await statements.run(_NUMBER, agency))[0][0]
    key = f"{as_sqlite(worker)}:{as_sqlite(visit)}:missed_check_in"
    times = (now, due_at, _LADDER, later, later, later)
    await statements.run(_ALERT, alert, agency, team, number, worker, visit, *times, key)
    await statements.run(_TOLD, alert, person, now)
    dedupe = f"alarm:{alert}:1"
    await statements.run(_OUTBOX, outbox, agency, person, channel, _PARAMS, visit, alert, dedupe, now, now, now)
    await statements.run(_LOG, new_id(), agency, now, alert, visit, alert, _PARAMS[:200])
    await statements.run("RELEASE SAVEPOINT one")
    return _Message(outbox, "1", UUID(visit) if isinstance(visit, str) else visit)
