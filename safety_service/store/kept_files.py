"""Voice notes and photographs, sealed whole. A row is there from the moment that it was said; its body follows."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, bindparam, exists, insert, or_, select, update

from safety_service.store import unopened
from safety_service.store.batch import foreseen
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.ready import Ready
from safety_service.store.tables.visits import kept_file, said

#: Nothing sealed is among them: alarms and pages of alerts ask for files, and one that no key opens stops neither.
_KNOWN = [each for each in kept_file.c if each.name not in ("body", "provider_id", "source")]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """What is known of a file without opening it. `size` in bytes, `seconds` of sound."""

    id: UUID
    agency_id: UUID
    person_id: UUID
    visit_id: UUID | None
    debrief_id: UUID | None
    kind: str
    media_type: str
    size: int
    seconds: int | None
    next_at: datetime | None
    attempts: int
    said_at: datetime
    kept_at: datetime
    #: Why there is nothing to open: `not_had`, `retention`.
    gone: str | None
    #: Where its channel has it: known to whoever keeps or fetches it.
    source: str | None = None


async def add(tx: Tx, made: KeptFile, provider_id: str, body: bytes | None = None) -> bool:
    """Keep that it was said, with its body where that came along; False: this word was kept before."""
    known = select(kept_file.c.id).where(kept_file.c.provider_id == provider_id)
    if (await tx.conn.execute(known)).first():
        return False
    row = {each.name: getattr(made, each.name) for each in _KNOWN}
    await tx.conn.execute(insert(kept_file).values(**row, source=made.source, provider_id=provider_id, body=body))
    return True


def new(**known: Any) -> KeptFile:
    """A file that was not there before."""
    return KeptFile(id=new_id(), **known)


async def claim(tx: Tx, until: datetime, limit: int) -> list[KeptFile]:
    """Files that are to be fetched now, the longest waiting first; nobody else is given them before `until`.

    One without a `source`: no key opens where it is.
    """
    due = select(kept_file.c.id).where(kept_file.c.next_at.is_not(None), kept_file.c.next_at <= tx.now)
    due = due.order_by(kept_file.c.next_at).limit(limit).with_for_update(skip_locked=True)
    ids = (await tx.conn.execute(due)).scalars().all()
    if not ids:
        return []
    tried = {"next_at": until, "attempts": kept_file.c.attempts + 1}
    await tx.conn.execute(update(kept_file).where(kept_file.c.id.in_(ids)).values(tried))
    places = select(kept_file.c.id, kept_file.c.source).where(kept_file.c.id.in_(ids))
    sources = {row.id: row.source for row in await unopened.rows(tx, places, source=None)}
    return [replace(each, source=sources[each.id]) for each in await _where(tx, kept_file.c.id.in_(ids))]


async def put_body(tx: Tx, file_id: UUID, body: bytes) -> None:
    """It was fetched."""
    await _change(tx, file_id, body=body, size=len(body), next_at=None)


async def try_again(tx: Tx, file_id: UUID, at: datetime) -> None:
    """It could not be fetched now."""
    await _change(tx, file_id, next_at=at)


async def give_up(tx: Tx, file_id: UUID, why: str) -> None:
    """There is nothing to be had."""
    await _change(tx, file_id, next_at=None, gone=why)


async def _change(tx: Tx, file_id: UUID, **values: Any) -> None:
    """Only of one that is still awaited: whoever comes second changes nothing."""
    awaited = kept_file.c.next_at.is_not(None)
    await tx.conn.execute(update(kept_file).where(kept_file.c.id == file_id, awaited).values(values))


async def load(tx: Tx, file_id: UUID) -> KeptFile | None:
    """What is known of it."""
    return next(iter(await _where(tx, kept_file.c.id == file_id)), None)


async def body_of(tx: Tx, file_id: UUID) -> bytes | None:
    """The file itself; None: it is not there yet, or no more."""
    return (await tx.conn.execute(select(kept_file.c.body).where(kept_file.c.id == file_id))).scalar_one_or_none()


async def of_debrief(tx: Tx, debrief_id: UUID) -> list[KeptFile]:
    """Those that tell of a visit afterwards, in the order in which they were said."""
    return await _where(tx, kept_file.c.debrief_id == debrief_id)


async def of_visit(tx: Tx, visit_id: UUID) -> list[KeptFile]:
    """Those that were said during a visit, in that order; none of a debrief."""
    return await _where(tx, kept_file.c.visit_id == visit_id, kept_file.c.debrief_id.is_(None))


async def around(
    tx: Tx, person_id: UUID, since: datetime, opened_at: datetime, until: datetime | None
) -> list[KeptFile]:
    """Those that this person sent between these times: before `opened_at`, none of a visit that was begun by then."""
    # Whoever begins: one may speak for all who go, and then only their own word is kept.
    begun = exists().where(
        said.c.visit_id == kept_file.c.visit_id,
        said.c.kind == "begin",
        said.c.said_at <= kept_file.c.said_at,
    )
    outside = or_(kept_file.c.said_at >= opened_at, kept_file.c.visit_id.is_(None), ~begun)
    theirs = [kept_file.c.person_id == person_id, kept_file.c.debrief_id.is_(None), kept_file.c.said_at >= since]
    ended = [] if until is None else [kept_file.c.said_at <= until]
    return await _where(tx, *theirs, *ended, outside)


@foreseen
async def last_from(tx: Tx, visit_id: UUID, person_id: UUID) -> datetime | None:
    """When this person last sent something during a visit that can be opened, or will be."""
    last: datetime | None = await tx.scalar(_LAST_FROM, visit=visit_id, person=person_id)
    return last


_LAST_FROM = Ready(
    select(kept_file.c.said_at)
    .where(
        kept_file.c.visit_id == bindparam("visit"),
        kept_file.c.person_id == bindparam("person"),
        kept_file.c.debrief_id.is_(None),
        kept_file.c.gone.is_(None),
    )
    .order_by(kept_file.c.said_at.desc())
    .limit(1)
)


async def _where(tx: Tx, *conditions: ColumnElement[bool]) -> list[KeptFile]:
    query = select(*_KNOWN).where(*conditions).order_by(kept_file.c.said_at, kept_file.c.id)
    return [_read(row) for row in await tx.conn.execute(query)]


def _read(row: Row[Any]) -> KeptFile:
    return KeptFile(**row._asdict())
