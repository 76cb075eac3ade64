"""The policy on a page, for administrators: what is in force, in plain words; what waits for a second one of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from config.policy import Policy, PolicyError
from safety_service.actions import policies
from safety_service.domain.local_time import say_time
from safety_service.domain.policy_reading import in_words, plain, read
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
#: The rows of the table of silences, with what stands before them.
WHEN = {
    "begin": "Not begun",
    "inside": "Inside",
    "end": "Not out",
    "home": "Not home",
    "asked": "Longer if asked",
    "everyone": "Then everyone",
}
#: What is said above the page after something was done, by the word in the address.
SAID = {
    "applied": "Done: it is in force. No deadline that runs moves later by it, and every administrator is told.",
    "offered": "It is less strict, so that it is not in force yet: another administrator has to agree. They are told.",
}


@routes.get(HERE)
async def shown(request: web.Request) -> web.StreamResponse:
    """What is in force, and what waits. Raises NotFound: they are no administrator."""

    async def work(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        edition, policy = await policies.in_force(tx, visitor.actor)

        def at(moment: datetime) -> str:
            return say_time(moment, visitor.known.zone)

        return {
            "edition": edition,
            "since": "" if edition is None else at(edition.applied_at),
            "silence": silences(policy),
            "danger": in_words(in_danger(policy)),
            "sections": read(policy),
            "offers": [
                (
                    each,
                    [plain(line) for line in each.loosens],
                    at(each.offered_at),
                    at(each.expires_at),
                    each.offered_by_id == visitor.person_id,
                )
                for each in await policies.offers(tx, visitor.actor)
            ],
            "done": SAID.get(request.query.get("done", ""), ""),
        }

    visitor, context = await looked(request, SUBJECT, work)
    return page(request, "policy.html", visitor, context=context)


def silences(policy: Policy, before: Policy | None = None) -> Sequence[tuple[str, Sequence[tuple[str, str]]]]:
    """A row for each silence: what it was at each risk (empty where it is the same), and what it is.

    Not a column for each: there are more of them than risks, and a phone is narrow.
    """

    def cell(each: str, risk: Risk) -> tuple[str, str]:
        is_ = _short(getattr(silence(policy, risk), each))
        was = is_ if before is None else _short(getattr(silence(before, risk), each))
        return ("" if was == is_ else was, is_)

    return [(said, [cell(each, risk) for risk in Risk]) for each, said in WHEN.items()]


def _short(length: timedelta) -> str:
    """As long as fits a narrow column: `1 h 15 min`."""
    said = in_words(length)
    for word, short in (("minute", "min"), ("hour", "h"), ("second", "s")):
        said = said.replace(f"{word}s", short).replace(word, short)
    return said


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
