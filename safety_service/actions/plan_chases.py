"""What of a plan is waited for: proposals undecided, measures that have run out, reviews, decisions that end."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from safety_service.actions import circle, proposals, renewing
from safety_service.actions.apart import by_itself
from safety_service.actions.telling import Priority, tell
from safety_service.domain.course import Course
from safety_service.domain.plan import Measure
from safety_service.domain.words import Role
from safety_service.store import circles, courses, events, exclusions, families, measures, people, plans, roles, stamps
from safety_service.store.database import Tx
from safety_service.store.people import Person
from safety_service.store.plans import Version

_FIRST = UUID(int=0)


async def chase_measures(tx: Tx, limit: int) -> int:
    """Ask about what is undecided, or has run out; each in a savepoint. Gives how many were looked at."""
    due = await measures.due(tx, limit)
    again = (await tx.policy()).plan.again
    for row in due:
        await measures.save(tx, replace(row, next_at=tx.now + again))
        await by_itself(tx, _chase(tx, row), f"something of a plan could not be chased: {row.id}")
    return len(due)


async def _chase(tx: Tx, row: Measure) -> None:
    """First its owner; a round later every manager of the family's teams; and then supervisors, too."""
    step = await _rounds(tx, row)
    whom = await proposals.deciders(tx, row, step=step)
    params = await proposals.about(tx, row)
    if row.until_on is not None:
        params["until_on"] = row.until_on.isoformat()
    template = "plan.undecided" if row.undecided else "plan.ended"
    priority = Priority.QUESTION if row.holds else Priority.NEWS
    await proposals.tell_of(tx, row, whom, template, params, priority=priority)
    await events.log(
        tx,
        agency_id=row.agency_id,
        actor_id=None,
        verb="undecided" if row.undecided else "ended_undecided",
        subject="measure",
        subject_id=row.id,
        details={"step": step, "told": [str(each) for each in sorted(whom)]},
    )


async def _rounds(tx: Tx, row: Measure) -> int:
    """How often it has been asked about since it was due."""
    due = row.decide_by
    if not row.undecided and row.until_on is not None:
        due = await circle.morning_of(tx, row.agency_id, row.until_on)
    return 0 if due is None else max(int((tx.now - due) / (await tx.policy()).plan.again), 0)


async def chase_reviews(tx: Tx, limit: int) -> int:
    """Plans whose review is overdue, once a day: the managers of the family's teams. Gives how many were looked at."""
    today, after = await _today(tx, "plan_reviews")
    rows = [] if after is None else await plans.overdue(tx, today, after, limit)
    for row in rows:
        await by_itself(tx, _review(tx, row), f"something of a plan could not be chased: {row.id}")
    await _went(tx, "plan_reviews", today, after, rows[-1].id if rows else None)
    return len(rows)


async def _review(tx: Tx, row: Version) -> None:
    teams, _ = await circles.of_family(tx, row.family_id)
    whom = await circle.to_ask(tx, row.agency_id, teams, row.family_id, step=1)
    ref = await families.ref_of(tx, row.family_id)
    due = None if row.review_on is None else row.review_on.isoformat()
    params = {"ref": ref, "due_on": due, "page": renewing.plan_page(ref)}
    once = f"plan.review:{row.id}:{tx.now.date()}"
    await tell(tx, whom, "plan.review", params, priority=Priority.ROUTINE, dedupe=once)


async def chase_courses(tx: Tx, limit: int) -> int:
    """Decisions on how the work goes on that are about to end, once a day: whoever made them, and the managers."""
    today, after = await _today(tx, "plan_courses")
    until = today + (await tx.policy()).plan.course_ends
    rows = [] if after is None else await courses.ending(tx, today, until, after, limit)
    for row in rows:
        await by_itself(tx, _course(tx, row), f"something of a plan could not be chased: {row.id}")
    await _went(tx, "plan_courses", today, after, rows[-1].id if rows else None)
    return len(rows)


async def _course(tx: Tx, row: Course) -> None:
    params = {"course": str(row.kind), "until_on": row.until_on.isoformat()}
    if row.family_id is not None:
        teams, _ = await circles.of_family(tx, row.family_id)
        whom = await circle.to_ask(tx, row.agency_id, teams, row.family_id, owner_id=row.by, step=1)
        ref = await families.ref_of(tx, row.family_id)
        params |= {"ref": ref, "page": renewing.plan_page(ref)}
    else:
        assert row.worker_id is not None
        worker = await people.get(tx, row.worker_id)
        params["worker"] = worker.name
        whom = await _of_worker(tx, row, worker)
    once = f"plan.course_ends:{row.id}:{tx.now.date()}"
    await tell(tx, whom, "plan.course_ends", params, priority=Priority.ROUTINE, dedupe=once)


async def _of_worker(tx: Tx, row: Course, worker: Person) -> frozenset[UUID]:
    """Whoever decided it; from the next day on, or where they manage the worker no more, all who do."""
    ours = [await roles.with_role(tx, Role.MANAGER, team_id=each) for each in worker.roles]
    barred = {worker.id} | await exclusions.excluded(tx, worker.id, None)
    managers = frozenset().union(*ours) - barred
    first = max(row.until_on - (await tx.policy()).plan.course_ends, row.at.date() + timedelta(days=1))
    decided = managers & {row.by} if tx.now.date() <= first else frozenset()
    return decided or managers or await roles.supervisors_of(tx, [worker.id]) - barred


async def _today(tx: Tx, name: str) -> tuple[date, UUID | None]:
    """The day, and after which row to go on; None: everything has been looked at on this day, or it is night."""
    today = tx.now.date()
    if tx.now.time() < circle.MORNING:
        return today, None
    before = await stamps.last(tx, name)
    if before is None or before.info.get("day") != today.isoformat():
        return today, _FIRST
    return today, None if before.info.get("after") is None else UUID(before.info["after"])


async def _went(tx: Tx, name: str, today: date, after: UUID | None, last: UUID | None) -> None:
    if after is not None:
        await stamps.stamp(tx, name, {"day": today.isoformat(), "after": None if last is None else str(last)})
