"""That the watch was begun again is evidence, too: it stands in the timeline of whatever was open then."""

from safety_service.store import events
from safety_service.store.database import Tx


async def note_start(tx: Tx, holder: str) -> None:
    """Keep that a process began to watch. `holder` names it, as it does in its leases."""
    await events.log(tx, agency_id=None, actor_id=None, verb="started", subject="service", details={"process": holder})
