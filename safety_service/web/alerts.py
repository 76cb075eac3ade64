"""An alert on a page of its own: what is needed to act, in the order in which it is needed. Opening moves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from aiohttp import web

from safety_service.actions import alert_page, refusals
from safety_service.actions.alert_page import AlertPage
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.services import DATABASE, SETTINGS, WORDING
from safety_service.store.alerts import AlertRow
from safety_service.store.database import Tx
from safety_service.transact import in_transaction
from safety_service.web import again
from safety_service.web.acting import said
from safety_service.web.alert_acts import ACTS, ENDING, SAID, Fields, NotSaid
from safety_service.web.alert_shown import own, shown
from safety_service.web.headers import content_policy
from safety_service.web.live import News, stream
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor, visitor_of

routes = web.RouteTableDef()

Looked = tuple[Visitor, AlertPage | AlertRow, datetime, Any]
#: What was typed, so that a refusal loses nothing of it.
TYPED = ("found", "known_by", "note", "to")


@routes.get("/alerts/{id}")
async def alert(request: web.Request) -> web.StreamResponse:
    """The page. That it was read is kept in the evidence log."""
    return _page(request, await _looked(request), done=SAID.get(request.query.get("done", ""), ""))


@routes.get("/alerts/{id}/now")
async def now(request: web.Request) -> web.StreamResponse:
    """The parts of the page that change, for its script."""
    async with request.app[DATABASE].reading() as tx:
        visitor = await visitor_of(tx, request)
        seen = await alert_page.look_again(tx, visitor.actor, id_of(request))
        found = (visitor, seen, tx.now, (await tx.policy()).retention.visits)
    return _page(request, found, template="alert_now.html")


@routes.get("/alerts/{id}/events")
async def events(request: web.Request) -> web.StreamResponse:
    """Says that something changed; the page then asks for its parts."""
    alert_id, database = id_of(request), request.app[DATABASE]
    async with database.reading() as tx:
        visitor = await visitor_of(tx, request)
        topics = await alert_page.heard_from(tx, visitor.actor, alert_id)
    known = ""

    async def look() -> News | None:
        nonlocal known
        async with database.reading() as tx:
            reader = await visitor_of(tx, request)
            mark = await alert_page.mark(tx, reader.actor, alert_id)
        before, known = known, mark
        return None if mark == before else News("changed", {})

    return await stream(request, topics, look)


@routes.post("/alerts/{id}/{verb}")
@again.asked_when(lambda request, _given: request.match_info["verb"] in ENDING)
async def act(request: web.Request) -> web.StreamResponse:
    """One of the buttons; then the page again, which shows what it did, or why not and what was typed."""
    verb = request.match_info["verb"]
    if verb not in ACTS:
        raise NotFound
    fields = await request.post()

    async def work(tx: Tx) -> tuple[Visitor, Refused | NotFound | None]:
        visitor = await visitor_of(tx, request, keeps=True)
        try:
            async with tx.savepoint():
                await ACTS[verb](tx, visitor.actor, id_of(request), fields)
        except (Refused, NotFound) as why:
            await refusals.note(tx, visitor.actor, verb, why, subject="alert", subject_id=id_of(request))
            return visitor, why
        return visitor, None

    try:
        visitor, why = await in_transaction(request.app[DATABASE], work)
    except NotSaid as missing:
        return await _refused(request, str(missing), fields, verb, HTTPStatus.BAD_REQUEST)
    if isinstance(why, NotFound):
        raise why
    if why is not None:
        return await _refused(request, said(why, visitor), fields, verb, HTTPStatus.CONFLICT)
    raise web.HTTPSeeOther(f"/alerts/{id_of(request)}" + (f"?done={verb}" if verb in SAID else ""))


async def _looked(request: web.Request) -> Looked:
    async def work(tx: Tx) -> Looked:
        visitor = await visitor_of(tx, request, keeps=True)
        seen = await alert_page.look(tx, visitor.actor, id_of(request))
        return visitor, seen, tx.now, (await tx.policy()).retention.visits

    return await in_transaction(request.app[DATABASE], work)


async def _refused(request: web.Request, why: str, fields: Fields, verb: str, status: HTTPStatus) -> web.Response:
    """The page as it is now, with the reason on top and what was typed still in its form."""
    typed = {name: str(fields[name]) for name in TYPED if name in fields}
    return _page(request, await _looked(request), refused=why, typed=typed, tried=verb, status=status)


def _page(
    request: web.Request,
    looked: Looked,
    *,
    template: str = "alert.html",
    done: str = "",
    refused: str = "",
    tried: str = "",
    typed: Mapping[str, str] | None = None,
    status: int = HTTPStatus.OK,
) -> web.Response:
    visitor, seen, at, kept_for = looked
    settings = request.app[SETTINGS]
    if isinstance(seen, AlertRow):
        words = own(seen, visitor, at)
    else:
        words = shown(seen, visitor, at, request.app[WORDING], kept_for)
    words |= {"done": done, "refused": refused, "tried": tried, "typed": typed or {}, "read_at": at.isoformat()}
    words |= {"tiles": settings.tiles_url or "", "credit": settings.tiles_credit}
    response = page(request, template, visitor, status=status, context=words)
    if words.get("place") is not None and settings.tiles_host:
        # Here alone pictures come from elsewhere: the ground of the map.
        response.headers["Content-Security-Policy"] = content_policy(settings.tiles_host)
    return response
