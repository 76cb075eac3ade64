"""Who of those that may know of a family has to do with it now: a visit, duty, an alert; or has said why they look."""

from collections.abc import Collection
from uuid import UUID

from safety_service.actions.actor import Actor
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import circles, families, openings, rota
from safety_service.store.database import Tx

REASON_WANTED = "reason_for_opening"


async def must_have(tx: Tx, actor: Actor, family_id: UUID, teams: Collection[UUID]) -> None:
    """Let by whoever has to do with a family. `teams`: which visit it; their managers always have.

    Ask access.may_see_family first: who may not know of it is not asked for a reason. Raises Refused
    `reason_for_opening` with the `ref`.
    """
    if not await has(tx, actor, family_id, teams) and not await openings.open_for(tx, actor.person_id, family_id):
        raise Refused(REASON_WANTED, ref=await families.ref_of(tx, family_id))


async def lets(tx: Tx, actor: Actor, family_id: UUID) -> bool:
    """Whether somebody who may know of a family reads of it now without being asked."""
    teams, _ = await circles.of_family(tx, family_id)
    return await has(tx, actor, family_id, teams) or await openings.open_for(tx, actor.person_id, family_id)


async def has(tx: Tx, actor: Actor, family_id: UUID, teams: Collection[UUID]) -> bool:
    """Whether somebody has to do with it: manages it, goes there, was there lately, is on duty, was alarmed."""
    if not actor.teams(Role.MANAGER).isdisjoint(teams):
        return True
    policy = (await tx.policy()).family
    since, until = tx.now - policy.tie_after, tx.now + policy.tie_before
    if await circles.goes_there(tx, family_id, actor.person_id, since, until):
        return True
    for team_id in teams:
        if any(actor.person_id in on for on in (await rota.on_duty(tx, team_id, tx.now)).values()):
            return True
    return await circles.alarmed_about(tx, family_id, actor.person_id)
