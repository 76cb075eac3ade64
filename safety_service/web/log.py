"""The debrief log as two plain pages: a list to search, and one debrief to read, comment on and review."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web
from multidict import MultiMapping

from safety_service.actions import debrief_log, kept_files, reviews
from safety_service.actions.became import became_of
from safety_service.actions.debrief_log import READERS, Search
from safety_service.actions.errors import NotFound
from safety_service.actions.exports import WHAT, export
from safety_service.actions.exports_written import FORMATS, written
from safety_service.actions.figures_of_care import figures_of_care
from safety_service.actions.table import Table
from safety_service.actions.visitors import names_of
from safety_service.domain.debrief import Severity
from safety_service.domain.refusal import Refused
from safety_service.store import guidances
from safety_service.store.database import Tx
from safety_service.store.debrief_log import Logged, Said
from safety_service.web import again, log_became
from safety_service.web.acting import done, looked, said
from safety_service.web.cursor import read_place, write_place
from safety_service.web.log_words import told
from safety_service.web.pages import message, page
from safety_service.web.paths import id_of
from safety_service.web.recordings import recordings
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

REVIEWED = {"": "Any", "no": "Waits for a review", "yes": "Reviewed"}
STATES = {"draft": "first part only", "submitted": "given", "reviewed": "reviewed"}
REVIEWS = {"filed": "filed", "wanted": "waits for a review", "done": "reviewed"}
EXPORTED = (*WHAT, "care")
#: More rows than this are nothing for a meeting, and take long to be set.
PAPER = 500
#: What the page of a period offers first.
LATELY = timedelta(days=31)

Fields = MultiMapping[Any]


@routes.get("/log")
async def log(request: web.Request) -> web.StreamResponse:
    """The list, and the form that narrows it."""

    async def work(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        edition = await tx.guidance(visitor.actor.agency_id)
        behaviours = {key: each.says for key, each in edition.guidance.asked("behaviours").items()}
        context: dict[str, Any] = {
            "given": {name: request.query.get(name, "") for name in ("q", "family", "from", "to")},
            "chosen": {name: request.query.get(name, "") for name in ("behaviour", "severity", "reviewed")},
            "behaviours": behaviours,
            "severities": tuple(Severity),
            "reviewed": REVIEWED,
            "fault": "",
            "lines": [],
            "following": None,
            "exports": bool(visitor.actor.teams(*READERS)),
        }
        try:
            found = await debrief_log.look(tx, visitor.actor, _wanted(request.query, visitor.known.zone))
        except Refused as why:
            return {**context, "fault": said(why, visitor)}
        names = await names_of(tx, {each.worker_id for each in found.rows})
        lines = [_line(each, behaviours, names, visitor.known.zone) for each in found.rows]
        return {**context, "lines": lines, "following": _following(request, found.after)}

    visitor, context = await looked(request, "debrief_log", work)
    return page(request, "log.html", visitor, context=context)


@routes.get("/log/export")
async def exporting(request: web.Request) -> web.StreamResponse:
    """What can be taken along, and of which time."""

    async def work(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        if not visitor.actor.teams(*READERS):
            raise NotFound
        today = tx.now.astimezone(visitor.known.zone).date()
        return {"what": EXPORTED, "forms": tuple(FORMATS), "since": today - LATELY, "until": today}

    visitor, context = await looked(request, "export", work)
    return page(request, "log_export.html", visitor, context=context)


@routes.post("/log/export")
@again.asked
async def exported(request: web.Request) -> web.StreamResponse:
    """The file. A POST: a link cannot make anybody take case text along."""
    fields = await request.post()
    what, form = str(fields.get("what")), str(fields.get("format"))
    if what not in EXPORTED or form not in FORMATS:
        raise NotFound

    async def work(tx: Tx, visitor: Visitor) -> tuple[Table, datetime] | str:
        try:
            return _for_paper(form, await _table(tx, visitor, what, fields))
        except Refused as why:
            return said(why, visitor)

    visitor, found = await looked(request, "export", work)
    if isinstance(found, str):
        return message(request, "That was not done", found, status=409, back="/log/export", visitor=visitor)
    table, now = found
    # Paper takes seconds: neither the database nor whoever is being watched waits for it.
    text = await asyncio.to_thread(written, table, form, now)
    name = f"{what}-{now:%Y-%m-%d}.{form}"
    saved = {"Content-Type": FORMATS[form], "Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=text, headers=saved)


@routes.get("/log/{id}")
async def debrief(request: web.Request) -> web.StreamResponse:
    """One debrief; that it was read is kept."""

    async def work(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        reading = await debrief_log.read(tx, visitor.actor, id_of(request))
        logged = reading.logged
        guidance = (await guidances.numbered(tx, logged.guidance_edition)).guidance
        outcome = await became_of(tx, visitor.actor, logged.id)
        spoke = (each.by for each in (*reading.addenda, *reading.comments))
        people = {logged.worker_id, *spoke, *log_became.people_of(outcome)}
        names = await names_of(tx, people | ({logged.reviewed_by} if logged.reviewed_by else set()))
        zone = visitor.known.zone
        return {
            "line": _line(logged, {key: guidance.says("behaviours", key) for key in logged.behaviours}, names, zone),
            "answers": told(reading.answers, guidance),
            "private": None if reading.private is None else told(reading.private, guidance),
            "own": logged.worker_id == visitor.person_id,
            "recordings": recordings(await kept_files.of_debrief(tx, visitor.actor, logged.id), zone),
            "signals": _signals(reading.signals, zone),
            "addenda": [_said(each, names, zone) for each in reading.addenda],
            "comments": [_said(each, names, zone) for each in reading.comments],
            "became": log_became.drawn(outcome, guidance, names, zone),
            "may_review": reading.may_review,
            "reviewer": names.get(logged.reviewed_by) if logged.reviewed_by else None,
            "review_note": reading.review_note,
        }

    visitor, context = await looked(request, "debrief", work)
    return page(request, "log_debrief.html", visitor, context=context)


@routes.post("/log/{id}/comment")
async def comment(request: web.Request) -> web.StreamResponse:
    """Say something about it."""
    text = str((await request.post()).get("note", ""))

    async def work(tx: Tx, visitor: Visitor) -> None:
        await reviews.comment(tx, visitor.actor, id_of(request), text)

    return await done(request, "comment", "debrief", work, back=f"/log/{id_of(request)}")


@routes.post("/log/{id}/review")
async def review(request: web.Request) -> web.StreamResponse:
    """It was read, and this is what its reader makes of it."""
    text = str((await request.post()).get("note", ""))

    async def work(tx: Tx, visitor: Visitor) -> None:
        await reviews.review(tx, visitor.actor, id_of(request), text)

    return await done(request, "review", "debrief", work, back=f"/log/{id_of(request)}")


def _for_paper(form: str, made: tuple[Table, datetime]) -> tuple[Table, datetime]:
    if form == "pdf" and len(made[0].rows) > PAPER:
        raise Refused("too_many_rows", most=PAPER)
    return made


async def _table(tx: Tx, visitor: Visitor, what: str, fields: Fields) -> tuple[Table, datetime]:
    zone, agency_id = visitor.known.zone, visitor.actor.agency_id
    since, until = _day(str(fields.get("from", "")), zone), _day(str(fields.get("to", "")), zone, after=True)
    if since is None or until is None:
        raise Refused("period_wanted")
    now = tx.now.astimezone(zone)
    if what == "care":
        return await figures_of_care(tx, visitor.actor, agency_id, since, until), now
    return await export(tx, visitor.actor, what, agency_id, since, until), now


def _wanted(query: Mapping[str, str], zone: ZoneInfo) -> Search:
    severity = query.get("severity", "")
    return Search(
        family_ref=query.get("family", "").strip(),
        behaviour=query.get("behaviour") or None,
        severities=frozenset({severity} & set(Severity)),
        since=_day(query.get("from", ""), zone),
        until=_day(query.get("to", ""), zone, after=True),
        reviewed={"yes": True, "no": False}.get(query.get("reviewed", "")),
        text=query.get("q", ""),
        before=read_place(query.get("cursor", "")),
    )


def _day(text: str, zone: ZoneInfo, *, after: bool = False) -> datetime | None:
    """The beginning of a day that was typed, or of the one after it; None where it is no day."""
    try:
        day = datetime.fromisoformat(text).date()
    except ValueError:
        return None
    return datetime.combine(day + timedelta(days=1) if after else day, time(), zone)


def _line(each: Logged, behaviours: Mapping[str, str], names: Mapping[UUID, str], zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": each.id,
        "ref": each.ref,
        "worker": names.get(each.worker_id, ""),
        "visited": f"{each.visited_at.astimezone(zone):%d %B %Y, %H:%M}",
        "severity": each.severity,
        "met": [behaviours.get(key, key) for key in each.behaviours],
        "state": REVIEWS.get(each.review or "", STATES[each.state]),
        "sampled": each.sampled,
    }


def _said(each: Said, names: Mapping[UUID, str], zone: ZoneInfo) -> dict[str, str]:
    return {"by": names.get(each.by, ""), "at": f"{each.at.astimezone(zone):%d %B %Y, %H:%M}", "text": each.text}


def _signals(given: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> list[tuple[str, str]]:
    """Each as what it was, and the rest of what is known of it."""
    return [(_word(each.get("kind")), ", ".join(_facts(each, zone))) for each in given]


def _facts(signal: Mapping[str, Any], zone: ZoneInfo) -> Iterator[str]:
    for name, value in signal.items():
        if name == "at" and value:
            yield f"{datetime.fromisoformat(str(value)).astimezone(zone):%H:%M}"
        elif name != "kind" and value is not None:
            yield _word(value) if name == "alert" else f"{name.replace('_', ' ')}: {_word(value)}"


def _word(value: Any) -> str:
    return str(value).replace("_", " ")


def _following(request: web.Request, after: tuple[datetime, UUID] | None) -> str | None:
    return None if after is None else str(request.rel_url.update_query(cursor=write_place(*after)))
