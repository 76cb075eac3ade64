"""What the board is drawn from: few statements whatever the number of watched visits, and nothing unsealed twice."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Label, LargeBinary, String, exists, literal, or_, select, type_coerce

from safety_service.domain.words import Kind, Phase, Risk, State, Status
from safety_service.store import sealing
from safety_service.store.database import Tx
from safety_service.store.errors import KeysDoNotOpen
from safety_service.store.exclusions import KeptOff
from safety_service.store.people import GONE, UNREAD
from safety_service.store.tables.alerts import alert, told
from safety_service.store.tables.people import exclusion, person
from safety_service.store.tables.visits import family, visit, watch

#: Sealed texts that stay open in this process: names and addresses of those who are out, again at every look.
OPENED = 8192


@dataclass(frozen=True, slots=True)
class Watched:
    """A worker who is being watched. `own`: the reader goes on that visit."""

    visit_id: UUID
    worker_id: UUID
    team_id: UUID
    family_id: UUID
    ref: str
    risk: Risk
    starts_at: datetime
    phase: Phase
    due_at: datetime
    alarm_at: datetime
    ends_at: datetime
    last_word_at: datetime | None
    own: bool
    name: str
    sealed_address: bytes

    @property
    def address(self) -> str:
        """Where, in words; empty where it was removed or no key opens it."""
        return address_of(self.sealed_address)


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """An alert that is not resolved. `own`: the reader goes on that visit; `hushed`: nobody is to ring the worker."""

    id: UUID
    number: int
    kind: Kind
    state: State
    team_id: UUID | None
    visit_id: UUID | None
    family_id: UUID | None
    worker_id: UUID | None
    opened_at: datetime
    own: bool
    worker: str
    owner: str
    hushed: bool = False


@dataclass(frozen=True, slots=True)
class Unwatched:
    """Somebody who is planned to be out about now, and whom nobody watches."""

    visit_id: UUID
    worker_id: UUID
    team_id: UUID
    family_id: UUID
    ref: str
    status: Status
    starts_at: datetime
    ends_at: datetime
    name: str


async def watched(
    tx: Tx, reader_id: UUID, teams: Collection[UUID], kept_off: KeptOff, until: datetime, limit: int
) -> list[Watched]:
    """Everyone in these teams whose next word is due by then, the soonest first, less what the reader is kept off."""
    columns = (
        *(_as_kept(watch.c.visit_id), _as_kept(watch.c.worker_id), _as_kept(visit.c.team_id)),
        *(_as_kept(visit.c.family_id), family.c.ref, visit.c.risk, visit.c.starts_at, watch.c.phase),
        *(watch.c.due_at, watch.c.alarm_at, watch.c.ends_at, watch.c.last_word_at),
        *(visit.c.ends_at.label("planned_end"), _goes(reader_id, visit.c.id)),
        *(raw(person.c.name, "name"), raw(visit.c.address, "address")),
    )
    query = (
        select(*columns)
        .join(visit, visit.c.id == watch.c.visit_id)
        .join(family, family.c.id == visit.c.family_id)
        .join(person, person.c.id == watch.c.worker_id)
        # What is due by then is looked at by then: the second condition is the index's.
        .where(watch.c.due_at <= until, watch.c.next_at <= until, visit.c.team_id.in_(teams))
        .where(*seen(kept_off, visit.c.id, visit.c.family_id))
        .order_by(watch.c.due_at, watch.c.visit_id, watch.c.worker_id)
        .limit(limit)
    )
    return [_watched(row) for row in (await tx.conn.execute(query)).all()]


def _watched(row: Any) -> Watched:
    # By place: of hundreds of rows each name that is looked up is felt.
    visit_id, worker_id, team_id, family_id, ref, risk, starts_at, phase, due_at, alarm_at, ends_at, last, *rest = row
    planned_end, own, name, address = rest
    return Watched(
        *(_id(visit_id), _id(worker_id), _id(team_id), _id(family_id), ref, _RISKS[risk], starts_at, _PHASES[phase]),
        *(due_at, alarm_at, ends_at or planned_end, last, bool(own), name_of(name), address or b""),
    )


_RISKS = {str(each): each for each in Risk}
_PHASES = {str(each): each for each in Phase}


async def open_alerts(
    tx: Tx, reader_id: UUID, agency_id: UUID, teams: Collection[UUID], kept_off: KeptOff, limit: int
) -> list[OpenAlert]:
    """Alerts of these teams, and those that the reader was told of, that are not resolved; never the reader's own.

    Nor any of a visit on which the reader is watched now: duress takes in what is missed, and a miss that is shown on
    every other day would tell by not being there (P5).
    """
    mine = watch.alias("mine")
    along = exists().where(mine.c.visit_id == alert.c.visit_id, mine.c.worker_id == reader_id)
    worker, owner = person.alias("worker"), person.alias("owner")
    was_told = exists().where(told.c.alert_id == alert.c.id, told.c.person_id == reader_id)
    columns = (
        *(alert.c.id, alert.c.number, alert.c.kind, alert.c.state, alert.c.team_id, alert.c.visit_id),
        *(visit.c.family_id, alert.c.worker_id, alert.c.opened_at, _goes(reader_id, alert.c.visit_id)),
        *(raw(worker.c.name, "worker"), raw(owner.c.name, "owner")),
    )
    query = (
        select(*columns)
        .outerjoin(visit, visit.c.id == alert.c.visit_id)
        .outerjoin(worker, worker.c.id == alert.c.worker_id)
        .outerjoin(owner, owner.c.id == alert.c.owner_id)
        .where(alert.c.due_now.is_not(None), alert.c.agency_id == agency_id, alert.c.state != State.RESOLVED)
        .where(or_(alert.c.team_id.in_(teams), was_told))
        .where(or_(alert.c.worker_id.is_(None), alert.c.worker_id != reader_id))
        .where(~along.where(mine.c.phase != Phase.DONE), *seen(kept_off, alert.c.visit_id, visit.c.family_id))
        .order_by(alert.c.opened_at, alert.c.id)
        .limit(limit)
    )
    if kept_off.workers:
        query = query.where(or_(alert.c.worker_id.is_(None), alert.c.worker_id.not_in(kept_off.workers)))
    return [_open_alert(row) for row in await tx.conn.execute(query)]


def _open_alert(row: Any) -> OpenAlert:
    return OpenAlert(
        id=row.id,
        number=row.number,
        kind=Kind(row.kind),
        state=State(row.state),
        team_id=row.team_id,
        visit_id=row.visit_id,
        family_id=row.family_id,
        worker_id=row.worker_id,
        opened_at=row.opened_at,
        own=bool(row.own),
        worker="" if row.worker_id is None else name_of(row.worker),
        owner="" if row.state == State.OPEN else name_of(row.owner),
    )


async def unwatched(
    tx: Tx, teams: Collection[UUID], kept_off: KeptOff, since: datetime, until: datetime, limit: int
) -> list[Unwatched]:
    """Who is planned between these times in these teams, is not over by now, was never out, and is not watched."""
    columns = (
        *(visit.c.id, watch.c.worker_id, visit.c.team_id, visit.c.family_id, family.c.ref, visit.c.status),
        *(visit.c.starts_at, visit.c.ends_at, raw(person.c.name, "name")),
    )
    query = (
        select(*columns)
        .join(watch, watch.c.visit_id == visit.c.id)
        .join(family, family.c.id == visit.c.family_id)
        .join(person, person.c.id == watch.c.worker_id)
        .where(visit.c.team_id.in_(teams), visit.c.starts_at >= since, visit.c.starts_at <= until)
        .where(visit.c.ends_at > tx.now, visit.c.status != Status.CANCELLED)
        .where(watch.c.phase == Phase.DONE, watch.c.out_at.is_(None))
        .where(*seen(kept_off, visit.c.id, visit.c.family_id))
        .order_by(visit.c.starts_at, visit.c.id, watch.c.worker_id)
        .limit(limit)
    )
    return [_unwatched(row) for row in await tx.conn.execute(query)]


def _unwatched(row: Any) -> Unwatched:
    return Unwatched(
        visit_id=row.id,
        worker_id=row.worker_id,
        team_id=row.team_id,
        family_id=row.family_id,
        ref=row.ref,
        status=Status(row.status),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        name=name_of(row.name),
    )


async def kept_apart(tx: Tx, agency_id: UUID) -> list[tuple[UUID, UUID | None, UUID | None]]:
    """Who is kept off which worker or which family of the agency: for looking at many visits at once."""
    columns = (exclusion.c.person_id, exclusion.c.worker_id, exclusion.c.family_id)
    query = select(*columns).where(exclusion.c.agency_id == agency_id, exclusion.c.ended_at.is_(None))
    return [(row.person_id, row.worker_id, row.family_id) for row in await tx.conn.execute(query)]


async def inside(tx: Tx, person_id: UUID) -> bool:
    """Whether somebody may be looking over this person's shoulder now: they are inside a visit."""
    query = select(watch.c.visit_id).where(watch.c.worker_id == person_id, watch.c.phase == Phase.INSIDE).limit(1)
    return (await tx.conn.execute(query)).first() is not None


def _goes(reader_id: UUID, visit_id: ColumnElement[Any]) -> Label[bool]:
    mine = watch.alias("mine")
    return exists().where(mine.c.visit_id == visit_id, mine.c.worker_id == reader_id).label("own")


def seen(
    kept_off: KeptOff, visit_id: ColumnElement[Any], family_id: ColumnElement[Any]
) -> tuple[ColumnElement[bool], ...]:
    """Nothing about a family or about anybody on a visit that the reader is kept off."""
    found: list[ColumnElement[bool]] = []
    if kept_off.families:
        found.append(or_(family_id.is_(None), family_id.not_in(kept_off.families)))
    if kept_off.workers:
        theirs = watch.alias("theirs")
        goes = exists(literal(1)).where(theirs.c.visit_id == visit_id, theirs.c.worker_id.in_(kept_off.workers))
        found.append(~goes)
    return tuple(found)


def raw(column: ColumnElement[Any], name: str) -> Label[bytes]:
    """A sealed column as it is kept."""
    return type_coerce(column, LargeBinary).label(name)


def _as_kept(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """An id as the database gives it: text on SQLite, and the id itself on PostgreSQL."""
    return type_coerce(column, String)


def _id(kept: Any) -> UUID:
    return kept if isinstance(kept, UUID) else _parsed(kept)


@lru_cache(OPENED)
def _parsed(text: str) -> UUID:
    return UUID(text)


def name_of(sealed: bytes | None) -> str:
    """A name, or what stands in its place."""
    try:
        return _name(sealed) if sealed else GONE
    except KeysDoNotOpen:
        return UNREAD


def address_of(sealed: bytes) -> str:
    """The words of an address; a board is drawn although one cannot be read."""
    try:
        return _address(sealed) if sealed else ""
    except KeysDoNotOpen:
        return ""


@lru_cache(OPENED)
def _name(sealed: bytes) -> str:
    return sealing.ring().open(sealed).decode()


@lru_cache(OPENED)
def _address(sealed: bytes) -> str:
    return str(json.loads(sealing.ring().open(sealed)).get("text") or "")
