"""What the doctor looks for inside of an open database: is the evidence log linked, can people be woken?"""

from collections.abc import AsyncIterator
from datetime import timedelta

from safety_service.actions import event_chain, policies, waking
from safety_service.store import stamps
from safety_service.store.database import Database, Tx

#: A sweep that stamped so lately runs.
RUNS = timedelta(minutes=1)


async def look_inside(database: Database) -> AsyncIterator[str]:
    """One line for each fault."""
    async with database.reading() as tx:
        async for fault in _chain(tx):
            yield fault
        for each in await policies.offers(tx, None):
            yield f"policy: what {each.offered_by} wants waits for a second administrator: `doorstep policy offers`"
        for line in await waking.missing(tx):
            yield f"nights: {line}"


async def _chain(tx: Tx) -> AsyncIterator[str]:
    """Where no scheduler runs nothing is linked, and nothing is wrong with that."""
    swept = await stamps.last(tx, "sweep")
    if swept is None or tx.now - swept.at > RUNS:
        return
    waiting = await event_chain.waiting(tx)
    if waiting:
        yield f"evidence: {waiting} entries of the log are older than ten minutes and not linked: look at the scheduler"
