"""One person on their page: who they are, what they may do, how they are reached; and changing it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from safety_service.actions import directory, people_changing
from safety_service.actions.directory import File, Trained, Way
from safety_service.domain.addresses import hidden
from safety_service.domain.reaching import PROVEN, REACHING
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.web import again
from safety_service.web.acting import looked
from safety_service.web.around_page import said_day
from safety_service.web.filling import Form, Typed
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.people import AT, HERE, SUBJECT, details_of, kind_said, roles_of, roles_said
from safety_service.web.running_words import MAY, ROLES, post_said, span_said
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

#: What is said above the page after something was done, by the word in the address.
SAID = {
    "added": "Added. Nothing speaks for them yet: invite them.",
    "changed": "Changed.",
    "roles": "What they may do is changed, from now on.",
    "trained": "Kept.",
    "back": "They work here again. Nothing speaks for them yet: invite them.",
    "gone": "Deactivated. Nothing speaks for them any more.",
    "lost": "Done. Nothing reaches them any more: ring them, and invite them again when you know it is them.",
    "kept-off": "Kept. From now on they are kept off.",
}
STATES = {
    "proposed": "not proven yet: it carries nothing",
    "waiting": "waits for a second person: it carries nothing",
    "active": "in use",
    "blocked": "shut at the other end: nothing arrives",
}


@routes.get(HERE + "/{id}")
async def shown(request: web.Request) -> web.StreamResponse:
    """All that is kept about them. Raises NotFound."""

    async def work(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        found = await directory.file_of(tx, visitor.actor, id_of(request))
        return _drawn(found, visitor)

    visitor, context = await looked(request, SUBJECT, work)
    said = SAID.get(request.query.get("done", ""), "")
    return page(request, "person.html", visitor, context={**context, "done": said})


def _drawn(found: File, visitor: Visitor) -> dict[str, Any]:
    zone, person = visitor.known.zone, found.person
    names = {each.id: each.name for each in found.teams}
    reached = any(each.channel.state == "active" and each.channel.kind in REACHING for each in found.ways)
    return {
        "person": person,
        "own": person.id == visitor.person_id,
        "held": [(names[team], roles_said(roles)) for team, roles in person.roles.items() if team in names],
        "supervisor": found.supervisor,
        "ways": [_way(each, visitor) for each in found.ways],
        "reached": reached,
        "can_be_woken": found.can_be_woken,
        "two_ways": found.two_ways,
        "signed_in": found.signed_in,
        "shifts": [
            (post_said(each.post), names.get(each.team_id, ""), span_said(each.starts_at, each.ends_at, zone))
            for each in found.shifts[:5]
        ],
        "more_shifts": max(0, len(found.shifts) - 5),
        "standing": found.standing,
        "trained": [_trained(each) for each in found.trained],
        "codes": [(code, each.says) for code, each in found.codes.items()],
        "kept_off": found.kept_off,
    }


def _way(each: Way, visitor: Visitor) -> tuple[str, str, str, bool]:
    """What it is, its state, when it was proven, whether it counts."""
    channel = each.channel
    given = channel.kind in PROVEN
    said = kind_said(channel.kind) + (f" {hidden(channel.kind, channel.address)}" if given else "")
    tried = "" if channel.proven_at is None else said_day(channel.proven_at.astimezone(visitor.known.zone).date())
    shown = f"proven by them on {tried}" if tried else "never proven"
    return said[:1].upper() + said[1:], STATES[channel.state], shown if given else "linked by a code", each.counts


def _trained(each: Trained) -> tuple[str, str, str, bool]:
    until = "" if each.until is None else said_day(each.until)
    return each.says, said_day(each.on), until, each.over


def _changing(person_id: UUID) -> Form:
    async def draw(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        person = await directory.person_of(tx, visitor.actor, person_id)
        found = await directory.choices(tx, visitor.actor, person.supervisor_id)
        managers = [each for each in found.managers if each.id != person_id]
        return {"person": person, "managers": managers, "own": person_id == visitor.person_id}

    return Form(subject=SUBJECT, template="person_change.html", draw=draw, at={**AT, "never_your_own": "supervisor"})


@routes.get(HERE + "/{id}/change")
async def changing(request: web.Request) -> web.StreamResponse:
    """The form: name, address, number, supervisor."""
    return await _changing(id_of(request)).show(request)


@routes.post(HERE + "/{id}/change")
@again.asked
async def change(request: web.Request) -> web.StreamResponse:
    """Keep what was changed."""
    person_id = id_of(request)

    async def do(tx: Tx, visitor: Visitor, typed: Typed) -> str:
        await people_changing.change(tx, visitor.actor, person_id, details_of(typed))
        return f"{HERE}/{person_id}?done=changed"

    return await _changing(person_id).take(request, "change", do)


def _roles(person_id: UUID) -> Form:
    async def draw(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        person = await directory.person_of(tx, visitor.actor, person_id)
        found = await directory.choices(tx, visitor.actor)
        return {
            "person": person,
            "teams": found.teams,
            "roles": [(each, ROLES[each], MAY[each]) for each in Role],
            "own": person_id == visitor.person_id,
        }

    return Form(subject=SUBJECT, template="person_roles.html", draw=draw)


@routes.get(HERE + "/{id}/roles")
async def choosing(request: web.Request) -> web.StreamResponse:
    """What they may do, team by team."""
    return await _roles(id_of(request)).show(request)


@routes.post(HERE + "/{id}/roles")
@again.asked
async def choose(request: web.Request) -> web.StreamResponse:
    """These are their roles from now on."""
    person_id = id_of(request)

    async def do(tx: Tx, visitor: Visitor, typed: Typed) -> str:
        found = await directory.choices(tx, visitor.actor)
        wanted = {each.id: roles_of(typed.all(f"role-{each.id}")) for each in found.teams}
        await people_changing.set_all_roles(tx, visitor.actor, person_id, wanted)
        return f"{HERE}/{person_id}?done=roles"

    return await _roles(person_id).take(request, "change", do)
