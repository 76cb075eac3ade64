"""One-time codes of 128 bits. Only a digest is kept; a code works once, for 24 hours."""

import base64
import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, insert, select, update

from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.tables.people import code, person

Purpose = Literal["link", "sign_in"]

LIFE = timedelta(hours=24)
#: What is sent to a channel to prove it: short enough to be typed from a call, for a quarter of an hour.
PROOF_DIGITS = 8
PROOF_LIFE = timedelta(minutes=15)
#: What shows again who sits at a page: as short, for a little less.
AGAIN_LIFE = timedelta(minutes=10)
#: What is sent to whoever asks for it at the door: nobody waits for it longer.
EMAIL_LIFE = timedelta(hours=1)
_BYTES = 16


#: Which codes do what: an invitation signs in as well, and so does what was asked for at the door.
GOOD_FOR: dict[Purpose, tuple[str, ...]] = {"link": ("link",), "sign_in": ("link", "sign_in", "email")}


async def issue(tx: Tx, purpose: Purpose, person_id: UUID, by: UUID | None) -> str:
    """A fresh code for this person; an older one for the same purpose stops working."""
    await _end_unused(tx, person_id, purpose)
    fresh = _long()
    await _put(tx, purpose, _digest(fresh), person_id, LIFE, by=by)
    return fresh


async def use(tx: Tx, purpose: Purpose, given: str) -> UUID:
    """Use up a code and say whose it is. An invitation (`link`) signs in as well, and so does what went by e-mail.

    Raises Refused: `code_unknown`, `code_used`, `code_expired`.
    """
    this = (code.c.digest == _digest(given)) & code.c.purpose.in_(GOOD_FOR[purpose])
    active = select(person.c.id).where(person.c.id == code.c.person_id, person.c.active).exists()
    still = (code.c.used_at.is_(None)) & (code.c.expires_at > tx.now) & active
    # One statement tries and takes: of two who use it at the same moment, one gets it.
    taken = update(code).where(this, still).values(used_at=tx.now).returning(code.c.person_id)
    person_id: UUID | None = (await tx.conn.execute(taken)).scalar_one_or_none()
    if person_id is not None:
        return person_id
    row = (await tx.conn.execute(select(code.c.used_at, code.c.expires_at).where(this))).first()
    if row is None:
        raise Refused("code_unknown")
    if row.used_at is not None:
        raise Refused("code_used")
    raise Refused("code_expired" if row.expires_at <= tx.now else "code_unknown")


async def is_good(tx: Tx, purpose: Purpose, given: str) -> bool:
    """Whether this code would work now. Writes nothing."""
    this = (code.c.digest == _digest(given)) & code.c.purpose.in_(GOOD_FOR[purpose])
    query = select(code.c.id).where(this, code.c.used_at.is_(None), code.c.expires_at > tx.now)
    return (await tx.conn.execute(query)).first() is not None


async def issue_email(tx: Tx, person_id: UUID) -> str:
    """A code that signs in, asked for by nobody knows whom: those that were sent before go on working."""
    fresh = _long()
    await _put(tx, "email", _digest(fresh), person_id, EMAIL_LIFE, by=None)
    return fresh


async def unused_emails(tx: Tx, person_id: UUID) -> int:
    """How many of those lie in the person's mail and work."""
    still = (code.c.purpose == "email") & code.c.used_at.is_(None) & (code.c.expires_at > tx.now)
    query = select(func.count()).select_from(code).where(code.c.person_id == person_id, still)
    return int((await tx.conn.execute(query)).scalar_one())


async def issue_proof(tx: Tx, person_id: UUID, channel_id: UUID, *, others_stay: bool = False) -> str:
    """Digits that are sent to this channel, to be typed by its owner. Older ones of theirs stop working.

    `others_stay`: they do not, for several channels are tried at once.
    """
    if not others_stay:
        await _end_unused(tx, person_id, "prove")
    digits = _digits()
    await _put(tx, "prove", _proof(tx, channel_id, digits), person_id, PROOF_LIFE, by=person_id)
    return digits


async def use_proof(tx: Tx, person_id: UUID, channel_id: UUID, given: str) -> bool:
    """Use up the digits that were sent to this channel; whether they were right, and in time."""
    digits = "".join(each for each in given if each.isdigit())
    this = (code.c.digest == _proof(tx, channel_id, digits)) & (code.c.purpose == "prove")
    still = (code.c.person_id == person_id) & code.c.used_at.is_(None) & (code.c.expires_at > tx.now)
    return bool((await tx.conn.execute(update(code).where(this, still).values(used_at=tx.now))).rowcount)


async def issue_again(tx: Tx, person_id: UUID, session_id: UUID) -> str:
    """Digits with which this session shows that the person sits there. Older ones of it go on working."""
    digits = _digits()
    await _put(tx, "again", _again(tx, session_id, digits), person_id, AGAIN_LIFE, by=person_id)
    return digits


async def use_again(tx: Tx, person_id: UUID, session_id: UUID, given: str) -> bool:
    """Use up such digits; whether they were right, for this session, and in time."""
    digits = "".join(each for each in given if each.isdigit())
    this = (code.c.digest == _again(tx, session_id, digits)) & (code.c.purpose == "again")
    still = (code.c.person_id == person_id) & code.c.used_at.is_(None) & (code.c.expires_at > tx.now)
    return bool((await tx.conn.execute(update(code).where(this, still).values(used_at=tx.now))).rowcount)


async def proofs_since(tx: Tx, person_id: UUID, since: datetime) -> int:
    """How many of those were sent to this person since then."""
    query = select(func.count()).select_from(code).where(code.c.person_id == person_id, code.c.purpose == "prove")
    return int((await tx.conn.execute(query.where(code.c.created_at > since))).scalar_one())


def _long() -> str:
    # Base 32: it can be read out and typed on a phone, and Telegram takes it in a link.
    return base64.b32encode(secrets.token_bytes(_BYTES)).decode().rstrip("=").lower()


def _digits() -> str:
    return f"{secrets.randbelow(10**PROOF_DIGITS):0{PROOF_DIGITS}}"


def _proof(tx: Tx, channel_id: UUID, digits: str) -> str:
    """Few digits: their digest needs a key, and holds for this channel alone."""
    return tx.blind(f"prove:{channel_id}:{digits}")


def _again(tx: Tx, session_id: UUID, digits: str) -> str:
    return tx.blind(f"again:{session_id}:{digits}")


async def _put(tx: Tx, purpose: str, digest: str, person_id: UUID, life: timedelta, *, by: UUID | None) -> None:
    values = {"purpose": purpose, "digest": digest, "person_id": person_id, "created_by": by}
    await tx.conn.execute(insert(code).values(id=new_id(), created_at=tx.now, expires_at=tx.now + life, **values))


async def _end_unused(tx: Tx, person_id: UUID, purpose: str) -> None:
    unused = (code.c.person_id == person_id) & (code.c.purpose == purpose) & code.c.used_at.is_(None)
    await tx.conn.execute(update(code).where(unused, code.c.expires_at > tx.now).values(expires_at=tx.now))


async def end_all(tx: Tx, person_id: UUID) -> None:
    """No code of this person works any more."""
    unused = (code.c.person_id == person_id) & code.c.used_at.is_(None) & (code.c.expires_at > tx.now)
    await tx.conn.execute(update(code).where(unused).values(expires_at=tx.now))


def _digest(given: str) -> str:
    return hashlib.sha256(given.strip().lower().encode()).hexdigest()
