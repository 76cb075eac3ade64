"""The policy on a page, for administrators: what is in force, and what waits for a second one of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

from config.duration import say_duration
from config.policy import PolicyError
from safety_service.actions import policies
from safety_service.domain.local_time import say_time
from safety_service.domain.refusal import Refused
from safety_service.domain.silence import in_danger, silence
from safety_service.domain.words import Risk
from safety_service.store.database import Tx
from safety_service.web import again
from safety_service.web.acting import done, looked
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "policy"
HERE = "/policy"
#: The columns of the table of silences, with what stands above them.
WHEN = {
    "begin": "Not begun",
    "inside": "Inside",
    "end": "Not out",
    "home": "Not home",
    "asked": "Longer if asked",
    "everyone": "Then everyone",
}


@routes.get(HERE)
async def read(request: web.Request) -> web.StreamResponse:
    """What is in force, and what waits. Raises NotFound: they are no administrator."""

    async def work(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        edition, policy = await policies.in_force(tx, visitor.actor)

        def at(moment: datetime) -> str:
            return say_time(moment, visitor.known.zone)

        return {
            "edition": edition,
            "since": "" if edition is None else at(edition.applied_at),
            # A row for each silence: there are more of them than risks, and a phone is narrow.
            "risks": [str(risk) for risk in Risk],
            "rows": [
                (said, [say_duration(getattr(silence(policy, risk), each)) for risk in Risk])
                for each, said in WHEN.items()
            ],
            "danger": say_duration(in_danger(policy)),
            "offers": [
                (each, at(each.offered_at), at(each.expires_at), each.offered_by_id == visitor.person_id)
                for each in await policies.offers(tx, visitor.actor)
            ],
        }

    visitor, context = await looked(request, SUBJECT, work)
    return page(request, "policy.html", visitor, context=context)


@routes.post(HERE + "/offers/{id}/agree")
@again.asked
async def agree(request: web.Request) -> web.StreamResponse:
    """The second administrator agrees."""
    offer_id = id_of(request)

    async def work(tx: Tx, visitor: Visitor) -> None:
        try:
            await policies.agree(tx, visitor.actor, offer_id)
        except PolicyError:
            raise Refused("policy_offer_gone") from None

    return await done(request, "agree", SUBJECT, work, back=HERE)


@routes.post(HERE + "/offers/{id}/refuse")
async def refuse(request: web.Request) -> web.StreamResponse:
    """It is not to be."""
    offer_id = id_of(request)

    async def work(tx: Tx, visitor: Visitor) -> None:
        await policies.refuse(tx, visitor.actor, offer_id)

    return await done(request, "refuse", SUBJECT, work, back=HERE)
