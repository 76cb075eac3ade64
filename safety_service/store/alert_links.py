"""Links with which one person takes one alert without signing in. Only a digest of a link's code is kept."""

import base64
import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, insert, select, update

from safety_service.domain.words import State
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.tables.alerts import alert, alert_link

#: A link lives so long after its alarm was last told.
LIFE = timedelta(hours=24)
#: Bytes of a code: 128 bits.
_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLink:
    """One person's link to one alert. `reply`: what can be sent back from their phone instead."""

    id: UUID
    alert_id: UUID
    person_id: UUID
    reply: str
    expires_at: datetime
    used_at: datetime | None


async def of_people(tx: Tx, alert_id: UUID, person_ids: Collection[UUID]) -> dict[UUID, AlertLink]:
    """Each person's link to this alert, living on from now: the one that they have, or a new one.

    One that was ended stays ended: it stands on a phone that was lost.
    """
    wanted = frozenset(person_ids)
    if not wanted:
        return {}
    these = (
        (alert_link.c.alert_id == alert_id) & alert_link.c.person_id.in_(wanted) & (alert_link.c.expires_at > tx.now)
    )
    longer = update(alert_link).where(these).values(expires_at=tx.now + LIFE)
    had = {row.person_id: _link(row) for row in await tx.conn.execute(longer.returning(*alert_link.c))}
    fresh = await _make(tx, alert_id, wanted - set(had))
    return {**had, **{each.person_id: each for each in fresh}}


async def _make(tx: Tx, alert_id: UUID, person_ids: Collection[UUID]) -> list[AlertLink]:
    if not person_ids:
        return []
    number = (await tx.conn.execute(select(alert.c.number).where(alert.c.id == alert_id))).scalar_one()
    made = [
        AlertLink(
            id=new_id(),
            alert_id=alert_id,
            person_id=each,
            reply=_reply(number),
            expires_at=tx.now + LIFE,
            used_at=None,
        )
        for each in person_ids
    ]
    rows = [
        {
            "id": each.id,
            "digest": _digest(code_of(tx, each)),
            "alert_id": alert_id,
            "person_id": each.person_id,
            "reply": each.reply,
            "created_at": tx.now,
            "expires_at": each.expires_at,
        }
        for each in made
    ]
    await tx.conn.execute(insert(alert_link), rows)
    return made


def code_of(tx: Tx, link: AlertLink) -> str:
    """The link's code. It follows from the row and the database's index key, so that a repeat carries the same one."""
    whole = bytes.fromhex(tx.blind(f"take:{link.id}"))
    return base64.b32encode(whole[:_BYTES]).decode().rstrip("=").lower()


def _reply(number: int) -> str:
    """The alert's number, which makes it one alert's alone, and four digits that nobody guesses from outside."""
    return f"{number}{secrets.randbelow(10_000):04}"


async def by_code(tx: Tx, code: str) -> AlertLink | None:
    """The living link with this code."""
    return await _one(tx, alert_link.c.digest == _digest(code))


async def by_reply(tx: Tx, person_id: UUID, reply: str) -> AlertLink | None:
    """This person's living link with this number to send back."""
    return await _one(tx, alert_link.c.person_id == person_id, alert_link.c.reply == reply)


async def only_open(tx: Tx, person_id: UUID) -> AlertLink | None:
    """This person's one living link to an alert that is not resolved; None when there is none, or several."""
    unresolved = select(alert.c.id).where(alert.c.state != State.RESOLVED)
    query = select(alert_link).where(
        alert_link.c.person_id == person_id,
        alert_link.c.expires_at > tx.now,
        alert_link.c.alert_id.in_(unresolved),
    )
    rows = (await tx.conn.execute(query.limit(2))).all()
    return _link(rows[0]) if len(rows) == 1 else None


async def use(tx: Tx, alert_id: UUID, person_id: UUID) -> None:
    """This person took the alert with their link; the first time counts."""
    theirs = (alert_link.c.alert_id == alert_id) & (alert_link.c.person_id == person_id)
    unused = theirs & alert_link.c.used_at.is_(None)
    await tx.conn.execute(update(alert_link).where(unused).values(used_at=tx.now))


async def end_all(tx: Tx, person_id: UUID) -> None:
    """No link of this person's leads anywhere any more."""
    living = (alert_link.c.person_id == person_id) & (alert_link.c.expires_at > tx.now)
    await tx.conn.execute(update(alert_link).where(living).values(expires_at=tx.now))


async def _one(tx: Tx, *where: ColumnElement[bool]) -> AlertLink | None:
    query = select(alert_link).where(*where, alert_link.c.expires_at > tx.now)
    row = (await tx.conn.execute(query.order_by(alert_link.c.id.desc()).limit(1))).first()
    return None if row is None else _link(row)


def _link(row: Any) -> AlertLink:
    return AlertLink(**{name: getattr(row, name) for name in AlertLink.__dataclass_fields__})


def _digest(code: str) -> str:
    return hashlib.sha256(code.strip().lower().encode()).hexdigest()
