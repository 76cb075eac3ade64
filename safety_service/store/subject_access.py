"""All that is kept about a family, section by section. Columns are named: part E, and who did what, are in none.

Nor is how staff are watched: alerts, and what the system saw by itself, would tell how they call for help.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, select

from safety_service.store.database import Tx
from safety_service.store.tables.around import meeting, partner, share
from safety_service.store.tables.learning import debrief, debrief_addendum, debrief_comment, item
from safety_service.store.tables.people import person
from safety_service.store.tables.plans import (
    contact_summary,
    course,
    measure,
    measure_decision,
    plan_version,
    undertaking,
    undertaking_note,
)
from safety_service.store.tables.visits import decision, family, kept_file, risk_fact, visit

Section = list[dict[str, Any]]
Columns = Sequence[Column[Any]]


async def everything(tx: Tx, family_id: UUID) -> dict[str, Section]:
    """Every section, its rows in order. Times and days are text, ready to be written."""
    visits = select(visit.c.id).where(visit.c.family_id == family_id)
    debriefs = select(debrief.c.id).where(debrief.c.family_id == family_id)
    measures = select(measure.c.id).where(measure.c.family_id == family_id)
    undertakings = select(undertaking.c.id).where(undertaking.c.family_id == family_id)
    asked: dict[str, tuple[str, ColumnElement[bool]]] = {
        "family": ("ref name created_at record", family.c.id == family_id),
        "risk facts": (
            "kind on source says told told_why their_view review_on ended_on ended_why",
            risk_fact.c.family_id == family_id,
        ),
        "visits": ("starts_at ends_at status outcome purpose address risk because", visit.c.family_id == family_id),
        "decisions on visits": ("at kind reason", decision.c.visit_id.in_(visits)),
        "debriefs": ("asked_at submitted_at answers severity review_note", debrief.c.family_id == family_id),
        "added to debriefs": ("at text", debrief_addendum.c.debrief_id.in_(debriefs)),
        "comments on debriefs": ("at text", debrief_comment.c.debrief_id.in_(debriefs)),
        "voice notes and photos": ("said_at kind seconds gone", kept_file.c.visit_id.in_(visits)),
        "measures": ("says state from_on until_on because who", measure.c.family_id == family_id),
        "decisions on measures": ("at kind reason changes", measure_decision.c.measure_id.in_(measures)),
        "versions of the plan": ("number made_at cause why", plan_version.c.family_id == family_id),
        "how the work goes on": ("at kind reason until_on", course.c.family_id == family_id),
        "undertakings": ("made_at body state review_on", undertaking.c.family_id == family_id),
        "notes on undertakings": ("at state note", undertaking_note.c.undertaking_id.in_(undertakings)),
        "summaries of contacts": ("at body given", contact_summary.c.family_id == family_id),
        "other agencies": ("organisation meets visits withheld stance", partner.c.family_id == family_id),
        "shared with other agencies": (
            "proposed_at state body basis basis_note decided_at reason",
            share.c.family_id == family_id,
        ),
        "meetings": ("called_at meets_at kind state body review_on", meeting.c.family_id == family_id),
        "open and closed items": (
            "opened_at kind body due_on closed_at closed_note",
            (item.c.family_id == family_id) & (item.c.kind != "supervision"),
        ),
    }
    return {name: await _rows(tx, name, columns, where) for name, (columns, where) in asked.items()}


async def names(tx: Tx, agency_id: UUID, family_id: UUID) -> tuple[list[str], list[str]]:
    """Names, addresses and numbers of staff; and of people at other agencies."""
    query = select(person.c.name, person.c.email, person.c.phone).where(person.c.agency_id == agency_id)
    staff = [each for row in await tx.conn.execute(query) for each in row if each]
    contacts = select(partner.c.contact).where(partner.c.family_id == family_id)
    others = [
        str(each.get(name))
        for each in (await tx.conn.execute(contacts)).scalars()
        for name in ("name", "email", "phone")
        if each.get(name)
    ]
    return staff, others


_TABLES = {
    "family": family,
    "risk facts": risk_fact,
    "visits": visit,
    "decisions on visits": decision,
    "debriefs": debrief,
    "added to debriefs": debrief_addendum,
    "comments on debriefs": debrief_comment,
    "voice notes and photos": kept_file,
    "measures": measure,
    "decisions on measures": measure_decision,
    "versions of the plan": plan_version,
    "how the work goes on": course,
    "undertakings": undertaking,
    "notes on undertakings": undertaking_note,
    "summaries of contacts": contact_summary,
    "other agencies": partner,
    "shared with other agencies": share,
    "meetings": meeting,
    "open and closed items": item,
}


async def _rows(tx: Tx, section: str, columns: str, where: ColumnElement[bool]) -> Section:
    table = _TABLES[section]
    chosen: Columns = [table.c[name] for name in columns.split()]
    rows = await tx.conn.execute(select(*chosen).where(where).order_by(table.c.id))
    return [{name: _plain(value) for name, value in row._mapping.items()} for row in rows]


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | date) else value
