"""Visits: plan, list, read, change, decide."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import AfterValidator, Field, JsonValue, model_validator

from safety_service.actions import changing, decisions, plan_answers, planning, reading
from safety_service.actions.planning import PlanRequest
from safety_service.actions.visitors import names_of
from safety_service.api.body import Body, Moment
from safety_service.api.call import Call, endpoint
from safety_service.api.paging import bad_parameter, read_cursor, read_id, read_limit, read_time, write_cursor
from safety_service.api.problems import PREFIX
from safety_service.api.shapes import page_shape, people_of_visits, visit_shape
from safety_service.domain.words import Decided, Status
from safety_service.store.visits import VisitRow, Wanted

routes = web.RouteTableDef()

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
DAY = 86400  # seconds


def _drawable(plan: dict[str, JsonValue]) -> dict[str, JsonValue]:
    wrong = plan_answers.misshapen(plan)
    if wrong:
        raise ValueError(f"words, or a list of words where the form takes several: {', '.join(wrong)}")
    return plan


#: Answers by step key, in the shapes that the pages draw again when somebody changes the visit.
Plan = Annotated[dict[str, JsonValue], AfterValidator(_drawable)]


class Address(Body):
    """Where the visit is; a position without its other half is no position."""

    text: Annotated[str, Field(max_length=500)] = ""
    latitude: Latitude | None = None
    longitude: Longitude | None = None

    @model_validator(mode="after")
    def _both_or_neither(self) -> Address:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude go together")
        return self


class VisitBody(Body):
    """A visit as it is planned. Durations are whole seconds."""

    family_ref: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]*$")]
    address: Address = Address()
    purpose: Annotated[str, Field(max_length=500)] = ""
    starts_at: Moment
    ends_at: Moment
    check_in_every_s: Annotated[int, Field(ge=1, le=DAY)] | None = None
    workers: Annotated[tuple[UUID, ...], Field(max_length=20)] = ()
    speaker: UUID | None = None
    plan: Plan = Field(default_factory=dict)
    travel_s: Annotated[int, Field(ge=1, le=DAY)] | None = None

    def request(self) -> PlanRequest:
        """What is asked of the action."""
        return PlanRequest(
            family_ref=self.family_ref,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            address_text=self.address.text,
            latitude=self.address.latitude,
            longitude=self.address.longitude,
            purpose=self.purpose,
            check_in_every=_seconds(self.check_in_every_s),
            workers=self.workers,
            speaker_id=self.speaker,
            answers=dict(self.plan),
            travel=_seconds(self.travel_s),
        )


class ChangeBody(Body):
    """What is to be otherwise, each member whole; what is not in it stays. `version`: as it was read."""

    version: int
    address: Address | None = None
    purpose: Annotated[str, Field(max_length=500)] | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    check_in_every_s: Annotated[int, Field(ge=1, le=DAY)] | None = None
    workers: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=20)] | None = None
    plan: Plan | None = None
    travel_s: Annotated[int, Field(ge=1, le=DAY)] | None = None

    def request(self, row: VisitRow) -> PlanRequest:
        """The visit as it is to be."""
        there = row.address if self.address is None else self.address.model_dump()
        every = min((each.interval for each in row.visit.watches), default=None)
        return PlanRequest(
            family_ref=row.family_ref,
            starts_at=self.starts_at or row.visit.starts_at,
            ends_at=self.ends_at or row.visit.ends_at,
            address_text=there.get("text") or "",
            latitude=there.get("latitude"),
            longitude=there.get("longitude"),
            purpose=row.purpose if self.purpose is None else self.purpose,
            check_in_every=_seconds(self.check_in_every_s) or every,
            workers=self.workers or tuple(each.worker_id for each in row.visit.watches),
            answers=dict(row.answers if self.plan is None else self.plan),
            travel=_seconds(self.travel_s),
        )


class DecisionBody(Body):
    """A manager's decision, always with its reason."""

    kind: Literal["go_ahead", "go_ahead_with_measures", "change", "do_not_visit"]
    reason: Annotated[str, Field(max_length=2000)] = ""


@routes.post(f"{PREFIX}/visits")
@endpoint("visit", status=201)
async def plan(call: Call) -> dict[str, Any]:
    """Plan a visit and arm its watch."""
    return await _shaped(call, await planning.plan_visit(call.tx, call.actor, call.body(VisitBody).request()))


@routes.get(f"{PREFIX}/visits")
@endpoint("visit")
async def visits(call: Call) -> dict[str, Any]:
    """Visits that the caller may see, newest first: `status`, `team`, `from`, `to`, `limit`, `cursor`."""
    query = call.request.query
    limit = read_limit(query.get("limit"))
    team = read_id("team", query.get("team"))
    wanted = Wanted(
        agency_id=call.actor.agency_id,
        teams=None if team is None else {team},
        statuses=_statuses(query.getall("status", [])),
        since=read_time("from", query.get("from")),
        until=read_time("to", query.get("to")),
        before=read_cursor(query.get("cursor")),
    )
    page = await reading.visits_of(call.tx, call.actor, wanted, limit)
    names = await names_of(call.tx, people_of_visits(page.rows))
    following = None if page.after is None else write_cursor(*page.after)
    return page_shape([visit_shape(each, names) for each in page.rows], following)


@routes.get(f"{PREFIX}/visits/{{id}}")
@endpoint("visit")
async def visit(call: Call) -> dict[str, Any]:
    """One visit."""
    return await _shaped(call, await reading.visit(call.tx, call.actor, call.id()))


@routes.patch(f"{PREFIX}/visits/{{id}}")
@endpoint("visit")
async def change(call: Call) -> dict[str, Any]:
    """Change a visit that is not begun: whoever goes, or their manager. 409: somebody changed it since it was read."""
    body = call.body(ChangeBody)
    row = await changing.to_change(call.tx, call.actor, call.id())
    asked = body.request(row)
    return await _shaped(call, await changing.change_visit(call.tx, call.actor, row.id, asked, seen=body.version))


@routes.post(f"{PREFIX}/visits/{{id}}/decision")
@endpoint("visit")
async def decide(call: Call) -> dict[str, Any]:
    """Decide on a visit that waits. Never one's own."""
    body = call.body(DecisionBody)
    made = await decisions.decide(call.tx, call.actor, call.id(), Decided(body.kind), body.reason)
    return await _shaped(call, made)


async def _shaped(call: Call, row: VisitRow) -> dict[str, Any]:
    return visit_shape(row, await names_of(call.tx, people_of_visits([row])))


def _statuses(given: list[str]) -> frozenset[Status]:
    named = {each for text in given for each in text.split(",") if each}
    unknown = named - set(Status)
    if unknown:
        raise bad_parameter("status", f"One or more of {', '.join(Status)}.")
    return frozenset(Status(each) for each in named)


def _seconds(given: int | None) -> timedelta | None:
    return None if given is None else timedelta(seconds=given)
