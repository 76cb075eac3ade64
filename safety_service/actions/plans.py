"""The risk reduction plan of a family: its versions, what changed between them, what became of a debrief."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from safety_service.actions import circle, evidence
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.renewing import plan_page, renew_family
from safety_service.domain.course import Course
from safety_service.domain.plan import Change, Difference, Measure, changes, differences, picture
from safety_service.domain.refusal import Refused
from safety_service.domain.review import near_enough
from safety_service.store import courses, events, families, measures, plan_history, plans
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.measures import Decision
from safety_service.store.plans import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A family's plan as it is read: what there is of measures, with their decisions, and every version."""

    family_id: UUID
    ref: str
    number: int
    review_on: date | None
    measures: Sequence[Measure]
    decisions: dict[UUID, list[Decision]]
    #: The newest first, each with what it changed.
    versions: Sequence[tuple[Version, tuple[Difference, ...]]]
    courses: Sequence[Course]


async def read(tx: Tx, actor: Actor, ref: str) -> Plan:
    """The plan of a family that the actor may know of; that it was read is kept. Raises NotFound."""
    around = await circle.by_ref(tx, actor, ref)
    kept = await measures.of_family(tx, around.family_id)
    versions = await plans.of_family(tx, around.family_id)
    await evidence.keep(tx, actor, actor.agency_id, "read", subject="plan", subject_id=around.family_id)
    return Plan(
        family_id=around.family_id,
        ref=around.ref,
        number=versions[0].number if versions else plans.NONE,
        review_on=versions[0].review_on if versions else None,
        measures=kept,
        decisions=await measures.decisions(tx, [each.id for each in kept]),
        versions=_with_differences(versions),
        courses=await courses.of_family(tx, around.family_id),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two versions of a plan, the earlier first, and what changed between them. `numbers`: of all there are."""

    ref: str
    earlier: Version
    later: Version
    changes: tuple[Change, ...]
    numbers: Sequence[int]


async def compare(tx: Tx, actor: Actor, ref: str, one: int, other: int) -> Compared:
    """What changed between any two versions; that they were read is kept. Raises NotFound: there is no such version."""
    around = await circle.by_ref(tx, actor, ref)
    earlier = await plan_history.numbered(tx, around.family_id, min(one, other))
    later = await plan_history.numbered(tx, around.family_id, max(one, other))
    if earlier is None or later is None:
        raise NotFound
    numbers = [earlier.number, later.number]
    await evidence.keep(
        tx, actor, actor.agency_id, "read", subject="plan", subject_id=around.family_id, numbers=numbers
    )
    return Compared(
        ref=around.ref,
        earlier=earlier,
        later=later,
        changes=changes(earlier.measures, later.measures),
        numbers=[number for number, _ in await plan_history.made_on(tx, around.family_id)],
    )


async def where(tx: Tx, actor: Actor, ref: str) -> tuple[str, str]:
    """The reference as it is kept, and the plan's own page, for whoever may know of the family. Raises NotFound."""
    around = await circle.by_ref(tx, actor, ref)
    return around.ref, plan_page(around.ref)


async def is_of(tx: Tx, measure: Measure, ref: str) -> bool:
    """Whether a measure belongs to the family with this reference."""
    return await families.by_ref(tx, measure.agency_id, ref) == measure.family_id


def _with_differences(versions: Sequence[Version]) -> list[tuple[Version, tuple[Difference, ...]]]:
    before = [*(each.measures for each in versions[1:]), ()]
    return [(each, differences(was, each.measures)) for each, was in zip(versions, before, strict=False)]


async def new_version(
    tx: Tx, family_id: UUID, *, cause: str, why: str, by: UUID | None, review_on: date | None = None
) -> int:
    """Keep the plan as it is now as its next version, and hold the family's visits against it. Gives its number.

    `cause`: `debrief`, `decision`, `meeting`, `review`, `expiry`. Without a review date the last one's holds while it
    is to come, else policy says when.
    """
    agency_id = await plans.lock_family(tx, family_id)
    before = await plans.latest(tx, family_id)
    today = await circle.today(tx, agency_id)
    version = Version(
        id=new_id(),
        agency_id=agency_id,
        family_id=family_id,
        number=(plans.NONE if before is None else before.number) + 1,
        made_at=tx.now,
        made_by=by,
        cause=cause,
        why=why,
        measures=picture(await measures.open_of(tx, family_id)),
        review_on=review_on or _carried_on(before, today) or today + (await tx.policy()).plan.review,
    )
    await plans.add(tx, version)
    await events.log(
        tx,
        agency_id=agency_id,
        actor_id=by,
        verb="plan_changed",
        subject="plan",
        subject_id=family_id,
        details={"number": version.number, "cause": cause},
    )
    await renew_family(tx, family_id, what=why)
    return version.number


async def reviewed(tx: Tx, actor: Actor, ref: str, why: str, review_on: date) -> int:
    """A manager has looked at the plan again: its next version, to be looked at again on a day to come.

    Raises NotFound; Refused `managers_only`, `reason_wanted`, `until_past`, `review_too_far`.
    """
    around = await circle.by_ref(tx, actor, ref)
    circle.managed(actor, around)
    if not why.strip():
        raise Refused("reason_wanted")
    today = await circle.today(tx, actor.agency_id)
    if near_enough(review_on, today) <= today:
        raise Refused("until_past")
    await evidence.keep(tx, actor, actor.agency_id, "reviewed", subject="plan", subject_id=around.family_id)
    return await new_version(
        tx, around.family_id, cause="review", why=why.strip(), by=actor.person_id, review_on=review_on
    )


def _carried_on(before: Version | None, today: date) -> date | None:
    due = None if before is None else before.review_on
    return due if due is not None and due >= today else None
