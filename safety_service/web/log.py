"""The debrief log as a list: looked through, narrowed, and narrowed again tomorrow in the same way."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from safety_service.actions import debrief_log, filters
from safety_service.actions.debrief_log import READERS
from safety_service.actions.visitors import names_of, teams_of
from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.web.acting import done, looked, said
from safety_service.web.cursor import write_place
from safety_service.web.log_line import SEVERITIES, line_of
from safety_service.web.log_wanted import KEPT, PAGE, Wanted, address_of, given_in, wanted_of
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

REVIEWED = {"": "Any", "no": "Waits for a review", "yes": "Reviewed"}


@routes.get("/log")
async def log(request: web.Request) -> web.StreamResponse:
    """The list, and the form that narrows it."""

    async def work(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        wanted = await wanted_of(tx, visitor, request)
        context = await _form(tx, visitor, wanted)
        try:
            asked = wanted.search(visitor.known.zone, request.query.get("cursor", ""))
            found = await debrief_log.look(tx, visitor.actor, asked)
        except Refused as why:
            return {**context, "fault": said(why, visitor)}
        names = await names_of(tx, {each.worker_id for each in found.rows})
        lines = [line_of(each, context["behaviours"], names, visitor.known.zone) for each in found.rows]
        following = None if found.after is None else wanted.after(write_place(*found.after))
        return {**context, "lines": lines, "following": following}

    visitor, context = await looked(request, "debrief_log", work)
    return page(request, "log.html", visitor, context=context)


@routes.post("/log")
async def look_for(request: web.Request) -> web.StreamResponse:
    """Look for what was typed: the list is at an address that does not say it."""
    fields = await request.post()

    async def work(tx: Tx, visitor: Visitor) -> str:
        return await address_of(tx, visitor, given_in({name: str(value) for name, value in fields.items()}))

    return await done(request, "look", "debrief_log", work, back="/log")


@routes.post("/log/filters")
async def keep_filter(request: web.Request) -> web.StreamResponse:
    """Keep what is looked for, under a name."""
    fields = await request.post()

    async def work(tx: Tx, visitor: Visitor) -> str:
        given = given_in({name: str(value) for name, value in fields.items()})
        made = await filters.keep_filter(tx, visitor.actor, PAGE, str(fields.get("name", "")), given)
        return f"/log?{KEPT}={made}"

    return await done(request, "keep", "filter", work, back="/log")


@routes.post("/log/filters/{id}/drop")
async def drop_filter(request: web.Request) -> web.StreamResponse:
    """Keep it no longer."""

    async def work(tx: Tx, visitor: Visitor) -> None:
        await filters.drop(tx, visitor.actor, id_of(request))

    return await done(request, "drop", "filter", work, back="/log")


async def _form(tx: Tx, visitor: Visitor, wanted: Wanted) -> dict[str, Any]:
    guidance = (await tx.guidance(visitor.actor.agency_id)).guidance
    teams = await teams_of(tx, visitor.actor.teams(*READERS))
    return {
        "wanted": wanted,
        "given": wanted.fields,
        "behaviours": {key: each.says for key, each in guidance.asked("behaviours").items()},
        "severities": SEVERITIES,
        "teams": dict(sorted(teams.items(), key=lambda each: each[1].casefold())),
        "reviewed": REVIEWED,
        "fault": "",
        "lines": [],
        "following": None,
        "exports": bool(teams),
    }
