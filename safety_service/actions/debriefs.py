"""The first debrief prompt: asked when a worker is out, answered in the chat, chased until it is given."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.actions import scene as scenes
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.scene import managers_now
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain.debrief import Chase, facts, next_chase, severity, timetable
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Outcome, Phase
from safety_service.store import agencies, debriefs, events, families, people, visits
from safety_service.store.database import Tx
from safety_service.store.debriefs import Debrief
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.store.ids import new_id
from safety_service.store.visits import VisitRow

log = logging.getLogger(__name__)

#: A worker who is inside or driving is not reminded: looked at again after this.
NOT_NOW = timedelta(minutes=15)


async def start(tx: Tx, agency_id: UUID, visit_id: UUID, worker_id: UUID) -> None:
    """The worker is out: from now on their debrief is wanted, and chased. A second call changes nothing."""
    if await debriefs.of_visit(tx, visit_id, worker_id) is not None:
        return
    fresh = Debrief(
        id=new_id(),
        agency_id=agency_id,
        visit_id=visit_id,
        worker_id=worker_id,
        answers={},
        asked_at=tx.now,
        next_at=None,
        stage=None,
    )
    await debriefs.add(tx, await _chased(tx, fresh))


async def wanted_of(tx: Tx, actor: Actor) -> list[Debrief]:
    """What the actor has not told yet, the oldest first."""
    return await debriefs.open_of(tx, actor.person_id)


async def answer(tx: Tx, actor: Actor, debrief_id: UUID, answers: Mapping[str, Any]) -> Debrief:
    """Keep answers as they are given. A hard visit is chased sooner; a wish to talk reaches the manager at once.

    Raises NotFound; Refused `debrief_given`.
    """
    before = await _own(tx, actor, debrief_id)
    wants = before.wants_to_talk or answers.get("talk") == "yes"
    after = replace(before, answers={**before.answers, **answers}, wants_to_talk=wants)
    if before.next_at is not None:
        after = await _chased(tx, after)
    await debriefs.save(tx, after)
    if wants and not before.wants_to_talk:
        await _tell_managers(tx, after, "debrief.talk", Priority.QUESTION)
        await _log(tx, after, "asked_to_talk", actor_id=actor.person_id)
    return after


async def submit(tx: Tx, actor: Actor, debrief_id: UUID, answers: Mapping[str, Any]) -> Debrief:
    """The debrief is given: nothing is chased any more, and what was met counts for the next visit's risk.

    Raises NotFound; Refused `debrief_given`.
    """
    before = await answer(tx, actor, debrief_id, answers)
    met = [str(each) for each in before.answers.get("met") or ()]
    given = replace(
        before,
        state="submitted",
        severity=str(severity(str(before.answers.get("mood")), met)),
        submitted_at=tx.now,
        next_at=None,
        stage=None,
    )
    await debriefs.save(tx, given)
    row = await _visit(tx, given)
    if before.answers.get("mood") == "no_entry":
        await visits.set_outcome(tx, row.id, Outcome.NO_ENTRY)
    await _feed_risk(tx, row, given, met)
    await _log(tx, given, "debriefed", actor_id=actor.person_id, severity=given.severity)
    return given


async def _feed_risk(tx: Tx, row: VisitRow, given: Debrief, met: list[str]) -> None:
    agency = await agencies.get(tx, given.agency_id)
    on = given.asked_at.astimezone(ZoneInfo(agency.timezone)).date()
    for kind in facts(met):
        await families.add_fact(tx, row.family_id, kind, on, source="debrief", by=given.worker_id)


async def sweep_debriefs(tx: Tx, limit: int) -> int:
    """Chase what is due: each in a savepoint, so that one that fails stops no other. Gives how many were looked at."""
    due = await debriefs.due(tx, limit)
    for row in due:
        try:
            async with tx.savepoint():
                await _chase(tx, row)
        except (DatabaseAway, TryAgain):
            raise
        except Exception:
            log.exception("a debrief could not be chased: %s", row.id)
            await debriefs.save(tx, replace(row, next_at=tx.now + NOT_NOW))
    return len(due)


async def _chase(tx: Tx, row: Debrief) -> None:
    if row.stage == Chase.MANAGER:
        await _tell_managers(tx, row, "debrief.overdue", Priority.NEWS)
        await debriefs.save(tx, replace(row, next_at=None, stage=None))
        await _log(tx, row, "debrief_overdue", actor_id=None)
        return
    if await _busy(tx, row.worker_id):
        await debriefs.save(tx, replace(row, next_at=tx.now + NOT_NOW))
        return
    await tell(
        tx,
        [row.worker_id],
        "debrief.remind",
        await about(tx, row),
        priority=Priority.ROUTINE,
        visit_id=row.visit_id,
        dedupe=f"debrief:{row.id}:{row.stage}",
    )
    done = None if row.stage is None else Chase(row.stage)
    await debriefs.save(tx, await _chased(tx, row, after=done))


async def _busy(tx: Tx, worker_id: UUID) -> bool:
    """Inside, or on the way home: perhaps driving."""
    live = await visits.live_of_worker(tx, worker_id)
    return any(each.visit.watch(worker_id).phase in (Phase.INSIDE, Phase.HOME) for each in live)


async def _chased(tx: Tx, row: Debrief, *, after: Chase | None = None) -> Debrief:
    """The row with its next reminder; `after`: the one that has just been done."""
    agency = await agencies.get(tx, row.agency_id)
    policy = (await tx.policy()).debrief
    fine = row.answers.get("mood") not in ("off", "bad")
    times = timetable(row.asked_at, fine=fine, zone=ZoneInfo(agency.timezone), policy=policy)
    following = next_chase(times, tx.now, after=after)
    if following is None:
        return replace(row, stage=None, next_at=None)
    return replace(row, stage=str(following[0]), next_at=following[1])


async def _tell_managers(tx: Tx, row: Debrief, template: str, priority: Priority) -> None:
    """The supervisor and the manager on duty, and nobody who is kept off the worker or the family."""
    visit = await _visit(tx, row)
    scene = await scenes.of_visit(tx, visit)
    worker = await people.get(tx, row.worker_id)
    audience = await managers_now(tx, scene) | scene.present.get("supervisor", frozenset())
    params = {**await about(tx, row), "worker": worker.name, "worker_phone": worker.phone}
    await tell(tx, audience - {row.worker_id}, template, params, priority=priority, visit_id=visit.id)


async def about(tx: Tx, row: Debrief) -> dict[str, Any]:
    """Which visit a debrief is of, as messages say it."""
    visit = await _visit(tx, row)
    return {
        "debrief_id": str(row.id),
        "visit_id": str(visit.id),
        "ref": visit.family_ref,
        "starts_at": iso(visit.visit.starts_at),
    }


async def _own(tx: Tx, actor: Actor, debrief_id: UUID) -> Debrief:
    row = await debriefs.load(tx, debrief_id, lock=True)
    if row is None or row.worker_id != actor.person_id:
        raise NotFound
    if row.state != "draft":
        raise Refused("debrief_given")
    return row


async def _visit(tx: Tx, row: Debrief) -> VisitRow:
    visit = await visits.load(tx, row.visit_id)
    if visit is None:
        raise NotFound
    return visit


async def _log(tx: Tx, row: Debrief, verb: str, *, actor_id: UUID | None, **details: str) -> None:
    await events.log(
        tx,
        agency_id=row.agency_id,
        actor_id=actor_id,
        verb=verb,
        subject="debrief",
        subject_id=row.id,
        visit_id=row.visit_id,
        details=details,
    )
