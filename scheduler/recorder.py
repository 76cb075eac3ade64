"""Writing down what became of messages: those that wait at the same moment share one transaction."""

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID

from bots.delivery.outcome import Blocked, Later, NotSent, Outcome, Refused, Sent, Unknown
from safety_service.actions import delivering
from safety_service.actions.telling import Priority
from safety_service.store import outbox_became, tallies
from safety_service.store.database import Database, Tx
from safety_service.store.errors import AllInUse, DatabaseAway, TryAgain
from safety_service.store.outbox import Outgoing
from scheduler.hopeless import Hopeless

log = logging.getLogger(__name__)

#: Outcomes that one transaction takes on.
BATCH = 100
#: Seconds until a message that was surely not sent is tried again: the first time, and at most.
URGENT = (0.5, 5.0)
OTHERS = (1.0, 60.0)
#: News that could not be sent for so long is none any more. What is urgent is never given up.
OLD = timedelta(hours=12)
#: Seconds between two tries to write down.
RETRY = 0.5


@dataclass(slots=True)
class Entry:
    """One message with what became of it."""

    out: Outgoing
    outcome: Outcome
    done: asyncio.Event = field(default_factory=asyncio.Event)


#: Gives the alerts that are to be looked at again.
_Keep = Callable[[Tx, list[Entry]], Awaitable[Collection[UUID]]]


class Recorder:
    """`record` comes back when the outcome is kept. A database that is away is waited for.

    Danger apart from the rest, and what was taken apart from what was not, for which rows may be needed that somebody
    holds: until they let go, an SOS that had been taken stayed unwritten, and its alert climbed.
    """

    def __init__(self, database: Database) -> None:
        self._hopeless = Hopeless(database)
        kinds = [(danger, taken) for danger in (True, False) for taken in (True, False)]
        self._lines = {kind: _Line(database, self._hopeless) for kind in kinds}

    async def record(self, out: Outgoing, outcome: Outcome) -> None:
        """Keep what became of the message."""
        entry = Entry(out, outcome)
        self._lines[out.priority <= Priority.DANGER, isinstance(outcome, Sent)].waiting.put_nowait(entry)
        await entry.done.wait()

    async def run(self) -> None:
        """Write down what waits, until cancelled."""
        async with asyncio.TaskGroup() as going:
            going.create_task(self._hopeless.run())
            for each in self._lines.values():
                going.create_task(each.run(each.waiting, 0.0))
                going.create_task(each.run(each.held_up, RETRY))


class _Line:
    """Outcomes that are written down one after the other."""

    def __init__(self, database: Database, hopeless: Hopeless) -> None:
        self._database = database
        self._hopeless = hopeless
        self.waiting: asyncio.Queue[Entry] = asyncio.Queue()
        #: Those for which rows are needed that somebody holds: they keep no other waiting.
        self.held_up: asyncio.Queue[Entry] = asyncio.Queue()

    async def run(self, queue: asyncio.Queue[Entry], pause: float) -> None:
        """Write down what is in this queue, after a pause."""
        while True:
            batch = [await queue.get()]
            await asyncio.sleep(pause)
            while len(batch) < BATCH and not queue.empty():
                batch.append(queue.get_nowait())
            await self._write(batch)

    async def _write(self, batch: list[Entry]) -> None:
        while True:
            try:
                async with self._database.transaction() as tx:
                    await outbox_became.wait_little(tx)
                    await self._keep(tx, batch)
            except (DatabaseAway, AllInUse) as error:
                log.warning("what became of %d messages waits to be kept: %s", len(batch), type(error).__name__)
                await asyncio.sleep(RETRY)
            except TryAgain:
                return await self._write_each(batch)
            else:
                for each in batch:
                    each.done.set()
                return None

    async def _write_each(self, batch: list[Entry]) -> None:
        if len(batch) == 1:
            log.warning("what became of message %s waits for somebody else", batch[0].out.id)
            self.held_up.put_nowait(batch[0])
            return
        for each in batch:
            await self._write([each])

    async def _keep(self, tx: Tx, batch: list[Entry]) -> None:
        """Those of a kind at once, if it can be; else each alone."""
        groups: defaultdict[_Keep, list[Entry]] = defaultdict(list)
        for each in batch:
            groups[_keeps(tx, each)].append(each)
        for keep, entries in groups.items():
            if not await self._alone(tx, keep, entries) and len(entries) > 1:
                for each in entries:
                    await self._alone(tx, keep, [each])
        for each in batch:
            if not isinstance(each.outcome, Sent) and not (isinstance(each.outcome, Later) and each.outcome.own):
                tx.after_commit(partial(tallies.HERE.failed, each.out.channel))

    async def _alone(self, tx: Tx, keep: _Keep, entries: list[Entry]) -> bool:
        """In a savepoint: what cannot be kept holds up nothing else. Its lease runs out, and it goes out again."""
        try:
            async with tx.savepoint():
                in_hand = await keep(tx, entries)
        except (DatabaseAway, TryAgain):
            raise
        except Exception:
            first = entries[0]
            log.exception("not kept: %d times %s (%s)", len(entries), type(first.outcome).__name__, first.out.id)
            return False
        tx.after_commit(partial(self._hopeless.look_again, in_hand))
        return True


async def _sent(tx: Tx, taken: list[Entry]) -> Collection[UUID]:
    await delivering.sent(
        tx, [(each.out, each.outcome.provider_id) for each in taken if isinstance(each.outcome, Sent)]
    )
    for out in (each.out for each in taken):
        took = (tx.now - out.created_at).total_seconds()
        late = None if out.due_at is None else (tx.now - out.due_at).total_seconds()
        tx.after_commit(partial(tallies.HERE.delivered, out.channel, out.priority, took, late))
    return ()


async def _blocked(tx: Tx, shut: list[Entry]) -> Collection[UUID]:
    in_hand = await delivering.failed(tx, [(each.out, _why(each.outcome)) for each in shut])
    for each in shut:
        await delivering.channel_blocked(tx, each.out.channel_id, each.out.person_id)
    return in_hand


async def _failed(tx: Tx, given_up: list[Entry]) -> Collection[UUID]:
    for each in given_up:
        if isinstance(each.outcome, Refused):
            log.error("message %s (%s) was refused: %s", each.out.id, each.out.template, each.outcome.reason)
    return await delivering.failed(tx, [(each.out, _why(each.outcome)) for each in given_up])


async def _later(tx: Tx, put_off: list[Entry]) -> Collection[UUID]:
    again = []
    for out, outcome in ((each.out, each.outcome) for each in put_off):
        if isinstance(outcome, Later):
            again.append((out.id, tx.now + timedelta(seconds=outcome.seconds), "asked to wait"))
        else:
            again.append((out.id, tx.now + wait_before_retry(out), _why(outcome)))
    await delivering.later(tx, again)
    return ()


async def _unknown(tx: Tx, doubtful: list[Entry]) -> Collection[UUID]:
    pairs = ((each.out, each.outcome) for each in doubtful)
    await delivering.unknown(tx, [(out, why.reason, why.cut) for out, why in pairs if isinstance(why, Unknown)])
    return ()


def _why(outcome: Outcome) -> str:
    return outcome.reason if isinstance(outcome, (Blocked, Refused, NotSent, Unknown)) else ""


def wait_before_retry(out: Outgoing) -> timedelta:
    """Longer each time, shorter for what is urgent, and never in step with others."""
    first, longest = URGENT if out.priority <= Priority.ALARM else OTHERS
    seconds = min(longest, first * 2 ** min(out.attempts - 1, 10))
    return timedelta(seconds=seconds * random.uniform(0.8, 1.0))  # noqa: S311  (no secret)


def _keeps(tx: Tx, entry: Entry) -> _Keep:
    old = entry.out.priority > Priority.ALARM and tx.now - entry.out.created_at > OLD
    return _failed if old and isinstance(entry.outcome, NotSent) else _KEEP[type(entry.outcome)]


_KEEP: Mapping[type, _Keep] = {
    Sent: _sent,
    Blocked: _blocked,
    Refused: _failed,
    Later: _later,
    NotSent: _later,
    Unknown: _unknown,
}
