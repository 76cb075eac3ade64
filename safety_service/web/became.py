"""What became of a debrief, on a plain page: so that whoever told it sees that it was worth the telling."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from aiohttp import web

from config.guidance import Guidance
from safety_service.actions.became import Became, Outcome, became_of
from safety_service.actions.errors import NotFound
from safety_service.actions.visitors import names_of
from safety_service.store.database import Tx
from safety_service.web.acting import looked
from safety_service.web.around_page import Card, around, said_day, said_time
from safety_service.web.plan_words import STATES, VERDICTS
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()


@routes.get("/log/{id}/became")
async def became(request: web.Request) -> web.StreamResponse:
    """The page, for whoever may read the debrief."""
    debrief_id = _id(request)

    async def work(tx: Tx, visitor: Visitor) -> tuple[Outcome, Mapping[UUID, str], Guidance]:
        outcome = await became_of(tx, visitor.actor, debrief_id)
        people = {each.by for one in outcome.measures for each in one.decisions}
        people |= {each for one in outcome.measures for each in one.seen_by}
        return outcome, await names_of(tx, people), (await tx.guidance(visitor.actor.agency_id)).guidance

    visitor, (outcome, names, guidance) = await looked(request, "debrief", work)
    cards = [_card(each, names, visitor) for each in outcome.measures]
    again = [(said_day(each.on), guidance.says("behaviours", each.kind)) for each in outcome.recurred]
    if again:
        cards.append(Card(title="It was met again", lines=again, alerted=True))
    empty = "It has proposed nothing."
    return around(
        request, visitor, "What became of it", cards, empty=empty, links=[(f"/log/{debrief_id}", "The debrief")]
    )


def _card(each: Became, names: Mapping[UUID, str], visitor: Visitor) -> Card:
    decided = [
        f"{said_time(one.at, visitor)}, {names.get(one.by, '')}: {VERDICTS[one.kind]}. {one.reason}"
        for one in each.decisions
    ]
    seen = [f"{names.get(who, '')}, {said_time(at, visitor)}" for who, at in each.seen_by.items()]
    return Card(
        title=f"{each.measure.says}: {STATES[each.measure.state]}",
        lines=[
            ("Decisions", "\n".join(decided) or "None yet"),
            ("Holds since", "" if each.number is None else f"version {each.number} of the plan"),
            ("Read by, before going", "\n".join(seen)),
        ],
    )


def _id(request: web.Request) -> UUID:
    try:
        return UUID(request.match_info["id"])
    except ValueError:
        raise NotFound from None
