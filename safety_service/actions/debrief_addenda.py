"""Submitting is final: what comes later is added, with its date, by the worker who told it."""

from uuid import UUID

from config.forms import LONGEST_TEXT
from safety_service.actions import evidence
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.reviews import index_addendum
from safety_service.domain.refusal import Refused
from safety_service.store import debriefs
from safety_service.store.database import Tx
from safety_service.store.debriefs import Addendum


async def add_addendum(tx: Tx, actor: Actor, debrief_id: UUID, text: str) -> Addendum:
    """Add to one's own debrief.

    Raises NotFound; Refused `debrief_not_given`, `addendum_wanted`, `addendum_too_long`.
    """
    row = await debriefs.load(tx, debrief_id, lock=True)
    if row is None or row.worker_id != actor.person_id:
        raise NotFound
    if row.state == "draft":
        raise Refused("debrief_not_given")
    said = text.strip()
    if not said:
        raise Refused("addendum_wanted")
    if len(said) > LONGEST_TEXT:
        raise Refused("addendum_too_long", most=LONGEST_TEXT)
    made = await debriefs.add_addendum(tx, row.id, actor.person_id, said)
    await index_addendum(tx, row.agency_id, row.id, said)
    await evidence.keep(tx, actor, row.agency_id, "added", subject="debrief", subject_id=row.id, addendum=str(made.id))
    return made
