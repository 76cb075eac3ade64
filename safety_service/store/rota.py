"""The rota: shifts on posts, and cover that is offered and accepted."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, insert, select, update

from safety_service.domain import duty
from safety_service.domain.duty import Shift
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.tables.people import person, rota


async def on_duty(tx: Tx, team_id: UUID, at: datetime) -> dict[str, frozenset[UUID]]:
    """Who holds each post of this team at this moment, cover applied; only active people."""
    running = (rota.c.team_id == team_id, rota.c.starts_at <= at, rota.c.ends_at > at)
    return duty.on_duty(await _where(tx, *running), at)


async def on_until(tx: Tx, person_id: UUID, at: datetime) -> datetime | None:
    """Until when this person is on duty without a break, on any post; None: not on duty at this moment."""
    teams = select(rota.c.team_id).where(rota.c.person_id == person_id, rota.c.ends_at > at)
    return duty.on_until(await _where(tx, rota.c.team_id.in_(teams), rota.c.ends_at > at), person_id, at)


async def between(tx: Tx, team_ids: Iterable[UUID], starts_at: datetime, ends_at: datetime) -> list[Shift]:
    """Shifts of these teams that run at any time between two moments, the earliest first; only active people."""
    wanted = tuple(team_ids)
    return await _where(tx, rota.c.team_id.in_(wanted), rota.c.starts_at < ends_at, rota.c.ends_at > starts_at)


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


async def _where(tx: Tx, *conditions: ColumnElement[bool], offered: bool = False) -> list[Shift]:
    query = (
        select(rota)
        .join(person, person.c.id == rota.c.person_id)
        .where(*conditions, person.c.active, rota.c.offered.is_(offered))
        .order_by(rota.c.starts_at, rota.c.post, rota.c.id)
    )
    return [_shift(row) for row in await tx.conn.execute(query)]


def _shift(row: Row[Any]) -> Shift:
    return Shift(
        id=row.id,
        team_id=row.team_id,
        post=row.post,
        person_id=row.person_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        covers_id=row.covers_id,
    )
