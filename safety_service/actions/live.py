"""Positions that a phone sends by itself while a visit runs: a sample is kept, and the watch stays as it is."""

from datetime import timedelta
from uuid import UUID

from safety_service.actions import words
from safety_service.actions.actor import Actor
from safety_service.actions.words import Word
from safety_service.store import alert_now, said
from safety_service.store.database import Tx

#: One in this time is kept; in the shorter while somebody looks for them.
EVERY, IN_AN_ALARM = timedelta(seconds=60), timedelta(seconds=10)


async def sample(tx: Tx, actor: Actor, visit_id: UUID | None, word: Word) -> bool:
    """Keep this position if the last is old enough; without a visit, of an alert without one. Gives whether it was."""
    last = await said.last_placed(tx, actor.person_id, visit_id)
    said_at = tx.now if word.said_at is None else word.said_at
    since = EVERY if last is None else said_at - last
    if since < IN_AN_ALARM or (since < EVERY and not await alert_now.open_about(tx, actor.person_id, visit_id)):
        return False
    await words.note(tx, actor, visit_id, word)
    return True
