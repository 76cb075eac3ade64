"""The rota: shifts on posts, and cover that is offered and accepted."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, insert, select, update

from safety_service.domain import duty
from safety_service.domain.duty import Shift
from safety_service.store.batch import foreseen
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.ready import Ready
from safety_service.store.tables.people import person, rota


@foreseen
async def on_duty(tx: Tx, team_id: UUID, at: datetime) -> dict[str, frozenset[UUID]]:
    """Who holds each post of this team at this moment, cover applied; only active people."""
    return duty.on_duty([_shift(row) for row in await tx.all(_RUNNING, team_id=team_id, at=at)], at)


async def on_until(tx: Tx, person_id: UUID, at: datetime) -> datetime | None:
    """Until when this person is on duty without a break, on any post; None: not on duty at this moment."""
    rows = await tx.all(_TO_COME, person_id=person_id, at=at)
    return duty.on_until([_shift(row) for row in rows], person_id, at)


async def between(tx: Tx, team_ids: Iterable[UUID], starts_at: datetime, ends_at: datetime) -> list[Shift]:
    """Shifts of these teams that run at any time between two moments, the earliest first; only active people."""
    wanted = tuple(team_ids)
    if not wanted:
        return []
    return [_shift(row) for row in await tx.all(_BETWEEN, teams=wanted, starts_at=starts_at, ends_at=ends_at)]


async def get(tx: Tx, shift_id: UUID) -> Shift | None:
    """A shift that counts."""
    return next(iter(await _where(tx, rota.c.id == shift_id)), None)


async def offer(tx: Tx, shift_id: UUID) -> Shift | None:
    """A cover that is offered and not accepted yet."""
    return next(iter(await _where(tx, rota.c.id == shift_id, offered=True)), None)


async def add(tx: Tx, shift: Shift, *, by: UUID | None, offered: bool = False) -> None:
    """Put a shift on the rota. An offered one counts for nothing until it is accepted."""
    await tx.conn.execute(
        insert(rota).values(
            id=shift.id,
            team_id=shift.team_id,
            post=shift.post,
            person_id=shift.person_id,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
            covers_id=shift.covers_id,
            offered=offered,
            created_by=by,
            created_at=tx.now,
        )
    )


async def end(tx: Tx, shift: Shift, at: datetime) -> None:
    """The shift runs no longer than this; one that would not run at all is taken off the rota."""
    if shift.starts_at >= at:
        await remove(tx, shift.id)
    else:
        await tx.conn.execute(update(rota).where(rota.c.id == shift.id).values(ends_at=at))


async def remove(tx: Tx, shift_id: UUID) -> bool:
    """Take a shift or an offer off the rota. False: there was none."""
    return (await tx.conn.execute(delete(rota).where(rota.c.id == shift_id))).rowcount == 1


def new_shift(
    team_id: UUID, post: str, person_id: UUID, starts_at: datetime, ends_at: datetime, covers_id: UUID | None = None
) -> Shift:
    """A shift with an id of its own, not on the rota yet."""
    return Shift(
        id=new_id(),
        team_id=team_id,
        post=post,
        person_id=person_id,
        starts_at=starts_at,
        ends_at=ends_at,
        covers_id=covers_id,
    )


_COUNTING = (
    select(rota)
    .join(person, person.c.id == rota.c.person_id)
    .where(person.c.active)
    .order_by(rota.c.starts_at, rota.c.post, rota.c.id)
)
_RUNNING = Ready(
    _COUNTING.where(
        rota.c.team_id == bindparam("team_id"),
        rota.c.starts_at <= bindparam("at"),
        rota.c.ends_at > bindparam("at"),
        rota.c.offered.is_(False),
    )
)


_BETWEEN = Ready(
    _COUNTING.where(
        rota.c.team_id.in_(bindparam("teams", expanding=True)),
        rota.c.starts_at < bindparam("ends_at"),
        rota.c.ends_at > bindparam("starts_at"),
        rota.c.offered.is_(False),
    )
)
_later = rota.alias("later")
_TO_COME = Ready(
    _COUNTING.where(
        rota.c.team_id.in_(
            select(_later.c.team_id).where(
                _later.c.person_id == bindparam("person_id"), _later.c.ends_at > bindparam("at")
            )
        ),
        rota.c.ends_at > bindparam("at"),
        rota.c.offered.is_(False),
    )
)


async def _where(tx: Tx, *conditions: ColumnElement[bool], offered: bool = False) -> list[Shift]:
    query = _COUNTING.where(*conditions, rota.c.offered.is_(offered))
    return [_shift(row) for row in await tx.conn.execute(query)]


def _shift(row: Any) -> Shift:
    return Shift(
        id=row.id,
        team_id=row.team_id,
        post=row.post,
        person_id=row.person_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        covers_id=row.covers_id,
    )
