"""Signed-in browsers and paired devices. Only a digest of the token is kept."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, bindparam, insert, select, update

from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.ready import Ready
from safety_service.store.tables.people import person, session

Kind = Literal["web", "device"]

#: Counted from the last time that it was seen: nobody is signed out in the middle of a visit.
LIFE: dict[Kind, timedelta] = {"web": timedelta(days=30), "device": timedelta(days=180)}
#: A session seen again within this time is not written again.
SEEN_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Session:
    """A browser or a device that speaks for a person. `proven_at`: when they last showed that it is them."""

    id: UUID
    person_id: UUID
    kind: Kind
    label: str
    created_at: datetime
    seen_at: datetime
    proven_at: datetime | None = None


async def start(tx: Tx, person_id: UUID, kind: Kind, label: str = "") -> str:
    """Begin a session; gives the token, which is not kept. `label`: what the person will know it by.

    Whoever just signed in has just shown that it is them.
    """
    token = secrets.token_urlsafe(32)
    await tx.conn.execute(
        insert(session).values(
            id=new_id(),
            digest=digest(token),
            kind=kind,
            person_id=person_id,
            label=label[:200],
            created_at=tx.now,
            seen_at=tx.now,
            expires_at=tx.now + LIFE[kind],
            proven_at=tx.now,
        )
    )
    return token


async def person_of(tx: Tx, token: str) -> Session | None:
    """The session that this token belongs to; None: unknown, ended, expired, or its person was deactivated."""
    row = await tx.first(OF_TOKEN, digest=digest(token), now=tx.now)
    return None if row is None else _session(row)


async def whose(tx: Tx, token: str) -> UUID | None:
    """Whose session this was, also where it works no more. For telling people apart, never for letting anybody in."""
    found: UUID | None = await tx.conn.scalar(select(session.c.person_id).where(session.c.digest == digest(token)))
    return found


async def seen(tx: Tx, one: Session) -> None:
    """It was used now, and lives on from here. Writes once an hour at most."""
    if tx.now - one.seen_at >= SEEN_EVERY:
        await tx.keep(partial(_seen, one=one))


async def _seen(tx: Tx, one: Session) -> None:
    await tx.do(SEEN, this=one.id, seen_at=tx.now, expires_at=tx.now + LIFE[one.kind])


async def prove(tx: Tx, session_id: UUID) -> None:
    """Whoever sits there has shown just now that it is them."""
    await tx.conn.execute(update(session).where(session.c.id == session_id).values(proven_at=tx.now))


async def of_person(tx: Tx, person_id: UUID) -> list[Session]:
    """The person's sessions that still work, the oldest first."""
    working = (session.c.person_id == person_id, session.c.ended_at.is_(None), session.c.expires_at > tx.now)
    return [_session(row) for row in await tx.conn.execute(select(session).where(*working).order_by(session.c.id))]


async def end(tx: Tx, session_id: UUID) -> None:
    """It works no more."""
    still = (session.c.id == session_id) & session.c.ended_at.is_(None)
    await tx.conn.execute(update(session).where(still).values(ended_at=tx.now))


async def end_all(tx: Tx, person_id: UUID) -> None:
    """No session of this person works any more."""
    still = (session.c.person_id == person_id) & session.c.ended_at.is_(None)
    await tx.conn.execute(update(session).where(still).values(ended_at=tx.now))


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


_WORKING = (
    select(session)
    .join(person, person.c.id == session.c.person_id)
    .where(session.c.ended_at.is_(None), session.c.expires_at > bindparam("now"), person.c.active)
)
OF_TOKEN = Ready(_WORKING.where(session.c.digest == bindparam("digest")))
OF_TOKENS = Ready(_WORKING.where(session.c.digest.in_(bindparam("digests", expanding=True))))
SEEN = Ready(update(session).where(session.c.id == bindparam("this")), "seen_at", "expires_at")


def _session(row: Row[Any]) -> Session:
    return Session(row.id, row.person_id, row.kind, row.label, row.created_at, row.seen_at, row.proven_at)
