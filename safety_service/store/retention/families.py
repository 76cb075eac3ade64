"""What is kept of families: facts that ended, openings with a reason, and in the end a family's file as one."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, delete, exists, func, not_, or_, select, update

from safety_service.store.database import Tx
from safety_service.store.retention import debriefs, visits, words
from safety_service.store.retention.kept import free_family, kept_visits
from safety_service.store.retention.rule import Query, Rule, always, filled, nothing, sealed_of
from safety_service.store.tables.alerts import alert, outbox
from safety_service.store.tables.around import hold, meeting, partner, share
from safety_service.store.tables.learning import debrief, item
from safety_service.store.tables.people import exclusion
from safety_service.store.tables.plans import (
    briefing_read,
    contact_summary,
    course,
    measure,
    measure_decision,
    plan_version,
    undertaking,
    undertaking_note,
)
from safety_service.store.tables.visits import family, family_opening, kept_file, risk_fact, said, visit

#: What stands in place of a reference. Nobody can type it: references are kept in capitals.
GONE = "removed "
_LEFT = ("proposed", "provisional", "in_force")
#: A family's own, those first that refer to others.
_CHILDREN = (
    (undertaking_note, undertaking_note.c.undertaking_id, undertaking),
    (measure_decision, measure_decision.c.measure_id, measure),
)
_OWN = (
    undertaking,
    contact_summary,
    briefing_read,
    item,
    measure,
    plan_version,
    course,
    share,
    partner,
    meeting,
    family_opening,
    risk_fact,
)


def _facts(before: datetime) -> Query:
    query = select(risk_fact.c.id, family.c.agency_id).join(family, family.c.id == risk_fact.c.family_id)
    query = query.where(risk_fact.c.ended_on < before.date(), free_family(risk_fact.c.family_id))
    return query.order_by(risk_fact.c.ended_on)


async def _remove_facts(tx: Tx, ids: Sequence[UUID]) -> None:
    await tx.conn.execute(delete(risk_fact).where(risk_fact.c.id.in_(ids)))


def _openings(before: datetime) -> Query:
    query = select(family_opening.c.id, family_opening.c.agency_id)
    query = query.where(family_opening.c.at < before, free_family(family_opening.c.family_id))
    return query.order_by(family_opening.c.at)


async def _remove_openings(tx: Tx, ids: Sequence[UUID]) -> None:
    await tx.conn.execute(delete(family_opening).where(family_opening.c.id.in_(ids)))


def _files(before: datetime) -> Query:
    """Families with whom nothing has happened since, of whom nothing is open or in force; not those that are held."""
    written = func.coalesce(family.c.changed_at, family.c.created_at)
    kept_off = exists().where(exclusion.c.family_id == family.c.id, exclusion.c.ended_at.is_(None))
    #: An exclusion must find the family again under its reference: where there is one, that alone stays.
    left = or_(~family.c.ref.startswith(GONE) & not_(kept_off), family.c.name.is_not(None), _any_of(_OWN))
    query = select(family.c.id, family.c.agency_id)
    query = query.where(written < before, free_family(family.c.id), or_(left, family.c.record.is_not(None)))
    for each in (*_in_the_way(before), *_for_other_rules()):
        query = query.where(not_(each))
    return query.order_by(family.c.created_at)


def _any_of(tables: Sequence[Table]) -> ColumnElement[bool]:
    return or_(*(exists().where(each.c.family_id == family.c.id) for each in tables))


def _in_the_way(before: datetime) -> Iterator[ColumnElement[bool]]:
    """What is open, in force, or happened later than this."""

    def there(table: Table, *either: ColumnElement[bool]) -> ColumnElement[bool]:
        return exists().where(table.c.family_id == family.c.id, or_(*either))

    day = before.date()
    alive = alert.c.visit_id == visit.c.id
    yield there(visit, visit.c.ends_at >= before, visit.c.created_at >= before, visit.c.id.in_(kept_visits()))
    yield exists().where(visit.c.family_id == family.c.id, alive, alert.c.resolved_at >= before)
    yield there(debrief, debrief.c.asked_at >= before, debrief.c.submitted_at >= before)
    in_force = risk_fact.c.ended_on.is_(None) & risk_fact.c.review_on.is_not(None)
    yield there(risk_fact, in_force, risk_fact.c.created_at >= before, risk_fact.c.ended_on >= day)
    yield there(item, item.c.closed_at.is_(None), item.c.closed_at >= before)
    yield there(measure, measure.c.state.in_(_LEFT), measure.c.proposed_at >= before)
    yield there(plan_version, plan_version.c.made_at >= before)
    yield there(course, course.c.until_on >= day)
    yield there(undertaking, undertaking.c.state == "open", undertaking.c.made_at >= before)
    yield there(share, share.c.next_at.is_not(None), share.c.proposed_at >= before, share.c.decided_at >= before)
    yield there(partner, partner.c.updated_at >= before)
    yield there(meeting, meeting.c.next_at.is_not(None), meeting.c.meets_at >= before)
    yield there(contact_summary, contact_summary.c.at >= before)
    yield there(family_opening, family_opening.c.until >= before)
    yield there(hold, hold.c.ended_at >= before)


def _for_other_rules() -> Iterator[ColumnElement[bool]]:
    """What may be much, and is kept no longer than the file: it goes first, in batches of its own."""
    mine = select(visit.c.id).where(visit.c.family_id == family.c.id)
    yield exists().where(debrief.c.family_id == family.c.id)
    yield exists().where(visit.c.family_id == family.c.id, filled(visit.c.address))
    yield exists().where(said.c.visit_id.in_(mine), or_(filled(said.c.note), filled(said.c.position)))
    yield exists().where(kept_file.c.visit_id.in_(mine), filled(kept_file.c.body))


async def _remove_files(tx: Tx, ids: Sequence[UUID]) -> None:
    """Everything of these families but that there were visits, alerts and words, for the figures."""
    ids = await _locked(tx, ids)
    theirs = select(visit.c.id).where(visit.c.family_id.in_(ids))
    mine = or_(debrief.c.family_id.in_(ids), debrief.c.visit_id.in_(theirs))
    await debriefs.remove_debriefs(tx, await _ids(tx, select(debrief.c.id).where(mine)))
    for table, column, parent in _CHILDREN:
        theirs = select(parent.c.id).where(parent.c.family_id.in_(ids))
        await tx.conn.execute(delete(table).where(column.in_(theirs)))
    for table in _OWN:
        await tx.conn.execute(delete(table).where(table.c.family_id.in_(ids)))
    await _empty_visits(tx, ids)
    await tx.conn.execute(update(hold).where(hold.c.family_id.in_(ids)).values(why=nothing()))
    ended = exclusion.c.family_id.in_(ids) & exclusion.c.ended_at.is_not(None)
    await tx.conn.execute(update(exclusion).where(ended).values(reason=nothing()))
    await _forget_names(tx, ids)


async def _locked(tx: Tx, ids: Sequence[UUID]) -> list[UUID]:
    """Whoever holds one of them in this moment comes before (`holds.add` takes the same lock)."""
    query = select(family.c.id).where(family.c.id.in_(ids)).order_by(family.c.id).with_for_update()
    locked = await _ids(tx, query)
    held_now = await _ids(tx, select(hold.c.family_id).where(hold.c.family_id.in_(ids), hold.c.ended_at.is_(None)))
    return [each for each in locked if each not in held_now]


async def _empty_visits(tx: Tx, ids: Sequence[UUID]) -> None:
    visited = await _ids(tx, select(visit.c.id).where(visit.c.family_id.in_(ids)))
    await visits.empty_visits(tx, visited)
    there = or_(filled(said.c.note), filled(said.c.position))
    heard = await _ids(tx, select(said.c.id).where(said.c.visit_id.in_(visited), there))
    await words.empty_notes(tx, heard)
    await words.empty_positions(tx, heard)
    bodies = kept_file.c.visit_id.in_(visited) & filled(kept_file.c.body)
    await words.empty_files(tx, await _ids(tx, select(kept_file.c.id).where(bodies)))
    await visits.empty_alerts(tx, await _ids(tx, select(alert.c.id).where(alert.c.visit_id.in_(visited))))
    await tx.conn.execute(delete(outbox).where(outbox.c.visit_id.in_(visited), outbox.c.alert_id.is_(None)))


async def _forget_names(tx: Tx, ids: Sequence[UUID]) -> None:
    """The row stays, for what counts visits. Of one that somebody is kept off the reference stays, too."""
    gone = {"name": None, "name_index": None, "record": None}
    await tx.conn.execute(update(family).where(family.c.id.in_(ids)).values(**gone))
    kept_off = select(exclusion.c.family_id).where(exclusion.c.family_id.in_(ids), exclusion.c.ended_at.is_(None))
    for family_id in set(ids) - set(await _ids(tx, kept_off)):
        renamed = {"ref": f"{GONE}{family_id.hex}"}
        await tx.conn.execute(update(family).where(family.c.id == family_id).values(renamed))


async def _ids(tx: Tx, query: Any) -> list[UUID]:
    return list((await tx.conn.execute(query)).scalars())


RULES = (
    Rule(name="facts", lasts="facts", old=always(_facts), remove=_remove_facts, covers=sealed_of(risk_fact)),
    Rule(
        name="openings",
        lasts="openings",
        old=always(_openings),
        remove=_remove_openings,
        covers=sealed_of(family_opening),
    ),
    Rule(
        name="family files",
        lasts="file",
        old=always(_files),
        remove=_remove_files,
        covers=sealed_of(family, visit, hold, *_OWN, undertaking_note, measure_decision),
        at_once=20,
        one_by_one=True,
    ),
)
