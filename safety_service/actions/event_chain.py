"""Linking the evidence log into a chain, apart from those who write to it; and finding what was changed in it."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from uuid import UUID

from safety_service.domain.event_chain import LATE, Link, Verifier, link
from safety_service.store import event_seals
from safety_service.store.database import Tx

#: An entry is linked when it is this old: transactions that began before it have committed by then, nearly always.
SETTLED = timedelta(seconds=3)
#: How far back is looked for what committed late: a transaction takes a minute at most. And now and then, further.
JUST_NOW, FAR = timedelta(minutes=2), timedelta(days=1)
#: Links that are read at once when all are walked.
AT_ONCE = 1000


async def extend(tx: Tx, limit: int, lookback: timedelta = JUST_NOW) -> int:
    """Link the next entries; gives how many. Only one transaction does so at a time."""
    before, links = await prepared(tx, limit, lookback)
    return len(links) if await appended(tx, before, links) else 0


async def prepared(tx: Tx, limit: int, lookback: timedelta = JUST_NOW) -> tuple[Link | None, list[Link]]:
    """The last link, and those of the next entries in the order of their times. It only reads: nobody waits for it.

    What committed late, with an older time, is linked when it is seen. What turns up with a time further back than is
    looked stays outside of the chain, and is found by `verify`.
    """
    before = last = await event_seals.head(tx)
    after = UUID(int=0) if last is None else event_seals.made_before(tx.now, last.event_id, lookback)
    entries = await event_seals.without_link(tx, after, tx.now - SETTLED, limit)
    key, links = tx.key_for(event_seals.PURPOSE), list[Link]()
    for each in sorted(entries, key=lambda entry: (entry.at, entry.id)):
        last = link(key, last, each, tx.now)
        links.append(last)
    return before, links


async def appended(tx: Tx, before: Link | None, links: Sequence[Link]) -> bool:
    """Add them, if the chain still ends where they were made for; whether it did."""
    if await event_seals.head(tx) != before:
        return False
    await event_seals.append(tx, links)
    return True


async def head(tx: Tx) -> Link | None:
    """The last link: kept somewhere else, it shows later whether the end was cut off."""
    return await event_seals.head(tx)


async def waiting(tx: Tx) -> int:
    """How many entries should have been linked and are not; counted no further than a thousand."""
    last = await event_seals.head(tx)
    after = UUID(int=0) if last is None else event_seals.made_before(tx.now, last.event_id, FAR)
    return await event_seals.count_without_link(tx, after, tx.now - LATE, AT_ONCE)


async def verify(tx: Tx, verifier: Verifier) -> AsyncIterator[str]:
    """Walk the whole chain in batches; gives one line for each thing that is not as it was."""
    number = 0
    while batch := await event_seals.linked(tx, number, AT_ONCE):
        for there, entry in batch:
            for found in verifier.walk(there, entry):
                yield found
        number = batch[-1][0].number
    after = UUID(int=0)
    while others := await event_seals.without_link(tx, after, tx.now + FAR, AT_ONCE):
        for each in others:
            for found in verifier.beside(each, tx.now):
                yield found
        after = others[-1].id
    for found in verifier.end():
        yield found


def verifier_for(tx: Tx, kept: tuple[int, str] | None = None) -> Verifier:
    """A verifier with this database's key. `kept`: number and digest of a link that was kept outside."""
    return Verifier(tx.key_for(event_seals.PURPOSE), kept)
