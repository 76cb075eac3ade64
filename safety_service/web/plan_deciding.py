"""A manager's decisions about a plan, on plain pages: a measure with its changes, how the work goes on, a review."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

from aiohttp import web

from config.duration import parse_duration, say_duration
from config.forms_plan import COURSE, DEMANDS, INTERVALS, MEASURE_DECISION, PEOPLE, PUT_FORWARD, REVIEW
from config.guidance import Demands, Guidance
from safety_service.actions import circle, courses, leads, measures, plans, putting_forward, renewing
from safety_service.actions.colleagues import colleagues
from safety_service.actions.courses import Direction
from safety_service.actions.families import page_of
from safety_service.actions.measures import Verdict
from safety_service.domain.course import CourseKind
from safety_service.domain.plan import Measure, MeasureDecision, possible, written
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.web import again, plan_words
from safety_service.web.form_page import Part
from safety_service.web.forming import Draw, Drawn, show, take
from safety_service.web.paths import id_of
from safety_service.web.running_words import day_said
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "measure"
#: In the address of the page on which a measure is changed as it is accepted.
CHANGING = "change"


@routes.get("/families/{ref}/plan/measures/{id}")
async def measure(request: web.Request) -> web.StreamResponse:
    """The form for one measure."""
    return await show(request, SUBJECT, _draw_measure(request))


@routes.post("/families/{ref}/plan/measures/{id}")
@again.asked
async def decide(request: web.Request) -> web.StreamResponse:
    """Decide."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        before = await measures.to_decide(tx, visitor.actor, id_of(request))
        await measures.decide(tx, visitor.actor, before.id, _verdict(before, answers))
        return renewing.plan_page(request.match_info["ref"])

    return await take(request, SUBJECT, "decide", _draw_measure(request), do)


@routes.get("/families/{ref}/plan/propose")
async def proposing(request: web.Request) -> web.StreamResponse:
    """The form for a measure that somebody puts forward."""
    return await show(request, SUBJECT, _draw_proposal(request))


@routes.post("/families/{ref}/plan/propose")
async def propose(request: web.Request) -> web.StreamResponse:
    """Propose it."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        ref = request.match_info["ref"]
        await putting_forward.put_forward(tx, visitor.actor, ref, answers["says"], answers["reason"])
        return renewing.plan_page(ref)

    return await take(request, SUBJECT, "propose", _draw_proposal(request), do)


@routes.get("/families/{ref}/plan/course")
async def course(request: web.Request) -> web.StreamResponse:
    """The form for how the work goes on."""
    return await show(request, SUBJECT, _draw_course(request))


@routes.post("/families/{ref}/plan/course")
@again.asked
async def decide_course(request: web.Request) -> web.StreamResponse:
    """Decide how the work goes on."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        ref = request.match_info["ref"]
        until_on = date.fromisoformat(answers["until_on"])
        direction = Direction(kind=CourseKind(answers["kind"]), reason=answers["reason"], until_on=until_on)
        await courses.for_family(tx, visitor.actor, ref, direction)
        return renewing.plan_page(ref)

    return await take(request, "course", "decide", _draw_course(request), do)


@routes.get("/families/{ref}/plan/review")
async def review(request: web.Request) -> web.StreamResponse:
    """The form for looking at the plan again."""
    return await show(request, "plan", _draw_review(request))


@routes.post("/families/{ref}/plan/review")
@again.asked
async def reviewed(request: web.Request) -> web.StreamResponse:
    """It was looked at: the next version, with the next date."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        ref = request.match_info["ref"]
        await plans.reviewed(tx, visitor.actor, ref, answers["why"], date.fromisoformat(answers["review_on"]))
        return renewing.plan_page(ref)

    return await take(request, "plan", "review", _draw_review(request), do)


def _draw_measure(request: web.Request) -> Draw:
    changing = CHANGING in request.query

    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        found = await measures.to_decide(tx, visitor.actor, id_of(request))
        ref = (await circle.by_id(tx, visitor.actor, found.family_id)).ref
        here = f"{renewing.plan_page(ref)}/measures/{found.id}"
        kinds = _kinds(found, changing=changing)
        ready, heads = await _ready(tx, visitor, kinds)
        workers = await colleagues(tx, visitor.actor, Role.PRACTITIONER)
        options = {
            **plan_words.DECIDING.options,
            "kind": {str(each): plan_words.VERDICTS[each] for each in kinds},
            "reason": ready,
            "worker_id": {str(each.id): each.name for each in workers},
        }
        return Drawn(
            form=MEASURE_DECISION,
            words=replace(plan_words.DECIDING, options=options, heads={"reason": heads}),
            heading=f"{ref}: {found.says}",
            action=f"{here}?{CHANGING}=1" if changing else here,
            back=renewing.plan_page(ref),
            intro=list(_intro(found, (await tx.guidance(visitor.actor.agency_id)).guidance)),
            parts=() if changing else (Part(heading="", keys=("kind", "reason")),),
            button="Decide",
            answers=_as_it_is(found) | ({"kind": str(MeasureDecision.CHANGE)} if changing else {}),
            links=[*_ways(found, here, changing=changing), *await _behind(tx, visitor, found, ref)],
        )

    return draw


async def _ready(tx: Tx, visitor: Visitor, kinds: Sequence[MeasureDecision]) -> tuple[dict[str, str], dict[str, str]]:
    """The ready reasons that fit what can be decided; where they are of several kinds, what stands above each kind."""
    ready: dict[str, str] = {}
    heads: dict[str, str] = {}
    for kind in kinds:
        for key, says in (await measures.ready_reasons(tx, visitor.actor, kind)).items():
            if key not in ready:
                heads.setdefault(plan_words.REASONS[kind], key)
                ready[key] = says
    return ready, {key: says for says, key in heads.items()} if len(heads) > 1 else {}


async def _behind(tx: Tx, visitor: Visitor, found: Measure, ref: str) -> list[tuple[str, str]]:
    """What it came from: the debriefs, as far as they are the reader's to read, and the family."""
    zone = visitor.known.zone
    told = await leads.debriefs_behind(tx, visitor.actor, found)
    debriefs = [(f"/log/{each.id}", f"The debrief behind it, {day_said(each.visited_at, zone)}") for each in told]
    return [*debriefs, (page_of(ref), f"The family: {ref}")]


def _kinds(found: Measure, *, changing: bool) -> list[MeasureDecision]:
    """What can be decided here: changes are asked about on a page of their own, which is long."""
    return [each for each in possible(found) if (each is MeasureDecision.CHANGE) is changing]


def _ways(found: Measure, here: str, *, changing: bool) -> list[tuple[str, str]]:
    """The other way to decide."""
    if changing:
        return [(here, "Decide on it as it is")]
    can = MeasureDecision.CHANGE in possible(found)
    return [(f"{here}?{CHANGING}=1", "Accept it with changes" if found.undecided else "Change it")] if can else []


def _intro(found: Measure, guidance: Guidance) -> Iterator[str]:
    """What the measure is: nobody decides on what they cannot read."""
    yield f"It {plan_words.STATES[found.state]}."
    if demands := plan_words.demanded(found.demands):
        yield f"It demands: {demands}."
    if why := plan_words.because(found.because, guidance):
        yield f"Because of: {why}."


def _as_it_is(found: Measure) -> dict[str, Any]:
    """The measure as the form's answers."""
    wants = found.demands
    return {
        "says": found.says,
        "people": str(wants.people or 1),
        "demands": [each for each in DEMANDS if getattr(wants, each)],
        "interval": "none" if wants.interval is None else say_duration(wants.interval),
        "confirm": wants.confirm,
        "worker_id": "" if found.worker_id is None else str(found.worker_id),
        "who": found.who or "",
        "from_on": found.from_on.isoformat(),
        "until_on": "" if found.until_on is None else found.until_on.isoformat(),
    }


def _verdict(before: Measure, answers: Mapping[str, Any]) -> Verdict:
    try:
        kind = MeasureDecision(answers["kind"])
    except ValueError:
        raise Refused("change_unknown") from None
    changes = _changes(before, answers) if kind is MeasureDecision.CHANGE else {}
    return Verdict(kind=kind, reason=answers["reason"], changes=changes)


def _changes(before: Measure, answers: Mapping[str, Any]) -> dict[str, Any]:
    """What is not as it was; an empty end or worker is none."""
    found: dict[str, Any] = {
        "says": answers.get("says", ""),
        "demands": _demands(before.demands, answers),
        "who": answers.get("who") or None,
        "worker_id": UUID(answers["worker_id"]) if answers.get("worker_id") else None,
        "from_on": date.fromisoformat(answers["from_on"]) if answers.get("from_on") else before.from_on,
        "until_on": date.fromisoformat(answers["until_on"]) if answers.get("until_on") else None,
    }
    was = {**{name: getattr(before, name) for name in found}, "demands": written(before.demands)}
    return {name: value for name, value in found.items() if value != was[name]}


def _demands(before: Demands, answers: Mapping[str, Any]) -> dict[str, Any]:
    """As the guidance writes them; what this page does not ask about (training) stays."""
    chosen, people, interval = answers.get("demands", ()), answers.get("people"), answers.get("interval")
    return written(
        before.model_copy(
            update={
                **{each: each in chosen for each in DEMANDS},
                "people": int(people) if people in PEOPLE else None,
                "interval": parse_duration(interval) if interval in INTERVALS else None,
                "confirm": str(answers.get("confirm", ""))[:120],
            }
        )
    )


def _draw_proposal(request: web.Request) -> Draw:
    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        family = await circle.by_ref(tx, visitor.actor, request.match_info["ref"])
        asked = (await tx.guidance(visitor.actor.agency_id)).guidance.asked("measures")
        here = renewing.plan_page(family.ref)
        return Drawn(
            form=PUT_FORWARD,
            words=replace(plan_words.PUT_FORWARD, options={"says": {key: each.says for key, each in asked.items()}}),
            heading=f"{family.ref}: propose a measure",
            action=f"{here}/propose",
            back=here,
            intro=["A manager decides on it, with a reason that you can read."],
            button="Propose it",
        )

    return draw


def _draw_course(request: web.Request) -> Draw:
    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        family = await circle.by_ref(tx, visitor.actor, request.match_info["ref"])
        circle.managed(visitor.actor, family)
        here = renewing.plan_page(family.ref)
        return Drawn(
            form=COURSE,
            words=plan_words.COURSE,
            heading=f"{family.ref}: how does the work go on?",
            action=f"{here}/course",
            back=here,
            intro=["It covers the visits under the plan as it is now, so that not each of them waits for a decision."],
            button="Decide",
        )

    return draw


def _draw_review(request: web.Request) -> Draw:
    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        family = await circle.by_ref(tx, visitor.actor, request.match_info["ref"])
        circle.managed(visitor.actor, family)
        here = renewing.plan_page(family.ref)
        return Drawn(
            form=REVIEW,
            words=plan_words.REVIEW,
            heading=f"{family.ref}: looking at the plan again",
            action=f"{here}/review",
            back=here,
        )

    return draw
