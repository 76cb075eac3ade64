"""Somebody puts a measure forward by themselves: it waits for a manager, as what a debrief proposes does."""

from dataclasses import replace
from uuid import UUID

from safety_service.actions import circle, evidence, proposals
from safety_service.actions.actor import Actor
from safety_service.actions.circle import Circle
from safety_service.actions.telling import Priority
from safety_service.domain.plan import Measure, MeasureState
from safety_service.domain.proposing import Suggestion, by_hand, decide_by
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import coming, measures
from safety_service.store import plans as versions
from safety_service.store.database import Tx
from safety_service.store.ids import new_id


async def put_forward(tx: Tx, actor: Actor, ref: str, said: str, why: str) -> Measure:
    """Propose a measure for a family: a key of the guidance's, or own words. One that is open gets one more reason.

    Whoever goes there may, and its managers. Raises NotFound; Refused `not_your_role`, `says_wanted`, `reason_wanted`.
    """
    around = await circle.by_ref(tx, actor, ref)
    if actor.person_id not in around.visitors and actor.teams(Role.MANAGER).isdisjoint(around.teams):
        raise Refused("not_your_role")
    if not said.strip():
        raise Refused("says_wanted")
    if not why.strip():
        raise Refused("reason_wanted")
    await versions.lock_family(tx, around.family_id)
    wanted = by_hand((await tx.guidance(actor.agency_id)).guidance, said, why)
    known = await measures.open_of(tx, around.family_id)
    before = next((each for each in known if wanted.same_as(each)), None)
    if before is not None:
        after = replace(before, because=before.because.joined(wanted.because))
        await measures.save(tx, after)
    else:
        after = await _made(tx, actor, around, wanted)
        await measures.add(tx, after)
        if after.owner_id is not None:
            about = await proposals.about(tx, after)
            await proposals.tell_of(tx, after, [after.owner_id], "plan.proposed", about, priority=Priority.NEWS)
    await evidence.keep(
        tx, actor, actor.agency_id, "proposed", subject="measure", subject_id=after.id, key=after.key, why=why.strip()
    )
    return after


async def _made(tx: Tx, actor: Actor, around: Circle, wanted: Suggestion) -> Measure:
    zone = await circle.zone_of(tx, actor.agency_id)
    next_visit = await coming.next_start(tx, around.family_id)
    policy = (await tx.policy()).plan
    by = decide_by(tx.now, urgent=False, next_visit=next_visit, zone=zone, policy=policy)
    return Measure(
        id=new_id(),
        agency_id=actor.agency_id,
        family_id=around.family_id,
        key=wanted.key,
        says=wanted.says,
        demands=wanted.demands,
        because=wanted.because,
        state=MeasureState.PROPOSED,
        from_on=tx.now.astimezone(zone).date(),
        proposed_by=actor.person_id,
        proposed_at=tx.now,
        owner_id=await _owner(tx, actor, around),
        decide_by=by,
        next_at=by,
    )


async def _owner(tx: Tx, actor: Actor, around: Circle) -> UUID | None:
    """A manager of the family who does not go there next; somebody else than who proposes it, where there is one."""
    going = await coming.going_to(tx, around.family_id)
    whom = await circle.to_ask(tx, actor.agency_id, around.teams, around.family_id, workers=going)
    deciding = whom & await proposals.managers_of(tx, around.family_id) or whom
    return min(deciding - {actor.person_id} or deciding, default=None)
