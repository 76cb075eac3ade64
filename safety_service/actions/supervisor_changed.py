"""Who supervises somebody was changed: they hear of it, and so does whoever did until now.

A supervisor reads what somebody wrote for themselves alone. Nobody gets to read it unnoticed.
"""

from __future__ import annotations

from uuid import UUID

from safety_service.actions.telling import Priority, tell
from safety_service.store import exclusions, people
from safety_service.store.database import Tx
from safety_service.store.people import Person


async def tell_them(tx: Tx, before: Person, now: UUID | None) -> None:
    """Tell both, where it is somebody else now. Whoever is kept off the other hears no name of theirs."""
    if now == before.supervisor_id:
        return
    hidden = (await exclusions.of_person(tx, before.id)).workers
    name = None if now is None or now in hidden else (await people.get(tx, now)).name
    said = {} if name is None else {"name": name}
    await tell(tx, [before.id], "supervision.changed", said, priority=Priority.NEWS)
    former = {before.supervisor_id} - {None} - await exclusions.excluded(tx, before.id, None)
    told = [each for each in former if each is not None]
    await tell(tx, told, "supervision.handed", {"worker": before.name}, priority=Priority.NEWS)
