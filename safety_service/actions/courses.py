"""Deciding how the work goes on, for a family or for a worker: with a reason, until a day, and never for oneself."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from safety_service.actions import circle, evidence, renewing
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.domain.course import Course, CourseKind
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import coming, courses, exclusions, people, plans
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.people import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """How the work is to go on, why, and until when (the last day on which it counts)."""

    kind: CourseKind
    reason: str
    until_on: date


async def for_family(tx: Tx, actor: Actor, ref: str, direction: Direction) -> Course:
    """Decide for a family; it covers the visits of the plan as it is now. Raises NotFound, Refused.

    Somebody who is to go there themselves does not decide it: `never_your_own`.
    """
    around = await circle.by_ref(tx, actor, ref)
    if actor.person_id in await coming.going_to(tx, around.family_id):
        raise Refused("never_your_own")
    circle.managed(actor, around)
    await plans.lock_family(tx, around.family_id)
    number = await plans.number(tx, around.family_id)
    made = await _kept(tx, actor, direction, family_id=around.family_id, plan_number=number)
    await renewing.renew_family(tx, around.family_id)
    return made


async def for_worker(tx: Tx, actor: Actor, worker_id: UUID, direction: Direction) -> Course:
    """Decide for a worker of one's teams, wherever they go. Raises NotFound, Refused."""
    await worker_to_direct(tx, actor, worker_id)
    made = await _kept(tx, actor, direction, worker_id=worker_id)
    await renewing.renew(tx, await coming.of_workers(tx, worker_id))
    return made


async def worker_to_direct(tx: Tx, actor: Actor, worker_id: UUID) -> Person:
    """The worker, for whoever may decide how their work goes on.

    Raises NotFound; Refused: `never_your_own`, `managers_only`.
    """
    worker = (await people.many(tx, [worker_id])).get(worker_id)
    if worker is None or worker.agency_id != actor.agency_id:
        raise NotFound
    if actor.person_id in await exclusions.excluded(tx, worker_id, None):
        raise NotFound
    if actor.person_id == worker_id:
        raise Refused("never_your_own")
    if actor.teams(Role.MANAGER).isdisjoint(worker.roles):
        raise Refused("managers_only") if not actor.roles.keys().isdisjoint(worker.roles) else NotFound
    return worker


async def _kept(
    tx: Tx,
    actor: Actor,
    direction: Direction,
    *,
    family_id: UUID | None = None,
    worker_id: UUID | None = None,
    plan_number: int | None = None,
) -> Course:
    await _may_stand(tx, actor, direction)
    made = Course(
        id=new_id(),
        agency_id=actor.agency_id,
        family_id=family_id,
        worker_id=worker_id,
        kind=direction.kind,
        reason=direction.reason.strip(),
        by=actor.person_id,
        at=tx.now,
        plan_number=plan_number,
        until_on=direction.until_on,
    )
    await courses.add(tx, made)
    await evidence.keep(
        tx,
        actor,
        actor.agency_id,
        "course_decided",
        subject="family" if family_id is not None else "worker",
        subject_id=family_id or worker_id,
        kind=made.kind,
        reason=made.reason,
        until_on=made.until_on.isoformat(),
        plan_number=plan_number,
    )
    return made


async def _may_stand(tx: Tx, actor: Actor, direction: Direction) -> None:
    if not direction.reason.strip():
        raise Refused("reason_wanted")
    today = await circle.today(tx, actor.agency_id)
    if direction.until_on < today:
        raise Refused("until_past")
    longest = (await tx.policy()).plan.course
    if direction.until_on > today + longest:
        raise Refused("until_too_far", days=str(longest.days))
