"""Holds: of a family that is held retention removes nothing, whatever policy says."""

from uuid import UUID

from safety_service.actions import circle
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.domain.refusal import Refused
from safety_service.store import holds
from safety_service.store.database import Tx
from safety_service.store.holds import Hold


async def hold(tx: Tx, actor: Actor, ref: str, why: str) -> UUID:
    """Keep all that there is of a family, whatever policy says: for managers of a team that visits it.

    Raises NotFound; Refused `managers_only`, `reason_wanted`, `held_already`.
    """
    family_id = await _family(tx, actor, ref)
    if not why.strip():
        raise Refused("reason_wanted")
    if await holds.of_family(tx, family_id) is not None:
        raise Refused("held_already")
    hold_id = await holds.add(tx, actor.agency_id, family_id, why.strip(), actor.person_id)
    await keep(tx, actor, actor.agency_id, "held", subject="family", subject_id=family_id, why=why.strip())
    return hold_id


async def release(tx: Tx, actor: Actor, ref: str) -> None:
    """Policy counts again. Raises NotFound; Refused `managers_only`, `not_held`."""
    family_id = await _family(tx, actor, ref)
    there = await holds.of_family(tx, family_id)
    if there is None:
        raise Refused("not_held")
    await holds.end(tx, there.id, actor.person_id)
    await keep(tx, actor, actor.agency_id, "released", subject="family", subject_id=family_id)


async def held(tx: Tx, actor: Actor) -> list[Hold]:
    """What is held, of the families that the actor manages."""
    found: list[Hold] = []
    for each in await holds.every(tx, actor.agency_id):
        try:
            await _family(tx, actor, each.ref)
        except (NotFound, Refused):
            continue
        found.append(each)
    return found


async def _family(tx: Tx, actor: Actor, ref: str) -> UUID:
    around = await circle.by_ref(tx, actor, ref)
    circle.managed(actor, around)
    return around.family_id
