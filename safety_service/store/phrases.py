"""What people agreed on for when they cannot speak freely. Sealed, and nothing of it is ever logged."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, select

from safety_service.domain.phrases import Phrases, Tap
from safety_service.store.batch import foreseen
from safety_service.store.database import Tx
from safety_service.store.ready import Ready
from safety_service.store.tables.people import phrase
from safety_service.store.upsert import insert_or


@foreseen
async def of(tx: Tx, person_id: UUID) -> Phrases | None:
    """This person's words, if they have set any."""
    found = await tx.first(_OF, person_id=person_id)
    return None if found is None else read(found)


def read(row: Any) -> Phrases:
    """Somebody's words, of their row."""
    kept = row.words
    first, second = kept["decoys"]
    return Phrases(
        own=kept["own"], duress=kept["duress"], decoys=(first, second), tap=Tap(kept["tap"]), code=kept["code"]
    )


_OF = Ready(select(phrase.c.words).where(phrase.c.person_id == bindparam("person_id")))


async def set_at(tx: Tx, person_id: UUID) -> datetime | None:
    """When they were set; None: they are not."""
    query = select(phrase.c.set_at).where(phrase.c.person_id == person_id)
    found: datetime | None = (await tx.conn.execute(query)).scalar_one_or_none()
    return found


async def put(tx: Tx, person_id: UUID, words: Phrases) -> None:
    """Keep these in the place of any before."""
    kept = {
        "own": words.own,
        "duress": words.duress,
        "decoys": list(words.decoys),
        "tap": words.tap,
        "code": words.code,
    }
    new = insert_or(tx, phrase).values(person_id=person_id, words=kept, set_at=tx.now)
    fresh = {"words": new.excluded.words, "set_at": new.excluded.set_at}
    await tx.conn.execute(new.on_conflict_do_update(index_elements=[phrase.c.person_id], set_=fresh))


async def remove(tx: Tx, person_id: UUID) -> None:
    """They have none any more."""
    await tx.conn.execute(delete(phrase).where(phrase.c.person_id == person_id))


async def without(tx: Tx, person_ids: frozenset[UUID]) -> frozenset[UUID]:
    """Who of these has set none."""
    found = await tx.conn.execute(select(phrase.c.person_id).where(phrase.c.person_id.in_(person_ids)))
    return person_ids - frozenset(found.scalars())
