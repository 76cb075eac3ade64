"""A family's risk reduction plan on a plain page: what holds, what waits, how the work goes on, every version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from aiohttp import web

from config.guidance import Guidance
from safety_service.actions import plans, renewing, undertakings
from safety_service.actions.plans import Plan
from safety_service.actions.undertakings import Kept
from safety_service.actions.visitors import names_of
from safety_service.domain.plan import Difference, Measure
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.store.plans import Version
from safety_service.web.acting import looked
from safety_service.web.around_page import Card, said_day, said_time
from safety_service.web.family_frame import Group, frame
from safety_service.web.pages import page
from safety_service.web.plan_words import CAUSES, COURSES, DECIDED, STATES, because, changed, demanded
from safety_service.web.undertakings import undertaking_card
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "plan"
DECIDE, CHANGE = "Decide", "Change it, or end it"


@dataclass(frozen=True, slots=True)
class _Shown:
    plan: Plan
    names: Mapping[UUID, str]
    guidance: Guidance
    decides: bool
    undertakings: Sequence[Kept]


@routes.get("/families/{ref}/plan")
async def plan(request: web.Request) -> web.StreamResponse:
    """The page; that it was read is kept in the evidence log."""
    ref = request.match_info["ref"]

    async def work(tx: Tx, visitor: Visitor) -> _Shown:
        found = await plans.read(tx, visitor.actor, ref)
        guidance = (await tx.guidance(visitor.actor.agency_id)).guidance
        names = await names_of(tx, _people(found))
        held = await undertakings.holding(tx, visitor.actor, ref)
        return _Shown(found, names, guidance, visitor.actor.is_any(Role.MANAGER), held)

    visitor, shown = await looked(request, SUBJECT, work)
    found = shown.plan
    context = {
        "frame": frame(visitor, found.ref, "plan"),
        "number": found.number,
        "review_on": said_day(found.review_on),
        "links": list(_links(shown)),
        "groups": list(_groups(shown, visitor)),
        "versions": [_version(shown, version, what, visitor) for version, what in found.versions],
        "compare": f"{renewing.plan_page(found.ref)}/changes",
        "numbers": sorted(version.number for version, _ in found.versions),
    }
    return page(request, "plan.html", visitor, context=context)


def _links(shown: _Shown) -> Iterator[tuple[str, str]]:
    here = renewing.plan_page(shown.plan.ref)
    yield f"{here}/propose", "Propose a measure"
    if shown.decides:
        yield f"{here}/course", "Decide how the work goes on"
        yield f"{here}/review", "Look at it again"


def _groups(shown: _Shown, visitor: Visitor) -> Iterator[Group]:
    """What waits stands first, then what holds; what is over stands last."""
    every = shown.plan.measures
    waits = [_measure(shown, each, visitor) for each in every if each.undecided]
    if waits:
        yield Group(heading="Waits for a decision", name="waits", cards=waits)
    holds = [_measure(shown, each, visitor) for each in every if each.open and not each.undecided]
    yield Group(heading="In force", cards=holds, empty="No measure is in force.")
    courses = list(_courses(shown, visitor))
    if courses:
        yield Group(heading="What was decided for the visits", cards=courses)
    if shown.undertakings:
        undertook = [undertaking_card(each, {}, visitor, link=True, label=True) for each in shown.undertakings]
        yield Group(heading="What they undertook", cards=undertook)
    over = [_measure(shown, each, visitor) for each in every if not each.open]
    if over:
        yield Group(heading="Over", cards=over)


def _people(found: Plan) -> set[UUID]:
    named = [
        *(each.owner_id for each in found.measures),
        *(each.worker_id for each in found.measures),
        *(made.by for each in found.decisions.values() for made in each),
        *(each.by for each in found.courses),
        *(version.made_by for version, _ in found.versions),
    ]
    return {each for each in named if each is not None}


def _measure(shown: _Shown, each: Measure, visitor: Visitor) -> Card:
    made = [
        f"{said_time(one.at, visitor)}, {shown.names.get(one.by, '')}: {DECIDED[one.kind]}. {one.reason}"
        for one in shown.plan.decisions.get(each.id, [])
    ]
    link = (
        (f"{renewing.plan_page(shown.plan.ref)}/measures/{each.id}", DECIDE if each.undecided else CHANGE)
        if _decides(shown, each)
        else None
    )
    return Card(
        title=f"{each.says}: {STATES[each.state]}",
        lines=[
            ("Demands", demanded(each.demands)),
            ("Why", because(each.because, shown.guidance)),
            ("About", shown.names.get(each.worker_id, "") if each.worker_id else ""),
            ("Who sees to it", each.who or ""),
            ("From", said_day(each.from_on)),
            ("Until", said_day(each.until_on)),
            ("Who decides", f"{shown.names.get(each.owner_id, '')}, by {said_time(each.decide_by, visitor)}")
            if each.undecided and each.owner_id
            else ("", ""),
            ("Decisions", "\n".join(made)),
        ],
        link=link,
    )


def _decides(shown: _Shown, each: Measure) -> bool:
    return shown.decides and each.open


def _courses(shown: _Shown, visitor: Visitor) -> Iterator[Card]:
    for each in shown.plan.courses:
        yield Card(
            title=f"How the work goes on: {COURSES[each.kind]}",
            lines=[
                ("Why", each.reason),
                ("Decided", f"{said_time(each.at, visitor)}, {shown.names.get(each.by, '')}"),
                ("For", f"visits under version {each.plan_number} of the plan" if each.plan_number else ""),
                ("Until", said_day(each.until_on)),
            ],
        )


def _version(shown: _Shown, version: Version, what: Sequence[Difference], visitor: Visitor) -> dict[str, Any]:
    by = "" if version.made_by is None else f", {shown.names.get(version.made_by, '')}"
    return {
        "title": f"Version {version.number}, {said_time(version.made_at, visitor)}",
        "made": f"{CAUSES.get(version.cause, version.cause)}{by}",
        "why": version.why,
        "changed": [changed(each) for each in what],
        "review_on": said_day(version.review_on),
    }
