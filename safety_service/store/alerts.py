"""Alerts with their frozen ladders, and who was told."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, case, insert, select, tuple_, update

from safety_service.domain.alert import Alert, Doing, Resolution
from safety_service.domain.words import DANGER, Found, Kind, KnownBy, State
from safety_service.store import agencies, ladders, unopened
from safety_service.store.batch import Batch, foreseen
from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import alert, told
from safety_service.store.tables.people import person


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """An alert with where it belongs."""

    alert: Alert
    agency_id: UUID
    team_id: UUID | None
    version: int = 1
    agreed_by: UUID | None = None

    @property
    def id(self) -> UUID:
        """The alert's id."""
        return self.alert.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Somebody who was told of an alert."""

    person_id: UUID
    rung: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedAlerts:
    """Which alerts to list; None means any."""

    agency_id: UUID
    teams: Collection[UUID] | None = None
    told_to: UUID | None = None
    open_only: bool = False
    states: Collection[State] = ()
    before: tuple[datetime, UUID] | None = None


async def insert_alert(tx: Tx, new: Alert, agency_id: UUID, team_id: UUID | None) -> AlertRow:
    """Keep a new alert; it is given the agency's next number."""
    numbered = replace(new, number=await agencies.next_number(tx, agency_id))
    if isinstance(tx, Batch):
        tx.is_new(numbered.id)
        tx.foresee(who_was_told, numbered.id, answer=[])
    where = {"id": numbered.id, "agency_id": agency_id, "team_id": team_id, "number": numbered.number}
    await tx.write(_INSERT, [{**where, **_values(numbered, agency_id)}])
    await _insert_told(tx, numbered, numbered.told)
    return AlertRow(alert=numbered, agency_id=agency_id, team_id=team_id)


async def load(tx: Tx, alert_id: UUID, *, lock: bool = False) -> AlertRow | None:
    """One alert; `lock` holds it until the transaction ends."""
    rows = await _read(tx, await tx.all(_LOCKED if tx.locks(lock) else _LOADED, id=alert_id))
    return rows[0] if rows else None


async def load_many(tx: Tx, ids: Collection[UUID]) -> list[AlertRow]:
    """These alerts, which this transaction has claimed."""
    return await _read(tx, await tx.all(_THESE, ids=ids)) if ids else []


async def by_number(tx: Tx, agency_id: UUID, number: int) -> AlertRow | None:
    """The alert with this short number."""
    rows = await _loaded(tx, [alert.c.agency_id == agency_id, alert.c.number == number])
    return rows[0] if rows else None


async def open_of_visits(tx: Tx, visit_ids: Collection[UUID], *, lock: bool = False) -> list[AlertRow]:
    """Every unresolved alert on these visits."""
    if not visit_ids:
        return []
    return await _read(tx, await tx.all(LOCKED_OF_VISITS if tx.locks(lock) else _OPEN_OF_VISITS, visits=visit_ids))


async def of_visit(tx: Tx, visit_id: UUID) -> list[AlertRow]:
    """Every alert about a visit, the oldest first, closed ones too."""
    return sorted(await _loaded(tx, [alert.c.visit_id == visit_id]), key=lambda each: each.alert.opened_at)


async def open_without_visit(tx: Tx, agency_id: UUID, worker_id: UUID | None, *, lock: bool = False) -> list[AlertRow]:
    """Every unresolved alert of this worker (or, None, of the agency itself) that belongs to no visit."""
    whose = alert.c.worker_id.is_(None) if worker_id is None else alert.c.worker_id == worker_id
    where = [alert.c.agency_id == agency_id, whose, alert.c.visit_id.is_(None), alert.c.state != State.RESOLVED]
    return await _loaded(tx, where, lock=lock)


async def unread(tx: Tx, kind: Kind, before: datetime, after: datetime, limit: int) -> list[AlertRow]:
    """Alerts of this kind opened between these times that nobody has."""
    opened = [alert.c.opened_at <= before, alert.c.opened_at > after]
    return await _loaded(tx, [alert.c.kind == kind, alert.c.state == State.OPEN, *opened], limit=limit)


async def owned_by(tx: Tx, person_id: UUID) -> list[AlertRow]:
    """Every unresolved alert that this person has taken."""
    return await _loaded(tx, [alert.c.owner_id == person_id, alert.c.state == State.TAKEN], lock=True)


async def listed(tx: Tx, wanted: WantedAlerts, limit: int) -> list[AlertRow]:
    """Alerts as wanted, newest first."""
    return await _loaded(tx, list(_conditions(wanted)), limit=limit)


def _conditions(wanted: WantedAlerts) -> Iterable[ColumnElement[bool]]:
    yield alert.c.agency_id == wanted.agency_id
    by_told = None
    if wanted.told_to is not None:
        by_told = alert.c.id.in_(select(told.c.alert_id).where(told.c.person_id == wanted.told_to))
    if wanted.teams is not None:
        in_team = alert.c.team_id.in_(wanted.teams)
        yield in_team if by_told is None else in_team | by_told
    elif by_told is not None:
        yield by_told
    if wanted.open_only:
        yield alert.c.state != State.RESOLVED
    if wanted.states:
        yield alert.c.state.in_(wanted.states)
    if wanted.before is not None:
        yield tuple_(alert.c.opened_at, alert.c.id) < tuple_(*wanted.before)


async def claim_due(tx: Tx, limit: int) -> list[UUID]:
    """Alerts whose moment has come, cries for help first, then the earliest; locked ones are another sweep's."""
    return await tx.scalars(_DUE, now=tx.now, limit=limit)


async def save(tx: Tx, before: AlertRow, after: Alert, *, agreed_by: UUID | None = None) -> AlertRow:
    """Write a changed alert that this transaction has locked."""
    if before.alert == after and agreed_by is None:
        return before
    agreed = agreed_by or before.agreed_by
    changed = {**_values(after, before.agency_id), "agreed_by": agreed, "version": before.version + 1}
    await tx.write(_SAVE_BUT_NOTE if _unread(before.alert, after) else _SAVE, [{"this": after.id, **changed}])
    await _insert_told(tx, after, after.told - before.alert.told)
    return replace(before, alert=after, version=before.version + 1, agreed_by=agreed)


def _unread(before: Alert, after: Alert) -> bool:
    """Whether what was found is written there already, and no key opens it: it stays for whoever has the key."""
    found = before.resolution
    return found is not None and found.note == unopened.UNREAD and after.resolution == found


async def put_off(tx: Tx, alert_id: UUID, until: datetime) -> None:
    """Look at an alert again later: it could not be worked on, and an alert says so."""
    await tx.conn.execute(update(alert).where(alert.c.id == alert_id).values(due_now=until))


@foreseen
async def who_was_told(tx: Tx, alert_id: UUID) -> list[Told]:
    """Everyone told, in the order in which they were."""
    rows = await tx.conn.execute(select(told).where(told.c.alert_id == alert_id).order_by(told.c.at, told.c.rung))
    return [Told(person_id=row.person_id, rung=row.rung, at=row.at) for row in rows]


async def _insert_told(tx: Tx, after: Alert, people: Collection[UUID]) -> None:
    if people:
        rows = [{"alert_id": after.id, "person_id": each, "rung": after.rung, "at": tx.now} for each in people]
        await tx.write(_INSERT_TOLD, rows)
        if isinstance(tx, Batch):
            known = [Told(person_id=each, rung=after.rung, at=tx.now) for each in people]
            tx.foresee(who_was_told, after.id, answer=[*await who_was_told(tx, after.id), *known])


async def _loaded(
    tx: Tx, where: list[ColumnElement[bool]], *, lock: bool = False, limit: int | None = None
) -> list[AlertRow]:
    query = _NEWEST.where(*where).limit(limit)
    if tx.locks(lock):
        query = query.with_for_update(key_share=True)
    return await _read(tx, (await tx.conn.execute(query)).all())


_STATE = (
    *("kind", "state", "worker_id", "visit_id", "opened_at", "due_at", "ladder", "rung", "step", "doing", "next_at"),
    *("reach_by", "due_now", "owner_id", "taken_at", "offered_to", "found", "known_by", "note", "found_by"),
    *("resolved_at", "open_key"),
)
_THIS_ONE = update(alert).where(alert.c.id == bindparam("this"))
_SAVE = Ready(_THIS_ONE, *_STATE, "agreed_by", "version")
_SAVE_BUT_NOTE = Ready(_THIS_ONE, *(each for each in _STATE if each != "note"), "agreed_by", "version")
_INSERT = Ready(insert(alert), "id", "agency_id", "team_id", "number", *_STATE)
_INSERT_TOLD = Ready(insert(told), "alert_id", "person_id", "rung", "at")
#: A note that no key opens keeps nobody from calling for help, nor any alert from climbing: it is opened row by row.
_COLUMNS = [unopened.as_kept(each) if each.name == "note" else each for each in alert.c]
_NEWEST = select(*_COLUMNS).order_by(alert.c.opened_at.desc(), alert.c.id.desc())
_THIS = _NEWEST.where(alert.c.id == bindparam("id"))
_LOADED, _LOCKED = Ready(_THIS), Ready(_THIS.with_for_update(key_share=True))
_THESE = Ready(_NEWEST.where(alert.c.id.in_(bindparam("ids", expanding=True))))
_OF_VISITS = _NEWEST.where(alert.c.visit_id.in_(bindparam("visits", expanding=True)), alert.c.state != State.RESOLVED)
_OPEN_OF_VISITS, LOCKED_OF_VISITS = Ready(_OF_VISITS), Ready(_OF_VISITS.with_for_update(key_share=True))
#: Which of these visits have any.
ALARMED = Ready(_OF_VISITS.with_only_columns(alert.c.visit_id).order_by(None))
_DUE = Ready(
    select(alert.c.id)
    .where(alert.c.due_now <= bindparam("now"))
    .order_by(case((alert.c.kind.in_(sorted(DANGER)), 0), else_=1), alert.c.due_now)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True, key_share=True)
)
_TOLD = Ready(select(told).where(told.c.alert_id.in_(bindparam("alerts", expanding=True))))


async def _read(tx: Tx, rows: Collection[Any]) -> list[AlertRow]:
    if not rows:
        return []
    people: dict[UUID, set[UUID]] = {row.id: set() for row in rows}
    for each in await tx.all(_TOLD, alerts=people):
        people[each.alert_id].add(each.person_id)
    return [_alert_row(row, frozenset(people[row.id])) for row in rows]


def _values(each: Alert, agency_id: UUID) -> dict[str, Any]:
    found = each.resolution
    return {
        "kind": each.kind,
        "state": each.state,
        "worker_id": each.worker_id,
        "visit_id": each.visit_id,
        "opened_at": each.opened_at,
        "due_at": each.due_at,
        "ladder": ladders.written(each.ladder),
        "rung": each.rung,
        "step": each.step,
        "doing": each.doing,
        "next_at": each.next_at,
        "reach_by": each.reach_by,
        "due_now": each.due_now,
        "owner_id": each.owner_id,
        "taken_at": each.taken_at,
        "offered_to": each.offered_to,
        "found": None if found is None else found.found,
        "known_by": None if found is None else found.known_by,
        "note": None if found is None else found.note,
        "found_by": None if found is None else found.by,
        "resolved_at": each.resolved_at,
        "open_key": f"{each.worker_id or agency_id}:{each.visit_id}:{each.kind}" if each.open else None,
    }


def _alert_row(row: Any, people: frozenset[UUID]) -> AlertRow:
    found = None
    if row.found is not None:
        note = unopened.text(row.note, f"the note of alert {row.id}") or ""
        found = Resolution(found=Found(row.found), known_by=KnownBy(row.known_by), note=note, by=row.found_by)
    kept = Alert(
        id=row.id,
        kind=Kind(row.kind),
        worker_id=row.worker_id,
        visit_id=row.visit_id,
        opened_at=row.opened_at,
        due_at=row.due_at,
        ladder=ladders.read(row.ladder),
        state=State(row.state),
        number=row.number,
        rung=row.rung,
        step=row.step,
        doing=Doing(row.doing),
        next_at=row.next_at,
        reach_by=row.reach_by,
        owner_id=row.owner_id,
        taken_at=row.taken_at,
        offered_to=row.offered_to,
        told=people,
        resolution=found,
        resolved_at=row.resolved_at,
    )
    return AlertRow(
        alert=kept, agency_id=row.agency_id, team_id=row.team_id, version=row.version, agreed_by=row.agreed_by
    )


async def lock_worker(tx: Tx, worker_id: UUID) -> None:
    """Let only one transaction at a time raise an alert without a visit for this worker."""
    await tx.conn.execute(select(person.c.id).where(person.c.id == worker_id).with_for_update(key_share=True))
