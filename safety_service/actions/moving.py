"""Everything was moved to another database: whether the evidence log is as it was written, and an entry in it."""

from safety_service.actions import event_chain
from safety_service.domain.event_chain import Verifier
from safety_service.store import events
from safety_service.store.database import Tx
from safety_service.store.moving import Moved

#: Findings that are said one by one; the others are counted.
SAID = 5


async def moved(tx: Tx, what: Moved, kinds: tuple[str, str]) -> tuple[Verifier, list[str]]:
    """Walk the log's chain, which says the same as before, and keep that it was moved, from one kind to the other."""
    walking = event_chain.verifier_for(tx)
    found = [each async for each in event_chain.verify(tx, walking)]
    details = {"from": kinds[0], "to": kinds[1], "rows": what.rows, "tables": len(what.tables), "findings": len(found)}
    await events.log(tx, agency_id=None, actor_id=None, verb="moved", subject="service", details=details)
    return walking, found
