"""A visit's debrief: read, draft, submit, add to. It is checked by the same form that the page draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from aiohttp import web
from pydantic import Field

from config.forms import Form
from safety_service.actions import debrief_log, debriefs
from safety_service.actions.debrief_addenda import add_addendum
from safety_service.actions.errors import NotFound
from safety_service.actions.visitors import names_of
from safety_service.api.body import Body
from safety_service.api.call import Call, endpoint
from safety_service.api.debriefs import reading_shape
from safety_service.api.paging import read_id
from safety_service.api.problems import PREFIX, Fault, Problem
from safety_service.store.debriefs import Debrief

routes = web.RouteTableDef()

SAYS = {
    "empty": "This needs an answer.",
    "unknown": "This is none of its options.",
    "too_long": "This is too long.",
    "no_time": "A time with its offset, please.",
    "no_date": "A day, please: YYYY-MM-DD.",
    "no_duration": "A length in seconds, please.",
    "no_place": "A place, please.",
    "not_asked": "The debrief does not ask this.",
}


class AnswersBody(Body):
    """Answers by question key: all that there are, part E among them; `PUT` puts them in place of those before."""

    answers: dict[str, Any] = Field(default_factory=dict)


class AddendumBody(Body):
    """What is added to a debrief that was given."""

    text: Annotated[str, Field(max_length=2000)] = ""


@routes.get(f"{PREFIX}/visits/{{id}}/debrief")
@endpoint("debrief")
async def debrief(call: Call) -> dict[str, Any]:
    """The caller's own debrief of a visit, or `worker`'s where they may read it."""
    row = await debriefs.of_visit(call.tx, call.actor, call.id(), read_id("worker", call.request.query.get("worker")))
    return await _shaped(call, row.id)


@routes.put(f"{PREFIX}/visits/{{id}}/debrief")
@endpoint("debrief")
async def draft(call: Call) -> dict[str, Any]:
    """Keep it as it is so far. Once part A says enough, what follows from it follows."""
    row, answers = await _own(call), call.body(AnswersBody).answers
    _check(await debriefs.form_of(call.tx, row), answers)
    kept = await debriefs.keep(call.tx, call.actor, row.id, answers)
    if debriefs.ready(kept.answers):
        await debriefs.give_first_part(call.tx, call.actor, row.id)
    return await _shaped(call, row.id)


@routes.post(f"{PREFIX}/visits/{{id}}/debrief/submit")
@endpoint("debrief")
async def submit(call: Call) -> dict[str, Any]:
    """Give it, with these answers beside those kept before. It is final."""
    row, answers = await _own(call), call.body(AnswersBody).answers
    _check(await debriefs.form_of(call.tx, row), answers)
    await _complete(call, row, answers)
    await debriefs.submit(call.tx, call.actor, row.id, answers)
    return await _shaped(call, row.id)


@routes.post(f"{PREFIX}/debriefs/{{id}}/addenda")
@endpoint("debrief", status=201)
async def addendum(call: Call) -> dict[str, Any]:
    """Add to one's own debrief, with the date of now."""
    await add_addendum(call.tx, call.actor, call.id(), call.body(AddendumBody).text)
    return await _shaped(call, call.id())


async def _own(call: Call) -> Debrief:
    row = await debriefs.of_visit(call.tx, call.actor, call.id(), None)
    if row.worker_id != call.actor.person_id:
        raise NotFound
    return row


def _check(form: Form, answers: Mapping[str, Any]) -> None:
    """Raises Problem 422 with a pointer to each answer that cannot be used."""
    known = {each.key: each for each in form.steps}
    wrong: dict[str, str] = {}
    for key, value in answers.items():
        fault = "not_asked" if key not in known else known[key].fault(value) if value else None
        if fault is not None:
            wrong[key] = fault
    _refuse(wrong)


async def _complete(call: Call, row: Debrief, answers: Mapping[str, Any]) -> None:
    _refuse(await debriefs.missing_with(call.tx, row, answers))


def _refuse(wrong: Mapping[str, str]) -> None:
    if wrong:
        faults = [Fault(f"/answers/{key}", SAYS[fault]) for key, fault in wrong.items()]
        raise Problem(422, "Some of these answers cannot be used.", "bad_answers", faults)


async def _shaped(call: Call, debrief_id: UUID) -> dict[str, Any]:
    reading = await debrief_log.read(call.tx, call.actor, debrief_id)
    spoke = {each.by for each in (*reading.addenda, *reading.comments)}
    return reading_shape(call, reading, await names_of(call.tx, {*spoke, reading.logged.worker_id}))
