"""The whole timeline of an alert, as text that can be read, saved and printed."""

from __future__ import annotations

from aiohttp import web

from safety_service.actions import timeline
from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.web.acting import looked, said
from safety_service.web.pages import message
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()


@routes.get("/alerts/{id}/timeline")
async def read(request: web.Request) -> web.StreamResponse:
    """The text. Raises NotFound."""
    alert_id = id_of(request)

    async def work(tx: Tx, visitor: Visitor) -> tuple[str, str]:
        try:
            return await timeline.of_alert(tx, visitor.actor, alert_id), ""
        except Refused as why:
            return "", said(why, visitor)

    visitor, (text, refused) = await looked(request, "timeline", work)
    if refused:
        return message(request, "That was not done", refused, status=409, visitor=visitor)
    return web.Response(text=text, content_type="text/plain", charset="utf-8")
