"""Alerts: list, read, take, note, escalate, pass on, resolve."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from safety_service.actions import alerts as handling
from safety_service.actions import reading, timeline
from safety_service.actions.visitors import names_of
from safety_service.api.body import Body
from safety_service.api.call import Call, endpoint
from safety_service.api.paging import bad_parameter, read_cursor, read_limit, write_cursor
from safety_service.api.problems import PREFIX
from safety_service.api.shapes import alert_shape, page_shape, people_of_alerts
from safety_service.domain.words import Found, KnownBy, News, State
from safety_service.store.alerts import AlertRow

routes = web.RouteTableDef()

Text = Annotated[str, Field(max_length=2000)]


class TakeBody(Body):
    """`take_over`: although somebody has it already."""

    take_over: bool = False


class NoteBody(Body):
    """A note, or news from its owner: `still_trying` and `police_rung` restart the owner's clock, as any news does."""

    note: Text = ""
    news: Literal["still_trying", "police_rung", "note"] = "note"


class ResolveBody(Body):
    """What was found, and how it is known."""

    found: Literal["safe", "false_alarm", "late", "helped", "police", "harmed"]
    known_by: Literal["heard_voice", "seen", "police_told", "other"]
    note: Text = ""


class EscalateBody(Body):
    """`step`: the alert's step that the caller has seen; an older one changes nothing."""

    step: Annotated[int, Field(ge=0)] | None = None


class PassOnBody(Body):
    """To whom it is offered; it stays with the giver until they take it."""

    to: UUID


@routes.get(f"{PREFIX}/alerts")
@endpoint("alert")
async def alerts(call: Call) -> dict[str, Any]:
    """Alerts that the caller may handle, newest first: `state`, `limit`, `cursor`."""
    query = call.request.query
    page = await reading.alerts_of(
        call.tx,
        call.actor,
        states=_states(query.getall("state", [])),
        before=read_cursor(query.get("cursor")),
        limit=read_limit(query.get("limit")),
    )
    names = await names_of(call.tx, people_of_alerts(page.rows))
    following = None if page.after is None else write_cursor(*page.after)
    return page_shape([alert_shape(each, names) for each in page.rows], following)


@routes.get(f"{PREFIX}/alerts/{{id}}")
@endpoint("alert")
async def alert(call: Call) -> dict[str, Any]:
    """One alert, with who was told of it and who was reached."""
    return await _shaped(call, await reading.alert(call.tx, call.actor, call.id()))


@routes.get(f"{PREFIX}/alerts/{{id}}/timeline")
@endpoint("alert")
async def whole_timeline(call: Call) -> dict[str, Any]:
    """The whole timeline of one alert, as a page of text."""
    return {"text": await timeline.of_alert(call.tx, call.actor, call.id())}


@routes.post(f"{PREFIX}/alerts/{{id}}/ack")
@endpoint("alert")
async def ack(call: Call) -> dict[str, Any]:
    """Take it: the first yes wins. Taken by somebody else: 409, which names them."""
    body = call.body(TakeBody)
    return await _shaped(call, await handling.take(call.tx, call.actor, call.id(), take_over=body.take_over))


@routes.post(f"{PREFIX}/alerts/{{id}}/note")
@endpoint("alert")
async def note(call: Call) -> dict[str, Any]:
    """News, or a note for everyone told."""
    body = call.body(NoteBody)
    said = await handling.news(call.tx, call.actor, call.id(), News(body.news), body.note)
    return await _shaped(call, said)


@routes.post(f"{PREFIX}/alerts/{{id}}/escalate")
@endpoint("alert")
async def escalate(call: Call) -> dict[str, Any]:
    """Wake the next rung now."""
    body = call.body(EscalateBody)
    return await _shaped(call, await handling.escalate(call.tx, call.actor, call.id(), body.step))


@routes.post(f"{PREFIX}/alerts/{{id}}/pass-on")
@endpoint("alert")
async def pass_on(call: Call) -> dict[str, Any]:
    """Offer it to a named person."""
    body = call.body(PassOnBody)
    return await _shaped(call, await handling.pass_on(call.tx, call.actor, call.id(), body.to))


@routes.post(f"{PREFIX}/alerts/{{id}}/resolve")
@endpoint("alert")
async def resolve(call: Call) -> dict[str, Any]:
    """End it. After an SOS the first answer is `taken` still: a second person has to agree."""
    body = call.body(ResolveBody)
    found, known_by = Found(body.found), KnownBy(body.known_by)
    return await _shaped(call, await handling.resolve(call.tx, call.actor, call.id(), found, known_by, body.note))


async def _shaped(call: Call, row: AlertRow) -> dict[str, Any]:
    names = await names_of(call.tx, people_of_alerts([row]))
    return alert_shape(row, names, await reading.reach(call.tx, row))


def _states(given: list[str]) -> frozenset[State]:
    named = {each for text in given for each in text.split(",") if each}
    if named - set(State):
        raise bad_parameter("state", f"One or more of {', '.join(State)}.")
    return frozenset(State(each) for each in named)
