"""What happens to a family's records: kept in spite of policy, given out to the family, read in the log."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from safety_service.actions import circle, retention
from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.web import again
from safety_service.web.acting import done, looked, said
from safety_service.web.form_answers import text_of
from safety_service.web.pages import message, page
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

HERE = "/families/{ref}/records"
LONGEST = 2000  # characters


@routes.get(HERE)
async def records(request: web.Request) -> web.StreamResponse:
    """Whether they are held, and why; for managers of the family."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[dict[str, Any] | None, str]:
        around = await circle.by_ref(tx, visitor.actor, request.match_info["ref"])
        try:
            circle.managed(visitor.actor, around)
        except Refused as why:
            return None, said(why, visitor)
        every = await retention.held(tx, visitor.actor)
        held = next((each for each in every if each.family_id == around.family_id), None)
        since = None if held is None else f"{held.at.astimezone(visitor.known.zone):%d %B %Y}"
        return {"ref": around.ref, "held": held, "since": since}, ""

    visitor, (context, refused) = await looked(request, "family", work)
    if context is None:
        return message(request, "That was not done", refused, status=409, visitor=visitor)
    return page(request, "records.html", visitor, context=context)


@routes.post(HERE + "/hold")
async def hold(request: web.Request) -> web.StreamResponse:
    """Keep everything of this family, whatever policy says."""
    ref, why = request.match_info["ref"], text_of(await request.post(), "why")[:LONGEST]

    async def work(tx: Tx, visitor: Visitor) -> None:
        await retention.hold(tx, visitor.actor, ref, why)

    return await done(request, "hold", "family", work, back=request.path.removesuffix("/hold"))


@routes.post(HERE + "/release")
@again.asked
async def release(request: web.Request) -> web.StreamResponse:
    """Policy counts again."""
    ref = request.match_info["ref"]

    async def work(tx: Tx, visitor: Visitor) -> None:
        await retention.release(tx, visitor.actor, ref)

    return await done(request, "release", "family", work, back=request.path.removesuffix("/release"))
