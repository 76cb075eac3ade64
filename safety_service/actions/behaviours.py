"""What was met at a family over time: every worker's debriefs add up, month by month."""

from zoneinfo import ZoneInfo

from safety_service.actions import families
from safety_service.actions.actor import Actor
from safety_service.actions.families import Family
from safety_service.domain.trend import Line, Occasion, lines
from safety_service.store import agencies, behaviours
from safety_service.store.database import Tx


async def of_family(tx: Tx, actor: Actor, ref: str) -> list[Line]:
    """What was met, the gravest first. Raises NotFound."""
    family = await families.known(tx, actor, ref)
    await families.log_read(tx, actor, family, "behaviours")
    return await met_at(tx, family)


async def met_at(tx: Tx, family: Family) -> list[Line]:
    """The same, for whoever has the family already."""
    met = [Occasion(kind=e.kind, on=e.on, worker_id=e.worker_id) for e in await behaviours.of_family(tx, family.id)]
    agency = await agencies.get(tx, family.row.agency_id)
    guidance = (await tx.guidance(agency.id)).guidance
    return lines(met, guidance, await tx.policy(), tx.now.astimezone(ZoneInfo(agency.timezone)).date())
