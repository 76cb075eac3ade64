"""A visit held against its family's plan: what is lacking, whether it waits for a decision, or is covered by one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from config.policy import Policy
from safety_service.actions import circle, training
from safety_service.domain import demands
from safety_service.domain.course import Course
from safety_service.domain.demands import Going, Lack
from safety_service.domain.plan import Measure, in_known_words
from safety_service.domain.training import missing
from safety_service.domain.watch import level_of
from safety_service.domain.words import Risk
from safety_service.store import behaviours, courses, families, measures, plans
from safety_service.store import training as trained
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow

#: The kind of risk fact that says: this worker was threatened or hurt at this family.
TARGETED = "targeted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What of a visit is held against a plan. Times are aware UTC."""

    agency_id: UUID
    family_id: UUID
    workers: frozenset[UUID]
    answers: Mapping[str, Any]
    starts_at: datetime
    ends_at: datetime
    interval: timedelta
    risk: Risk
    because: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look at the plan found: the plan's number, what is lacking, whether a decision covers the visit."""

    number: int
    lacks: tuple[Lack, ...]
    covered: bool

    @property
    def lacking(self) -> list[dict[str, Any]]:
        """As the visit keeps it."""
        return [each.written() for each in self.lacks]


def offered(row: VisitRow) -> Offered:
    """A visit that is kept, as it would be held against a plan."""
    return Offered(
        agency_id=row.agency_id,
        family_id=row.family_id,
        workers=row.workers,
        answers=row.answers,
        starts_at=row.visit.starts_at,
        ends_at=row.visit.ends_at,
        interval=max(each.interval for each in row.visit.watches),
        risk=row.visit.risk,
        because=row.because,
    )


async def look(tx: Tx, visit: Offered, held: Sequence[Measure] | None = None) -> Look:
    """Hold a visit against its family's plan; `held`: its measures in force, where they have been read already."""
    zone = await circle.zone_of(tx, visit.agency_id)
    held = await measures.in_force(tx, visit.family_id) if held is None else held
    number = await plans.number(tx, visit.family_id)
    guidance = (await tx.guidance(visit.agency_id)).guidance
    own = {each.id for each in held if not in_known_words(each, guidance)}
    lacked = demands.lacks(held, await _going(tx, visit, held, zone))
    against = [replace(each, own=each.measure_id in own) for each in lacked]
    against += await _untrained(tx, visit, zone, {each.key for each in against if each.what == "training"})
    today = tx.now.astimezone(zone).date()
    standing = [each for each in await courses.latest(tx, visit.family_id, visit.workers) if each.stands(today, number)]
    targeted = await _targeted(tx, visit.family_id)
    barred = [_barred(each, zone) for each in standing if each.is_against(visit.workers, targeted)]
    covered = not barred and await _covered(tx, visit, standing, targeted, lacking=bool(against))
    return Look(number=number, lacks=(*against, *barred), covered=covered)


def held(row: VisitRow, found: Look, policy: Policy) -> VisitRow:
    """The visit with what a look found; it waits where policy asks for a decision or something is lacking.

    A decision that was made for this number of the plan stands, until something more is lacking than at the last look.
    """
    decided = row.decision is not None and row.decision.plan_number == found.number
    decided = decided and not demands.new_to(row.lacking, found.lacks)
    asks = policy.level(level_of(row.visit.risk)).decision
    status = demands.status(row.visit.status, asks=asks, lacking=bool(found.lacks), covered=found.covered)
    visit = row.visit if decided else replace(row.visit, status=status)
    return replace(row, visit=visit, lacking=found.lacking, plan_number=found.number)


async def interval(tx: Tx, agency_id: UUID, family_id: UUID, on: datetime) -> timedelta | None:
    """The shortest check-in interval that the plan demands on that day."""
    zone = await circle.zone_of(tx, agency_id)
    return demands.interval(await measures.in_force(tx, family_id), on.astimezone(zone).date())


async def _going(tx: Tx, visit: Offered, held: Collection[Measure], zone: ZoneInfo) -> Going:
    on = visit.starts_at.astimezone(zone).date()
    wanted = {each.demands.training for each in held if each.demands.training}
    policy = await tx.policy()
    lacked: set[str] = set()
    for worker in visit.workers if wanted else ():
        lacked |= {each.code for each in missing(await trained.of(tx, worker), wanted, on, policy.training)}
    arranged = visit.answers.get("arranged")
    return Going(
        workers=visit.workers,
        joint=str(visit.answers.get("joint") or "alone"),
        place=str(visit.answers.get("place") or ""),
        starts_at=visit.starts_at.astimezone(zone),
        ends_at=visit.ends_at.astimezone(zone),
        interval=visit.interval,
        trained=frozenset(wanted - lacked),
        arranged=frozenset(map(str, arranged)) if isinstance(arranged, list | tuple) else frozenset(),
        daylight=policy.daylight,
    )


async def _untrained(tx: Tx, visit: Offered, zone: ZoneInfo, known: Collection[str]) -> list[Lack]:
    """What the risk and what was met here ask for; a training is named once, however many ask for it."""
    met = {each.kind for each in await behaviours.of_family(tx, visit.family_id)}
    on = visit.starts_at.astimezone(zone).date()
    found = await training.lacks(tx, visit.workers, visit.risk, sorted(met), on)
    return [
        Lack(what="training", says=f"{each.worker}: {each.missing.says}", since=each.missing.ended_on, key=code)
        for each in found
        if (code := each.missing.code) not in known
    ]


async def _targeted(tx: Tx, family_id: UUID) -> frozenset[UUID]:
    facts = await families.facts(tx, family_id)
    return frozenset(
        each.worker_id for each in facts if each.kind == TARGETED and each.worker_id and each.ended_on is None
    )


def _barred(course: Course, zone: ZoneInfo) -> Lack:
    return Lack(what="course", says="", key=str(course.kind), since=course.at.astimezone(zone).date())


async def _covered(
    tx: Tx, visit: Offered, standing: Sequence[Course], targeted: frozenset[UUID], *, lacking: bool
) -> bool:
    """By a decision about the family; or, where only the workers' own risk is high, by one about each of them."""
    covering = [each for each in standing if each.covers(visit.workers, targeted, lacking=lacking)]
    if any(each.family_id is not None for each in covering):
        return True
    own = {line.key for line in (await tx.policy()).lines if line.of_worker}
    high = {str(each["key"]) for each in visit.because if each["level"] == Risk.HIGH}
    return bool(high) and high <= own and {each.worker_id for each in covering} >= visit.workers
