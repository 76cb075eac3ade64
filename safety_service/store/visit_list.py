"""Visits as a list shows them: narrowed, in order, in pages; and how many wait for a decision."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, TextClause, and_, exists, func, not_, or_, select, text, tuple_, union_all

from safety_service.domain.words import ENDED, Outcome, Phase, Risk, Status
from safety_service.store.database import Tx
from safety_service.store.exclusions import KeptOff
from safety_service.store.tables.visits import OPEN_YET, family, visit, watch

NOBODY = KeptOff(frozenset(), frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A visit in a list. Times are aware UTC."""

    id: UUID
    team_id: UUID
    ref: str
    status: Status
    risk: Risk
    outcome: Outcome | None
    starts_at: datetime
    ends_at: datetime
    workers: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedVisits:
    """Which visits to list: those of one worker, or those of these teams; None means any.

    `until` is not in it any more. What the reader is `kept_off` is left out, but for visits of their own.
    """

    agency_id: UUID
    worker_id: UUID | None = None
    teams: Collection[UUID] = ()
    statuses: Collection[Status] = ()
    since: datetime | None = None
    until: datetime | None = None
    #: The place after which the page begins.
    after: tuple[datetime, UUID] | None = None
    newest_first: bool = False
    kept_off: KeptOff = field(default=NOBODY)
    reader: UUID | None = None


async def listed(tx: Tx, wanted: WantedVisits, limit: int) -> list[Listed]:
    """A page of them, by planned start."""
    if wanted.worker_id is None and not wanted.teams:
        return []
    chosen = _chosen(wanted, limit)
    columns = (visit.c[name] for name in ("id", "team_id", "status", "risk", "outcome", "starts_at", "ends_at"))
    query = select(*columns, family.c.ref).join(family, family.c.id == visit.c.family_id).where(visit.c.id.in_(chosen))
    rows = (await tx.conn.execute(query.order_by(*_order(wanted)).limit(limit))).all()
    going = await _going(tx, [row.id for row in rows])
    return [_listed(row, going[row.id]) for row in rows]


async def waiting(tx: Tx, teams: Collection[UUID], kept_off: KeptOff, limit: int) -> list[UUID]:
    """What waits for a decision in these teams, the soonest first."""
    if not teams:
        return []
    query = select(visit.c.id).where(*_waits(teams, kept_off)).order_by(visit.c.starts_at, visit.c.id).limit(limit)
    return list((await tx.conn.execute(query)).scalars())


async def count_waiting(tx: Tx, teams: Collection[UUID], kept_off: KeptOff, without: UUID) -> int:
    """How many wait in these teams; those on which this person goes are somebody else's to decide."""
    if not teams:
        return 0
    query = select(func.count()).select_from(visit).where(*_waits(teams, kept_off), ~_goes(without))
    return int((await tx.conn.execute(query)).scalar_one())


def _waits(teams: Collection[UUID], kept_off: KeptOff) -> Iterator[ColumnElement[bool] | TextClause]:
    yield visit.c.team_id.in_(tuple(teams))
    yield text(f"visit.{OPEN_YET}")
    yield visit.c.status == Status.WAITING
    yield from _allowed(kept_off, None)


def _chosen(wanted: WantedVisits, limit: int) -> Any:
    """The ids of the page: of one worker, or each team's first ones, which come from its index in their order."""
    if wanted.worker_id is not None:
        mine = select(watch.c.visit_id).where(watch.c.worker_id == wanted.worker_id)
        return _first(wanted, visit.c.id.in_(mine), limit)
    each = [_first(wanted, visit.c.team_id == team, limit) for team in wanted.teams]
    return union_all(*each)


def _first(wanted: WantedVisits, where: ColumnElement[bool], limit: int) -> Select[Any]:
    query = select(visit.c.id).where(where, *_conditions(wanted)).order_by(*_order(wanted)).limit(limit)
    # SQLite takes no order within a union: the ordered part is a table of its own.
    return select(query.subquery().c.id)


def _conditions(wanted: WantedVisits) -> Iterator[ColumnElement[bool] | TextClause]:
    yield visit.c.agency_id == wanted.agency_id
    if wanted.statuses:
        yield visit.c.status.in_(tuple(wanted.statuses))
        if ENDED.isdisjoint(wanted.statuses):
            yield text(f"visit.{OPEN_YET}")
    if wanted.since is not None:
        yield visit.c.starts_at >= wanted.since
    if wanted.until is not None:
        yield visit.c.starts_at < wanted.until
    if wanted.after is not None:
        place, there = tuple_(visit.c.starts_at, visit.c.id), tuple_(*wanted.after)
        yield place < there if wanted.newest_first else place > there
    if wanted.worker_id is None:
        yield from _allowed(wanted.kept_off, wanted.reader)


def _allowed(kept_off: KeptOff, reader: UUID | None) -> Iterator[ColumnElement[bool]]:
    """Without what the reader is kept off; who goes there themselves knows of it."""
    barred: list[ColumnElement[bool]] = []
    if kept_off.families:
        barred.append(visit.c.family_id.in_(tuple(kept_off.families)))
    if kept_off.workers:
        barred.append(exists().where(watch.c.visit_id == visit.c.id, watch.c.worker_id.in_(tuple(kept_off.workers))))
    if barred:
        others = not_(or_(*barred))
        yield others if reader is None else or_(others, _goes(reader))


def _goes(worker_id: UUID) -> ColumnElement[bool]:
    return exists().where(and_(watch.c.visit_id == visit.c.id, watch.c.worker_id == worker_id))


def _order(wanted: WantedVisits) -> list[Any]:
    order = (visit.c.starts_at, visit.c.id)
    return [each.desc() for each in order] if wanted.newest_first else list(order)


async def _going(tx: Tx, ids: Collection[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    found: dict[UUID, list[UUID]] = defaultdict(list)
    if ids:
        query = select(watch.c.visit_id, watch.c.worker_id).where(watch.c.visit_id.in_(tuple(ids)))
        for row in await tx.conn.execute(query.order_by(watch.c.worker_id)):
            found[row.visit_id].append(row.worker_id)
    return {each: tuple(found[each]) for each in ids}


def _listed(row: Any, workers: tuple[UUID, ...]) -> Listed:
    return Listed(
        id=row.id,
        team_id=row.team_id,
        ref=row.ref,
        status=Status(row.status),
        risk=Risk(row.risk),
        outcome=None if row.outcome is None else Outcome(row.outcome),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        workers=workers,
    )


async def is_inside(tx: Tx, person_id: UUID) -> bool:
    """Whether this person is behind a door now."""
    query = select(watch.c.visit_id).where(watch.c.worker_id == person_id, watch.c.phase == Phase.INSIDE)
    return (await tx.conn.execute(query.limit(1))).first() is not None
