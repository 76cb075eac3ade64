"""What was met at a family over time: every worker's debriefs add up, month by month."""

from uuid import UUID

from safety_service.actions import circle, families
from safety_service.actions.actor import Actor
from safety_service.domain.trend import Line, Occasion, lines
from safety_service.store import behaviours
from safety_service.store.database import Tx


async def of_family(tx: Tx, actor: Actor, ref: str) -> list[Line]:
    """What was met, the gravest first. Raises NotFound."""
    family = await families.known(tx, actor, ref)
    await families.log_read(tx, actor, family, "behaviours")
    return await met_at(tx, family.row.agency_id, family.id)


async def met_at(tx: Tx, agency_id: UUID, family_id: UUID) -> list[Line]:
    """The same, for whoever has been let see the family already."""
    found = await behaviours.of_family(tx, family_id)
    met = [Occasion(kind=each.kind, on=each.on, worker_id=each.worker_id) for each in found]
    guidance = (await tx.guidance(agency_id)).guidance
    return lines(met, guidance, await tx.policy(), await circle.today(tx, agency_id))
