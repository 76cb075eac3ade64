"""Meetings on plain pages: all about a family, calling one, writing down what it ended in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from aiohttp import web

from config.forms_around import CANCELLED, DECISIONS, HELD, MEETING
from safety_service.actions import circle, families, meetings
from safety_service.actions.meetings import Seen
from safety_service.domain.gathering import Agreed, Call, Kind, Outcome, Parents
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.web.acting import looked
from safety_service.web.around_page import Card, said_day, said_time
from safety_service.web.family_frame import Group
from safety_service.web.family_frame import cards as family_cards
from safety_service.web.form_page import Words
from safety_service.web.forming import Drawn, show, take
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "meeting"
KINDS = {
    "risk": "About the risk to workers",
    "joint_debrief": "Joint debrief: talk it through together",
    "review": "Review of the plan",
}
STATES = {"called": "called", "held": "held", "cancelled": "cancelled"}
#: Called, its day is past, and nobody has said what it ended in.
LATE = "say what it ended in"
PARENTS = {"invited": "They are asked to come", "excluded": "Without them"}
SAYS = {
    "kind": "What for?",
    "meets_at": "When?",
    "why": "Why?",
    "invited": "Which agencies are asked?",
    "parents": "The parents",
    "parents_why": "Without them: why?",
    "share_what": "What the family will hear of it",
    "share_how": "How, and from whom",
    "share_when": "When",
}
_GROUPS = range(1, DECISIONS + 1)
HELD_SAYS = {
    "notes": "What was said",
    **{f"decision_{number}": f"Decision {number}" for number in _GROUPS},
    **{f"decision_{number}.what": "What is to be done" for number in _GROUPS},
    **{f"decision_{number}.owner": "Who of us sees to it" for number in _GROUPS},
    **{f"decision_{number}.who": "Or who in another agency" for number in _GROUPS},
    **{f"decision_{number}.due_on": "By when" for number in _GROUPS},
    "told": "What the family was told, if it was something else than planned",
    "review_on": "The plan is reviewed on",
}


@routes.get("/families/{ref}/meetings")
async def listed(request: web.Request) -> web.StreamResponse:
    """All about a family, the latest first."""
    ref = request.match_info["ref"]

    async def work(tx: Tx, visitor: Visitor) -> list[Seen]:
        return await meetings.of_family(tx, visitor.actor, ref)

    visitor, found = await looked(request, SUBJECT, work)
    cards = [_card(each, visitor, link=True) for each in found]
    new = (families.page_of(ref, "meetings/new"), "Call a meeting")
    links = [new] if visitor.actor.is_any(Role.MANAGER) else []
    group = Group(cards=cards, empty="There was none.")
    return family_cards(request, visitor, ref, "meetings", "meetings", [group], links=links)


@routes.get("/meetings/{id}")
async def one(request: web.Request) -> web.StreamResponse:
    """One meeting."""

    async def work(tx: Tx, visitor: Visitor) -> Seen:
        return await meetings.read(tx, visitor.actor, id_of(request))

    visitor, seen = await looked(request, SUBJECT, work)
    links = []
    if seen.row.state == "called" and visitor.actor.is_(Role.MANAGER, seen.row.team_id):
        acts = [("held", "It was held"), ("cancel", "It does not take place")]
        links = [(f"/meetings/{seen.row.id}/{path}", label) for path, label in acts]
    return family_cards(
        request, visitor, seen.ref, "meetings", "meeting", [Group(cards=[_card(seen, visitor)])], links=links
    )


@routes.get("/families/{ref}/meetings/new")
async def new(request: web.Request) -> web.StreamResponse:
    """The form for a call."""
    return await show(request, SUBJECT, _draw_call(request))


@routes.post("/families/{ref}/meetings/new")
async def call(request: web.Request) -> web.StreamResponse:
    """Call one."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        seen = await meetings.call(tx, visitor.actor, request.match_info["ref"], _call(answers))
        return f"/meetings/{seen.row.id}"

    return await take(request, SUBJECT, "call", _draw_call(request), do)


@routes.get("/meetings/{id}/held")
async def holding(request: web.Request) -> web.StreamResponse:
    """The form for what it ended in."""
    return await show(request, SUBJECT, _draw_held(request))


@routes.post("/meetings/{id}/held")
async def hold(request: web.Request) -> web.StreamResponse:
    """It was held."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        await meetings.hold(tx, visitor.actor, id_of(request), _outcome(answers))
        return f"/meetings/{id_of(request)}"

    return await take(request, SUBJECT, "hold", _draw_held(request), do)


@routes.get("/meetings/{id}/cancel")
async def cancelling(request: web.Request) -> web.StreamResponse:
    """The form for why it does not take place."""
    return await show(request, SUBJECT, _draw_cancel(request))


@routes.post("/meetings/{id}/cancel")
async def cancel(request: web.Request) -> web.StreamResponse:
    """It does not take place."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        await meetings.cancel(tx, visitor.actor, id_of(request), answers["why"])
        return f"/meetings/{id_of(request)}"

    return await take(request, SUBJECT, "cancel", _draw_cancel(request), do)


def _call(answers: Mapping[str, Any]) -> Call:
    try:
        invited = tuple(UUID(each) for each in answers.get("invited", ()))
    except ValueError:
        raise Refused("invited_unknown") from None
    return Call(
        kind=Kind(answers["kind"]),
        meets_at=datetime.fromisoformat(answers["meets_at"]),
        why=answers["why"],
        invited=invited,
        parents=Parents(answers["parents"]),
        parents_why=answers.get("parents_why", ""),
        share_what=answers["share_what"],
        share_how=answers["share_how"],
        share_when=answers["share_when"],
    )


def _outcome(answers: Mapping[str, Any]) -> Outcome:
    return Outcome(
        notes=answers["notes"],
        review_on=date.fromisoformat(answers["review_on"]),
        decisions=tuple(_decisions(answers)),
        told=answers.get("told", ""),
    )


def _decisions(answers: Mapping[str, Any]) -> Iterator[Agreed]:
    for number in _GROUPS:
        given = answers.get(f"decision_{number}") or {}
        try:
            owner = UUID(given["owner"]) if given.get("owner") else None
        except ValueError:
            raise Refused("not_in_team") from None
        due_on = date.fromisoformat(given["due_on"]) if given.get("due_on") else None
        if given:
            yield Agreed(what=given.get("what", ""), owner_id=owner, who=given.get("who", ""), due_on=due_on)


def _draw_call(request: web.Request) -> Any:
    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        family = await circle.by_ref(tx, visitor.actor, request.match_info["ref"])
        circle.managed(visitor.actor, family)
        asked = {str(each.id): each.organisation for each in await meetings.to_invite(tx, family)}
        words = Words(says=SAYS, options={"kind": KINDS, "parents": PARENTS, "invited": asked})
        path = families.page_of(family.ref, "meetings")
        return Drawn(
            form=MEETING,
            words=words,
            heading=f"{family.ref}: call a meeting",
            action=f"{path}/new",
            back=path,
            button="Call it",
        )

    return draw


def _draw_held(request: web.Request) -> Any:
    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        seen = await meetings.to_end(tx, visitor.actor, id_of(request))
        ours = {str(key): name for key, name in (await meetings.owners(tx, seen.row)).items()}
        options = {f"decision_{number}.owner": ours for number in _GROUPS}
        return Drawn(
            form=HELD,
            words=Words(says=HELD_SAYS, options=options),
            heading=f"{seen.ref}: what the meeting ended in",
            action=f"/meetings/{seen.row.id}/held",
            back=f"/meetings/{seen.row.id}",
            intro=["It ends in a new version of the plan, and a day on which that is reviewed."],
        )

    return draw


def _draw_cancel(request: web.Request) -> Any:
    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        seen = await meetings.to_end(tx, visitor.actor, id_of(request))
        return Drawn(
            form=CANCELLED,
            words=Words(says={"why": "Why does it not take place?"}),
            heading=f"{seen.ref}: no meeting",
            action=f"/meetings/{seen.row.id}/cancel",
            back=f"/meetings/{seen.row.id}",
            button="It does not take place",
        )

    return draw


def _card(seen: Seen, visitor: Visitor, *, link: bool = False) -> Card:
    row, body = seen.row, seen.row.body
    decisions = [_decision(each) for each in body.get("decisions", ())]
    late = row.next_at is not None and row.state == "called" and row.meets_at.timestamp() < row.next_at.timestamp()
    return Card(
        title=f"{KINDS[row.kind]}, {said_time(row.meets_at, visitor)}",
        tag=LATE if late else STATES[row.state],
        lines=[
            (SAYS["why"], body["why"]),
            ("Asked", ", ".join(each.organisation for each in seen.invited)),
            (SAYS["parents"], PARENTS[body["parents"]] + (f": {body['parents_why']}" if body["parents_why"] else "")),
            (SAYS["share_what"], f"{body['share_what']} {body['share_how']}, {body['share_when']}"),
            (HELD_SAYS["notes"], body.get("notes", "")),
            ("Decided", "\n".join(decisions)),
            ("The family was told", body.get("told", "")),
            ("The plan", "" if row.plan_number is None else f"Version {row.plan_number}"),
            (HELD_SAYS["review_on"], said_day(row.review_on)),
            ("Why it did not take place", body.get("cancelled_why", "")),
        ],
        link=(f"/meetings/{row.id}", "Open it") if link else None,
    )


def _decision(each: Mapping[str, Any]) -> str:
    who = each.get("name") or each.get("who") or ""
    by = f" by {said_day(each['due_on'])}" if each.get("due_on") else ""
    return f"{each['what']}: {who}{by}" if who or by else str(each["what"])
