"""Half-filled forms: rows, so that nothing typed is lost (P9). One of each form for a person and a subject."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, insert, select, update

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
    before = await of(tx, person_id, form, subject_id)
    if before is not None:
        return await save(tx, replace(before, answers=answers, step=""))
    fresh = Draft(id=new_id(), person_id=person_id, form=form, subject_id=subject_id, answers=answers, step="", seq=0)
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
    row = (await tx.conn.execute(query.order_by(draft.c.updated_at.desc(), draft.c.id.desc()).limit(1))).first()
    return None if row is None else _draft(row)


async def save(tx: Tx, changed: Draft) -> Draft:
    """Keep what was answered and what is asked now."""
    values = {"answers": changed.answers, "step": changed.step, "seq": changed.seq, "updated_at": tx.now}
    await tx.conn.execute(update(draft).where(draft.c.id == changed.id).values(**values))
    return changed


async def end(tx: Tx, draft_id: UUID) -> None:
    """The form is whole, or nobody wants it any more."""
    await tx.conn.execute(delete(draft).where(draft.c.id == draft_id))


async def _one(tx: Tx, *conditions: ColumnElement[bool]) -> Draft | None:
    row = (await tx.conn.execute(select(draft).where(*conditions))).first()
    return None if row is None else _draft(row)


def _draft(row: Any) -> Draft:
    return Draft(**{name: getattr(row, name) for name in Draft.__dataclass_fields__})
