"""What workers said: where they were, what they wrote, spoke and photographed; and words as they came in."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, delete, or_, select, update

from safety_service.store.database import Tx
from safety_service.store.retention.kept import free_family, free_visit, not_in_alarm
from safety_service.store.retention.rule import Query, Rule, always, filled, nothing, sealed_of
from safety_service.store.tables.chat import inbox
from safety_service.store.tables.learning import debrief
from safety_service.store.tables.people import person
from safety_service.store.tables.visits import kept_file, said


def _of_words(column: Column[object], before: datetime) -> Query:
    query = select(said.c.id, person.c.agency_id).join(person, person.c.id == said.c.worker_id)
    loose = or_(said.c.visit_id.is_not(None), not_in_alarm(said.c.worker_id))
    query = query.where(said.c.heard_at < before, filled(column), free_visit(said.c.visit_id), loose)
    return query.order_by(said.c.heard_at)


async def empty_positions(tx: Tx, ids: Sequence[UUID]) -> None:
    """That something was said stays; where, does not."""
    await tx.conn.execute(update(said).where(said.c.id.in_(ids), filled(said.c.position)).values(position=nothing()))


async def empty_notes(tx: Tx, ids: Sequence[UUID]) -> None:
    """That something was said stays; what was written beside it does not."""
    await tx.conn.execute(update(said).where(said.c.id.in_(ids), filled(said.c.note)).values(note=nothing()))


def _files(before: datetime) -> Query:
    query = select(kept_file.c.id, kept_file.c.agency_id)
    query = query.outerjoin(debrief, debrief.c.id == kept_file.c.debrief_id)
    query = query.where(kept_file.c.said_at < before, filled(kept_file.c.body), free_visit(kept_file.c.visit_id))
    return query.where(free_family(debrief.c.family_id)).order_by(kept_file.c.said_at)


async def empty_files(tx: Tx, ids: Sequence[UUID]) -> None:
    """That there was one stays, and that retention removed it."""
    gone = {"body": None, "gone": "retention"}
    await tx.conn.execute(update(kept_file).where(kept_file.c.id.in_(ids)).values(gone))


def _heard(before: datetime) -> Query:
    query = select(inbox.c.id, person.c.agency_id).outerjoin(person, person.c.id == inbox.c.person_id)
    return query.where(inbox.c.received_at < before, inbox.c.state != "new").order_by(inbox.c.id)


async def _forget(tx: Tx, ids: Sequence[UUID]) -> None:
    await tx.conn.execute(delete(inbox).where(inbox.c.id.in_(ids)))


RULES = (
    Rule(
        name="positions",
        lasts="positions",
        old=always(lambda before: _of_words(said.c.position, before)),
        remove=empty_positions,
        covers=frozenset({said.c.position}),
    ),
    Rule(
        name="notes",
        lasts="notes",
        old=always(lambda before: _of_words(said.c.note, before)),
        remove=empty_notes,
        covers=frozenset({said.c.note}),
    ),
    Rule(
        name="files",
        lasts="files",
        old=always(_files),
        remove=empty_files,
        covers=sealed_of(kept_file),
        at_once=50,
    ),
    Rule(name="heard", lasts="heard", old=always(_heard), remove=_forget, covers=sealed_of(inbox)),
)
