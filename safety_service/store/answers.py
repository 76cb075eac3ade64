"""Answers to requests that carried an Idempotency-Key: the same request again gets the same answer, no more."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select

from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.store.errors import TryAgain
from safety_service.store.ids import new_id
from safety_service.store.own_words import is_there_already
from safety_service.store.ready import Ready
from safety_service.store.tables.system import answered


@dataclass(frozen=True)
class Answer:
    """What was answered: an HTTP status, and the JSON body."""

    status: int
    body: Any


def digest(method: str, path: str, body: bytes) -> str:
    """What makes a request the same request."""
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), body))).hexdigest()


async def find(tx: Tx, person_id: UUID, key: str, request: str) -> Answer | None:
    """The answer given before, or None. Raises Refused("key_reused") when the key came with another request."""
    row = await tx.first(FIND, person_id=person_id, key=key)
    if row is None:
        return None
    if row.request != request:
        raise Refused("key_reused")
    return Answer(row.status, row.body["json"])


async def keep(tx: Tx, person_id: UUID, key: str, request: str, answer: Answer) -> None:
    """Remember the answer with what was done, in the same transaction.

    Raises TryAgain when the same request was answered at the same moment by another process: undo all, find it.
    """
    said = {"status": answer.status, "body": {"json": answer.body}, "at": tx.now}
    try:
        await tx.do(KEEP, id=new_id(), person_id=person_id, key=key, request=request, **said)
    except Exception as error:
        if not is_there_already(error):
            raise
        raise TryAgain("the same request was answered at the same moment") from None


async def forget(tx: Tx, before: datetime) -> int:
    """Forget answers older than this; returns how many."""
    return (await tx.conn.execute(delete(answered).where(answered.c.at < before))).rowcount


FIND = Ready(select(answered).where(answered.c.person_id == bindparam("person_id"), answered.c.key == bindparam("key")))
THESE = Ready(
    select(answered).where(
        answered.c.person_id.in_(bindparam("people", expanding=True)),
        answered.c.key.in_(bindparam("keys", expanding=True)),
    )
)
KEEP = Ready(insert(answered), *(each.name for each in answered.c))
