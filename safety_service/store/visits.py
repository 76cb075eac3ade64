"""Visits and their watches."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, insert, or_, select, tuple_, update

from safety_service.domain.visit import Visit
from safety_service.domain.watch import Watch
from safety_service.domain.words import Decided, Outcome, Phase, Risk, Stage, Status
from safety_service.store import unopened
from safety_service.store import visits_sql as sql
from safety_service.store.database import Tx
from safety_service.store.errors import KeysDoNotOpen
from safety_service.store.ids import new_id
from safety_service.store.tables.visits import decision, family, visit, watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A manager's decision as it stands on the visit."""

    kind: Decided
    reason: str
    by: UUID
    at: datetime
    #: Made for the family's plan of this number; 0: for none, or before there were any.
    plan_number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRow:
    """A visit with all that is kept of it. Times are aware UTC; `address` has text, latitude, longitude."""

    visit: Visit
    agency_id: UUID
    team_id: UUID
    family_id: UUID
    family_ref: str
    purpose: str
    address: dict[str, Any]
    because: list[dict[str, str]]
    answers: dict[str, Any]
    created_at: datetime
    created_by: UUID
    version: int = 1
    decision: Decision | None = None
    #: What the family's plan demands and this visit has not (`domain.demands`), by the plan of this number.
    lacking: list[dict[str, Any]] = field(default_factory=list)
    plan_number: int = 0
    #: Retention has removed where, why and with what plan it was.
    removed: bool = False
    #: No key opens all of it: to be shown, and neither saved nor taken over.
    unread: bool = False

    @property
    def id(self) -> UUID:
        """The visit's id."""
        return self.visit.id

    @property
    def workers(self) -> frozenset[UUID]:
        """Everyone who goes."""
        return frozenset(each.worker_id for each in self.visit.watches)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which visits to list; None means any."""

    agency_id: UUID
    teams: Collection[UUID] | None = None
    worker_id: UUID | None = None
    family_id: UUID | None = None
    statuses: Collection[Status] = ()
    live: bool = False
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, UUID] | None = None
    newest_first: bool = True


async def insert_visit(tx: Tx, row: VisitRow) -> None:
    """Keep a new visit and its watches."""
    plan = row.visit
    to_locate = bool(row.address.get("text")) != (row.address.get("latitude") is not None)
    of_plan = {name: getattr(plan, name) for name in sql.OF_PLAN}
    await tx.do(sql.INSERT, to_locate=to_locate, **of_plan, **{name: getattr(row, name) for name in sql.OF_ROW})
    await tx.do_all(sql.INSERT_WATCH, [{"visit_id": plan.id, **_watch_values(each)} for each in plan.watches])


async def load(tx: Tx, visit_id: UUID, *, lock: bool = False) -> VisitRow | None:
    """One visit; `lock` holds it until the transaction ends."""
    found = await load_many(tx, [visit_id], lock=lock)
    return found.get(visit_id)


async def load_many(tx: Tx, ids: Collection[UUID], *, lock: bool = False) -> dict[UUID, VisitRow]:
    """Visits by id. Locks are taken in the order of ids, so that two transactions cannot wait for each other.

    They are the weaker kind that lets others refer to the visit (`key_share`): who holds an alert and puts a message
    about its visit into the outbox would else wait for a word that waits for the alert.
    """
    if not ids:
        return {}
    rows = await tx.all(sql.LOCKED if tx.locks(lock) else sql.LOADED, ids=ids)
    return {each.visit.id: each for each in await _with_parts(tx, rows)}


async def opened(tx: Tx, ids: Collection[UUID], *, lock: bool = False) -> dict[UUID, VisitRow]:
    """As `load_many`, for lists: one that no key opens says so, with what is not sealed, and harms no other."""
    try:
        return await load_many(tx, ids, lock=lock)
    except KeysDoNotOpen:
        return {each.id: each for each in await _even_unread(tx, sql.THESE, {"ids": list(ids)})}


async def listed(tx: Tx, wanted: Wanted, limit: int) -> list[VisitRow]:
    """Visits as wanted, by planned start; of one that no key opens as `opened` has it."""
    order = [visit.c.starts_at, visit.c.id]
    query = select(visit, family.c.ref).join(family, family.c.id == visit.c.family_id)
    query = query.where(*_conditions(wanted)).limit(limit)
    query = query.order_by(*(each.desc() for each in order) if wanted.newest_first else order)
    try:
        return await _with_parts(tx, (await tx.conn.execute(query)).all())
    except KeysDoNotOpen:
        return await _even_unread(tx, query, {})


async def _even_unread(tx: Tx, query: Select[Any], given: dict[str, Any]) -> list[VisitRow]:
    rows = await unopened.rows(tx, query, given, **_UNREAD)
    parts = await unopened.rows(tx, sql.OF_THESE, {"ids": [each.id for each in rows]})
    return _put_together(rows, parts)


def _conditions(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    yield visit.c.agency_id == wanted.agency_id
    if wanted.teams is not None and wanted.worker_id is not None:
        yield or_(visit.c.team_id.in_(wanted.teams), _goes(wanted.worker_id, live=False))
    elif wanted.teams is not None:
        yield visit.c.team_id.in_(wanted.teams)
    elif wanted.worker_id is not None:
        yield _goes(wanted.worker_id, live=wanted.live)
    if wanted.live and wanted.worker_id is None:
        yield exists().where(watch.c.visit_id == visit.c.id, *sql.LIVE)
    if wanted.family_id is not None:
        yield visit.c.family_id == wanted.family_id
    if wanted.statuses:
        yield visit.c.status.in_(wanted.statuses)
    if wanted.since is not None:
        yield visit.c.starts_at >= wanted.since
    if wanted.until is not None:
        yield visit.c.starts_at < wanted.until
    if wanted.before is not None:
        place = tuple_(visit.c.starts_at, visit.c.id)
        there = tuple_(*wanted.before)
        yield place < there if wanted.newest_first else place > there


def _goes(worker_id: UUID, *, live: bool) -> ColumnElement[bool]:
    # By the index of their watches: one by one, all that the agency ever visited would be looked through.
    theirs = select(watch.c.visit_id).where(watch.c.worker_id == worker_id)
    return visit.c.id.in_(theirs.where(*sql.LIVE) if live else theirs)


async def live_of_worker(tx: Tx, worker_id: UUID, *, lock: bool = False) -> list[VisitRow]:
    """Every visit on which this worker is being watched, by planned start; as `opened` has them."""
    ids = await tx.scalars(sql.LIVE_OF_WORKER, worker_id=worker_id)
    rows = await opened(tx, ids, lock=lock)
    return sorted(rows.values(), key=lambda each: each.visit.starts_at)


async def save(tx: Tx, before: Visit, after: Visit) -> None:
    """Write what changed between two states of a visit that this transaction has locked."""
    for old, new in zip(before.watches, after.watches, strict=True):
        if old != new:
            place = {"of_visit": after.id, "of_worker": new.worker_id}
            await tx.write(sql.SAVE_WATCH, [{**place, **_watch_values(new)}])
    if (before.status, before.outcome) != (after.status, after.outcome):
        await tx.write(sql.SAVE, [{"this": after.id, "status": after.status, "outcome": after.outcome}])


async def set_outcome(tx: Tx, visit_id: UUID, outcome: Outcome) -> None:
    """Keep what came of the visit."""
    await tx.conn.execute(
        update(visit).where(visit.c.id == visit_id).values(outcome=outcome, version=visit.c.version + 1)
    )


async def to_locate(tx: Tx, limit: int) -> list[tuple[UUID, dict[str, Any]]]:
    """Visits with half an address, and that half: the latest first, since they are the next to be gone to."""
    query = select(visit.c.id, visit.c.address).where(visit.c.to_locate).order_by(visit.c.id.desc()).limit(limit)
    return [(row.id, row.address) for row in await tx.conn.execute(query)]


async def locate(tx: Tx, visit_id: UUID, address: dict[str, Any]) -> None:
    """Keep the address as far as the geocoder could complete it; it is not asked again."""
    await tx.conn.execute(update(visit).where(visit.c.id == visit_id).values(address=address, to_locate=False))


async def put_off(tx: Tx, visit_id: UUID, worker_id: UUID, until: datetime) -> None:
    """Look at a watch again later: it could not be worked on, and an alert says so."""
    place = and_(watch.c.visit_id == visit_id, watch.c.worker_id == worker_id)
    await tx.conn.execute(update(watch).where(place).values(next_at=until))


async def insert_decision(tx: Tx, visit_id: UUID, made: Decision, visit_version: int) -> None:
    """Keep a decision; it is never changed."""
    values = {"id": new_id(), "visit_id": visit_id, "visit_version": visit_version, **asdict(made)}
    await tx.conn.execute(insert(decision).values(**values))


async def _with_parts(tx: Tx, rows: Collection[Any]) -> list[VisitRow]:
    ids = [each.id for each in rows]
    # After the lock, and apart from it: what was joined to a locked row would be as it was before the wait for it.
    return _put_together(rows, await tx.all(sql.PARTS, ids=ids)) if ids else []


def _put_together(rows: Collection[Any], parts: Iterable[Any]) -> list[VisitRow]:
    ids = [each.id for each in rows]
    watches: dict[UUID, list[Watch]] = {each: [] for each in ids}
    latest: dict[UUID, Decision] = {}
    #: A decision on the plan as it was before it was changed does not stand.
    stands = {each.id: each.changed_version or 0 for each in rows}
    for row in parts:
        watches[row.visit_id].append(_watch(row))
        if row.kind is not None and row.visit_version >= stands[row.visit_id]:
            latest[row.visit_id] = Decision(
                kind=Decided(row.kind), reason=row.reason, by=row.by, at=row.at, plan_number=row.plan_number or 0
            )
    return [_visit_row(each, tuple(watches[each.id]), latest.get(each.id)) for each in rows]


def _visit_row(row: Any, watches: tuple[Watch, ...], made: Decision | None) -> VisitRow:
    plan = Visit(
        id=row.id,
        status=Status(row.status),
        risk=Risk(row.risk),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        watches=watches,
        travel=row.travel,
        speaker_id=row.speaker_id,
        outcome=None if row.outcome is None else Outcome(row.outcome),
    )
    return VisitRow(
        visit=plan,
        agency_id=row.agency_id,
        team_id=row.team_id,
        family_id=row.family_id,
        family_ref=row.ref,
        purpose=row.purpose,
        address=row.address or _NO_ADDRESS,
        because=row.because or [],
        answers=row.answers or {},
        created_at=row.created_at,
        created_by=row.created_by,
        version=row.version,
        decision=made,
        lacking=row.lacking or [],
        plan_number=row.plan_number or 0,
        removed=row.address is None,
        unread=getattr(row, "unread", False),
    )


_NO_ADDRESS = {"text": "", "latitude": None, "longitude": None}
#: What stands for what no key opens.
_UNREAD: dict[str, Any] = {
    "address": {**_NO_ADDRESS, "text": unopened.UNREAD},
    "because": [{"key": "unread", "level": "low", "says": unopened.UNREAD}],
}


def _watch_values(each: Watch) -> dict[str, Any]:
    return {name: getattr(each, name) for name in sql.WATCH_FIELDS}


def _watch(row: Any) -> Watch:
    values = {name: getattr(row, name) for name in sql.WATCH_FIELDS}
    values["phase"] = Phase(row.phase)
    values["stage"] = None if row.stage is None else Stage(row.stage)
    return Watch(**values)
