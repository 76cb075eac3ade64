"""Something new is known of a family: its coming and running visits are held against it at once."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import UUID

from config.policy import Policy
from safety_service.actions import circle
from safety_service.actions import demands as looking
from safety_service.actions import scene as scenes
from safety_service.actions.apart import apart
from safety_service.actions.judging import judged
from safety_service.actions.scene import managers_now
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain import demands
from safety_service.domain.plan import Measure
from safety_service.domain.risk import Because
from safety_service.domain.words import Phase, Status
from safety_service.store import coming, events, exclusions, measures, people, visits
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow

log = logging.getLogger(__name__)

_WAITS = (Status.PLANNED, Status.WAITING)


async def renew_family(tx: Tx, family_id: UUID, *, what: str = "") -> None:
    """Hold every coming and running visit of a family against what is known now. `what`: what is new, in words."""
    await renew(tx, await coming.of_family(tx, family_id), what=what)


async def renew(tx: Tx, visit_ids: Iterable[UUID], *, what: str = "") -> None:
    """Hold these visits against what is known now, in the order of their ids; one that fails stops no other.

    One that no key opens is not written anew. It kept a new threat from being recorded, and every other visit of its
    family from being held against it.
    """
    for row in (await visits.opened(tx, list(visit_ids), lock=True)).values():
        if row.unread:
            log.error("visit %s cannot be read and is not held against its plan: its key is missing", row.id)
            if what and row.visit.status is Status.BEGUN:
                # Somebody is inside: what is new is said all the same.
                await apart(tx, _tell(tx, row, row, what), None, f"whoever is to hear of visit {row.id}")
            continue
        await apart(tx, renew_visit(tx, row, what=what), row, f"visit {row.id} is not held against its plan")


async def renew_visit(tx: Tx, row: VisitRow, *, what: str = "", tells: bool = True) -> VisitRow:
    """One visit that this transaction has locked: judged anew, tightened, looked at, and whoever must know is told.

    1. The risk never falls, no deadline moves later: what was known when it was planned still counts.
    2. A new number of the plan voids a decision; with the same number it stands.
    3. While it runs its managers hear at once; before it begins they are asked, and its workers told what is demanded.
    """
    if row.visit.status not in (*_WAITS, Status.BEGUN):
        return row
    measured = await measures.in_force(tx, row.family_id)
    worse = await _judged_again(tx, row, measured)
    found = await looking.look(tx, looking.offered(worse), measured)
    after = looking.held(worse, found, await tx.policy())
    if after == row:
        return row
    await coming.restate(tx, row, after)
    await _log(tx, row, after)
    if tells:
        await _tell(tx, row, after, what)
    tx.announce(f"board:{row.team_id}")
    tx.announce("sweep")
    return after


async def at_the_door(tx: Tx, worker_id: UUID, visit_id: UUID) -> None:
    """Look once more at the visit that somebody is about to begin. Whatever is found, they begin it and are watched.

    The worker is told nothing at the door: the managers hear of a visit that began undecided, and of what it lacks.
    """
    row = (await visits.opened(tx, [visit_id], lock=True)).get(visit_id)
    # What no key opens is not written anew.
    if row is None or row.unread or worker_id not in row.workers or row.visit.watch(worker_id).phase is not Phase.BEGIN:
        return
    await apart(tx, renew_visit(tx, row, tells=False), row, f"visit {row.id} is not held against its plan")


async def _judged_again(tx: Tx, row: VisitRow, measured: Sequence[Measure]) -> VisitRow:
    planner = (await people.many(tx, [row.created_by])).get(row.created_by)
    risk, because = await judged(
        tx,
        row.agency_id,
        row.family_id,
        answers=row.answers,
        workers=row.workers,
        starts_at=row.visit.starts_at,
        ends_at=row.visit.ends_at,
        planner="" if planner is None else planner.name,
    )
    policy = await tx.policy()
    on = row.visit.starts_at.astimezone(await circle.zone_of(tx, row.agency_id)).date()
    visit = demands.tightened(row.visit, risk, demands.interval(measured, on), tx.now, policy)
    return replace(row, visit=visit, because=_joined(row.because, because, policy))


def _joined(before: list[dict[str, str]], found: Iterable[Because], policy: Policy) -> list[dict[str, str]]:
    """What was said of the visit before stays, but not that nothing is known, once something is."""
    known = {each["key"] for each in before}
    new = [{"key": each.key, "level": each.level, "says": each.says} for each in found if each.key not in known]
    if new:
        unknown = {line.key for line in policy.lines if line.unknown}
        before = [each for each in before if each["key"] not in unknown]
    return [*(each for each in new if each["level"] == "high"), *before, *(e for e in new if e["level"] != "high")]


async def _log(tx: Tx, before: VisitRow, after: VisitRow) -> None:
    await events.log(
        tx,
        agency_id=after.agency_id,
        actor_id=None,
        verb="held_against_plan",
        subject="visit",
        subject_id=after.id,
        visit_id=after.id,
        details={
            "plan_number": after.plan_number,
            "lacking": after.lacking,
            "risk": [before.visit.risk, after.visit.risk],
            "status": [before.visit.status, after.visit.status],
        },
    )


async def _tell(tx: Tx, before: VisitRow, after: VisitRow, what: str) -> None:
    scene = await scenes.of_visit(tx, after)
    managers = await managers_now(tx, scene)
    params = await about(tx, after)
    if after.visit.status is Status.BEGUN:
        told = {**params, "new": what, "page": plan_page(after.family_ref)}
        await tell(tx, managers, "plan.running", told, priority=Priority.QUESTION, visit_id=after.id)
        return
    waits = after.visit.status is Status.WAITING
    if waits and (before.visit.status is not Status.WAITING or before.plan_number != after.plan_number):
        await tell(tx, managers, "decision.wanted", params, priority=Priority.NEWS, visit_id=after.id)
    if after.lacking and after.lacking != before.lacking:
        names = sorted(each.name for each in (await people.many(tx, managers)).values())
        told = {**params, "told": None, "managers": names}
        going = after.workers - await exclusions.excluded(tx, None, after.family_id)
        await tell(tx, going, "plan.demanded", told, priority=Priority.NEWS, visit_id=after.id)


def plan_page(ref: str) -> str:
    """Where a family's plan is shown."""
    return f"/families/{quote(ref, safe='')}/plan"


async def about(tx: Tx, row: VisitRow) -> dict[str, Any]:
    """A visit, and what it lacks, as messages say it."""
    names = await people.many(tx, row.workers)
    return {
        "visit_id": str(row.id),
        "ref": row.family_ref,
        "worker": ", ".join(sorted(each.name for each in names.values())),
        "risk": str(row.visit.risk),
        "because": [each["says"] for each in row.because],
        "starts_at": iso(row.visit.starts_at),
        "lacking": [{key: each.get(key) for key in ("what", "says", "since", "key", "own")} for each in row.lacking],
    }
