"""Accounts with the agency's own sign-in service that speak for people. The subject itself is not kept."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, insert, select, update

from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.tables.people import identity, person


@dataclass(frozen=True, slots=True)
class Identity:
    """An account that speaks for a person. `state`: `waiting` (for a second person), `active`, `ended`."""

    id: UUID
    person_id: UUID
    issuer: str
    state: str
    since: datetime


async def of_subject(tx: Tx, issuer: str, subject: str) -> Identity | None:
    """The account that this subject is there, unless it has ended."""
    this = (identity.c.issuer == issuer) & (identity.c.subject_index == _index(tx, issuer, subject))
    return next(iter(await _where(tx, this, _LIVE)), None)


async def of_person(tx: Tx, person_id: UUID) -> list[Identity]:
    """Those of this person that have not ended, the oldest first."""
    return await _where(tx, identity.c.person_id == person_id, _LIVE)


async def ever(tx: Tx, person_id: UUID) -> bool:
    """Whether an account speaks for this person, or once did."""
    return bool(await _where(tx, identity.c.person_id == person_id))


async def with_email(tx: Tx, email: str) -> list[UUID]:
    """Who has this address, of any agency, and works here."""
    same = (person.c.email_index == tx.blind(email)) & person.c.active
    return list((await tx.conn.execute(select(person.c.id).where(same).order_by(person.c.id))).scalars())


async def waiting(tx: Tx, person_ids: Collection[UUID]) -> list[Identity]:
    """Those of these people that wait for a second person."""
    return await _where(tx, identity.c.person_id.in_(tuple(person_ids)), identity.c.state == "waiting")


async def get(tx: Tx, identity_id: UUID) -> Identity | None:
    """This one, whatever its state."""
    return next(iter(await _where(tx, identity.c.id == identity_id)), None)


async def add(tx: Tx, person_id: UUID, issuer: str, subject: str, state: str) -> Identity:
    """This account speaks for the person, at once or when a second one agrees."""
    made = Identity(new_id(), person_id, issuer, state, tx.now)
    values = {"id": made.id, "person_id": person_id, "issuer": issuer, "state": state, "since": tx.now}
    index = _index(tx, issuer, subject)
    await tx.conn.execute(insert(identity).values(**values, subject_index=index, changed_at=tx.now))
    return made


async def agree(tx: Tx, identity_id: UUID, by: UUID) -> bool:
    """A second person has agreed. False: it does not wait any more."""
    agreed = {"state": "active", "agreed_by": by, "agreed_at": tx.now, "changed_at": tx.now}
    waits = (identity.c.id == identity_id) & (identity.c.state == "waiting")
    return bool((await tx.conn.execute(update(identity).where(waits).values(agreed))).rowcount)


async def end(tx: Tx, identity_id: UUID) -> None:
    """It speaks for nobody any more."""
    await tx.conn.execute(update(identity).where(identity.c.id == identity_id, _LIVE).values(_ended(tx)))


async def end_all(tx: Tx, person_id: UUID) -> None:
    """None of this person's speaks for them any more."""
    await tx.conn.execute(update(identity).where(identity.c.person_id == person_id, _LIVE).values(_ended(tx)))


_LIVE = identity.c.state.in_(("waiting", "active"))


def _ended(tx: Tx) -> dict[str, Any]:
    return {"state": "ended", "changed_at": tx.now}


def _index(tx: Tx, issuer: str, subject: str) -> str:
    """A blind index takes large and small letters for the same; a subject does not: it goes in as a digest."""
    return tx.blind(hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest())


async def _where(tx: Tx, *conditions: ColumnElement[bool]) -> list[Identity]:
    rows = await tx.conn.execute(select(identity).where(*conditions).order_by(identity.c.id))
    return [_identity(row) for row in rows]


def _identity(row: Row[Any]) -> Identity:
    return Identity(row.id, row.person_id, row.issuer, row.state, row.since)
