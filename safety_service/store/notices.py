"""The agency's own texts: its statement on unacceptable behaviour, its code of conduct, where to get advice."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select

from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.tables.plans import notice

KINDS = ("statement", "code_of_conduct", "advice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One text as it stood from a moment on."""

    id: UUID
    agency_id: UUID
    kind: str
    title: str
    text: str
    by: UUID | None
    at: datetime


async def put(tx: Tx, agency_id: UUID, kind: str, title: str, text: str, *, by: UUID | None) -> Notice:
    """From now on this is the text; the ones before it stay readable."""
    made = Notice(id=new_id(), agency_id=agency_id, kind=kind, title=title, text=text, by=by, at=tx.now)
    await tx.conn.execute(insert(notice).values({name: getattr(made, name) for name in Notice.__dataclass_fields__}))
    return made


async def current(tx: Tx, agency_id: UUID, kind: str) -> Notice | None:
    """The text as it stands; None: the agency has put none yet."""
    query = select(notice).where(notice.c.agency_id == agency_id, notice.c.kind == kind)
    row = (await tx.conn.execute(query.order_by(notice.c.at.desc(), notice.c.id.desc()).limit(1))).first()
    return None if row is None else Notice(**row._mapping)


async def kinds_of(tx: Tx, agency_id: UUID) -> tuple[str, ...]:
    """Which texts the agency has."""
    there = set((await tx.conn.execute(select(notice.c.kind).where(notice.c.agency_id == agency_id))).scalars())
    return tuple(each for each in KINDS if each in there)
