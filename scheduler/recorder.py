"""Writing down what became of messages: those that wait at the same moment share one transaction."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from bots.delivery.outcome import Blocked, Later, NotSent, Outcome, Refused, Sent, Unknown
from safety_service.actions import delivering
from safety_service.actions.telling import Priority
from safety_service.store import tallies
from safety_service.store.database import Database, Tx
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.outbox import Outgoing

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


class Recorder:
    """`record` comes back when the outcome is kept. A database that is away is waited for."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: asyncio.Queue[Entry] = asyncio.Queue()

    async def record(self, out: Outgoing, outcome: Outcome) -> None:
        """Keep what became of the message."""
        entry = Entry(out, outcome)
        self._waiting.put_nowait(entry)
        await entry.done.wait()

    async def run(self) -> None:
        """Write down what waits, until cancelled."""
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < BATCH and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            await self._write(batch)
            for each in batch:
                each.done.set()

    async def _write(self, batch: list[Entry]) -> None:
        while True:
            try:
                async with self._database.transaction() as tx:
                    await _keep(tx, batch)
            except (DatabaseAway, TryAgain) as error:
                log.warning("what became of %d messages waits to be kept: %s", len(batch), type(error).__name__)
                await asyncio.sleep(RETRY)
            else:
                return


async def _keep(tx: Tx, batch: list[Entry]) -> None:
    """What was taken is written at once, if it can be; everything else alone."""
    taken = [each for each in batch if isinstance(each.outcome, Sent)]
    others = [each for each in batch if not isinstance(each.outcome, Sent)]
    if taken and not await _alone(tx, partial(_sent, tx, taken), f"{len(taken)} messages were taken"):
        for each in taken:
            await _alone(tx, partial(_sent, tx, [each]), f"message {each.out.id} was taken")
    for each in others:
        outcome = each.outcome
        await _alone(
            tx, partial(_KEEP[type(outcome)], tx, each.out, outcome), f"message {each.out.id}: {type(outcome).__name__}"
        )
        if not (isinstance(outcome, Later) and outcome.own):
            tx.after_commit(partial(tallies.HERE.failed, each.out.channel))


async def _alone(tx: Tx, keep: Callable[[], Awaitable[None]], what: str) -> bool:
    """In a savepoint: what cannot be kept holds up nothing else. Its lease runs out, and it goes out as a repeat."""
    try:
        async with tx.savepoint():
            await keep()
    except (DatabaseAway, TryAgain):
        raise
    except Exception:
        log.exception("could not be kept: %s", what)
        return False
    return True


async def _sent(tx: Tx, taken: list[Entry]) -> None:
    await delivering.sent(
        tx, [(each.out, each.outcome.provider_id) for each in taken if isinstance(each.outcome, Sent)]
    )
    for out in (each.out for each in taken):
        took = (tx.now - out.created_at).total_seconds()
        late = None if out.due_at is None else (tx.now - out.due_at).total_seconds()
        tx.after_commit(partial(tallies.HERE.delivered, out.channel, out.priority, took, late))


async def _blocked(tx: Tx, out: Outgoing, outcome: Blocked) -> None:
    await delivering.failed(tx, out, outcome.reason, blocked=True)


async def _refused(tx: Tx, out: Outgoing, outcome: Refused) -> None:
    log.error("message %s (%s) was refused: %s", out.id, out.template, outcome.reason)
    await delivering.failed(tx, out, outcome.reason, blocked=False)


async def _later(tx: Tx, out: Outgoing, outcome: Later) -> None:
    await delivering.later(tx, out.id, tx.now + timedelta(seconds=outcome.seconds), "asked to wait")


async def _not_sent(tx: Tx, out: Outgoing, outcome: NotSent) -> None:
    if out.priority > Priority.ALARM and tx.now - out.created_at > OLD:
        await delivering.failed(tx, out, outcome.reason, blocked=False)
    else:
        await delivering.later(tx, out.id, tx.now + wait_before_retry(out), outcome.reason)


async def _unknown(tx: Tx, out: Outgoing, outcome: Unknown) -> None:
    await delivering.unknown(tx, out, outcome.reason, cut=outcome.cut)


def wait_before_retry(out: Outgoing) -> timedelta:
    """Longer each time, shorter for what is urgent, and never in step with others."""
    first, longest = URGENT if out.priority <= Priority.ALARM else OTHERS
    seconds = min(longest, first * 2 ** min(out.attempts - 1, 10))
    return timedelta(seconds=seconds * random.uniform(0.8, 1.0))  # noqa: S311  (no secret)


_KEEP: Mapping[type, Callable[[Tx, Outgoing, Any], Awaitable[None]]] = {
    Blocked: _blocked,
    Refused: _refused,
    Later: _later,
    NotSent: _not_sent,
    Unknown: _unknown,
}
