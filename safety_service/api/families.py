"""Families: find, read, change; what to know before going; what was met over time."""

from __future__ import annotations

from typing import Annotated, Any

from aiohttp import web
from pydantic import Field, JsonValue

from safety_service.actions import behaviours, briefing, families, opening
from safety_service.actions.families import Family
from safety_service.actions.visitors import names_of
from safety_service.api.body import Body
from safety_service.api.call import Call, endpoint
from safety_service.api.family_shapes import briefing_shape, family_shape, line_shape, people_of_family
from safety_service.api.problems import PREFIX
from safety_service.api.shapes import page_shape
from safety_service.store.database import Tx

routes = web.RouteTableDef()

FAMILY = f"{PREFIX}/families/{{ref}}"
Text = Annotated[str, Field(max_length=2000)]


class FamilyBody(Body):
    """A family that nobody visits yet."""

    ref: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]*$")]


class FindBody(Body):
    """Its reference, or its exact name: in a body, so that no name stands in anybody's address line."""

    text: Annotated[str, Field(min_length=1, max_length=200)]


class ChangeBody(Body):
    """Parts of the record to replace, each whole. `version`: as it was read."""

    version: int
    name: Annotated[str, Field(max_length=200)] | None = None
    record: dict[str, JsonValue] = Field(default_factory=dict)


class OpenBody(Body):
    """Why the caller opens a family with which they have nothing to do now."""

    reason: Text = ""


class AskBody(Body):
    """A question to the managers."""

    question: Text = ""


@routes.post(f"{PREFIX}/families")
@endpoint("family", status=201)
async def make(call: Call) -> dict[str, Any]:
    """Make a family that nobody visits yet: managers only."""
    return await shaped(call.tx, await families.make(call.tx, call.actor, call.body(FamilyBody).ref))


@routes.post(f"{PREFIX}/families/find")
@endpoint("family")
async def find(call: Call) -> dict[str, Any]:
    """Those with this reference or exactly this name, as far as the caller may know of them."""
    found = await families.find(call.tx, call.actor, call.body(FindBody).text)
    return page_shape([{"ref": each.ref, "name": each.row.name} for each in found], None)


@routes.post(f"{FAMILY}/open")
@endpoint("family")
async def open_it(call: Call) -> dict[str, Any]:
    """Say why one reads a family without a visit, a duty or an alert there: it is open to the caller for some hours."""
    return {"ref": await opening.open_family(call.tx, call.actor, ref_of(call), call.body(OpenBody).reason)}


@routes.get(FAMILY)
@endpoint("family")
async def family(call: Call) -> dict[str, Any]:
    """One family."""
    return await shaped(call.tx, await families.read(call.tx, call.actor, ref_of(call)))


@routes.patch(FAMILY)
@endpoint("family")
async def change(call: Call) -> dict[str, Any]:
    """Replace parts of its record, or its name. 409: somebody changed it since it was read."""
    body = call.body(ChangeBody)
    changes: dict[str, Any] = dict(body.record)
    if "name" in body.model_fields_set:
        changes["name"] = body.name
    changed = await families.change(call.tx, call.actor, ref_of(call), body.version, changes)
    return await shaped(call.tx, changed)


@routes.get(f"{FAMILY}/behaviours")
@endpoint("behaviours")
async def met(call: Call) -> dict[str, Any]:
    """What was met over time, the gravest first."""
    lines = await behaviours.of_family(call.tx, call.actor, ref_of(call))
    return page_shape([line_shape(each) for each in lines], None)


@routes.get(f"{FAMILY}/briefing")
@endpoint("briefing")
async def before(call: Call) -> dict[str, Any]:
    """What to know before going."""
    return briefing_shape(await briefing.of(call.tx, call.actor, ref_of(call)))


@routes.post(f"{FAMILY}/briefing/read")
@endpoint("briefing")
async def confirm(call: Call) -> dict[str, Any]:
    """The caller has read it, at this version of the plan."""
    return {"plan_number": await briefing.confirm(call.tx, call.actor, ref_of(call))}


@routes.post(f"{FAMILY}/briefing/ask")
@endpoint("briefing")
async def ask(call: Call) -> dict[str, Any]:
    """Ask the managers before going. `told`: how many messages went out."""
    question = call.body(AskBody).question
    return {"told": await briefing.ask(call.tx, call.actor, ref_of(call), question)}


def ref_of(call: Call) -> str:
    """The family's reference in the path."""
    return call.request.match_info["ref"]


async def shaped(tx: Tx, found: Family) -> dict[str, Any]:
    """A family with the names of those who changed it."""
    return family_shape(found, await names_of(tx, people_of_family(found)))
