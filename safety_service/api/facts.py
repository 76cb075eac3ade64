"""Risk facts of a family; its risk raised and lowered by hand."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from safety_service.actions import facts, raising
from safety_service.actions.facts import NewFact
from safety_service.api.body import Body
from safety_service.api.call import Call, endpoint
from safety_service.api.families import FAMILY, Text, ref_of
from safety_service.api.family_shapes import fact_shape
from safety_service.api.problems import PREFIX
from safety_service.api.shapes import page_shape

routes = web.RouteTableDef()

ONE = f"{PREFIX}/facts/{{id}}"
Kind = Annotated[str, Field(pattern=r"^[a-z][a-z_]*$", max_length=64)]


class FactBody(Body):
    """A fact as it is given."""

    kind: Kind
    on: date
    source: Kind
    says: Text = ""
    review_on: date | None = None
    told: Literal["yes", "no", "not_yet"] = "not_yet"
    told_why: Text = ""
    their_view: Text = ""
    worker_id: UUID | None = None


class CorrectBody(Body):
    """What is different in the fact that stands in its place, and why."""

    why: Text = ""
    kind: Kind | None = None
    on: date | None = None
    says: Text | None = None


class WhyBody(Body):
    """Why."""

    why: Text = ""


class ToldBody(Body):
    """What the family was told, or why not; and what they say."""

    told: Literal["yes", "no", "not_yet"]
    told_why: Text = ""
    their_view: Text = ""


class ReviewBody(Body):
    """When it is looked at again."""

    review_on: date


class RiskBody(Body):
    """`to` high raises it; low or medium lower it for so many days."""

    to: Literal["low", "medium", "high"]
    why: Text = ""
    days: int = 28


@routes.get(f"{FAMILY}/facts")
@endpoint("risk_fact")
async def listed(call: Call) -> dict[str, Any]:
    """Every fact, the newest first, also what is past, ended or corrected."""
    found = await facts.of_family(call.tx, call.actor, ref_of(call))
    return page_shape([fact_shape(each) for each in found], None)


@routes.post(f"{FAMILY}/facts")
@endpoint("risk_fact", status=201)
async def add(call: Call) -> dict[str, Any]:
    """Add a fact; it counts from now on."""
    made = await facts.add(call.tx, call.actor, ref_of(call), NewFact(**call.body(FactBody).model_dump()))
    return await _shaped(call, made.id)


@routes.post(f"{FAMILY}/risk")
@endpoint("risk_fact", status=201)
async def set_risk(call: Call) -> dict[str, Any]:
    """Raise the family's risk, or (managers) lower it for a while."""
    body = call.body(RiskBody)
    if body.to == "high":
        made = await raising.raise_risk(call.tx, call.actor, ref_of(call), body.why)
    else:
        made = await raising.lower_risk(call.tx, call.actor, ref_of(call), body.to, body.why, body.days)
    return await _shaped(call, made.id)


@routes.get(ONE)
@endpoint("risk_fact")
async def one(call: Call) -> dict[str, Any]:
    """One fact."""
    return await _shaped(call, call.id())


@routes.post(f"{ONE}/correct")
@endpoint("risk_fact", status=201)
async def correct(call: Call) -> dict[str, Any]:
    """A new fact in its place; the old one ends and stays."""
    body = call.body(CorrectBody)
    changes = {name: getattr(body, name) for name in ("kind", "on", "says") if getattr(body, name) is not None}
    made = await facts.correct(call.tx, call.actor, call.id(), changes, body.why)
    return await _shaped(call, made.id)


@routes.post(f"{ONE}/end")
@endpoint("risk_fact")
async def end(call: Call) -> dict[str, Any]:
    """It counts no more."""
    await facts.end(call.tx, call.actor, call.id(), call.body(WhyBody).why)
    return await _shaped(call, call.id())


@routes.post(f"{ONE}/told")
@endpoint("risk_fact")
async def told(call: Call) -> dict[str, Any]:
    """What the family was told of it."""
    body = call.body(ToldBody)
    await facts.tell_family(call.tx, call.actor, call.id(), body.told, body.told_why, body.their_view)
    return await _shaped(call, call.id())


@routes.post(f"{ONE}/review")
@endpoint("risk_fact")
async def review(call: Call) -> dict[str, Any]:
    """It was looked at and stands."""
    await facts.reviewed(call.tx, call.actor, call.id(), call.body(ReviewBody).review_on)
    return await _shaped(call, call.id())


async def _shaped(call: Call, fact_id: UUID) -> dict[str, Any]:
    _, found = await facts.one(call.tx, call.actor, fact_id)
    return fact_shape(found)
