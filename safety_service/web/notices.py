"""The agency's own texts on pages that can be shown, sent and printed: what we expect, how we behave, where to ask."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from safety_service.actions import notices
from safety_service.actions.errors import NotFound
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.store.notices import Notice
from safety_service.web import family_words
from safety_service.web.acting import done, looked
from safety_service.web.around_page import said_day
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "notice"


@routes.get("/notices/{kind}")
async def read(request: web.Request) -> web.StreamResponse:
    """The text as it stands."""
    kind = request.match_info["kind"]

    async def work(tx: Tx, visitor: Visitor) -> tuple[Notice | None]:
        return (await notices.read(tx, visitor.actor, kind),)

    visitor, (found,) = await looked(request, SUBJECT, work)
    administers = visitor.actor.is_any(Role.ADMINISTRATOR)
    context = {
        "heading": family_words.NOTICES[kind] if found is None else found.title,
        "text": "" if found is None else found.text,
        "since": "" if found is None else said_day(found.at.astimezone(visitor.known.zone).date()),
        "mail": "" if found is None else f"mailto:?subject={quote(found.title)}&body={quote(found.text)}",
        "change": f"/notices/{kind}/change" if administers else "",
        "phone": visitor.office_phone,
    }
    return page(request, "notice.html", visitor, context=context)


@routes.get("/notices/{kind}/change")
async def changing(request: web.Request) -> web.StreamResponse:
    """The form, for administrators."""
    kind = request.match_info["kind"]

    async def work(tx: Tx, visitor: Visitor) -> tuple[Notice | None]:
        if not visitor.actor.is_any(Role.ADMINISTRATOR):
            raise NotFound
        return (await notices.read(tx, visitor.actor, kind),)

    visitor, (found,) = await looked(request, SUBJECT, work)
    context = {
        "heading": family_words.NOTICES[kind],
        "title": "" if found is None else found.title,
        "text": "" if found is None else found.text,
        "here": f"/notices/{kind}/change",
        "most_title": notices.LONGEST_TITLE,
        "most": notices.LONGEST,
    }
    return page(request, "notice_change.html", visitor, context=context)


@routes.post("/notices/{kind}/change")
async def change(request: web.Request) -> web.StreamResponse:
    """From now on this is the text."""
    kind, given = request.match_info["kind"], await request.post()

    async def work(tx: Tx, visitor: Visitor) -> None:
        title, text = str(given.get("title", "")), str(given.get("text", "")).replace("\r\n", "\n")
        await notices.put(tx, visitor.actor, kind, title, text)

    return await done(request, "put", SUBJECT, work, back=f"/notices/{kind}")
