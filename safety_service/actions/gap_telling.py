"""What each person concerned is told after a gap in the watch: the worker where they are, the manager, the
administrator. Each in words that they can act on, none of which tells more than the person may hear there.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from safety_service.actions import scene
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain.ladder import EVERYONE
from safety_service.domain.words import Kind, Phase, Role
from safety_service.store import agencies, beside, exclusions, heard, people, roles, watched
from safety_service.store.database import Tx
from safety_service.store.heard import Heard
from safety_service.store.watched import Where


class Cause(StrEnum):
    """Why nobody was watched."""

    #: The service did not run.
    DOWN = "down"
    #: Its machine slept, or its processes stood still.
    SUSPENDED = "suspended"
    #: The clock was set.
    CLOCK = "clock"
    #: The database did not answer, or kept nothing.
    DATABASE = "database"
    #: It ran, and its sweeps failed.
    FAILING = "failing"
    #: A copy was put back: what happened since then is not known.
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Gap:
    """From when to when nobody watched, and why."""

    since: datetime
    until: datetime
    cause: Cause
    #: Of each agency: how many were out there (`count`), and of which `teams`.
    out_there: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """As `kept` has it; one that an earlier version kept says no cause."""
        since, until = (datetime.fromisoformat(kept[name]) for name in ("from", "until"))
        return cls(since, until, Cause(kept.get("cause", Cause.DOWN)), kept.get("out_there", {}))

    @property
    def lost(self) -> bool:
        """Whether what was said meanwhile is lost, and not only late."""
        return self.cause is Cause.RESTORED

    @property
    def params(self) -> dict[str, Any]:
        """For messages."""
        return {"from": iso(self.since), "until": iso(self.until)}

    @property
    def kept(self) -> dict[str, Any]:
        """For the evidence log, and for what is still owed."""
        return {**self.params, "cause": str(self.cause)}


#: What somebody is told where they are.
_THERE = {Phase.INSIDE: "worker", Phase.HOME: "home", Phase.BEGIN: "begin"}


async def workers(tx: Tx, person_ids: Collection[UUID], gap: Gap) -> None:
    """Each worker, by where they are now: a question that they can answer with one tap, and whom to ring."""
    places = await watched.where(tx, person_ids)
    known = await people.many(tx, person_ids)
    longer = (await tx.policy()).words
    for person_id in person_ids:
        place = places.get(person_id)
        # The way home is made longer by more than a visit is, in one tap.
        minutes = longer.travel if place is not None and place.phase is Phase.HOME else longer.extend
        office = (await agencies.get(tx, known[person_id].agency_id)).office_phone
        params = {**gap.params, **_place(place), "office_phone": office}
        await tell(
            tx,
            [person_id],
            _to_worker(place, gap),
            {**params, "extend_minutes": round(minutes.total_seconds() / 60, 2)},
            priority=Priority.QUESTION,
            visit_id=None if place is None else place.visit_id,
            dedupe=f"gap:{iso(gap.until)}:worker",
        )


def _to_worker(place: Where | None, gap: Gap) -> str:
    if place is None:
        return "gap.past"
    return f"gap.{'lost_' if gap.lost else ''}{_THERE[place.phase]}"


def _place(place: Where | None) -> dict[str, Any]:
    if place is None:
        return {}
    return {"visit_id": str(place.visit_id), "phase": str(place.phase), "ask": place.ask}


async def those_with_alerts(tx: Tx, person_ids: Collection[UUID], gap: Gap) -> None:
    """Of these people, who was told of an alert that is still open: it did not climb. One message each, however many.

    What is asked is asked once for all: with thousands of alerts open, a statement for each took longer than a sweep
    may, so that owning up was given up, again and again, and nobody was watched.
    """
    theirs: dict[UUID, list[Heard]] = defaultdict(list)
    heard_of = await heard.by(tx, person_ids)
    kept_off = await exclusions.of_people(tx, person_ids)
    beside_them = await beside.of_each(tx, {each.worker_id for each in heard_of if _is_discreet(each)})
    for each in heard_of:
        barred = each.person_id in kept_off and kept_off[each.person_id].from_matter(_about(each), each.family_id)
        # Of duress, whoever is beside the worker does not hear (P5).
        if not barred and not (_is_discreet(each) and each.person_id in beside_them.get(each.worker_id, ())):
            theirs[each.person_id].append(each)
    for person_id, open_yet in theirs.items():
        await _tell_of_alerts(tx, person_id, open_yet, gap)


def _about(each: Heard) -> Collection[UUID]:
    return () if each.worker_id is None else (each.worker_id,)


def _is_discreet(each: Heard) -> bool:
    return each.kind is Kind.DURESS


async def _tell_of_alerts(tx: Tx, person_id: UUID, rows: list[Heard], gap: Gap) -> None:
    mine = [row for row in rows if row.owner_id == person_id]
    one = rows[0] if len(rows) == 1 else None
    params = {
        **gap.params,
        "numbers": ", ".join(str(row.number) for row in rows),
        "yours": ", ".join(str(row.number) for row in mine),
        **({} if one is None else _acted_on(one)),
        "mine": one is not None and one in mine,
    }
    await tell(
        tx,
        [person_id],
        "gap.lost_alerts" if gap.lost else "gap.alerts",
        params,
        priority=Priority.ALARM,
        alert_id=None if one is None else one.alert_id,
        dedupe=f"gap:{iso(gap.until)}:alerts",
        about=None if one is None else one.worker_id,
    )


def _acted_on(row: Heard) -> dict[str, Any]:
    """What its buttons follow from."""
    return {"alert_id": str(row.alert_id), "kind": row.kind, "state": row.state, "step": row.step}


async def managers(tx: Tx, agency_ids: Collection[UUID], gap: Gap) -> None:
    """Who is on duty in each of these agencies: how many were out there."""
    for agency_id in agency_ids:
        there = gap.out_there[str(agency_id)]
        teams = [UUID(each) for each in there["teams"]]
        present = await scene.present_for(tx, agency_id, teams, frozenset(), None)
        on_duty = present.get("manager_on_duty") or present[EVERYONE]
        params = {**gap.params, "count": there["count"]}
        template = "gap.lost_manager" if gap.lost else "gap.manager"
        await tell(tx, on_duty, template, params, priority=Priority.QUESTION, dedupe=f"gap:{iso(gap.until)}:manager")


async def administrators(tx: Tx, agency_ids: Collection[UUID], gap: Gap) -> None:
    """Those who look after the service, of each of these agencies: what it was, and what to look at."""
    for agency_id in agency_ids:
        known = await roles.with_role(tx, Role.ADMINISTRATOR, agency_id=agency_id)
        params = {**gap.params, "cause": str(gap.cause)}
        dedupe = f"gap:{iso(gap.until)}:administrator"
        await tell(tx, known, "gap.administrator", params, priority=Priority.NEWS, dedupe=dedupe)
