"""Changing a planned visit before it begins: judged and held against the plan anew, so that a decision is voided."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from safety_service.actions import matters, planning, readiness, visit_news
from safety_service.actions import scene as scenes
from safety_service.actions.access import may_plan_for, may_see_visit
from safety_service.actions.actor import Actor
from safety_service.actions.apart import apart
from safety_service.actions.carrying import carry_out
from safety_service.actions.errors import NotFound
from safety_service.actions.planning import PlanRequest
from safety_service.domain.effects import DecisionWanted
from safety_service.domain.refusal import Refused
from safety_service.domain.replanning import may_change, replanned
from safety_service.domain.risk import RAISED, higher
from safety_service.domain.watch import level_of
from safety_service.domain.words import Risk, Role, Status
from safety_service.store import events, exclusions, people, replans, roles, visits
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow


async def to_change(tx: Tx, actor: Actor, visit_id: UUID, *, lock: bool = False) -> VisitRow:
    """A visit that the actor may change, as it is now.

    Raises NotFound; Refused `not_your_visit`, `change_only_before_start`.
    """
    row = await visits.load(tx, visit_id, lock=lock)
    if row is None:
        raise NotFound
    may_see_visit(actor, await matters.of_visit(tx, row))
    if actor.person_id not in row.workers and not actor.is_(Role.MANAGER, row.team_id):
        raise Refused("not_your_visit")
    may_change(row.visit, tx.now)
    return row


async def change_visit(tx: Tx, actor: Actor, visit_id: UUID, request: PlanRequest, *, seen: int) -> VisitRow:
    """Plan a visit otherwise. `seen`: the version that the actor looked at; the family stays the same.

    1. A decision was made on another plan: it does not stand, and the visit waits again where policy asks for one.
    2. Only a manager who does not go lowers the risk; from anybody else what was said of the visit before stays.
    3. Everybody who goes is armed anew from the new start; those who were told of it hear what changed.

    Raises NotFound; Refused as planning does, and `not_your_visit`, `changed_meanwhile`, `change_only_before_start`,
    `on_their_way`, `heard_of_already`.
    """
    row = await to_change(tx, actor, visit_id, lock=True)
    if row.version != seen:
        raise Refused("changed_meanwhile")
    asked = planning.completed(actor, replace(request, family_ref=row.family_ref))
    await _may_go(tx, actor, row, asked)
    after = await planning.held_against_plan(tx, await _planned_anew(tx, actor, row, asked))
    await replans.replan(tx, row, after)
    await planning.hurry(tx, after.family_id, after.visit.starts_at)
    await _log(tx, actor, row, after)
    await _tell(tx, actor, row, after)
    tx.announce(f"board:{row.team_id}")
    tx.announce("sweep")
    return after


async def _may_go(tx: Tx, actor: Actor, row: VisitRow, asked: PlanRequest) -> None:
    """The same as for whoever plans it; and nobody is taken off whom somebody may have to look for."""
    known = await people.many(tx, asked.workers)
    if any(each not in known or not known[each].active for each in asked.workers):
        raise Refused("worker_unknown")
    visiting = await roles.with_role(tx, Role.PRACTITIONER, team_id=row.team_id)
    visiting |= await roles.with_role(tx, Role.MANAGER, team_id=row.team_id)
    excluded = await exclusions.excluded(tx, None, row.family_id)
    may_plan_for(actor, row.team_id, frozenset(asked.workers), visiting | row.workers, excluded)
    if await replans.heard_of(tx, row.id, row.workers - set(asked.workers)):
        raise Refused("heard_of_already")


async def judged_anew(tx: Tx, actor: Actor, row: VisitRow, asked: PlanRequest) -> tuple[Risk, list[dict[str, str]]]:
    """The risk of a visit as it is to be, with every true line."""
    risk, because = await planning.judge_risk(tx, actor, asked)
    # Who raised it is not who changes it.
    raised = {each["key"]: each for each in row.because if each["key"] == RAISED}
    lines = [raised.get(each.key, {"key": each.key, "level": str(each.level), "says": each.says}) for each in because]
    if actor.person_id in row.workers | set(asked.workers) or not actor.is_(Role.MANAGER, row.team_id):
        return higher(row.visit.risk, risk), _joined(row, risk, lines)
    return risk, lines


async def looked_ahead(tx: Tx, actor: Actor, row: VisitRow, asked: PlanRequest) -> tuple[Risk, list[dict[str, str]]]:
    """As `judged_anew`, to be read before it is changed: no lines for whoever is kept off the family."""
    risk, lines = await judged_anew(tx, actor, row, asked)
    return risk, [] if actor.person_id in await exclusions.excluded(tx, None, row.family_id) else lines


async def _planned_anew(tx: Tx, actor: Actor, row: VisitRow, asked: PlanRequest) -> VisitRow:
    risk, lines = await judged_anew(tx, actor, row, asked)
    policy = await tx.policy()
    demanded = await planning.longest_interval(tx, row.agency_id, row.family_id, asked.starts_at)
    visit = replanned(
        row.visit,
        asked.workers,
        risk=risk,
        starts_at=asked.starts_at,
        ends_at=asked.ends_at,
        interval=min((each for each in (asked.check_in_every, demanded) if each), default=None),
        travel=asked.travel or row.visit.travel,
        now=tx.now,
        policy=policy,
    )
    status = Status.WAITING if policy.level(level_of(risk)).decision else Status.PLANNED
    return replace(
        row,
        visit=replace(visit, status=status),
        purpose=asked.purpose,
        address={"text": asked.address_text, "latitude": asked.latitude, "longitude": asked.longitude},
        because=lines,
        answers=asked.answers,
        decision=None,
        version=row.version + 1,
    )


def _joined(row: VisitRow, risk: Risk, lines: list[dict[str, str]]) -> list[dict[str, str]]:
    """Where the level stays above what was found now, so do the lines that say why."""
    if higher(row.visit.risk, risk) is risk:
        return lines
    known = {each["key"] for each in lines}
    return [*(each for each in row.because if each["key"] not in known), *lines]


async def _log(tx: Tx, actor: Actor, before: VisitRow, after: VisitRow) -> None:
    details: dict[str, Any] = {
        "what": replans.differences(before, after),
        "risk": [before.visit.risk, after.visit.risk],
        "status": [before.visit.status, after.visit.status],
        "voids_decision": before.decision is not None,
        "via": actor.via,
    }
    await events.log(
        tx,
        agency_id=after.agency_id,
        actor_id=actor.person_id,
        verb="changed",
        subject="visit",
        subject_id=after.id,
        visit_id=after.id,
        details=details,
    )


async def _tell(tx: Tx, actor: Actor, before: VisitRow, after: VisitRow) -> None:
    await apart(tx, _news(tx, actor, before, after), None, "who goes was not told that a visit was changed")
    waits = after.visit.status is Status.WAITING
    effects = (DecisionWanted(),) if waits else ()
    await carry_out(tx, await scenes.of_visit(tx, after, with_people=waits), {}, effects)
    await readiness.tell_gaps(tx, after, "planned")


async def _news(tx: Tx, actor: Actor, before: VisitRow, after: VisitRow) -> None:
    await visit_news.taken_off(tx, actor, before, before.workers - after.workers)
    await visit_news.planned(tx, actor, after, after.workers - before.workers)
    await visit_news.changed(tx, actor, after, after.workers & before.workers)
