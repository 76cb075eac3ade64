"""What a family takes away from a contact; the agency's own texts; who would not be there for a visit."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from aiohttp import web
from pydantic import Field, JsonValue

from safety_service.actions import notices, readiness, summaries
from safety_service.actions.errors import NotFound
from safety_service.actions.visitors import names_of
from safety_service.api.body import Body
from safety_service.api.call import Call, endpoint
from safety_service.api.families import FAMILY, ref_of
from safety_service.api.family_shapes import summary_shape
from safety_service.api.problems import PREFIX
from safety_service.api.shapes import page_shape
from safety_service.store.notices import Notice
from safety_service.store.summaries import Summary

routes = web.RouteTableDef()

ONE = f"{PREFIX}/visits/{{id}}/summary"
NOTICE = f"{PREFIX}/notices/{{kind}}"


class SummaryBody(Body):
    """Fields of the list; any other is refused by name."""

    body: dict[str, JsonValue]


class GivenBody(Body):
    """How the family got it."""

    how: Literal["read_out", "printed", "sent"]


class NoticeBody(Body):
    """A text of the agency's."""

    title: Annotated[str, Field(max_length=notices.LONGEST_TITLE)] = ""
    text: Annotated[str, Field(max_length=notices.LONGEST)] = ""


@routes.get(ONE)
@endpoint("contact_summary")
async def read(call: Call) -> dict[str, Any]:
    """The last summary of a visit."""
    return await _last(call)


@routes.post(ONE)
@endpoint("contact_summary", status=201)
async def write(call: Call) -> dict[str, Any]:
    """Write one; who was there writes it."""
    return await _shaped(call, await summaries.write(call.tx, call.actor, call.id(), call.body(SummaryBody).body))


@routes.post(f"{ONE}/given")
@endpoint("contact_summary")
async def given(call: Call) -> dict[str, Any]:
    """The family has it now."""
    await summaries.give(call.tx, call.actor, call.id(), call.body(GivenBody).how)
    return await _last(call)


@routes.get(f"{FAMILY}/summaries")
@endpoint("contact_summary")
async def listed(call: Call) -> dict[str, Any]:
    """The last ones of a family, newest first."""
    found = await summaries.listed(call.tx, call.actor, ref_of(call))
    names = await names_of(call.tx, {each.by for each in found})
    return page_shape([summary_shape(each, names) for each in found], None)


@routes.get(NOTICE)
@endpoint("notice")
async def notice(call: Call) -> dict[str, Any]:
    """One of the agency's texts: statement, code_of_conduct, advice."""
    found = await notices.read(call.tx, call.actor, call.request.match_info["kind"])
    if found is None:
        raise NotFound
    return _notice_shape(found)


@routes.put(NOTICE)
@endpoint("notice")
async def put(call: Call) -> dict[str, Any]:
    """From now on this is the text: administrators only."""
    body = call.body(NoticeBody)
    kind = call.request.match_info["kind"]
    return _notice_shape(await notices.put(call.tx, call.actor, kind, body.title, body.text))


@routes.get(f"{PREFIX}/visits/{{id}}/readiness")
@endpoint("visit")
async def ready(call: Call) -> dict[str, Any]:
    """Which rungs nobody stands on for a part of the visit and its way home."""
    found = await readiness.gaps_of(call.tx, call.actor, call.id())
    gaps = [
        {"post": each.post, "starts_at": each.starts_at.isoformat(), "ends_at": each.ends_at.isoformat()}
        for each in found
    ]
    return page_shape(gaps, None)


async def _last(call: Call) -> dict[str, Any]:
    begun = await summaries.of_visit(call.tx, call.actor, call.id())
    if begun.summary is None:
        raise NotFound
    return await _shaped(call, begun.summary)


async def _shaped(call: Call, row: Summary) -> dict[str, Any]:
    return summary_shape(row, await names_of(call.tx, {row.by}))


def _notice_shape(found: Notice) -> dict[str, Any]:
    return {"kind": found.kind, "title": found.title, "text": found.text, "at": found.at.isoformat()}
