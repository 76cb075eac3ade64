"""The debrief log: list, search, read, review, comment; trends, and what goes to a meeting."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from aiohttp import web
from pydantic import Field

from safety_service.actions import debrief_log, reviews
from safety_service.actions.became import Outcome, became_of
from safety_service.actions.debrief_log import Reading, Search
from safety_service.actions.exports import export
from safety_service.actions.figures_of_care import figures_of_care
from safety_service.actions.visitors import names_of
from safety_service.api.body import Body
from safety_service.api.call import Call, endpoint
from safety_service.api.paging import bad_parameter, read_cursor, read_id, read_limit, read_time, write_cursor
from safety_service.api.problems import PREFIX
from safety_service.api.shapes import Names, page_shape, time_or_none
from safety_service.domain.debrief import Severity
from safety_service.store.debrief_log import Logged, Said

routes = web.RouteTableDef()

#: Where no period is given.
LATELY = timedelta(days=366)
_YES_NO = {"true": True, "false": False}


class NoteBody(Body):
    """What somebody says about a debrief."""

    note: Annotated[str, Field(max_length=2000)] = ""


@routes.get(f"{PREFIX}/debriefs")
@endpoint("debrief_log")
async def debriefs(call: Call) -> dict[str, Any]:
    """The log that the caller may read, newest first; each search is kept."""
    query = call.request.query
    wanted = Search(
        team_id=read_id("team", query.get("team")),
        family_ref=query.get("family", "").strip(),
        worker_id=read_id("worker", query.get("worker")),
        behaviour=query.get("behaviour") or None,
        severities=_severities(query.getall("severity", [])),
        since=read_time("from", query.get("from")),
        until=read_time("to", query.get("to")),
        reviewed=_reviewed(query.get("reviewed")),
        text=query.get("q", ""),
        before=read_cursor(query.get("cursor")),
    )
    page = await debrief_log.look(call.tx, call.actor, wanted, read_limit(query.get("limit")))
    following = None if page.after is None else write_cursor(*page.after)
    return page_shape([log_shape(each) for each in page.rows], following)


@routes.get(f"{PREFIX}/debriefs/trends")
@endpoint("trends")
async def trends(call: Call) -> dict[str, Any]:
    """How often each behaviour was met, by team and month; never by worker."""
    since, until = _period(call)
    found = await debrief_log.trends(call.tx, call.actor, since.date(), until.date())
    items = [
        {"team_id": str(team), "month": month, "behaviour": kind, "count": count} for team, month, kind, count in found
    ]
    return page_shape(items, None)


@routes.get(f"{PREFIX}/debriefs/{{id}}")
@endpoint("debrief")
async def debrief(call: Call) -> dict[str, Any]:
    """One debrief; its part E only where the caller is its worker or their supervisor."""
    return await _shaped(call, call.id())


@routes.post(f"{PREFIX}/debriefs/{{id}}/review")
@endpoint("debrief")
async def review(call: Call) -> dict[str, Any]:
    """Say that it was read, with a note. Never one's own."""
    await reviews.review(call.tx, call.actor, call.id(), call.body(NoteBody).note)
    return await _shaped(call, call.id())


@routes.post(f"{PREFIX}/debriefs/{{id}}/comments")
@endpoint("debrief", status=201)
async def comment(call: Call) -> dict[str, Any]:
    """Say something about it."""
    await reviews.comment(call.tx, call.actor, call.id(), call.body(NoteBody).note)
    return await _shaped(call, call.id())


@routes.get(f"{PREFIX}/exports/{{what}}")
@endpoint("export")
async def exported(call: Call) -> dict[str, Any]:
    """`debriefs`, `visits`, `alerts` or `care` of a period, of the teams that the caller manages or reviews."""
    what, (since, until) = call.request.match_info["what"], _period(call)
    if what == "care":
        table = await figures_of_care(call.tx, call.actor, call.actor.agency_id, since, until)
    else:
        table = await export(call.tx, call.actor, what, call.actor.agency_id, since, until)
    return {**page_shape(list(table.rows), None), "notes": list(table.notes)}


async def _shaped(call: Call, debrief_id: UUID) -> dict[str, Any]:
    reading = await debrief_log.read(call.tx, call.actor, debrief_id)
    spoke = {each.by for each in (*reading.addenda, *reading.comments)}
    shape = reading_shape(call, reading, await names_of(call.tx, {*spoke, reading.logged.worker_id}))
    return {**shape, "became": became_shape(await became_of(call.tx, call.actor, debrief_id))}


def log_shape(row: Logged) -> dict[str, Any]:
    """A debrief in a list: its answers are read one by one, and each reading is kept."""
    return {
        "id": str(row.id),
        "visit_id": str(row.visit_id),
        "worker_id": str(row.worker_id),
        "team_id": str(row.team_id),
        "family_ref": row.ref,
        "visited_at": row.visited_at.isoformat(),
        "state": row.state,
        "answers": {},
        "behaviours": list(row.behaviours),
        "severity": row.severity,
        "first_part_at": time_or_none(row.first_part_at),
        "submitted_at": time_or_none(row.submitted_at),
        "review": row.review,
        "sampled": row.sampled,
        "reviewed_by": None if row.reviewed_by is None else str(row.reviewed_by),
        "reviewed_at": time_or_none(row.reviewed_at),
        "addenda": [],
    }


def reading_shape(call: Call, reading: Reading, names: Names) -> dict[str, Any]:
    """A debrief as its reader sees it; `private` is not there where part E is not theirs.

    Nor is it in the answer to a POST, which is remembered under its Idempotency-Key whoever supervises by then.
    """
    shape = {
        **log_shape(reading.logged),
        "worker": {"id": str(reading.logged.worker_id), "name": names.get(reading.logged.worker_id)},
        "answers": dict(reading.answers),
        "signals": [dict(each) for each in reading.signals],
        "addenda": [_said_shape(each, names) for each in reading.addenda],
        "comments": [_said_shape(each, names) for each in reading.comments],
        "review_note": reading.review_note,
    }
    if reading.private is None or call.request.method == "POST":
        return shape
    return {**shape, "private": dict(reading.private)}


def became_shape(outcome: Outcome) -> dict[str, Any]:
    """What became of it: its measures with their decisions, who has read them, and what was met again."""
    return {
        "measures": [
            {
                "id": str(each.measure.id),
                "says": each.measure.says,
                "state": str(each.measure.state),
                "plan_number": each.number,
                "decisions": [
                    {"kind": str(made.kind), "reason": made.reason, "by": str(made.by), "at": made.at.isoformat()}
                    for made in each.decisions
                ],
                "seen_by": [{"person_id": str(who), "at": at.isoformat()} for who, at in each.seen_by.items()],
            }
            for each in outcome.measures
        ],
        "recurred": [{"behaviour": each.kind, "on": each.on.isoformat()} for each in outcome.recurred],
    }


def _said_shape(each: Said, names: Names) -> dict[str, Any]:
    by = {"id": str(each.by), "name": names.get(each.by)}
    return {"id": str(each.id), "by": by, "at": each.at.isoformat(), "text": each.text}


def _period(call: Call) -> tuple[datetime, datetime]:
    query = call.request.query
    until = read_time("to", query.get("to")) or call.tx.now
    return read_time("from", query.get("from")) or until - LATELY, until


def _severities(given: list[str]) -> frozenset[str]:
    named = frozenset(each for text in given for each in text.split(",") if each)
    if named - frozenset(Severity):
        raise bad_parameter("severity", f"One or more of {', '.join(Severity)}.")
    return named


def _reviewed(given: str | None) -> bool | None:
    if not given:
        return None
    if given not in _YES_NO:
        raise bad_parameter("reviewed", "Either true or false.")
    return _YES_NO[given]
