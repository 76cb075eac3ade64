"""People who left, ways to reach people that have ended, and what stands between a worker and their supervisor."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ColumnElement, delete, exists, or_, select, update

from safety_service.store.database import Tx
from safety_service.store.retention.kept import free_family, held_people, held_visits
from safety_service.store.retention.rule import Query, Rule, always, filled, nothing, sealed_of
from safety_service.store.tables.around import supervision
from safety_service.store.tables.learning import item
from safety_service.store.tables.people import (
    channel,
    exclusion,
    identity,
    leave,
    person,
    phrase,
    saved_filter,
    training,
)
from safety_service.store.tables.plans import course
from safety_service.store.tables.visits import watch


def _unreached(before: datetime) -> Query:
    """Who left before this moment, and of whom a number, a card, a phrase, a filter or a channel is kept."""
    phrased = exists().where(phrase.c.person_id == person.c.id)
    looked = exists().where(saved_filter.c.person_id == person.c.id)
    elsewhere = exists().where(identity.c.person_id == person.c.id, identity.c.subject_index != "")
    reached = exists().where(channel.c.person_id == person.c.id, filled(channel.c.address))
    kept = or_(person.c.phone.is_not(None), person.c.responder.is_not(None), phrased, looked, elsewhere, reached)
    query = select(person.c.id, person.c.agency_id).where(person.c.left_at < before, ~person.c.active, kept)
    return query.order_by(person.c.left_at)


async def _empty_numbers(tx: Tx, ids: Sequence[UUID]) -> None:
    gone = {"phone": None, "phone_index": None, "responder": None}
    tx.remembered.clear()
    await tx.conn.execute(update(person).where(person.c.id.in_(ids)).values(**gone))
    for table in (phrase, training, saved_filter, leave):
        await tx.conn.execute(delete(table).where(table.c.person_id.in_(ids)))
    ended = {"state": "ended", "address": nothing(), "address_index": ""}
    await tx.conn.execute(update(channel).where(channel.c.person_id.in_(ids)).values(**ended))
    unknown = {"state": "ended", "subject_index": ""}
    await tx.conn.execute(update(identity).where(identity.c.person_id.in_(ids)).values(**unknown))


def _left(before: datetime) -> Query:
    """Who left before this moment; not who had to do with a family that is held."""
    query = select(person.c.id, person.c.agency_id).where(person.c.left_at < before, ~person.c.active)
    return query.where(filled(person.c.name), person.c.id.not_in(held_people())).order_by(person.c.left_at)


async def _forget(tx: Tx, ids: Sequence[UUID]) -> None:
    """Their id stays: what they did was done by somebody who left."""
    await _empty_numbers(tx, ids)
    gone = {"email": None, "email_index": None, "name": nothing()}
    tx.remembered.clear()
    await tx.conn.execute(update(person).where(person.c.id.in_(ids)).values(**gone))
    about = exclusion.c.person_id.in_(ids) | exclusion.c.worker_id.in_(ids)
    await tx.conn.execute(update(exclusion).where(about).values(reason=nothing()))


def _channels(before: datetime) -> Query:
    query = select(channel.c.id, person.c.agency_id).join(person, person.c.id == channel.c.person_id)
    query = query.where(channel.c.state == "ended", channel.c.changed_at < before, filled(channel.c.address))
    return query.order_by(channel.c.changed_at)


async def _empty_channels(tx: Tx, ids: Sequence[UUID]) -> None:
    gone = {"address": nothing(), "address_index": ""}
    await tx.conn.execute(update(channel).where(channel.c.id.in_(ids)).values(**gone))


def _exclusions(before: datetime) -> Query:
    query = select(exclusion.c.id, exclusion.c.agency_id)
    query = query.where(exclusion.c.ended_at < before, filled(exclusion.c.reason), free_family(exclusion.c.family_id))
    return query.order_by(exclusion.c.ended_at)


async def _empty_exclusions(tx: Tx, ids: Sequence[UUID]) -> None:
    await tx.conn.execute(update(exclusion).where(exclusion.c.id.in_(ids)).values(reason=nothing()))


def _never_at_held(worker: Column[UUID]) -> ColumnElement[bool]:
    """What was said of a worker's families is sealed: nothing goes of who was at one that is held."""
    there = select(watch.c.worker_id).where(watch.c.visit_id.in_(held_visits()))
    return or_(worker.is_(None), worker.not_in(there))


def _supervisions(before: datetime) -> Query:
    query = select(supervision.c.id, supervision.c.agency_id)
    query = query.where(supervision.c.at < before, _never_at_held(supervision.c.worker_id))
    return query.order_by(supervision.c.at)


async def _remove_supervisions(tx: Tx, ids: Sequence[UUID]) -> None:
    await tx.conn.execute(delete(supervision).where(supervision.c.id.in_(ids)))


def _items(before: datetime) -> Query:
    """Closed ones about no family: a wish to talk, what was agreed between worker and supervisor."""
    query = select(item.c.id, item.c.agency_id)
    query = query.where(item.c.family_id.is_(None), item.c.debrief_id.is_(None), item.c.closed_at < before)
    return query.where(_never_at_held(item.c.worker_id)).order_by(item.c.closed_at)


async def _remove_items(tx: Tx, ids: Sequence[UUID]) -> None:
    await tx.conn.execute(delete(item).where(item.c.id.in_(ids)))


def _courses(before: datetime) -> Query:
    """How a worker's own work went on; that with a family goes with its file."""
    query = select(course.c.id, course.c.agency_id)
    query = query.where(course.c.worker_id.is_not(None), course.c.until_on < before.date())
    return query.where(_never_at_held(course.c.worker_id)).order_by(course.c.until_on)


async def _remove_courses(tx: Tx, ids: Sequence[UUID]) -> None:
    await tx.conn.execute(delete(course).where(course.c.id.in_(ids)))


RULES = (
    Rule(
        name="supervisions",
        lasts="supervision",
        old=always(_supervisions),
        remove=_remove_supervisions,
        covers=sealed_of(supervision),
    ),
    Rule(name="items", lasts="supervision", old=always(_items), remove=_remove_items, covers=sealed_of(item)),
    Rule(name="courses", lasts="supervision", old=always(_courses), remove=_remove_courses, covers=sealed_of(course)),
    Rule(
        name="exclusions",
        lasts="people",
        old=always(_exclusions),
        remove=_empty_exclusions,
        covers=sealed_of(exclusion),
    ),
    Rule(name="channels", lasts="numbers", old=always(_channels), remove=_empty_channels, covers=sealed_of(channel)),
    Rule(
        name="numbers",
        lasts="numbers",
        old=always(_unreached),
        remove=_empty_numbers,
        covers=sealed_of(phrase, saved_filter) | {person.c.phone, person.c.responder},
    ),
    Rule(name="people", lasts="people", old=always(_left), remove=_forget, covers=sealed_of(person)),
)
