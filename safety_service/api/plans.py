"""A family's risk reduction plan: read it, decide on a measure, decide how the work goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field, JsonValue

from safety_service.actions import courses, measures, plans, putting_forward
from safety_service.actions.courses import Direction
from safety_service.actions.errors import NotFound
from safety_service.actions.measures import Verdict
from safety_service.actions.plans import Plan
from safety_service.api.body import Body
from safety_service.api.call import Call, endpoint
from safety_service.api.problems import PREFIX
from safety_service.api.shapes import time_or_none
from safety_service.domain.course import Course, CourseKind
from safety_service.domain.plan import Difference, Measure, MeasureDecision, written
from safety_service.store.measures import Decision
from safety_service.store.plans import Version

routes = web.RouteTableDef()

Reason = Annotated[str, Field(max_length=2000)]


class ChangesBody(Body):
    """What is changed with a decision; what is left out stays as it is."""

    says: Annotated[str, Field(max_length=2000)] = ""
    demands: dict[str, JsonValue] = Field(default_factory=dict)
    who: Annotated[str, Field(max_length=2000)] | None = None
    worker_id: UUID | None = None
    from_on: date | None = None
    until_on: date | None = None

    def changes(self) -> dict[str, Any]:
        """Those that were given."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class MeasureDecisionBody(Body):
    """A decision on a measure. `reason`: a key of the guidance's ready reasons, or one's own words."""

    kind: Literal["accept", "change", "refuse", "done", "lapse"]
    reason: Reason = ""
    changes: ChangesBody = ChangesBody()


class MeasureBody(Body):
    """A measure that is put forward: a key of the guidance's, or own words; and why."""

    says: Annotated[str, Field(max_length=2000)] = ""
    reason: Reason = ""


class CourseBody(Body):
    """How the work goes on, why, and the last day on which that counts."""

    kind: Literal["as_it_is", "with_measures", "somebody_else", "not_by_visits"]
    reason: Reason = ""
    until_on: date

    def direction(self) -> Direction:
        """What is asked of the action."""
        return Direction(kind=CourseKind(self.kind), reason=self.reason, until_on=self.until_on)


@routes.get(f"{PREFIX}/families/{{ref}}/plan")
@endpoint("plan")
async def plan(call: Call) -> dict[str, Any]:
    """The plan as it is, with every measure, decision and version."""
    return plan_shape(await plans.read(call.tx, call.actor, call.request.match_info["ref"]))


@routes.post(f"{PREFIX}/families/{{ref}}/plan/measures")
@endpoint("measure", status=201)
async def put_forward(call: Call) -> dict[str, Any]:
    """Propose a measure."""
    body, ref = call.body(MeasureBody), call.request.match_info["ref"]
    return measure_shape(await putting_forward.put_forward(call.tx, call.actor, ref, body.says, body.reason), ())


@routes.post(f"{PREFIX}/families/{{ref}}/plan/measures/{{id}}/decision")
@endpoint("measure")
async def decide(call: Call) -> dict[str, Any]:
    """Decide on a measure of this family. Never on what came from one's own visit."""
    body = call.body(MeasureDecisionBody)
    found = await measures.to_decide(call.tx, call.actor, call.id())
    ref, _ = await plans.where(call.tx, call.actor, call.request.match_info["ref"])
    if not await plans.is_of(call.tx, found, ref):
        raise NotFound
    verdict = Verdict(kind=MeasureDecision(body.kind), reason=body.reason, changes=body.changes.changes())
    made = await measures.decide(call.tx, call.actor, found.id, verdict)
    return measure_shape(made, ())


@routes.post(f"{PREFIX}/families/{{ref}}/courses")
@endpoint("course", status=201)
async def decide_course(call: Call) -> dict[str, Any]:
    """Decide how the work goes on with a family."""
    ref = call.request.match_info["ref"]
    return course_shape(await courses.for_family(call.tx, call.actor, ref, call.body(CourseBody).direction()))


@routes.post(f"{PREFIX}/people/{{id}}/courses")
@endpoint("course", status=201)
async def decide_worker_course(call: Call) -> dict[str, Any]:
    """Decide how the work goes on for a worker."""
    return course_shape(await courses.for_worker(call.tx, call.actor, call.id(), call.body(CourseBody).direction()))


def plan_shape(found: Plan) -> dict[str, Any]:
    """A plan."""
    return {
        "family_ref": found.ref,
        "number": found.number,
        "review_on": _day(found.review_on),
        "measures": [measure_shape(each, found.decisions[each.id]) for each in found.measures],
        "courses": [course_shape(each) for each in found.courses],
        "versions": [_version_shape(version, what) for version, what in found.versions],
    }


def measure_shape(row: Measure, decisions: Sequence[Decision]) -> dict[str, Any]:
    """A measure with its decisions, the oldest first."""
    return {
        "id": str(row.id),
        "key": row.key,
        "says": row.says,
        "state": row.state,
        "demands": written(row.demands),
        "because": row.because.written(),
        "who": row.who,
        "worker_id": _id(row.worker_id),
        "from_on": _day(row.from_on),
        "until_on": _day(row.until_on),
        "owner_id": _id(row.owner_id),
        "decide_by": time_or_none(row.decide_by),
        "decisions": [
            {"kind": each.kind, "reason": each.reason, "by": str(each.by), "at": each.at.isoformat()}
            for each in decisions
        ],
    }


def course_shape(row: Course) -> dict[str, Any]:
    """How the work goes on."""
    return {
        "id": str(row.id),
        "kind": row.kind,
        "reason": row.reason,
        "by": str(row.by),
        "at": row.at.isoformat(),
        "plan_number": row.plan_number,
        "until_on": _day(row.until_on),
        "worker_id": _id(row.worker_id),
    }


def _version_shape(row: Version, what: Iterable[Difference]) -> dict[str, Any]:
    return {
        "number": row.number,
        "made_at": row.made_at.isoformat(),
        "made_by": _id(row.made_by),
        "cause": row.cause,
        "why": row.why,
        "review_on": _day(row.review_on),
        "measures": list(row.measures),
        "changed": [
            {"id": each.id, "says": each.says, "what": each.what, "fields": list(each.fields)} for each in what
        ],
    }


def _id(value: UUID | None) -> str | None:
    return None if value is None else str(value)


def _day(on: date | None) -> str | None:
    return None if on is None else on.isoformat()
