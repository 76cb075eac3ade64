"""A worker's supervision on plain pages: the agenda, writing down what was said, putting something on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from aiohttp import web

from config.forms_around import NEW_ITEMS, RISKS, WISH, supervision_form
from config.guidance import Guidance
from safety_service.actions import supervision
from safety_service.actions.errors import NotFound
from safety_service.actions.supervision import Judged, NewItem, Said, Seen
from safety_service.domain.refusal import Refused
from safety_service.domain.supervising import Agenda, View
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.store.people import Person
from safety_service.store.supervisions import Supervision
from safety_service.web.acting import looked
from safety_service.web.agenda_card import agenda_parts, item_line, points_of
from safety_service.web.around_page import Card, around, said_time
from safety_service.web.form_page import Words
from safety_service.web.forming import Drawn, show, take
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "supervision"
LABELS = {each: each.capitalize() for each in RISKS}
_NEW = range(1, NEW_ITEMS + 1)
SAYS = {
    "discussed": "Talked about: tick what is done with",
    "notes": "What was said",
    "agreed": "What was agreed",
    "closed": "What is closed now: say what became of it",
    "settled": "Risks that were judged differently: how it was settled",
    "judged": "A risk, as each of you judges it",
    "judged.family": "Which family?",
    "judged.worker": "The worker says",
    "judged.worker_why": "Because",
    "judged.supervisor": "You say",
    "judged.supervisor_why": "Because",
    **{f"new_{number}": f"To do, {number}" for number in _NEW},
    **{f"new_{number}.text": "What is to be done" for number in _NEW},
    **{f"new_{number}.due_on": "By when" for number in _NEW},
    **{f"new_{number}.mine": "By whom" for number in _NEW},
}
WISH_WORDS = Words(
    says={
        "text": "What do you want to talk about?",
        "family": "Which family?",
        "risk": "How risky do you think it is?",
    },
    options={"risk": LABELS},
)
#: Who reads it: said on the page itself.
HONEST = (
    "For the two of you. A court or a regulator could be entitled to read it; your colleagues and managers are not."
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the pages are drawn from."""

    seen: Seen
    guidance: Guidance


@routes.get("/supervision")
async def overview(request: web.Request) -> web.StreamResponse:
    """One's own supervision, and those that one gives."""

    async def work(tx: Tx, visitor: Visitor) -> list[tuple[Person, datetime | None]]:
        return await supervision.overview(tx, visitor.actor)

    visitor, found = await looked(request, SUBJECT, work)
    cards = [
        Card(
            title="Your own" if each.id == visitor.person_id else each.name,
            lines=[("The last one", said_time(last, visitor) or "None yet")],
            link=(f"/people/{each.id}/supervision", "Open it"),
        )
        for each, last in found
    ]
    return around(request, visitor, "Supervision", cards)


@routes.get("/people/{id}/supervision")
async def read(request: web.Request) -> web.StreamResponse:
    """The agenda and what was written down; for the team's managers the days only."""

    async def work(tx: Tx, visitor: Visitor) -> Shown:
        return await _shown(tx, visitor, id_of(request))

    visitor, found = await looked(request, SUBJECT, work)
    return page(request, "supervision.html", visitor, context=_context(found, visitor))


@routes.get("/people/{id}/supervision/record")
async def recording(request: web.Request) -> web.StreamResponse:
    """The form."""
    return await show(request, SUBJECT, _draw(request))


@routes.post("/people/{id}/supervision/record")
async def record(request: web.Request) -> web.StreamResponse:
    """Write down what was said: it stands."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        await supervision.record(tx, visitor.actor, id_of(request), said_of(answers))
        return f"/people/{id_of(request)}/supervision"

    return await take(request, SUBJECT, "record", _draw(request), do)


@routes.get("/people/{id}/supervision/wish")
async def wishing(request: web.Request) -> web.StreamResponse:
    """The form for the worker's own wish."""
    return await show(request, SUBJECT, _draw_wish(request))


@routes.post("/people/{id}/supervision/wish")
async def wish(request: web.Request) -> web.StreamResponse:
    """Put something on one's own agenda."""

    async def do(tx: Tx, visitor: Visitor, answers: Mapping[str, Any]) -> str:
        risk = View(answers["risk"]) if answers.get("risk") else None
        await supervision.wish(tx, visitor.actor, answers["text"], answers.get("family", ""), risk)
        return f"/people/{id_of(request)}/supervision"

    return await take(request, SUBJECT, "wish", _draw_wish(request), do)


def said_of(answers: Mapping[str, Any]) -> Said:
    """What the form brought. Raises Refused: half a judgement."""
    given = answers.get("judged") or {}
    if given and not {"family", "worker", "supervisor"} <= set(given):
        raise Refused("judgement_lacks")
    judged = [
        Judged(
            family_ref=given["family"],
            worker=View(given["worker"]),
            worker_why=given.get("worker_why", ""),
            supervisor=View(given["supervisor"]),
            supervisor_why=given.get("supervisor_why", ""),
        )
        for _ in range(1 if given else 0)
    ]
    return Said(
        notes=answers["notes"],
        agreed=answers.get("agreed", ""),
        discussed=tuple(answers.get("discussed", ())),
        closed={UUID(key): note for key, note in (answers.get("closed") or {}).items()},
        opened=tuple(_new(answers)),
        judgements=tuple(judged),
        settled=answers.get("settled") or {},
    )


def _new(answers: Mapping[str, Any]) -> Iterator[NewItem]:
    for number in _NEW:
        given = answers.get(f"new_{number}") or {}
        due_on = date.fromisoformat(given["due_on"]) if given.get("due_on") else None
        if given.get("text"):
            yield NewItem(text=given["text"], due_on=due_on, mine=given.get("mine") == "me")


async def _shown(tx: Tx, visitor: Visitor, worker_id: UUID) -> Shown:
    seen = await supervision.read(tx, visitor.actor, worker_id)
    return Shown(seen, (await tx.guidance(visitor.actor.agency_id)).guidance)


def _draw(request: web.Request) -> Any:
    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        found = await _shown(tx, visitor, id_of(request))
        agenda = found.seen.agenda
        if agenda is None or not found.seen.may_record:
            raise Refused("supervisors_only")
        opened = {str(each.id): item_line(each) for each in agenda.items}
        judged = {each.id: f"{each.family_ref}: {each.worker} or {each.supervisor}?" for each in agenda.judgements}
        says = {f"closed.{key}": text for key, text in opened.items()}
        says |= {f"settled.{key}": text for key, text in judged.items()}
        return Drawn(
            form=supervision_form(opened, judged),
            words=Words(says={**SAYS, **says}, options=_options(found, agenda)),
            heading=f"Supervision of {found.seen.worker.name}",
            action=f"/people/{id_of(request)}/supervision/record",
            back=f"/people/{id_of(request)}/supervision",
            intro=[HONEST, "What you do not tick or close stays on the agenda."],
        )

    return draw


def _options(found: Shown, agenda: Agenda) -> dict[str, Mapping[str, str]]:
    refs = dict.fromkeys((*(each.family_ref for each in agenda.hostility), *(e.family_ref for e in agenda.expected)))
    return {
        "discussed": points_of(agenda, found.guidance.says),
        "judged.family": {each: each for each in refs},
        "judged.worker": LABELS,
        "judged.supervisor": LABELS,
        **{f"new_{number}.mine": {"worker": found.seen.worker.name, "me": "Me"} for number in _NEW},
    }


def _draw_wish(request: web.Request) -> Any:
    async def draw(tx: Tx, visitor: Visitor) -> Drawn:
        found = await _shown(tx, visitor, id_of(request))
        if not found.seen.mine:
            raise NotFound
        path = f"/people/{id_of(request)}/supervision"
        return Drawn(
            form=WISH,
            words=WISH_WORDS,
            heading="Put something on your agenda",
            action=f"{path}/wish",
            back=path,
            intro=["Your supervisor is told that there is something, and reads it here."],
        )

    return draw


def _context(found: Shown, visitor: Visitor) -> dict[str, Any]:
    seen = found.seen
    manages = not seen.mine and not visitor.actor.teams(Role.MANAGER).isdisjoint(seen.worker.roles)
    return {
        "worker": seen.worker,
        "mine": seen.mine,
        "path": f"/people/{seen.worker.id}/supervision",
        "may_record": seen.may_record,
        "manages": manages,
        "honest": HONEST if seen.agenda is not None else "",
        "parts": agenda_parts(seen, found.guidance, visitor),
        "last": said_time(seen.agenda.since, visitor) if seen.agenda is not None else "",
        "records": [_record(each, visitor) for each in seen.records],
        "advice": seen.advice,
        "phone": seen.phone,
    }


def _record(each: Supervision, visitor: Visitor) -> dict[str, Any]:
    lines = [
        ("What was said", str(each.body.get("notes", ""))),
        ("Agreed", str(each.body.get("agreed", ""))),
        ("Closed", "\n".join(one["note"] for one in each.body.get("closed", ()))),
    ]
    return {"at": said_time(each.at, visitor), "lines": [line for line in lines if line[1]]}
