"""People and teams on pages: the list, somebody new, a new team."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web

from bots.dialogue.known import the_wording
from safety_service.actions import agencies, directory, filters, people_changing
from safety_service.actions.people_changing import Details
from safety_service.domain.reaching import REACHING
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store.channels import Channel
from safety_service.store.database import Tx
from safety_service.store.people import Person
from safety_service.store.teams import Team
from safety_service.web import again
from safety_service.web.acting import done, looked
from safety_service.web.filling import Form, Typed
from safety_service.web.pages import page
from safety_service.web.running_words import MAY, ROLES
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

HERE, SUBJECT = "/people", "person"
#: Whose searches these are; and what was typed in the address: its number.
PAGE, LOOK = "people", "look"
#: At which field which refusal of somebody's details stands.
AT = {
    "name_wanted": "name",
    "name_too_long": "name",
    "email_unknown": "email",
    "email_taken": "email",
    "number_unknown": "phone",
    "not_a_supervisor": "supervisor",
    "no_team": "team",
    "role_wanted": "role",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Somebody in the list."""

    id: UUID
    name: str
    roles: str
    reached: str
    #: Nothing reaches them: they hear no alarm, and nobody hears them.
    unreached: bool


@routes.get(HERE)
async def listed(request: web.Request) -> web.StreamResponse:
    """Everybody by team, or those of one, or with this in their name; a page at a time."""
    asked = {each: request.query.get(each, "")[:200] for each in ("team", LOOK, "after", "left")}

    async def work(tx: Tx, visitor: Visitor) -> tuple[directory.Listing, str]:
        look = _id(asked[LOOK])
        typed = {} if look is None else await filters.looked_for(tx, visitor.actor, PAGE, look)
        q = "" if typed is None else typed.get("q", "")
        team_id, after, left = _id(asked["team"]), _id(asked["after"]), bool(asked["left"])
        return await directory.listed(tx, visitor.actor, team_id=team_id, q=q, after=after, left=left), q

    visitor, (found, q) = await looked(request, SUBJECT, work)
    names = {each.id: each.name for each in found.teams}
    kept = {name: value for name, value in asked.items() if value and name != "after"}
    lines = [(_head(found, names, person.id), line_of(person, ways, names)) for person, ways in found.rows]
    context = {
        "groups": [(head, [line for _, line in group]) for head, group in groupby(lines, key=itemgetter(0))],
        "by_team": bool(found.under),
        "teams": [(each, found.sizes.get(each.id, 0)) for each in found.teams],
        "team": names.get(_id(asked["team"]) or UUID(int=0), ""),
        "asked": {**asked, "q": q},
        "over": (bool(asked[LOOK]) or "q" in request.query) and not q,
        "count": found.count,
        "next": f"{HERE}?{urlencode({**kept, 'after': str(found.after)})}" if found.after else "",
    }
    return page(request, "people.html", visitor, context=context)


def _head(found: directory.Listing, names: Mapping[UUID, str], person_id: UUID) -> str:
    """Under which heading somebody stands; in a list that goes by name there is none."""
    team_id = found.under.get(person_id)
    return "" if not found.under else "In no team" if team_id is None else names[team_id]


@routes.post(HERE)
async def look_for(request: web.Request) -> web.StreamResponse:
    """Look for a name: the list is at an address that does not say it."""
    fields = await request.post()
    asked = {each: str(fields.get(each, ""))[:200].strip() for each in ("q", "team", "left")}
    # Not inside: that is done again from its start when it collided with somebody else's.
    q = asked.pop("q")

    async def work(tx: Tx, visitor: Visitor) -> str:
        look = str(await filters.look_for(tx, visitor.actor, PAGE, {"q": q})) if q else ""
        kept = {name: value for name, value in {**asked, LOOK: look}.items() if value}
        return f"{HERE}?{urlencode(kept)}" if kept else HERE

    return await done(request, "look", SUBJECT, work, back=HERE)


def line_of(person: Person, ways: tuple[Channel, ...], teams: dict[UUID, str]) -> Line:
    """Somebody as the list shows them."""
    held = [f"{teams[team]}: {roles_said(roles)}" for team, roles in person.roles.items() if team in teams]
    kinds = dict.fromkeys(kind_said(each.kind) for each in ways)
    return Line(
        id=person.id,
        name=person.name,
        roles="; ".join(sorted(held)) or "in no team",
        reached=", ".join(kinds) or "nothing yet",
        unreached=person.active and not any(each.kind in REACHING for each in ways),
    )


def roles_said(held: frozenset[Role]) -> str:
    """Roles in their order, to be read."""
    return ", ".join(ROLES[each].lower() for each in Role if each in held)


def kind_said(kind: str) -> str:
    """What a kind of channel is called."""
    return the_wording().label(f"kind.{kind}")


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def _draw(tx: Tx, visitor: Visitor) -> dict[str, Any]:
    found = await directory.choices(tx, visitor.actor)
    return {
        "teams": found.teams,
        "managers": found.managers,
        "roles": [(each, ROLES[each], MAY[each]) for each in Role],
    }


_NEW = Form(subject=SUBJECT, template="person_new.html", draw=_draw, at=AT)


@routes.get(HERE + "/new")
async def new(request: web.Request) -> web.StreamResponse:
    """The form for somebody new."""
    return await _NEW.show(request)


@routes.post(HERE + "/new")
@again.asked
async def add(request: web.Request) -> web.StreamResponse:
    """Add them; nothing speaks for them until they are invited."""

    async def do(tx: Tx, visitor: Visitor, typed: Typed) -> str:
        team_id = typed.id("team")
        if team_id is None:
            raise Refused("no_team")
        made = await people_changing.add(tx, visitor.actor, details_of(typed), team_id, roles_of(typed.all("role")))
        return f"{HERE}/{made.id}?done=added"

    return await _NEW.take(request, "add", do)


@routes.post(HERE + "/teams")
async def add_team(request: web.Request) -> web.StreamResponse:
    """A new team."""
    name = " ".join(str((await request.post()).get("name", "")).split())[:200]

    async def work(tx: Tx, visitor: Visitor) -> str:
        if not name:
            raise Refused("name_wanted")
        made: Team = await agencies.add_team(tx, visitor.actor, visitor.actor.agency_id, name)
        return f"{HERE}?team={made.id}"

    return await done(request, "add", "team", work, back=HERE)


def details_of(typed: Typed) -> Details:
    """What was typed about somebody."""
    return Details(
        name=typed.get("name"),
        email=typed.get("email"),
        phone=typed.get("phone"),
        supervisor_id=typed.id("supervisor"),
    )


def roles_of(given: list[str]) -> frozenset[Role]:
    """The roles that were ticked. Raises Refused `role_wanted`: there is no such role."""
    try:
        return frozenset(Role(each) for each in given)
    except ValueError:
        raise Refused("role_wanted") from None
