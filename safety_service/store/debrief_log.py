"""The debrief log: what was given, narrowed and paged. Part E is in no row; `private_of` is asked by itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    false,
    not_,
    or_,
    select,
    tuple_,
    union,
)

from safety_service.store import debrief_words
from safety_service.store.database import Tx
from safety_service.store.exclusions import KeptOff
from safety_service.store.ready import Ready
from safety_service.store.tables.learning import debrief, debrief_addendum, debrief_behaviour, debrief_comment
from safety_service.store.tables.visits import family, visit, watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A debrief as the log lists it: no answers, no part E. `given_at`: submitted, or its first part."""

    id: UUID
    agency_id: UUID
    visit_id: UUID
    worker_id: UUID
    family_id: UUID
    team_id: UUID
    ref: str
    state: str
    severity: str
    review: str | None
    sampled: bool
    visited_at: datetime
    submitted_at: datetime | None
    first_part_at: datetime | None
    reviewed_by: UUID | None
    reviewed_at: datetime | None
    guidance_edition: int | None
    behaviours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedDebriefs:
    """Which debriefs to list; None means any. `teams`: whose log is read; `own`: whose debriefs always are."""

    agency_id: UUID
    teams: Collection[UUID]
    own: UUID | None = None
    kept_off: KeptOff = field(default_factory=lambda: KeptOff(frozenset(), frozenset()))
    team_id: UUID | None = None
    family_id: UUID | None = None
    worker_id: UUID | None = None
    #: A behaviour's key, or its group's; `rare`: it was met so seldom that one begins with it.
    behaviour: str | None = None
    rare: bool = False
    severities: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    reviewed: bool | None = None
    #: Stemmed words, each of which may be in it (`domain.search`): what is found has to be read again in the clear.
    words: Collection[str] = ()
    before: tuple[datetime, UUID] | None = None
    #: Those after this place instead, the nearest first: the oldest of them.
    after: tuple[datetime, UUID] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something that was added to a debrief, or said about it."""

    id: UUID
    by: UUID
    at: datetime
    text: str


#: What was met oftener is among the newest soon enough.
SELDOM = 300
#: Of more teams than this, one sort of all is not worse.
MOST_TEAMS = 30
_LISTED = (
    debrief.c.id,
    debrief.c.agency_id,
    debrief.c.visit_id,
    debrief.c.worker_id,
    debrief.c.family_id,
    debrief.c.team_id,
    family.c.ref,
    debrief.c.state,
    debrief.c.severity,
    debrief.c.review,
    debrief.c.sampled,
    visit.c.starts_at.label("visited_at"),
    debrief.c.submitted_at,
    debrief.c.first_part_at,
    debrief.c.reviewed_by,
    debrief.c.reviewed_at,
    debrief.c.guidance_edition,
)


async def listed(tx: Tx, wanted: WantedDebriefs, limit: int) -> list[Logged]:
    """Submitted ones, newest first; those after a place oldest first."""
    chosen = _nearest(_conditions(tx, wanted), wanted, limit)
    query = _rows().where(debrief.c.id.in_(chosen)).order_by(*_in_order(wanted, debrief))
    return await _with_behaviours(tx, (await tx.conn.execute(query)).all())


async def seldom(tx: Tx, wanted: WantedDebriefs) -> bool:
    """Whether this behaviour (a key, no group's) was met so seldom in these teams that it is best begun with."""
    assert wanted.behaviour is not None
    some = select(debrief_behaviour.c.debrief_id).where(*_having_met(wanted, wanted.behaviour)).limit(SELDOM)
    return len((await tx.conn.execute(some)).all()) < SELDOM


async def begun(tx: Tx, wanted: WantedDebriefs, limit: int) -> list[Logged]:
    """Those of which only the first part is given so far, newest first: few, and what is urgent in them is known."""
    # Not submitted is the same as a draft, and in the index of the team.
    drafts = debrief.c.submitted_at.is_(None), debrief.c.first_part_at.is_not(None)
    query = _rows().where(*drafts, *_conditions(tx, wanted, debrief.c.asked_at), _seen(wanted))
    rows = (await tx.conn.execute(query.order_by(debrief.c.first_part_at.desc()).limit(limit))).all()
    return await _with_behaviours(tx, rows)


async def load(tx: Tx, debrief_id: UUID) -> Logged | None:
    """One debrief, as the log lists it."""
    rows = (await tx.conn.execute(_rows().where(debrief.c.id == debrief_id))).all()
    found = await _with_behaviours(tx, rows)
    return found[0] if found else None


async def answers_of(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """The answers of these debriefs, without part E."""
    query = select(debrief.c.id, debrief.c.answers).where(debrief.c.id.in_(tuple(ids)))
    return {row.id: row.answers for row in await tx.conn.execute(query)}


async def signals_of(tx: Tx, debrief_id: UUID) -> Sequence[Mapping[str, Any]]:
    """What the system saw of the visit by itself."""
    query = select(debrief.c.signals).where(debrief.c.id == debrief_id)
    return (await tx.conn.execute(query)).scalar_one_or_none() or ()


async def private_of(tx: Tx, debrief_id: UUID) -> Mapping[str, Any]:
    """Part E: for the worker and their supervisor. Ask `access.debrief_view` first."""
    query = select(debrief.c.private).where(debrief.c.id == debrief_id)
    return (await tx.conn.execute(query)).scalar_one_or_none() or {}


async def addenda_of(tx: Tx, ids: Collection[UUID]) -> dict[UUID, list[Said]]:
    """What was added to these debriefs afterwards, in order."""
    return await _said(tx, debrief_addendum, ids)


async def comments_of(tx: Tx, ids: Collection[UUID]) -> dict[UUID, list[Said]]:
    """What was said about these debriefs, in order."""
    return await _said(tx, debrief_comment, ids)


async def unreviewed(tx: Tx, family_id: UUID) -> list[datetime]:
    """When this family's difficult debriefs were asked for that nobody has reviewed, or that are not finished."""
    return sorted(await tx.scalars(_UNREVIEWED, family_id=family_id))


_UNREVIEWED = Ready(
    select(debrief.c.asked_at).where(
        debrief.c.family_id == bindparam("family_id"),
        debrief.c.severity.in_(("medium", "high")),
        or_(debrief.c.review == "wanted", and_(debrief.c.state == "draft", debrief.c.first_part_at.is_not(None))),
    )
)


def _rows() -> Select[Any]:
    joined = debrief.join(visit, visit.c.id == debrief.c.visit_id).join(family, family.c.id == debrief.c.family_id)
    return select(*_LISTED).select_from(joined)


def _conditions(tx: Tx, wanted: WantedDebriefs, at: ColumnElement[Any] | None = None) -> list[ColumnElement[bool]]:
    when = debrief.c.submitted_at if at is None else at
    found: list[ColumnElement[bool]] = [debrief.c.agency_id == wanted.agency_id]
    if wanted.team_id is not None:
        found.append(debrief.c.team_id == wanted.team_id)
    if wanted.family_id is not None:
        found.append(debrief.c.family_id == wanted.family_id)
    if wanted.worker_id is not None:
        found.append(debrief.c.worker_id == wanted.worker_id)
    if wanted.severities:
        found.append(debrief.c.severity.in_(tuple(wanted.severities)))
    if wanted.since is not None:
        found.append(when >= wanted.since)
    if wanted.until is not None:
        found.append(when < wanted.until)
    if wanted.reviewed is not None:
        found.append(debrief.c.review == ("done" if wanted.reviewed else "wanted"))
    if wanted.behaviour is not None:
        found.append(_met(wanted, wanted.behaviour))
    buckets = debrief_words.having(tx, wanted.agency_id, wanted.words)
    return [*found, *(debrief.c.id.in_(each) for each in buckets)]


def _met(wanted: WantedDebriefs, behaviour: str) -> ColumnElement[bool]:
    met = debrief_behaviour.c
    if wanted.rare:
        return debrief.c.id.in_(select(met.debrief_id).where(*_having_met(wanted, behaviour)))
    return exists().where(met.debrief_id == debrief.c.id, or_(met.kind == behaviour, met.group == behaviour))


def _having_met(wanted: WantedDebriefs, behaviour: str) -> list[ColumnElement[bool]]:
    """What was met, by the index of these teams' behaviours; and one's own."""
    met = debrief_behaviour.c
    theirs = met.team_id.in_(tuple(wanted.teams))
    whose = theirs if wanted.own is None else or_(theirs, met.worker_id == wanted.own)
    return [met.kind == behaviour, whose]


def _in_order(wanted: WantedDebriefs, table: Any) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    at, last = table.c.submitted_at, table.c.id
    return (at.desc(), last.desc()) if wanted.after is None else (at.asc(), last.asc())


def _nearest(conditions: list[ColumnElement[bool]], wanted: WantedDebriefs, limit: int) -> Select[tuple[UUID]]:
    """The ids of the newest that fit. Without anything rarer to begin with, each team's newest come from its index."""
    place = tuple_(debrief.c.submitted_at, debrief.c.id)
    given: list[ColumnElement[bool]] = [debrief.c.submitted_at.is_not(None), *conditions]
    if wanted.before is not None:
        given.append(place < tuple_(*wanted.before))
    if wanted.after is not None:
        given.append(place > tuple_(*wanted.after))

    def nearest(*more: ColumnElement[bool]) -> Select[tuple[UUID, datetime]]:
        chosen = select(debrief.c.id, debrief.c.submitted_at).where(*given, *more)
        return chosen.order_by(*_in_order(wanted, debrief)).limit(limit)

    teams = [each for each in wanted.teams if wanted.team_id in (None, each)]
    rarer = wanted.words or wanted.family_id or wanted.worker_id or wanted.rare
    if rarer or not 1 < len(teams) <= MOST_TEAMS:
        return select(nearest(_seen(wanted)).subquery().c.id)
    parts = [nearest(_theirs(wanted, [each])).subquery() for each in teams]
    if wanted.own is not None:
        parts.append(nearest(debrief.c.worker_id == wanted.own).subquery())
    # A union without ALL: one's own may be among a team's.
    together = union(*(select(each.c.id, each.c.submitted_at) for each in parts)).subquery()
    return select(together.c.id).order_by(*_in_order(wanted, together)).limit(limit)


def _seen(wanted: WantedDebriefs) -> ColumnElement[bool]:
    """Of the teams that they read, but for what they are kept off; and their own, whatever else holds."""
    own = false() if wanted.own is None else debrief.c.worker_id == wanted.own
    return or_(own, _theirs(wanted, wanted.teams))


def _theirs(wanted: WantedDebriefs, teams: Collection[UUID]) -> ColumnElement[bool]:
    theirs: list[ColumnElement[bool]] = [debrief.c.team_id.in_(tuple(teams))]
    if wanted.kept_off.families:
        theirs.append(not_(debrief.c.family_id.in_(tuple(wanted.kept_off.families))))
    if wanted.kept_off.workers:
        there = exists().where(
            watch.c.visit_id == debrief.c.visit_id, watch.c.worker_id.in_(tuple(wanted.kept_off.workers))
        )
        theirs.append(not_(there))
    return and_(*theirs)


async def _with_behaviours(tx: Tx, rows: Sequence[Row[Any]]) -> list[Logged]:
    met: dict[UUID, list[str]] = {row.id: [] for row in rows}
    if rows:
        chosen = select(debrief_behaviour.c.debrief_id, debrief_behaviour.c.kind)
        kinds = chosen.where(debrief_behaviour.c.debrief_id.in_(tuple(met))).order_by(debrief_behaviour.c.kind)
        for debrief_id, kind in await tx.conn.execute(kinds):
            met[debrief_id].append(kind)
    return [Logged(**row._mapping, behaviours=tuple(met[row.id])) for row in rows]


async def _said(tx: Tx, table: Any, ids: Collection[UUID]) -> dict[UUID, list[Said]]:
    query = select(table).where(table.c.debrief_id.in_(tuple(ids))).order_by(table.c.at, table.c.id)
    found: dict[UUID, list[Said]] = {each: [] for each in ids}
    for row in await tx.conn.execute(query):
        found[row.debrief_id].append(Said(id=row.id, by=row.by, at=row.at, text=row.text))
    return found
