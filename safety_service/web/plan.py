"""A family's risk reduction plan on a plain page: what holds, what waits, how the work goes on, every version."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from config.guidance import Guidance
from safety_service.actions import plans, renewing, undertakings
from safety_service.actions.plans import Plan
from safety_service.actions.undertakings import Kept
from safety_service.actions.visitors import names_of
from safety_service.domain.plan import Measure
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.web.acting import looked
from safety_service.web.around_page import Card, around, said_day, said_time
from safety_service.web.plan_words import CAUSES, COURSES, STATES, VERDICTS, because, changed, demanded
from safety_service.web.undertakings import undertaking_card
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "plan"


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
    here = renewing.plan_page(found.ref)
    cards = [
        *(_measure(shown, each, visitor) for each in sorted(found.measures, key=_order) if each.open),
        *(undertaking_card(each, {}, visitor, link=True, label=True) for each in shown.undertakings),
        *_courses(shown, visitor),
        *_versions(shown, visitor),
        *(_measure(shown, each, visitor) for each in found.measures if not each.open),
    ]
    links = [(f"{here}/course", "Decide how the work goes on"), (f"{here}/review", "Look at it again")]
    warn = "" if found.review_on is None else f"To be looked at again on {said_day(found.review_on)}."
    return around(
        request,
        visitor,
        f"{found.ref}: risk reduction plan" + (f", version {found.number}" if found.number else ""),
        cards,
        warn=warn,
        empty="There is no measure yet.",
        links=[*(links if shown.decides else []), (f"{here}/propose", "Propose a measure")],
    )


def _people(found: Plan) -> set[UUID]:
    named = [
        *(each.owner_id for each in found.measures),
        *(each.worker_id for each in found.measures),
        *(made.by for each in found.decisions.values() for made in each),
        *(each.by for each in found.courses),
        *(version.made_by for version, _ in found.versions),
    ]
    return {each for each in named if each is not None}


def _order(each: Measure) -> tuple[bool, bool, UUID]:
    """What waits stands first, and of that what holds already."""
    return (not each.undecided, not each.holds, each.id)


def _measure(shown: _Shown, each: Measure, visitor: Visitor) -> Card:
    made = [
        f"{said_time(one.at, visitor)}, {shown.names.get(one.by, '')}: {VERDICTS[one.kind]}. {one.reason}"
        for one in shown.plan.decisions.get(each.id, [])
    ]
    link = (f"{renewing.plan_page(shown.plan.ref)}/measures/{each.id}", "Decide") if _decides(shown, each) else None
    return Card(
        title=f"{each.says}: {STATES[each.state]}",
        alerted=each.undecided,
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


def _courses(shown: _Shown, visitor: Visitor) -> Iterable[Card]:
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


def _versions(shown: _Shown, visitor: Visitor) -> Iterable[Card]:
    for version, what in shown.plan.versions:
        by = "" if version.made_by is None else f", {shown.names.get(version.made_by, '')}"
        yield Card(
            title=f"Version {version.number}, {said_time(version.made_at, visitor)}",
            lines=[
                ("Made", f"{CAUSES.get(version.cause, version.cause)}{by}"),
                ("Why", version.why),
                ("What changed", "\n".join(changed(each) for each in what)),
                ("To be looked at again", said_day(version.review_on)),
            ],
        )
