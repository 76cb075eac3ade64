"""The information-sharing record (G10): what was proposed, decided, sent and acknowledged. Of a link only a digest."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from safety_service.store.database import Tx
from safety_service.store.due import due_rows
from safety_service.store.tables.around import share

#: 128 bits: nobody guesses a link.
_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A row. `body`: `met`, `on`, `care`, `context`, `with_context`; `step`: how far it has climbed.

    `round`: the how many-th of its debrief for this agency.
    """

    id: UUID
    agency_id: UUID
    team_id: UUID
    family_id: UUID
    debrief_id: UUID | None
    partner_id: UUID
    round: int = 1
    state: str = "proposed"
    body: dict[str, Any]
    basis: str | None = None
    basis_note: str | None = None
    proposed_at: datetime
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    digest: str | None = None
    acknowledge_by: datetime | None = None
    next_at: datetime | None
    step: int = 0
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None


def new_token() -> str:
    """A token for a one-time link. It is shown once and not kept."""
    return base64.b32encode(secrets.token_bytes(_BYTES)).decode().rstrip("=").lower()


def digest_of(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.strip().lower().encode()).hexdigest()


async def add(tx: Tx, row: Share) -> None:
    """Keep a new one."""
    await tx.conn.execute(insert(share).values(**_values(row)))


async def load(tx: Tx, share_id: UUID, *, lock: bool = False) -> Share | None:
    """The share with this id; `lock` holds it until the transaction ends."""
    query = select(share).where(share.c.id == share_id)
    return await _one(tx, query.with_for_update() if tx.locks(lock) else query)


async def by_token(tx: Tx, token: str, *, lock: bool = False) -> Share | None:
    """The share whose link this is."""
    query = select(share).where(share.c.digest == digest_of(token))
    return await _one(tx, query.with_for_update() if tx.locks(lock) else query)


async def of_family(tx: Tx, family_id: UUID) -> list[Share]:
    """The whole record of a family, the newest first."""
    query = select(share).where(share.c.family_id == family_id).order_by(share.c.id.desc())
    return [_read(row) for row in await tx.conn.execute(query)]


async def of_debrief(tx: Tx, debrief_id: UUID) -> list[Share]:
    """What a debrief has proposed, locked."""
    query = select(share).where(share.c.debrief_id == debrief_id).order_by(share.c.id).with_for_update()
    return [_read(row) for row in await tx.conn.execute(query)]


async def save(tx: Tx, row: Share) -> None:
    """Write it back."""
    await tx.conn.execute(update(share).where(share.c.id == row.id).values(**_values(row)))


async def due(tx: Tx, limit: int) -> list[Share]:
    """Those to be chased by now, locked; others' locks are stepped over."""
    return await due_rows(tx, share, limit, _read)


async def _one(tx: Tx, query: Any) -> Share | None:
    row = (await tx.conn.execute(query)).one_or_none()
    return None if row is None else _read(row)


def _read(row: Row[Any]) -> Share:
    return Share(**row._mapping)


def _values(row: Share) -> dict[str, Any]:
    return {name: getattr(row, name) for name in Share.__dataclass_fields__}
