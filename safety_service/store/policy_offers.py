"""Editions that loosen the policy and wait for a second administrator."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import insert, or_, select, update

from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.tables.system import policy_offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An edition that waits; `state` says what became of it. `loosens`: one line for each thing."""

    id: UUID
    text: str
    why: str
    offered_by: str
    offered_by_id: UUID | None
    offered_at: datetime
    expires_at: datetime
    after_number: int
    loosens: tuple[str, ...]
    state: str
    ended_by: str | None = None
    ended_at: datetime | None = None
    number: int | None = None


async def put(
    tx: Tx, text: str, why: str, by: str, by_id: UUID, *, after: int, loosens: tuple[str, ...], for_: timedelta
) -> Offer:
    """Keep an edition that waits from now on."""
    made = Offer(
        id=new_id(),
        text=text,
        why=why,
        offered_by=by,
        offered_by_id=by_id,
        offered_at=tx.now,
        expires_at=tx.now + for_,
        after_number=after,
        loosens=loosens,
        state="offered",
    )
    values = {name: getattr(made, name) for name in Offer.__dataclass_fields__}
    await tx.conn.execute(insert(policy_offer).values({**values, "loosens": list(loosens)}))
    return made


async def load(tx: Tx, offer_id: UUID, *, lock: bool = False) -> Offer | None:
    """One of them; `lock` holds it until the transaction ends."""
    query = select(policy_offer).where(policy_offer.c.id == offer_id)
    row = (await tx.conn.execute(query.with_for_update() if tx.locks(lock) else query)).first()
    return None if row is None else _offer(row)


async def waiting(tx: Tx) -> list[Offer]:
    """Those that wait, the oldest first."""
    query = select(policy_offer).where(policy_offer.c.state == "offered", policy_offer.c.expires_at > tx.now)
    return [_offer(row) for row in await tx.conn.execute(query.order_by(policy_offer.c.offered_at, policy_offer.c.id))]


async def end(tx: Tx, offer_id: UUID, state: str, by: str, by_id: UUID | None, number: int | None = None) -> None:
    """Somebody agreed (to what is now edition `number`), or refused."""
    ended = {"state": state, "ended_by": by, "ended_by_id": by_id, "ended_at": tx.now, "number": number}
    await tx.conn.execute(update(policy_offer).where(policy_offer.c.id == offer_id).values(ended))


async def void(tx: Tx, newest: int) -> list[Offer]:
    """End those that were made for an edition before the newest, and those whose time is over; gives them."""
    over = or_(policy_offer.c.after_number < newest, policy_offer.c.expires_at <= tx.now)
    gone = update(policy_offer).where(policy_offer.c.state == "offered", over)
    rows = await tx.conn.execute(gone.values(state="void", ended_at=tx.now).returning(*policy_offer.c))
    return [_offer(row) for row in rows]


def _offer(row: Any) -> Offer:
    values = {name: getattr(row, name) for name in Offer.__dataclass_fields__}
    return Offer(**{**values, "loosens": tuple(row.loosens)})
