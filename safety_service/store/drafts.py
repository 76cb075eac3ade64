"""Half-filled forms: rows, so that nothing typed is lost (P9). One of each form for a person and a subject.

One that no key opens is as none: whoever was filling it in is heard, and may begin it again.
"""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, insert, select, update

from safety_service.store import unopened
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.tables.chat import draft

#: The subject of a form that is about nothing in particular.
NOTHING = UUID(int=0)
#: Forms whose name begins so are filled in on pages: nothing that is typed in a chat answers them.
ON_PAGES = "page_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A half-filled form. `seq` grows with each question, so that an older button cannot answer a newer one."""

    id: UUID
    person_id: UUID
    form: str
    subject_id: UUID
    answers: dict[str, Any]
    step: str
    seq: int


async def begin(tx: Tx, person_id: UUID, form: str, subject_id: UUID, answers: dict[str, Any]) -> Draft:
    """Begin this form; one that was begun before starts again, its older buttons dead."""
    fresh = Draft(id=new_id(), person_id=person_id, form=form, subject_id=subject_id, answers=answers, step="", seq=0)
    same = (draft.c.person_id == person_id, draft.c.form == form, draft.c.subject_id == subject_id)
    before = (await tx.conn.execute(select(draft.c.id, draft.c.seq).where(*same))).first()
    if before is not None:
        return await save(tx, replace(fresh, id=before.id, seq=before.seq))
    values = {name: getattr(fresh, name) for name in Draft.__dataclass_fields__}
    await tx.conn.execute(insert(draft).values(**values, created_at=tx.now, updated_at=tx.now))
    return fresh


async def load(tx: Tx, draft_id: UUID) -> Draft | None:
    """The draft with this id."""
    return await _one(tx, draft.c.id == draft_id)


async def of(tx: Tx, person_id: UUID, form: str, subject_id: UUID) -> Draft | None:
    """This person's draft of this form about this subject."""
    return await _one(tx, draft.c.person_id == person_id, draft.c.form == form, draft.c.subject_id == subject_id)


async def latest(tx: Tx, person_id: UUID) -> Draft | None:
    """The draft that this person worked on last in a chat: what they type there belongs to it."""
    query = select(draft).where(draft.c.person_id == person_id, draft.c.form.not_like(f"{ON_PAGES}%"))
    return await _first(tx, query.order_by(draft.c.updated_at.desc(), draft.c.id.desc()).limit(1))


async def save(tx: Tx, changed: Draft) -> Draft:
    """Keep what was answered and what is asked now."""
    values = {"answers": changed.answers, "step": changed.step, "seq": changed.seq, "updated_at": tx.now}
    await tx.conn.execute(update(draft).where(draft.c.id == changed.id).values(**values))
    return changed


async def end(tx: Tx, draft_id: UUID) -> None:
    """The form is whole, or nobody wants it any more."""
    await tx.conn.execute(delete(draft).where(draft.c.id == draft_id))


async def _one(tx: Tx, *conditions: ColumnElement[bool]) -> Draft | None:
    return await _first(tx, select(draft).where(*conditions))


async def _first(tx: Tx, query: Select[Any]) -> Draft | None:
    row = next(iter(await unopened.rows(tx, query)), None)
    return None if row is None or getattr(row, "unread", False) else _draft(row)


def _draft(row: Any) -> Draft:
    return Draft(**{name: getattr(row, name) for name in Draft.__dataclass_fields__})
