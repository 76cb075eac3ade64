"""Planning a visit at a desk, and changing one: the questions, then what follows from the answers, then it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from aiohttp import web

from bots.dialogue.known import the_wording
from config.forms_desk import CHECK, CHECKED
from safety_service.actions import changing, drafts, planning
from safety_service.actions.visitors import names_of
from safety_service.domain.plan import Measure
from safety_service.store.database import Tx
from safety_service.web import visit_desk as desks
from safety_service.web import visit_words as words
from safety_service.web.acting import done, looked
from safety_service.web.form_answers import read_answers
from safety_service.web.form_page import fields
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.resting import show
from safety_service.web.visit_desk import Checked, Desk
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

NEW, CHANGE = "/visits/new", "/visits/{id}/change"
#: The first page, part by part.
PARTS = (
    ("Who and when", ("worker", "ref", "starts", "length", "every")),
    ("Where and what for", ("address", "purpose", "transport", "exit")),
    ("What is expected", ("hostility", "talked", "around", "news", "joint", "colleague")),
)
_SUBJECT = "visit"


@dataclass(frozen=True, slots=True)
class First:
    """The first page: the desk, and what stands in its fields."""

    desk: Desk
    answers: Mapping[str, Any]
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Second:
    """The second page: what follows from the answers."""

    desk: Desk
    found: Checked | None
    answers: Mapping[str, Any]
    names: Mapping[UUID, str]
    now: datetime
    faults: Mapping[str, str] = field(default_factory=dict)


@routes.get(NEW)
@routes.get(CHANGE)
async def begin(request: web.Request) -> web.StreamResponse:
    """The questions, with what was typed before."""

    async def work(tx: Tx, visitor: Visitor) -> First:
        desk = await desks.desk_of(tx, visitor, _id(request))
        return First(desk, desks.begun(desk, visitor, tx, request.query.get("ref", "")))

    return await show(request, _SUBJECT, work, lambda visitor, first: _first_page(request, visitor, first))


@routes.post(NEW)
@routes.post(CHANGE)
async def answer(request: web.Request) -> web.StreamResponse:
    """Keep what was answered; go on where it is whole."""
    posted = await request.post()

    async def work(tx: Tx, visitor: Visitor) -> First:
        desk = await desks.desk_of(tx, visitor, _id(request))
        read = read_answers(desk.form, posted, visitor.known.zone)
        typed = {**desks.carried(desk, visitor), **read.answers}
        answers = await desks.as_last_time(tx, visitor.actor, desk, typed)
        await desks.keep(tx, visitor.actor, desk, answers, seen=str(posted.get("seen", "")))
        asked = {each.key for each in desk.form.steps if each.asked(answers)}
        left = {key: each for key, each in read.faults.items() if key in asked}
        # What was left empty and is as last time is no fault.
        faults = {key: each for key, each in left.items() if key in read.answers or key not in answers}
        return First(desk, answers, {**faults, **desk.unknown(answers)})

    def draw(visitor: Visitor, first: First) -> web.StreamResponse:
        if first.faults:
            return _first_page(request, visitor, first)
        raise web.HTTPSeeOther(f"{first.desk.here}/check")

    return await show(request, _SUBJECT, work, draw, rests=False)


@routes.post(NEW + "/again")
@routes.post(CHANGE + "/again")
async def again(request: web.Request) -> web.StreamResponse:
    """Forget what was typed."""

    async def work(tx: Tx, visitor: Visitor) -> None:
        desk = await desks.desk_of(tx, visitor, _id(request))
        if desk.draft is not None:
            await drafts.end(tx, desk.draft)

    return await done(request, "plan", _SUBJECT, work, back=request.path.removesuffix("/again"))


@routes.get(NEW + "/check")
@routes.get(CHANGE + "/check")
async def check(request: web.Request) -> web.StreamResponse:
    """What follows from the answers: the risk and why, what the family's plan asks for."""

    async def work(tx: Tx, visitor: Visitor) -> Second:
        return await _second(tx, visitor, request)

    return await show(request, _SUBJECT, work, lambda visitor, second: _second_page(request, visitor, second))


@routes.post(NEW + "/check")
@routes.post(CHANGE + "/check")
async def plan(request: web.Request) -> web.StreamResponse:
    """Keep the last answers, then plan it. What is refused leaves all that was typed."""
    posted = await request.post()

    async def keep(tx: Tx, visitor: Visitor) -> Second:
        second = await _second(tx, visitor, request)
        if second.found is None:
            return second
        read = read_answers(CHECK, posted, visitor.known.zone, keys=CHECKED, before=second.answers)
        raised = {"raise": "yes"} if posted.get("do") == "raise" else {}
        kept = {**second.desk.answers(), **dict.fromkeys(CHECKED, ""), **read.answers, **raised}
        await desks.keep(tx, visitor.actor, second.desk, kept)
        return replace(second, answers={**second.answers, **read.answers}, faults=read.faults)

    visitor, second = await looked(request, _SUBJECT, keep)
    if second.found is None or second.faults:
        return _second_page(request, visitor, second)
    # All of it is kept as a draft, and the page to go back to shows it.
    do, back = partial(_do, request), second.desk.here
    return await done(request, "plan", _SUBJECT, do, back=back, shows=False)


async def _do(request: web.Request, tx: Tx, visitor: Visitor) -> str:
    desk = await desks.desk_of(tx, visitor, _id(request))
    found = await desks.checked(tx, visitor.actor, desk)
    asked = desks.request_of(tx, visitor.actor, desk, found.answers)
    if desk.row is None:
        row = await planning.plan_visit(tx, visitor.actor, asked)
    else:
        seen = int(found.answers.get(desks.SEEN) or 0)
        row = await changing.change_visit(tx, visitor.actor, desk.row.id, asked, seen=seen)
    if desk.draft is not None:
        await drafts.end(tx, desk.draft)
    return f"/visits/{row.id}?{'planned' if desk.row is None else 'changed'}=1"


async def _second(tx: Tx, visitor: Visitor, request: web.Request) -> Second:
    desk = await desks.desk_of(tx, visitor, _id(request))
    if not desk.whole:
        return Second(desk, None, {}, {}, tx.now)
    found = await desks.checked(tx, visitor.actor, desk)
    return Second(desk, found, found.answers, await names_of(tx, found.request.workers), tx.now)


def _id(request: web.Request) -> UUID | None:
    return id_of(request) if "id" in request.match_info else None


def _first_page(request: web.Request, visitor: Visitor, first: First) -> web.Response:
    desk = first.desk
    form, told = desk.form, words.plan_words(desk.options)
    zone = visitor.known.zone
    parts = [
        (heading, fields(form, told, first.answers, zone, faults=first.faults, keys=keys)) for heading, keys in PARTS
    ]
    context = {
        "heading": "Plan a visit" if desk.row is None else f"{desk.row.family_ref}: change the plan",
        "desk": desk,
        "parts": parts,
        "wrong": [(found.name, found.says, found.fault) for _, group in parts for found in group if found.fault],
        "known": desk.row is None and bool(desk.options["ref"]),
        "seen": None if desk.row is None else desk.row.version,
        "meanwhile": desk.overtaken,
        "decided": desk.row is not None and desk.row.decision is not None,
    }
    return page(request, "visit_plan.html", visitor, status=422 if first.faults else 200, context=context)


def _second_page(request: web.Request, visitor: Visitor, second: Second) -> web.StreamResponse:
    desk, found = second.desk, second.found
    if found is None:
        raise web.HTTPSeeOther(desk.here)
    zone = visitor.known.zone
    told = words.plan_words({**desk.options, "arranged": _arranged(found.plan.confirms)})
    questions = fields(CHECK, told, second.answers, zone, faults=second.faults, keys=CHECKED)
    asked = [each for each in questions if CHECK.step(each.name).asked(second.answers)]
    context = {
        "desk": desk,
        "heading": "Is that right?",
        "ref": found.request.family_ref,
        "risk": words.RISKS[found.risk],
        "high": found.risk == "high",
        "because": found.because,
        "lacking": words.lacking(found.plan.lacking),
        "lines": _lines(second, visitor),
        "questions": asked,
        "wrong": [(each.name, each.says, each.fault) for each in asked if each.fault],
        "button": "Plan it" if desk.row is None else "Change it",
    }
    return page(request, "visit_check.html", visitor, status=422 if second.faults else 200, context=context)


def _lines(second: Second, visitor: Visitor) -> list[tuple[str, str]]:
    assert second.found is not None
    asked, zone = second.found.request, visitor.known.zone
    every = "" if asked.check_in_every is None else words.length_said(asked.check_in_every)
    lines = [
        ("Who goes", ", ".join(second.names[each] for each in asked.workers if each in second.names)),
        ("When", words.time_said(asked.starts_at, zone, second.now)),
        ("How long", words.length_said(asked.ends_at - asked.starts_at)),
        ("Where", asked.address_text),
        ("What for", words.label("purpose", asked.purpose)),
        ("Asked every", every),
        *words.plan_lines({key: value for key, value in asked.answers.items() if key not in CHECKED}),
    ]
    return [each for each in lines if each[1]]


def _arranged(confirms: tuple[tuple[str, Measure, str], ...]) -> dict[str, str]:
    """What the family's plan has a planner confirm, in its own words: this page may carry them."""
    said = the_wording().labels
    return {
        key: measure.demands.confirm if what == "confirm" else f"{said[f'say.{what}']}: {measure.says}"
        for key, measure, what in confirms
    }
