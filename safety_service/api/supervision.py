"""A worker's supervision: its agenda and records, for the worker and their supervisor."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field

from safety_service.actions import supervision
from safety_service.actions.errors import NotFound
from safety_service.actions.supervision import Judged, NewItem, Said, Seen
from safety_service.api.body import Body
from safety_service.api.call import Call, endpoint
from safety_service.api.problems import PREFIX
from safety_service.domain.supervising import Agenda, Expected, Judgement, View, Wellbeing
from safety_service.store.items import Item
from safety_service.store.supervisions import Supervision

routes = web.RouteTableDef()

Text = Annotated[str, Field(max_length=2000)]
Risk = Literal["low", "medium", "high"]


class JudgedBody(Body):
    """A risk as both judge it."""

    family_ref: str
    worker: Risk
    worker_why: Text = ""
    supervisor: Risk
    supervisor_why: Text = ""


class NewItemBody(Body):
    """Something that was agreed. `mine`: by the supervisor."""

    text: Text
    due_on: date | None = None
    mine: bool = False


class SaidBody(Body):
    """What is written down. `closed`: what became of open items, `settled`: of judgements, by id."""

    notes: Text
    agreed: Text = ""
    discussed: list[str] = Field(default_factory=list)
    closed: dict[UUID, Text] = Field(default_factory=dict)
    opened: list[NewItemBody] = Field(default_factory=list)
    judgements: list[JudgedBody] = Field(default_factory=list)
    settled: dict[str, Text] = Field(default_factory=dict)


class WishBody(Body):
    """What a worker wants to talk about."""

    text: Text
    family_ref: str = ""
    risk: Risk | None = None


@routes.get(f"{PREFIX}/people/{{id}}/supervision")
@endpoint("supervision")
async def read(call: Call) -> dict[str, Any]:
    """The agenda and the records; for the team's managers only when it took place."""
    return _shape(await supervision.read(call.tx, call.actor, call.id()))


@routes.post(f"{PREFIX}/people/{{id}}/supervision")
@endpoint("supervision", status=201)
async def record(call: Call) -> dict[str, Any]:
    """Write down a supervision; it stands."""
    body = call.body(SaidBody)
    said = Said(
        notes=body.notes,
        agreed=body.agreed,
        discussed=tuple(body.discussed),
        closed=body.closed,
        opened=tuple(NewItem(**each.model_dump()) for each in body.opened),
        judgements=tuple(_judged(each) for each in body.judgements),
        settled=body.settled,
    )
    await supervision.record(call.tx, call.actor, call.id(), said)
    return _shape(await supervision.read(call.tx, call.actor, call.id()))


@routes.post(f"{PREFIX}/people/{{id}}/supervision/wishes")
@endpoint("supervision", status=201)
async def wish(call: Call) -> dict[str, Any]:
    """Put something on one's own agenda."""
    if call.id() != call.actor.person_id:
        raise NotFound
    body = call.body(WishBody)
    risk = None if body.risk is None else View(body.risk)
    return {"item_id": str(await supervision.wish(call.tx, call.actor, body.text, body.family_ref, risk))}


def _judged(body: JudgedBody) -> Judged:
    return Judged(
        family_ref=body.family_ref,
        worker=View(body.worker),
        worker_why=body.worker_why,
        supervisor=View(body.supervisor),
        supervisor_why=body.supervisor_why,
    )


def _shape(seen: Seen) -> dict[str, Any]:
    return {
        "worker": {"id": str(seen.worker.id), "name": seen.worker.name},
        "agenda": None if seen.agenda is None else agenda_shape(seen.agenda),
        "records": [_record(each) for each in seen.records],
        "advice": seen.advice,
        "office_phone": seen.phone,
    }


def agenda_shape(agenda: Agenda) -> dict[str, Any]:
    """What there is to talk about; `point` is what `discussed` ticks off."""
    return {
        "since": None if agenda.since is None else agenda.since.isoformat(),
        "hostility": [
            {"point": each.point, "family_ref": each.family_ref, "on": each.on.isoformat(), "behaviours": each.kinds}
            for each in agenda.hostility
        ],
        "expected": [_expected(each) for each in agenda.expected],
        "items": [_item(each) for each in agenda.items],
        "reflections": dict(agenda.reflections),
        "wellbeing": [_wellbeing(each) for each in agenda.wellbeing],
        "overdue": [
            {"debrief_id": str(each.debrief_id), "family_ref": each.family_ref, "asked_at": each.asked_at.isoformat()}
            for each in agenda.overdue
        ],
        "judgements": [_judgement(each) for each in agenda.judgements],
    }


def _expected(each: Expected) -> dict[str, Any]:
    return {
        "visit_id": str(each.visit_id),
        "family_ref": each.family_ref,
        "starts_at": each.starts_at.isoformat(),
        "risk": each.risk,
        "because": each.because,
    }


def _judgement(each: Judgement) -> dict[str, Any]:
    names = ("id", "family_ref", "worker", "worker_why", "supervisor", "supervisor_why")
    return {name: getattr(each, name) for name in names}


def _wellbeing(each: Wellbeing) -> dict[str, Any]:
    return {
        "point": each.point,
        "on": each.on.isoformat(),
        "feeling": each.feeling,
        "support": each.support,
        "back": each.back,
    }


def _item(each: Item) -> dict[str, Any]:
    return {
        "id": str(each.id),
        "kind": each.kind,
        "text": each.body.get("text", ""),
        "due_on": None if each.due_on is None else each.due_on.isoformat(),
        "opened_at": each.opened_at.isoformat(),
    }


def _record(each: Supervision) -> dict[str, Any]:
    return {"id": str(each.id), "supervisor_id": str(each.supervisor_id), "at": each.at.isoformat(), **each.body}
