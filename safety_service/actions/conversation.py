"""The chat page's own view: what was said to and fro, from when it may be shown, and what may still be answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.actions.actor import Actor
from safety_service.store import conversation
from safety_service.store.conversation import Heard, Told
from safety_service.store.database import Tx

__all__ = ["Conversation", "Heard", "Told", "look"]

#: As many messages as somebody scrolls back through.
LIMIT = 80
#: A word that was written into the database a little later than its time is not missed.
OVERLAP = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is new since the last look. `shown_from`: earlier lines are off the screen while the worker is inside."""

    told: Sequence[Told]
    heard: Sequence[Heard]
    shown_from: datetime | None
    #: Of all that is shown, whether new or not: what asks for something that is not settled yet.
    open: frozenset[UUID]

    @property
    def inside(self) -> bool:
        """Somebody may be looking over the worker's shoulder."""
        return self.shown_from is not None


async def look(tx: Tx, actor: Actor, since: datetime | None) -> Conversation:
    """The actor's own conversation since then; None: as far back as is shown at all."""
    inside_since = await conversation.inside_since(tx, actor.person_id)
    told = await conversation.told(tx, actor.person_id, inside_since, LIMIT)
    new_from = None if since is None else since - OVERLAP
    if inside_since is not None:
        new_from = inside_since if new_from is None else max(new_from, inside_since)
    heard = await conversation.heard(tx, actor.person_id, new_from, LIMIT)
    new = [each for each in told if new_from is None or each.at >= new_from]
    return Conversation(new, heard, inside_since, frozenset(each.id for each in told if each.open))
