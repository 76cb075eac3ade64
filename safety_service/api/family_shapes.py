"""What a family and all around it look like over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from safety_service.actions.briefing import Briefing
from safety_service.actions.facts import FactView
from safety_service.actions.families import Family
from safety_service.actions.partners import Around
from safety_service.api.shapes import Names, time_or_none
from safety_service.domain.family import written
from safety_service.domain.hostility import Picture
from safety_service.domain.plan import Measure
from safety_service.domain.trend import Line
from safety_service.store.items import Item
from safety_service.store.partners import Partner
from safety_service.store.summaries import Summary


def family_shape(family: Family, names: Names) -> dict[str, Any]:
    """A family: its record, who changed which part of it last, and its version."""
    return {
        "ref": family.ref,
        "name": family.row.name,
        "record": written(family.record),
        "changed": {
            part: {"by": _person(UUID(stamp["by"]), names), "at": stamp["at"]} for part, stamp in family.stamps.items()
        },
        "version": family.row.version,
    }


def people_of_family(family: Family) -> frozenset[UUID]:
    """Everyone whom a family's shape names."""
    return frozenset(UUID(stamp["by"]) for stamp in family.stamps.values())


def fact_shape(found: FactView) -> dict[str, Any]:
    """A risk fact with all that belongs to it."""
    row = found.row
    return {
        "id": str(row.id),
        "kind": row.kind,
        "on": row.on.isoformat(),
        "says": row.says,
        "source": row.source,
        "worker_id": _id(row.worker_id),
        "review_on": None if row.review_on is None else row.review_on.isoformat(),
        "told": row.told,
        "told_why": row.told_why,
        "their_view": row.their_view,
        "past": found.past,
        "ended": found.ended,
        "ended_on": None if row.ended_on is None else row.ended_on.isoformat(),
        "ended_why": row.ended_why,
        "corrects": _id(row.corrects_id),
        "corrected_by": _id(found.corrected_by),
        "debrief_id": _id(row.debrief_id),
        "added_by": _id(row.created_by),
        "added_at": row.created_at.isoformat(),
    }


def line_shape(line: Line) -> dict[str, Any]:
    """A behaviour over time. `people`: how many of us met it, never who."""
    return {
        "behaviour": line.kind,
        "says": line.says,
        "group": line.group,
        "severity": line.severity,
        "times": line.times,
        "people": line.people,
        "first_on": line.first_on.isoformat(),
        "last_on": line.last_on.isoformat(),
        "past": line.past,
        "months": [{"month": month, "times": times} for month, times in line.months],
    }


def partner_shape(row: Partner) -> dict[str, Any]:
    """Another agency."""
    return {
        "id": str(row.id),
        "organisation": row.organisation,
        "contact": dict(row.contact),
        "verified_at": time_or_none(row.verified_at),
        "meets": list(row.meets),
        "visits": row.visits,
        "withheld": row.withheld,
        "stance": row.stance,
        "kept_out": row.kept_out,
        "ended_at": time_or_none(row.ended_at),
        "version": row.version,
    }


def around_shape(found: Around) -> dict[str, Any]:
    """Agency by agency, who meets what, and the picture of it."""
    everyone = (*found.partners, *found.ended)
    return {
        "items": [partner_shape(each) for each in everyone],
        "next": None,
        "ours": sorted(found.ours),
        "picture": _picture_shape(found.picture),
    }


def _picture_shape(seen: Picture) -> dict[str, Any]:
    return {
        "pattern": seen.pattern,
        "only": seen.only,
        "withheld": [{"organisation": name, "what": what} for name, what in seen.withheld],
        "tension": seen.tension,
        "meeting": list(seen.meeting),
    }


def briefing_shape(found: Briefing) -> dict[str, Any]:
    """What to know before going, in the order in which it is read."""
    return {
        "ref": found.family.ref,
        "plan_number": found.number,
        "risk": {
            "level": found.risk,
            "because": [{"key": each.key, "level": each.level, "says": each.says} for each in found.because],
        },
        "measures": [_measure(each) for each in found.measures],
        "last_visits": [
            {"on": each.on.isoformat(), "mood": each.mood, "seen": each.seen, "met": list(each.met)}
            for each in found.past
        ],
        "seen_alone_on": None if found.seen_alone_on is None else found.seen_alone_on.isoformat(),
        "open_items": [_item(each) for each in found.items],
        "undertakings": [
            {"id": str(each.id), "expected": each.body.get("expected"), "review_on": each.review_on.isoformat()}
            for each in found.undertakings
        ],
        "record": written(found.family.record),
        "notices": list(found.notices),
        "visit_id": None if found.visit is None else str(found.visit.id),
        "read_at": time_or_none(found.read_at),
        "ask": list(found.managers),
    }


def _measure(each: Measure) -> dict[str, Any]:
    return {
        "id": str(each.id),
        "key": each.key,
        "says": each.says,
        "who": each.who,
        "state": each.state,
        "since": each.from_on.isoformat(),
        "until": None if each.until_on is None else each.until_on.isoformat(),
    }


def _item(each: Item) -> dict[str, Any]:
    return {
        "id": str(each.id),
        "kind": each.kind,
        "key": each.key,
        "text": each.body.get("text"),
        "due_on": None if each.due_on is None else each.due_on.isoformat(),
    }


def summary_shape(row: Summary, names: Names) -> dict[str, Any]:
    """A contact summary; `body` has the fields of the list, and no others."""
    body: Mapping[str, Any] = row.body
    return {
        "id": str(row.id),
        "visit_id": str(row.visit_id),
        "by": _person(row.by, names),
        "at": row.at.isoformat(),
        "body": dict(body),
        "given": row.given,
    }


def _person(person_id: UUID, names: Names) -> dict[str, Any]:
    return {"id": str(person_id), "name": names.get(person_id)}


def _id(value: UUID | None) -> str | None:
    return None if value is None else str(value)
