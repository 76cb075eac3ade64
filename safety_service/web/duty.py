"""Who is on duty now, on a page: handing one's post over, saying yes or no to one that was offered, standing in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from safety_service.actions import duty, duty_now
from safety_service.actions.rota_week import nobody_chosen
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.web import again
from safety_service.web.acting import done
from safety_service.web.filling import Form, Typed
from safety_service.web.paths import id_of
from safety_service.web.running_words import SOMEBODY, post_said, time_said
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

HERE, SUBJECT = "/duty", "shift"


async def _draw(tx: Tx, visitor: Visitor) -> dict[str, Any]:
    found = await duty_now.now(tx, visitor.actor)
    zone, actor = visitor.known.zone, visitor.actor

    def name(person_id: UUID | None) -> str:
        known = found.people.get(person_id) if person_id is not None else None
        return SOMEBODY if known is None or known.id in found.hidden else known.name

    return {
        "teams": [
            (
                team,
                [
                    (post_said(each.post), [SOMEBODY if one.id in found.hidden else one.name for one in each.people])
                    for each in found.posts
                    if each.team.id == team.id
                ],
                team.id in actor.teams(Role.MANAGER),
            )
            for team in found.teams.values()
            if team.id in actor.roles
        ],
        "mine": [(each.post, f"{post_said(each.post)}, {each.team.name}") for each in found.mine(actor)],
        "asked": [
            (
                each.id,
                name(each.covers_id),
                post_said(each.post),
                found.teams[each.team_id].name,
                time_said(each.ends_at, zone),
            )
            for each in found.asked
        ],
        "given": [(name(each.person_id), post_said(each.post), time_said(each.ends_at, zone)) for each in found.given],
        "others": [
            (f"{each.post} {one.id}", f"{one.name}: {post_said(each.post)}, {each.team.name}")
            for each in found.posts
            if each.team.id in actor.teams(Role.MANAGER)
            for one in each.people
            if one.id != actor.person_id and one.id not in found.hidden
        ],
        "people": [(each.id, each.name, True) for each in found.managers],
        "runs": visitor.manages or visitor.administers,
    }


_FORM = Form(
    subject=SUBJECT,
    template="duty.html",
    draw=_draw,
    at={
        **dict.fromkeys(("time_unknown", "until_past", "until_too_far"), "until"),
        **dict.fromkeys(("worker_wanted", "not_to_them", "not_reachable", "cover_yourself"), "person"),
    },
)


@routes.get(HERE)
async def shown(request: web.Request) -> web.StreamResponse:
    """Who is on now, in the visitor's teams."""
    return await _FORM.show(request)


@routes.post(HERE + "/hand-over")
@again.asked
async def hand_over(request: web.Request) -> web.StreamResponse:
    """Offer one's own post: one stays on it until the other says yes."""

    async def do(tx: Tx, visitor: Visitor, typed: Typed) -> str:
        person_id, until = typed.id("person"), typed.moment("until", visitor.known.zone, ending=True)
        if person_id is None:
            raise nobody_chosen()
        await duty.hand_over(tx, visitor.actor, typed.get("post"), until, person_id)
        return HERE

    return await _FORM.take(request, "hand_over", do)


@routes.post(HERE + "/stand-in")
@again.asked
async def stand_in(request: web.Request) -> web.StreamResponse:
    """Stand in for somebody, from now on."""

    async def do(tx: Tx, visitor: Visitor, typed: Typed) -> str:
        post, _, whose = typed.get("whose").partition(" ")
        until = typed.moment("stand_until", visitor.known.zone, ending=True)
        try:
            person_id = UUID(whose)
        except ValueError:
            raise nobody_chosen() from None
        await duty.cover(tx, visitor.actor, post, until, person_id)
        return HERE

    at = {**_FORM.at, **dict.fromkeys(("time_unknown", "until_past", "until_too_far"), "stand_until")}
    at |= dict.fromkeys(("worker_wanted", "not_on_duty", "cover_yourself"), "whose")
    form = Form(subject=SUBJECT, template=_FORM.template, draw=_draw, at=at)
    return await form.take(request, "cover", do)


@routes.post(HERE + "/offers/{id}/accept")
async def accept(request: web.Request) -> web.StreamResponse:
    """Say yes: from now on the giver is off it. Nobody is asked again who they are: a post does not wait for a code."""

    async def work(tx: Tx, visitor: Visitor) -> None:
        await duty.accept(tx, visitor.actor, id_of(request))

    return await done(request, "accept", SUBJECT, work, back=HERE)


@routes.post(HERE + "/offers/{id}/decline")
async def decline(request: web.Request) -> web.StreamResponse:
    """Say no: the giver keeps it."""

    async def work(tx: Tx, visitor: Visitor) -> None:
        await duty.decline(tx, visitor.actor, id_of(request))

    return await done(request, "decline", SUBJECT, work, back=HERE)
