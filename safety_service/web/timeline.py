"""The whole timeline of an alert, as text that can be read on a phone, saved and printed."""

from __future__ import annotations

from aiohttp import web

from safety_service.actions import timeline
from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.web.acting import looked, said
from safety_service.web.pages import message, page
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()


@routes.get("/alerts/{id}/timeline")
async def read(request: web.Request) -> web.StreamResponse:
    """The text on a page, because a browser shows bare text to a phone as small as it is wide; `as=text`: to be saved.

    Raises NotFound.
    """
    alert_id = id_of(request)

    async def work(tx: Tx, visitor: Visitor) -> tuple[str, str]:
        try:
            return await timeline.of_alert(tx, visitor.actor, alert_id), ""
        except Refused as why:
            return "", said(why, visitor)

    visitor, (text, refused) = await looked(request, "timeline", work)
    if refused:
        return message(request, "That was not done", refused, status=409, visitor=visitor)
    if request.query.get("as") == "text":
        return web.Response(text=text, content_type="text/plain", charset="utf-8")
    return page(request, "timeline.html", visitor, context={"text": text, "id": alert_id})
