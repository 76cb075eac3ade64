"""Alerts for a list: what a line says of each, without who was told, and only what the reader may know of."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select, tuple_

from safety_service.domain.words import Found, Kind, Phase, State
from safety_service.store.database import Tx
from safety_service.store.exclusions import KeptOff
from safety_service.store.tables.alerts import alert, told
from safety_service.store.tables.visits import family, visit, watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whose list it is, and what they want of it; None or empty means any."""

    agency_id: UUID
    reader_id: UUID
    #: Of these teams, and those of which they were told.
    teams: Collection[UUID]
    kept_off: KeptOff
    open: bool
    kinds: Collection[Kind] = ()
    found: Collection[Found] = ()
    team_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, UUID] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """One alert in a list."""

    id: UUID
    number: int
    kind: Kind
    state: State
    worker_id: UUID | None
    owner_id: UUID | None
    team_id: UUID | None
    family_ref: str | None
    opened_at: datetime
    taken_at: datetime | None
    resolved_at: datetime | None
    found: Found | None


#: Without the note of whoever closed it: it is sealed, and no line says it.
_COLUMNS = tuple(alert.c[name] for name in AlertLine.__dataclass_fields__ if name != "family_ref")


async def listed(tx: Tx, wanted: Wanted, limit: int) -> list[AlertLine]:
    """As wanted, newest first."""
    query = (
        select(*_COLUMNS, family.c.ref.label("family_ref"))
        .join_from(alert, visit, visit.c.id == alert.c.visit_id, isouter=True)
        .join(family, family.c.id == visit.c.family_id, isouter=True)
        .where(*_asked(wanted), *_theirs(wanted))
        .order_by(alert.c.opened_at.desc(), alert.c.id.desc())
        .limit(limit)
    )
    return [
        AlertLine(
            id=row.id,
            number=row.number,
            kind=Kind(row.kind),
            state=State(row.state),
            worker_id=row.worker_id,
            owner_id=row.owner_id,
            team_id=row.team_id,
            family_ref=row.family_ref,
            opened_at=row.opened_at,
            taken_at=row.taken_at,
            resolved_at=row.resolved_at,
            found=None if row.found is None or row.state != State.RESOLVED else Found(row.found),
        )
        for row in await tx.conn.execute(query)
    ]


def _asked(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    # An open alert has its key, and there are few of them: the index of the keys finds them.
    yield alert.c.open_key.is_not(None) if wanted.open else alert.c.open_key.is_(None)
    if wanted.kinds:
        yield alert.c.kind.in_(wanted.kinds)
    if wanted.found:
        yield alert.c.found.in_(wanted.found)
    if wanted.team_id is not None:
        yield alert.c.team_id == wanted.team_id
    if wanted.since is not None:
        yield alert.c.opened_at >= wanted.since
    if wanted.until is not None:
        yield alert.c.opened_at < wanted.until
    if wanted.before is not None:
        yield tuple_(alert.c.opened_at, alert.c.id) < tuple_(*wanted.before)


def _theirs(wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    """Never their own; nothing that they are kept off; no open duress of somebody beside them on a visit (P5).

    Nor anything else that is open there while they are watched on it: duress takes in misses, and a miss that is shown
    on every other day would tell by not being there.
    """
    me = wanted.reader_id
    was_told = exists().where(told.c.alert_id == alert.c.id, told.c.person_id == me)
    yield alert.c.agency_id == wanted.agency_id
    yield or_(alert.c.team_id.in_(wanted.teams), was_told) if wanted.teams else was_told
    yield or_(alert.c.worker_id.is_(None), alert.c.worker_id != me)
    beside = exists().where(watch.c.visit_id == alert.c.visit_id, watch.c.worker_id == me)
    yield ~and_(alert.c.kind == Kind.DURESS, alert.c.open_key.is_not(None), beside)
    yield ~and_(alert.c.open_key.is_not(None), beside.where(watch.c.phase != Phase.DONE))
    if wanted.kept_off.families:
        yield or_(visit.c.family_id.is_(None), visit.c.family_id.not_in(wanted.kept_off.families))
    if wanted.kept_off.workers:
        off = wanted.kept_off.workers
        yield or_(alert.c.worker_id.is_(None), alert.c.worker_id.not_in(off))
        yield ~exists().where(watch.c.visit_id == alert.c.visit_id, watch.c.worker_id.in_(off))
