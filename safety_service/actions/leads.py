"""Where one can go on to from a measure and from a debrief: nothing is offered that the reader may not read."""

from uuid import UUID

from safety_service.actions import circle, debrief_log, measures
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.domain.plan import Measure, possible
from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.store.debrief_log import Logged


async def debriefs_behind(tx: Tx, actor: Actor, found: Measure) -> list[Logged]:
    """The debriefs that a measure came from, as far as the actor reads them without saying why."""
    behind: list[Logged] = []
    for each in found.because.debriefs:
        try:
            logged, _, _ = await debrief_log.may_read(tx, actor, UUID(each))
        except (NotFound, Refused):
            continue
        behind.append(logged)
    return behind


async def leads_to_family(tx: Tx, actor: Actor, family_id: UUID) -> bool:
    """Whether the actor may know of the family; why they open it they may still be asked."""
    try:
        await circle.by_id(tx, actor, family_id)
    except NotFound:
        return False
    except Refused:
        return True
    return True


async def to_be_decided(tx: Tx, actor: Actor, found: Measure) -> bool:
    """Whether something can be decided of this measure, and by the actor."""
    try:
        await measures.to_decide(tx, actor, found.id)
    except (NotFound, Refused):
        return False
    return bool(possible(found))
