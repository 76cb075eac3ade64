"""What sealed free text is found by: keyed buckets, each shared by many words; never a word (decision 7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import Select, select

from safety_service.store.database import Tx
from safety_service.store.tables.learning import debrief_word
from safety_service.store.upsert import insert_or

#: How many buckets there are for each agency, as a power of two.
BITS = 16


def bucket(tx: Tx, agency_id: UUID, word: str) -> int:
    """The bucket of a word: nobody can say which without the database's index key. Agencies do not share them."""
    return int(tx.blind(f"{agency_id}:{word}")[:8], 16) >> (32 - BITS)


async def add(tx: Tx, agency_id: UUID, debrief_id: UUID, words: Iterable[str]) -> None:
    """Let the debrief be found by these words, too."""
    rows = [
        {"debrief_id": debrief_id, "bucket": each, "agency_id": agency_id}
        for each in sorted({bucket(tx, agency_id, word) for word in words})
    ]
    if rows:
        new = insert_or(tx, debrief_word).on_conflict_do_nothing(index_elements=["debrief_id", "bucket"])
        await tx.conn.execute(new, rows)


def having(tx: Tx, agency_id: UUID, words: Collection[str]) -> list[Select[tuple[UUID]]]:
    """For each word the debriefs that may hold it: all of those that do, and some that do not."""
    return [
        select(debrief_word.c.debrief_id).where(
            debrief_word.c.agency_id == agency_id, debrief_word.c.bucket == bucket(tx, agency_id, word)
        )
        for word in sorted(words)
    ]
