"""The responder card: what a worker gives in advance, for whoever has to find them. Shown in alarms only."""

from __future__ import annotations

from aiohttp import web

from safety_service.actions.people import RESPONDER_CARD, RESPONDER_LENGTH, own_card, set_responder
from safety_service.services import DATABASE
from safety_service.store.database import Tx
from safety_service.transact import in_transaction
from safety_service.web.pages import message, page
from safety_service.web.visitor import Visitor, visitor_of

routes = web.RouteTableDef()

LABELS = {
    "car": "Your car: make and colour",
    "registration": "Its registration",
    "description": "What you look like",
    "next_of_kin": "Whom to ring for you: name and number",
    "medical": "What a paramedic should know",
    "code_phrase": "Your words on the phone that mean danger (say: is the blue folder with you?)",
}


@routes.get("/card")
async def card(request: web.Request) -> web.StreamResponse:
    """The visitor's own card, and nobody else's."""

    async def work(tx: Tx) -> tuple[Visitor, dict[str, str]]:
        visitor = await visitor_of(tx, request)
        return visitor, dict(await own_card(tx, visitor.actor))

    visitor, kept = await in_transaction(request.app[DATABASE], work)
    fields = [(name, LABELS[name], kept.get(name, "")) for name in RESPONDER_CARD]
    return page(request, "card.html", visitor, context={"fields": fields, "most": RESPONDER_LENGTH})


@routes.post("/card")
async def keep(request: web.Request) -> web.StreamResponse:
    """Keep it as it was filled in; what is left empty is not kept."""
    given = await request.post()
    fields = {name: str(given.get(name, ""))[:RESPONDER_LENGTH] for name in RESPONDER_CARD}

    async def work(tx: Tx) -> None:
        visitor = await visitor_of(tx, request, keeps=True)
        await set_responder(tx, visitor.actor, fields)

    await in_transaction(request.app[DATABASE], work)
    return message(request, "Kept", "It is shown to whoever has an alarm about you, and to nobody else.")
