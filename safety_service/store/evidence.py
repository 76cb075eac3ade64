"""Reading the evidence log: stretch by stretch, the newest first, and what each entry is about."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, LargeBinary, Row, Table, select, type_coerce

from safety_service.store.board import name_of
from safety_service.store.database import Tx
from safety_service.store.event_seals import read_details
from safety_service.store.tables.alerts import alert
from safety_service.store.tables.around import meeting, partner, share
from safety_service.store.tables.learning import debrief, item
from safety_service.store.tables.people import exclusion, membership, person
from safety_service.store.tables.plans import contact_summary, measure, undertaking
from safety_service.store.tables.system import event_log, event_seal
from safety_service.store.tables.visits import family, family_opening, risk_fact, visit, watch

#: What an entry can be about that is of a family: its table, by the entry's word for it.
_OF_FAMILY: dict[str, Table] = {
    "measure": measure,
    "undertaking": undertaking,
    "contact_summary": contact_summary,
    "risk_fact": risk_fact,
    "partner": partner,
    "meeting": meeting,
    "share": share,
    "opening": family_opening,
    "item": item,
    "debrief": debrief,
    "exclusion": exclusion,
}
#: Entries whose subject is a family, or a person, itself.
FAMILIES = frozenset(
    {"family", "plan", "briefing", "household", "shares", "undertakings", "meetings", "subject_access"}
)
PEOPLE = frozenset({"person", "worker", "supervision"})
#: Halvings, at most: they leave a second of thirty years.
_STEPS = 30

#: Before every id that there is.
BEGINNING = UUID(int=0)

Ids = Collection[UUID]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """An entry. `details` None: emptied, or no key opens them; `link`: its number in the chain, None: none yet."""

    id: UUID
    at: datetime
    actor_id: UUID | None
    verb: str
    subject: str
    subject_id: UUID | None
    visit_id: UUID | None
    alert_id: UUID | None
    details: dict[str, Any] | None
    link: int | None
    digest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to look for; empty means anything. `actors`, `verbs`, `subjects`: any of them."""

    agency_id: UUID
    since: datetime | None = None
    until: datetime | None = None
    actors: frozenset[UUID] | None = None
    verbs: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()
    #: Nothing of before this id is looked through.
    first: UUID = BEGINNING


@dataclass(frozen=True, slots=True)
class About:
    """Whose and which an entry is of, as far as the rows tell."""

    teams: frozenset[UUID] = frozenset()
    family_id: UUID | None = None
    workers: frozenset[UUID] = frozenset()
    ref: str = ""
    #: Of an exclusion: whom it keeps off. Of an item of a supervision: it is the worker's and their supervisor's alone.
    not_for: UUID | None = None
    private: bool = False


@dataclass
class _Known:
    """What the entries of a stretch are about, looked up together."""

    visits: dict[UUID, Row[Any]] = field(default_factory=dict)
    alerts: dict[UUID, Row[Any]] = field(default_factory=dict)
    going: dict[UUID, frozenset[UUID]] = field(default_factory=dict)
    family_of: dict[UUID, UUID] = field(default_factory=dict)
    team_of: dict[UUID, UUID] = field(default_factory=dict)
    worker_of: dict[UUID, UUID] = field(default_factory=dict)
    families: dict[UUID, tuple[str, frozenset[UUID]]] = field(default_factory=dict)
    people: dict[UUID, frozenset[UUID]] = field(default_factory=dict)
    excluded: dict[UUID, UUID] = field(default_factory=dict)
    kinds: dict[UUID, str] = field(default_factory=dict)


async def stretch(tx: Tx, wanted: Wanted, before: UUID, length: int) -> tuple[list[Noted], UUID | None]:
    """Of the next so many entries before that id those that are looked for, and the id of the last one looked at.

    None: it was the last of all. However rare they are, no page looks through more than a stretch at once.
    """
    there = event_log.c.agency_id == wanted.agency_id, event_log.c.id < before, event_log.c.id >= wanted.first
    ids = select(event_log.c.id).where(*there).order_by(event_log.c.id.desc()).limit(length)
    looked = (await tx.conn.execute(ids)).scalars().all()
    if not looked:
        return [], None
    end = looked[-1]
    columns = (event_log.c[name] for name in Noted.__dataclass_fields__ if name in event_log.c and name != "details")
    raw = type_coerce(event_log.c.details, LargeBinary).label("raw")
    linked = event_log.outerjoin(event_seal, event_seal.c.event_id == event_log.c.id)
    query = select(*columns, raw, event_seal.c.number, event_seal.c.digest).select_from(linked)
    rows = await tx.conn.execute(
        query.where(*there, event_log.c.id >= end, *_asked(wanted)).order_by(event_log.c.id.desc())
    )
    return [_noted(row) for row in rows], end if len(looked) == length else None


async def around(tx: Tx, agency_id: UUID, at: datetime) -> tuple[UUID, UUID] | None:
    """Two ids around that moment: before the first all is older, from the second on all is younger. None: all is empty.

    Ids grow as time does. What lies between the oldest and the newest is halved until they are near enough.
    """
    mine = event_log.c.agency_id == agency_id
    ends = [
        (await tx.conn.execute(select(event_log.c.id).where(mine).order_by(order).limit(1))).scalar()
        for order in (event_log.c.id, event_log.c.id.desc())
    ]
    if ends[0] is None or ends[1] is None:
        return None
    low, high = ends[0].int, ends[1].int + 1
    for _ in range(_STEPS):
        middle = UUID(int=(low + high) // 2)
        query = select(event_log.c.id, event_log.c.at).where(mine, event_log.c.id >= middle)
        row = (await tx.conn.execute(query.order_by(event_log.c.id).limit(1))).first()
        if row is None or row.at >= at:
            high = middle.int
        else:
            low = row.id.int
        if high - low <= 1:
            break
    return UUID(int=low), UUID(int=high)


async def people_of(tx: Tx, agency_id: UUID, teams: Ids | None) -> dict[UUID, str]:
    """What the people of these teams are called, or of the whole agency; one whom no key opens is among them."""
    query = select(person.c.id, type_coerce(person.c.name, LargeBinary).label("name")).where(
        person.c.agency_id == agency_id
    )
    if teams is not None:
        of_teams = select(membership.c.person_id).where(membership.c.team_id.in_(tuple(teams)))
        query = query.where(person.c.id.in_(of_teams))
    return {row.id: name_of(row.name) for row in await tx.conn.execute(query)}


async def about(tx: Tx, entries: Iterable[Noted]) -> dict[UUID, About]:
    """What each of these is about, looked up together."""
    noted = list(entries)
    known = await _known(tx, noted)
    return {each.id: _about(known, each) for each in noted}


def _asked(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        found.append(event_log.c.at >= wanted.since)
    if wanted.until is not None:
        found.append(event_log.c.at < wanted.until)
    if wanted.actors is not None:
        found.append(event_log.c.actor_id.in_(tuple(wanted.actors)))
    if wanted.verbs:
        found.append(event_log.c.verb.in_(tuple(wanted.verbs)))
    if wanted.subjects:
        found.append(event_log.c.subject.in_(tuple(wanted.subjects)))
    return found


async def _known(tx: Tx, noted: list[Noted]) -> _Known:
    known = _Known()
    known.alerts = await _rows(tx, alert, _ids(each.alert_id for each in noted), "team_id", "worker_id", "visit_id")
    of_alerts = (row.visit_id for row in known.alerts.values())
    visits = _ids([*(each.visit_id for each in noted), *of_alerts])
    known.visits = await _rows(tx, visit, visits, "team_id", "family_id")
    known.going = await _going(tx, visits)
    for word, table in _OF_FAMILY.items():
        ids = _ids(each.subject_id for each in noted if each.subject == word)
        names = dict[str, dict[UUID, Any]](family_id=known.family_of, team_id=known.team_of, worker_id=known.worker_of)
        names |= {"person_id": known.excluded} if table is exclusion else {"kind": known.kinds} if table is item else {}
        there = {name: kept for name, kept in names.items() if name in table.c}
        for row_id, row in (await _rows(tx, table, ids, *there)).items():
            for name, kept in there.items():
                if (value := getattr(row, name)) is not None:
                    kept[row_id] = value
    own = _ids(each.subject_id for each in noted if each.subject in FAMILIES)
    known.families = await _families(tx, own | set(known.family_of.values()) | _of_visits(known))
    known.people = await _teams_of(tx, _ids(each.subject_id for each in noted if each.subject in PEOPLE))
    return known


def _of_visits(known: _Known) -> set[UUID]:
    return {row.family_id for row in known.visits.values()}


def _about(known: _Known, each: Noted) -> About:
    raised = known.alerts.get(each.alert_id) if each.alert_id else None
    row = known.visits.get(each.visit_id or (raised.visit_id if raised is not None else None) or UUID(int=0))
    if row is not None:
        workers = known.going.get(row.id, frozenset())
        own = frozenset() if raised is None or raised.worker_id is None else frozenset({raised.worker_id})
        ref, _ = known.families.get(row.family_id, ("", frozenset()))
        return About(frozenset({row.team_id}), row.family_id, workers | own, ref)
    if raised is not None:
        teams = frozenset() if raised.team_id is None else frozenset({raised.team_id})
        return About(teams, None, frozenset({raised.worker_id} - {None}))
    if each.subject_id is None:
        return About()
    if each.subject in PEOPLE:
        return About(known.people.get(each.subject_id, frozenset()), None, frozenset({each.subject_id}))
    family_id = each.subject_id if each.subject in FAMILIES else known.family_of.get(each.subject_id)
    ref, teams = known.families.get(family_id, ("", frozenset())) if family_id else ("", frozenset[UUID]())
    team_id, worker_id = known.team_of.get(each.subject_id), known.worker_of.get(each.subject_id)
    workers = frozenset() if worker_id is None else frozenset({worker_id})
    if (off := known.excluded.get(each.subject_id)) is not None:
        return About(frozenset(), family_id, workers | {off}, not_for=off)
    private = known.kinds.get(each.subject_id) == "supervision"
    return About(teams if team_id is None else frozenset({team_id}), family_id, workers, ref, private=private)


async def _rows(tx: Tx, table: Table, ids: set[UUID], *names: str) -> dict[UUID, Row[Any]]:
    if not ids:
        return {}
    query = select(table.c.id, *(table.c[name] for name in names)).where(table.c.id.in_(tuple(ids)))
    return {row.id: row for row in await tx.conn.execute(query)}


async def _going(tx: Tx, visit_ids: set[UUID]) -> dict[UUID, frozenset[UUID]]:
    found: dict[UUID, set[UUID]] = {}
    if visit_ids:
        query = select(watch.c.visit_id, watch.c.worker_id).where(watch.c.visit_id.in_(tuple(visit_ids)))
        for visit_id, worker_id in await tx.conn.execute(query):
            found.setdefault(visit_id, set()).add(worker_id)
    return {visit_id: frozenset(workers) for visit_id, workers in found.items()}


async def _families(tx: Tx, family_ids: set[UUID]) -> dict[UUID, tuple[str, frozenset[UUID]]]:
    """The reference of each, and the teams that visit it."""
    if not family_ids:
        return {}
    rows = await _rows(tx, family, family_ids, "ref")
    query = select(visit.c.family_id, visit.c.team_id).where(visit.c.family_id.in_(tuple(family_ids))).distinct()
    teams: dict[UUID, set[UUID]] = {}
    for family_id, team_id in await tx.conn.execute(query):
        teams.setdefault(family_id, set()).add(team_id)
    return {each: (row.ref, frozenset(teams.get(each, ()))) for each, row in rows.items()}


async def _teams_of(tx: Tx, person_ids: set[UUID]) -> dict[UUID, frozenset[UUID]]:
    if not person_ids:
        return {}
    query = select(membership.c.person_id, membership.c.team_id).where(membership.c.person_id.in_(tuple(person_ids)))
    found: dict[UUID, set[UUID]] = {}
    for person_id, team_id in await tx.conn.execute(query.distinct()):
        found.setdefault(person_id, set()).add(team_id)
    return {person_id: frozenset(teams) for person_id, teams in found.items()}


def _ids(given: Iterable[UUID | None]) -> set[UUID]:
    return {each for each in given if each is not None}


def _noted(row: Any) -> Noted:
    named = {name: getattr(row, name) for name in Noted.__dataclass_fields__ if name not in ("details", "link")}
    details, _ = read_details(row.raw)
    return Noted(**named, details=details, link=row.number)
