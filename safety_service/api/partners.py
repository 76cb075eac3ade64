"""Other agencies at a family, and the picture of who meets the hostility."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field

from safety_service.actions import partners
from safety_service.api.body import Body
from safety_service.api.call import Call, endpoint
from safety_service.api.families import FAMILY, Text, ref_of
from safety_service.api.family_shapes import around_shape, partner_shape
from safety_service.api.problems import PREFIX

routes = web.RouteTableDef()

ONE = f"{PREFIX}/partners/{{id}}"
Short = Annotated[str, Field(max_length=200)]


class ContactBody(Body):
    """Whom to reach there."""

    name: Short = ""
    role: Short = ""
    email: Short = ""
    phone: Short = ""


class PartnerBody(Body):
    """What is known of an agency; what is not named stays as it is."""

    organisation: Short = ""
    contact: ContactBody = ContactBody()
    meets: Annotated[tuple[Short, ...], Field(max_length=40)] = ()
    visits: Literal["yes", "reduced", "no", "not_known"] = "not_known"
    withheld: Text = ""
    stance: Literal["appeasing", "opposing", "neither", "not_known"] = "not_known"
    kept_out: Text = ""


class PartnerChangeBody(PartnerBody):
    """The same, with the version that was read."""

    version: int


@routes.get(f"{FAMILY}/partners")
@endpoint("partner")
async def around(call: Call) -> dict[str, Any]:
    """Agency by agency, those that left too; `picture`: the pattern, and what follows from it."""
    return around_shape(await partners.around(call.tx, call.actor, ref_of(call)))


@routes.post(f"{FAMILY}/partners")
@endpoint("partner", status=201)
async def add(call: Call) -> dict[str, Any]:
    """Another agency comes to the family."""
    return partner_shape(await partners.add(call.tx, call.actor, ref_of(call), _given(call.body(PartnerBody))))


@routes.patch(ONE)
@endpoint("partner")
async def change(call: Call) -> dict[str, Any]:
    """Change what is known of it; another contact has to be verified again."""
    body = call.body(PartnerChangeBody)
    return partner_shape(await partners.change(call.tx, call.actor, call.id(), body.version, _given(body)))


@routes.post(f"{ONE}/verify")
@endpoint("partner")
async def verify(call: Call) -> dict[str, Any]:
    """The caller has made sure of the contact."""
    return partner_shape(await partners.verify(call.tx, call.actor, call.id()))


@routes.post(f"{ONE}/end")
@endpoint("partner")
async def end(call: Call) -> dict[str, Any]:
    """It has left the family."""
    return partner_shape(await partners.end(call.tx, call.actor, call.id()))


def _given(body: PartnerBody) -> dict[str, Any]:
    return body.model_dump(include=body.model_fields_set - {"version"})
