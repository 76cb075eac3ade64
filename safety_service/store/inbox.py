"""The inbox: a word is kept here, once, before it is confirmed to the provider (P6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, bindparam, case, func, select, update

from safety_service.store import unopened
from safety_service.store.database import Tx
from safety_service.store.errors import KeysDoNotOpen
from safety_service.store.ids import new_id
from safety_service.store.ready import Ready
from safety_service.store.tables.chat import inbox
from safety_service.store.upsert import insert_for

#: An error's text is kept to this length.
ERROR_LENGTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A word as it was kept."""

    id: UUID
    channel: str
    provider_id: str
    chat_index: str
    person_id: UUID | None
    received_at: datetime
    said_at: datetime
    payload: dict[str, Any]
    state: str
    attempts: int
    #: No key opens the payload: what was said is not known, and it stands empty here.
    unread: bool = False


async def add(
    tx: Tx,
    *,
    channel: str,
    provider_id: str,
    chat: str,
    person_id: UUID | None,
    said_at: datetime,
    payload: dict[str, Any],
    urgent: bool = False,
) -> bool:
    """Keep a word. `urgent`: its chat goes before others. False: the provider said it before: it is here already."""
    added = await tx.all(
        _ADD,
        id=new_id(),
        channel=channel,
        provider_id=provider_id,
        chat_index=index_of(tx, channel, chat),
        person_id=person_id,
        received_at=tx.now,
        said_at=said_at,
        payload=payload,
        urgent=urgent,
        state="new",
    )
    if not added:
        return False
    tx.announce("inbox")
    return True


def index_of(tx: Tx, channel: str, chat: str) -> str:
    """What stands for a chat in the inbox."""
    return tx.blind(f"{channel}:{chat}")


async def chats_waiting(tx: Tx, limit: int) -> list[str]:
    """Chats with a word that has not been handled: those with an urgent one first, then the longest waiting."""
    return await tx.scalars(_WAITING, limit=limit)


async def claim(tx: Tx, chat_index: str) -> Received | None:
    """The chat's oldest unhandled word, locked; None when there is none, or another process has it just now.

    It is chosen before it is locked: stepping over a lock here would take the chat's second word before its first.
    One that no key opens is given, too: or nobody would hear what that chat says after it.
    """
    try:
        row = await tx.first(_CLAIM, chat=chat_index)
    except KeysDoNotOpen:
        row = next(iter(await unopened.rows(tx, _OLDEST, {"chat": chat_index}, payload={})), None)
    return None if row is None else _received(row)


async def handled(tx: Tx, word_id: UUID) -> None:
    """It was acted on, in this transaction."""
    await _close(tx, word_id, "handled", None)


async def failed(tx: Tx, word_id: UUID, error: str) -> None:
    """It cannot be acted on, ever."""
    await _close(tx, word_id, "failed", error[:ERROR_LENGTH])


async def tried(tx: Tx, word_id: UUID, error: str) -> int:
    """Acting on it failed once more; gives how often by now."""
    counted = update(inbox).where(inbox.c.id == word_id, inbox.c.state == "new")
    counted = counted.values(attempts=inbox.c.attempts + 1, error=error[:ERROR_LENGTH])
    return int((await tx.conn.execute(counted.returning(inbox.c.attempts))).scalar() or 0)


async def empty(tx: Tx) -> bool:
    """Whether nothing waits to be handled."""
    return (await tx.conn.execute(select(inbox.c.id).where(inbox.c.state == "new").limit(1))).first() is None


async def of_person(tx: Tx, person_id: UUID, since: datetime, *, channel: str | None = None) -> list[Received]:
    """What a person said since then, in order."""
    query = select(inbox).where(inbox.c.person_id == person_id, inbox.c.received_at >= since)
    if channel is not None:
        query = query.where(inbox.c.channel == channel)
    rows = await unopened.rows(tx, query.order_by(inbox.c.received_at, inbox.c.id), payload={})
    return [_received(row) for row in rows]


async def _close(tx: Tx, word_id: UUID, state: str, error: str | None) -> None:
    await tx.do(_CLOSE, this=word_id, state=state, handled_at=tx.now, error=error)


_FIELDS = tuple(name for name in Received.__dataclass_fields__ if name != "unread")
_NEW = inbox.c.state == "new"


def _add(dialect: str) -> Insert:
    word = insert_for(dialect, inbox)
    return word.on_conflict_do_nothing(index_elements=["channel", "provider_id"]).returning(inbox.c.id)


_ADD = Ready(
    _add,
    *("id", "channel", "provider_id", "chat_index", "person_id", "received_at", "said_at"),
    *("payload", "urgent", "state"),
)
_WAITING = Ready(
    select(inbox.c.chat_index)
    .where(_NEW)
    .group_by(inbox.c.chat_index)
    .order_by(func.max(case((inbox.c.urgent, 1), else_=0)).desc(), func.min(inbox.c.received_at))
    .limit(bindparam("limit"))
)
_first = (
    select(inbox.c.id)
    .where(inbox.c.chat_index == bindparam("chat"), _NEW)
    .order_by(inbox.c.received_at, inbox.c.id)
    .limit(1)
    .scalar_subquery()
)
_OLDEST = (
    select(*(inbox.c[name] for name in _FIELDS)).where(inbox.c.id == _first, _NEW).with_for_update(skip_locked=True)
)
_CLAIM = Ready(_OLDEST)
_CLOSE = Ready(
    update(inbox).where(inbox.c.id == bindparam("this")).values(attempts=inbox.c.attempts + 1),
    *("state", "handled_at", "error"),
)


def _received(row: Any) -> Received:
    return Received(**{name: getattr(row, name) for name in _FIELDS}, unread=getattr(row, "unread", False))
