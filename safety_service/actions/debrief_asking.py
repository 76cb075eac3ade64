"""A debrief is wanted: from out on, by whom, when it is chased, and what the system saw of the visit by itself."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from config.forms_debrief import HARD
from safety_service.actions.errors import NotFound
from safety_service.actions.telling import iso
from safety_service.domain.debrief import Chase, next_chase, quiet_question, rest_timetable, timetable
from safety_service.domain.words import Found, Kind
from safety_service.store import agencies, alerts, debriefs, guidances, measures, said, undertakings, visits
from safety_service.store.database import Tx
from safety_service.store.debriefs import Debrief
from safety_service.store.guidances import Edition
from safety_service.store.ids import new_id
from safety_service.store.visits import VisitRow

#: Words of a worker's that tell something of the visit.
_TELLING = frozenset({"extend", "ring_me", "silence"})
#: An alert that ended so was a near miss: nothing had happened, and nobody knew.
_NEAR_MISS = frozenset({Found.LATE, Found.SAFE, Found.FALSE_ALARM})


async def start(tx: Tx, agency_id: UUID, visit_id: UUID, worker_id: UUID) -> None:
    """The worker is out: from now on their debrief is wanted, and chased. A second call changes nothing."""
    if await debriefs.is_asked(tx, visit_id, worker_id):
        return
    visit = await visit_of(tx, visit_id)
    fresh = Debrief(
        id=new_id(),
        agency_id=agency_id,
        visit_id=visit_id,
        worker_id=worker_id,
        answers={},
        asked_at=tx.now,
        next_at=None,
        stage=None,
        family_id=visit.family_id,
        team_id=visit.team_id,
        guidance_edition=(await tx.guidance(agency_id)).number,
    )
    await debriefs.add(tx, await chased(tx, fresh))


async def visit_of(tx: Tx, visit_id: UUID) -> VisitRow:
    """The visit, to be read; one that no key opens is told of all the same. Raises NotFound."""
    visit = (await visits.opened(tx, [visit_id])).get(visit_id)
    if visit is None:
        raise NotFound
    return visit


async def edition_of(tx: Tx, row: Debrief) -> Edition:
    """The guidance that this debrief is asked by."""
    return await guidances.numbered(tx, row.guidance_edition)


async def about(tx: Tx, row: Debrief) -> dict[str, Any]:
    """Which visit a debrief is of, as messages say it."""
    visit = await visit_of(tx, row.visit_id)
    return {
        "debrief_id": str(row.id),
        "visit_id": str(visit.id),
        "ref": visit.family_ref,
        "starts_at": iso(visit.visit.starts_at),
    }


async def chased(tx: Tx, row: Debrief, *, after: Chase | None = None) -> Debrief:
    """The row with its next reminder; `after`: the one that has just been done."""
    agency = await agencies.get(tx, row.agency_id)
    policy = (await tx.policy()).debrief
    if row.first_part_at is not None:
        times = rest_timetable(row.first_part_at, policy)
    else:
        fine = row.answers.get("mood") not in HARD
        times = timetable(row.asked_at, fine=fine, zone=ZoneInfo(agency.timezone), policy=policy)
    following = next_chase(times, tx.now, after=after)
    if following is None:
        return replace(row, stage=None, next_at=None)
    return replace(row, stage=str(following[0]), next_at=following[1])


async def quiet_key(tx: Tx, row: Debrief) -> str | None:
    """The question that this quiet visit is asked besides: only where a plan or an undertaking is open, in its turn."""
    if row.family_id is None:
        return None
    if not await measures.open_of(tx, row.family_id) and not await undertakings.open_of_family(tx, row.family_id):
        return None
    keys = tuple((await edition_of(tx, row)).guidance.asked("quiet"))
    return quiet_question(keys, await debriefs.quiet_given(tx, row.family_id), (await tx.policy()).debrief.quiet_every)


def to_the_worker(seen: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What of it may stand on the worker's own screen: nothing that duress caused (P5)."""
    return [each for each in seen if each.get("alert") != Kind.DURESS]


async def signals(tx: Tx, visit: VisitRow, worker_id: UUID, answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the system saw of the visit: no entry, cut short, alerts, near misses, more time, asked to be rung."""
    seen: list[dict[str, Any]] = []
    outcome = "no_entry" if answers.get("mood") == "no_entry" else visit.visit.outcome
    if outcome in ("no_entry", "refused", "aborted"):
        seen.append({"kind": str(outcome)})
    for row in await alerts.of_visit(tx, visit.id):
        if row.alert.worker_id in (None, worker_id):
            found = None if row.alert.resolution is None else row.alert.resolution.found
            kind = "near_miss" if found in _NEAR_MISS else "alert"
            about = {"alert": str(row.alert.kind), "found": None if found is None else str(found)}
            seen.append({"kind": kind, **about, "at": iso(row.alert.opened_at)})
    words = [each for each in await said.of_visit(tx, visit.id) if each.worker_id == worker_id]
    return seen + [{"kind": each.kind, "at": iso(each.said_at)} for each in words if each.kind in _TELLING]
