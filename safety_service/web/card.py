"""The responder card: what a worker gives in advance, for whoever has to find them. Shown in alarms only."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from safety_service.actions.people import RESPONDER_CARD, RESPONDER_LENGTH, own_card, set_responder
from safety_service.services import DATABASE
from safety_service.store.database import Tx
from safety_service.transact import in_transaction
from safety_service.web.acting import done
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor, visitor_of

routes = web.RouteTableDef()

PAGE = "/card"
LABELS = {
    "car": "Your car: make and colour",
    "registration": "Its registration",
    "description": "What you look like",
    "next_of_kin": "Whom to ring for you: name and number",
    "medical": "What a paramedic should know",
    "code_phrase": "Your words on the phone that mean danger (say: is the blue folder with you?)",
}


@routes.get(PAGE)
async def card(request: web.Request) -> web.StreamResponse:
    """The visitor's own card, and nobody else's; nothing of it while they are out."""

    async def work(tx: Tx) -> tuple[Visitor, Mapping[str, str] | None]:
        visitor = await visitor_of(tx, request)
        return visitor, await own_card(tx, visitor.actor)

    visitor, kept = await in_transaction(request.app[DATABASE], work)
    fields = [] if kept is None else [(name, LABELS[name], kept.get(name, "")) for name in RESPONDER_CARD]
    context = {"out": kept is None, "kept": "kept" in request.query, "fields": fields, "most": RESPONDER_LENGTH}
    return page(request, "card.html", visitor, context=context)


@routes.post(PAGE)
async def keep(request: web.Request) -> web.StreamResponse:
    """Keep it as it was filled in; what is left empty is not kept."""
    given = await request.post()
    fields = {name: str(given.get(name, ""))[:RESPONDER_LENGTH] for name in RESPONDER_CARD}

    async def work(tx: Tx, visitor: Visitor) -> str | None:
        await set_responder(tx, visitor.actor, fields)
        return f"{PAGE}?kept"

    return await done(request, "keep", "card", work, back=PAGE, shows=False)
