"""Supervision (G11): the agenda builds itself, the supervisor writes down what was said, nothing drops off by itself.

It is the worker's and their supervisor's. The team's managers see that it takes place, and nothing of what was said.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from safety_service.actions import agendas, circle, items
from safety_service.actions.access import Matter
from safety_service.actions.actor import Actor
from safety_service.actions.circle import Circle
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.supervision_access import SupervisionView, may_supervise, supervision_view
from safety_service.actions.telling import Priority, tell
from safety_service.domain.refusal import Refused
from safety_service.domain.supervising import (
    Agenda,
    Record,
    View,
    still_open,
)
from safety_service.domain.words import Role
from safety_service.store import agencies, exclusions, notices, people, roles, supervisions
from safety_service.store.database import Tx
from safety_service.store.errors import NoSuchRow
from safety_service.store.ids import new_id
from safety_service.store.people import Person
from safety_service.store.supervisions import Supervision


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A risk as the worker and as the supervisor judge it, each with their reason."""

    family_ref: str
    worker: View
    worker_why: str
    supervisor: View
    supervisor_why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """Something that was agreed: what is to be done, and by when. `mine`: by the supervisor."""

    text: str
    due_on: date | None = None
    mine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the supervisor writes down. `closed`, `settled`: by id, what became of it; `discussed`: points."""

    notes: str
    agreed: str = ""
    discussed: tuple[str, ...] = ()
    closed: Mapping[UUID, str] = field(default_factory=dict)
    opened: tuple[NewItem, ...] = ()
    judgements: tuple[Judged, ...] = ()
    settled: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A worker's supervision as somebody sees it; `agenda` is None, and `records` without body, where only the days.

    `advice`: where to ask about safeguarding: the agency's own text, else empty; `phone`: the office.
    """

    worker: Person
    mine: bool
    may_record: bool
    agenda: Agenda | None
    records: tuple[Supervision, ...]
    advice: str
    phone: str


async def read(tx: Tx, actor: Actor, worker_id: UUID) -> Seen:
    """The agenda and the records of a worker. Raises NotFound."""
    worker, about = await _worker(tx, actor, worker_id)
    view = supervision_view(actor, about, worker.supervisor_id)
    records = await supervisions.of_worker(tx, worker_id)
    await _log(tx, actor, "read", worker_id, view=str(view))
    whole = view is not SupervisionView.DAYS
    agenda = await agendas.build(tx, actor, worker_id, records, view is SupervisionView.WHOLE) if whole else None
    agency, advice = await agencies.get(tx, actor.agency_id), await notices.current(tx, actor.agency_id, "advice")
    return Seen(
        worker=worker,
        mine=actor.person_id == worker_id,
        may_record=actor.person_id == worker.supervisor_id,
        agenda=agenda,
        records=tuple(each if whole else _days_only(each) for each in reversed(records)),
        advice="" if advice is None else advice.text,
        phone=agency.office_phone or (await tx.policy()).office_number,
    )


async def overview(tx: Tx, actor: Actor) -> list[tuple[Person, datetime | None]]:
    """The actor's own supervision and those that they give, by name, and when the last one was."""
    theirs = await roles.supervised_by(tx, actor.person_id)
    kept_off = await exclusions.of_person(tx, actor.person_id)
    known = await people.many(tx, {actor.person_id, *theirs} - kept_off.workers)
    last = await supervisions.last_of(tx, list(known))
    return [(each, last.get(each.id)) for each in sorted(known.values(), key=lambda one: one.name.casefold())]


async def record(tx: Tx, actor: Actor, worker_id: UUID, said: Said) -> Supervision:
    """Write down a supervision: it stands. Raises NotFound; Refused: `supervisors_only`, `notes_wanted`,
    `judgement_unknown`, `not_found` (the family), and what closing an item refuses."""
    worker, about = await _worker(tx, actor, worker_id)
    may_supervise(actor, about, worker.supervisor_id)
    if not said.notes.strip():
        raise Refused("notes_wanted")
    before = _records(await supervisions.of_worker(tx, worker_id))
    if not set(said.settled) <= {each.id for each in still_open(before)}:
        raise Refused("judgement_unknown")
    row = Supervision(
        id=new_id(),
        agency_id=actor.agency_id,
        worker_id=worker_id,
        supervisor_id=actor.person_id,
        at=tx.now,
        body={
            "notes": said.notes.strip(),
            "agreed": said.agreed.strip(),
            "discussed": list(said.discussed),
            "closed": await _closed(tx, actor, worker_id, said),
            "opened": await _opened(tx, actor, about, worker_id, said),
            "judgements": [await _judgement(tx, actor, each) for each in said.judgements],
            "settled": [{"id": key, "note": note.strip()} for key, note in said.settled.items() if note.strip()],
        },
    )
    await supervisions.add(tx, row)
    await _log(tx, actor, "supervised", worker_id)
    params = {"page": f"/people/{worker_id}/supervision"}
    await tell(tx, [worker_id], "supervision.recorded", params, priority=Priority.ROUTINE)
    return row


async def _closed(tx: Tx, actor: Actor, worker_id: UUID, said: Said) -> list[dict[str, str]]:
    """Items of this agenda are closed with what became of them; another's are not found."""
    there = {each.id for each in await items.open_of_worker(tx, worker_id)}
    if not set(said.closed) <= there:
        raise NotFound
    for item_id, note in said.closed.items():
        await items.close_item(tx, actor, item_id, note)
    return [{"item_id": str(key), "note": note.strip()} for key, note in said.closed.items()]


async def _opened(tx: Tx, actor: Actor, about: Matter, worker_id: UUID, said: Said) -> list[str]:
    assert about.team_id is not None
    made = [
        await items.open_item(
            tx,
            agency_id=actor.agency_id,
            team_id=about.team_id,
            kind="supervision",
            text=each.text.strip(),
            worker_id=worker_id,
            owner_id=actor.person_id if each.mine else worker_id,
            due_on=each.due_on,
            by=actor.person_id,
        )
        for each in said.opened
        if each.text.strip()
    ]
    return [str(each.id) for each in made]


async def _judgement(tx: Tx, actor: Actor, each: Judged) -> dict[str, str]:
    family = await _family(tx, actor, each.family_ref)
    return {
        "id": str(new_id()),
        "family_id": str(family.family_id),
        "family_ref": family.ref,
        "worker": each.worker,
        "worker_why": each.worker_why.strip(),
        "supervisor": each.supervisor,
        "supervisor_why": each.supervisor_why.strip(),
    }


async def _family(tx: Tx, actor: Actor, ref: str) -> Circle:
    """A family that is named among much else: not to know it is no reason to lose all that was written."""
    try:
        return await circle.by_ref(tx, actor, ref)
    except NotFound:
        raise Refused("not_found") from None


async def wish(tx: Tx, actor: Actor, text: str, family_ref: str = "", risk: View | None = None) -> UUID:
    """A worker puts something on their own agenda, perhaps how risky they judge a family. Gives the item's id.

    Raises NotFound; Refused `notes_wanted`, `no_supervisor`, `not_found` (the family).
    """
    worker, about = await _worker(tx, actor, actor.person_id)
    if not text.strip():
        raise Refused("notes_wanted")
    if worker.supervisor_id is None or about.team_id is None:
        raise Refused("no_supervisor")
    family = await _family(tx, actor, family_ref) if family_ref.strip() else None
    opened = await items.open_item(
        tx,
        agency_id=actor.agency_id,
        team_id=about.team_id,
        kind="supervision",
        key="" if risk is None else str(risk),
        text=text.strip(),
        family_id=None if family is None else family.family_id,
        worker_id=actor.person_id,
        owner_id=worker.supervisor_id,
        by=actor.person_id,
    )
    params = {"worker": actor.name, "page": f"/people/{actor.person_id}/supervision"}
    await tell(tx, [worker.supervisor_id], "supervision.asked", params, priority=Priority.ROUTINE)
    return opened.id


async def _worker(tx: Tx, actor: Actor, worker_id: UUID) -> tuple[Person, Matter]:
    """The worker, and as access sees them: in the team in which they practise. Raises NotFound."""
    try:
        worker = await people.get(tx, worker_id)
    except NoSuchRow:
        raise NotFound from None
    teams = sorted(team for team, held in worker.roles.items() if Role.PRACTITIONER in held) or sorted(worker.roles)
    managed = [each for each in teams if actor.is_(Role.MANAGER, each)]
    return worker, Matter(
        agency_id=worker.agency_id,
        team_id=next(iter(managed or teams), None),
        workers=frozenset({worker_id}),
        excluded=await exclusions.excluded(tx, worker_id, None),
    )


def _records(rows: list[Supervision]) -> list[Record]:
    return [(each.at, each.body) for each in rows]


def _days_only(row: Supervision) -> Supervision:
    return Supervision(
        id=row.id,
        agency_id=row.agency_id,
        worker_id=row.worker_id,
        supervisor_id=row.supervisor_id,
        at=row.at,
        body={},
    )


async def _log(tx: Tx, actor: Actor, verb: str, worker_id: UUID, **details: Any) -> None:
    await keep(tx, actor, actor.agency_id, verb, subject="supervision", subject_id=worker_id, **details)
