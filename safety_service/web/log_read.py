"""One debrief to read, comment on and review; and from there to the next one without going back to the list."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from safety_service.actions import debrief_log, kept_files, leads, reviews
from safety_service.actions.became import Outcome, became_of
from safety_service.actions.debrief_log import Reading
from safety_service.actions.families import page_of
from safety_service.actions.visitors import names_of
from safety_service.domain.refusal import Refused
from safety_service.store import guidances
from safety_service.store.database import Tx
from safety_service.web import log_became
from safety_service.web.acting import done, looked
from safety_service.web.form_answers import text_of
from safety_service.web.log_line import line_of, said_line, signals_of
from safety_service.web.log_wanted import Wanted, wanted_of
from safety_service.web.log_words import told
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.recordings import recordings
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

#: The button that reviews, and goes on.
NEXT = "next"


@routes.get("/log/{id}")
async def debrief(request: web.Request) -> web.StreamResponse:
    """One debrief; that it was read is kept."""

    async def work(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        wanted = await wanted_of(tx, visitor, request)
        reading = await debrief_log.read(tx, visitor.actor, id_of(request))
        return {
            **await _drawn(tx, visitor, reading),
            **await _around(tx, visitor, wanted, reading),
            "suffix": wanted.suffix,
        }

    visitor, context = await looked(request, "debrief", work)
    return page(request, "log_debrief.html", visitor, context=context)


@routes.post("/log/{id}/comment")
async def comment(request: web.Request) -> web.StreamResponse:
    """Say something about it."""
    text = text_of(await request.post(), "note")

    async def work(tx: Tx, visitor: Visitor) -> str:
        await reviews.comment(tx, visitor.actor, id_of(request), text)
        return _path(id_of(request), await wanted_of(tx, visitor, request))

    return await done(request, "comment", "debrief", work, back=request.path_qs.replace("/comment", "", 1))


@routes.post("/log/{id}/review")
async def review(request: web.Request) -> web.StreamResponse:
    """It was read, and this is what its reader makes of it; then it again, or the next one that is looked for."""
    fields = await request.post()

    async def work(tx: Tx, visitor: Visitor) -> str:
        wanted = await wanted_of(tx, visitor, request)
        logged, _, _ = await debrief_log.may_read(tx, visitor.actor, id_of(request))
        await reviews.review(tx, visitor.actor, id_of(request), text_of(fields, "note"))
        if fields.get("do") != NEXT or wanted.over:
            return _path(id_of(request), wanted)
        _, older = await debrief_log.beside(tx, visitor.actor, wanted.search(visitor.known.zone), logged)
        return f"/log{wanted.suffix}" if older is None else _path(older, wanted)

    return await done(request, "review", "debrief", work, back=request.path_qs.replace("/review", "", 1))


async def _drawn(tx: Tx, visitor: Visitor, reading: Reading) -> dict[str, Any]:
    logged, zone = reading.logged, visitor.known.zone
    guidance = (await guidances.numbered(tx, logged.guidance_edition)).guidance
    outcome = await became_of(tx, visitor.actor, logged.id)
    family = await leads.leads_to_family(tx, visitor.actor, logged.family_id)
    pages = await _pages(tx, visitor, logged.ref, outcome) if family else {}
    spoke = (each.by for each in (*reading.addenda, *reading.comments))
    people = {logged.worker_id, *spoke, *log_became.people_of(outcome)}
    names = await names_of(tx, people | ({logged.reviewed_by} if logged.reviewed_by else set()))
    return {
        "line": line_of(logged, {key: guidance.says("behaviours", key) for key in logged.behaviours}, names, zone),
        "answers": told(reading.answers, guidance),
        "private": None if reading.private is None else told(reading.private, guidance),
        "own": logged.worker_id == visitor.person_id,
        "recordings": recordings(await kept_files.of_debrief(tx, visitor.actor, logged.id), zone),
        "signals": signals_of(reading.signals, zone),
        "addenda": [said_line(each, names, zone) for each in reading.addenda],
        "comments": [said_line(each, names, zone) for each in reading.comments],
        "became": log_became.drawn(outcome, guidance, names, zone, pages),
        "family": page_of(logged.ref) if family else "",
        "may_review": reading.may_review,
        "reviewer": names.get(logged.reviewed_by) if logged.reviewed_by else None,
        "review_note": reading.review_note,
    }


async def _pages(tx: Tx, visitor: Visitor, ref: str, outcome: Outcome) -> dict[UUID, str]:
    """Where each measure is decided by whoever may; else the plan in which it stands."""
    plan = page_of(ref, "plan")
    found = [each.measure for each in outcome.measures]
    mine = {each.id for each in found if await leads.to_be_decided(tx, visitor.actor, each)}
    return {each.id: f"{plan}/measures/{each.id}" if each.id in mine else plan for each in found}


async def _around(tx: Tx, visitor: Visitor, wanted: Wanted, reading: Reading) -> dict[str, Any]:
    try:
        asked = wanted.search(visitor.known.zone)
        newer, older = await debrief_log.beside(tx, visitor.actor, asked, reading.logged)
    except Refused:  # what is looked for is nothing that can be: this one stands alone
        newer = older = None
    return {
        "newer": None if newer is None else _path(newer, wanted),
        "older": None if older is None else _path(older, wanted),
    }


def _path(debrief_id: UUID, wanted: Wanted) -> str:
    return f"/log/{debrief_id}{wanted.suffix}"
