"""The briefing on one phone screen: the dangerous first, then what helps; "I have read it"; asking the manager."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from bots.dialogue.known import the_wording
from safety_service.actions import briefing, briefing_readers, families
from safety_service.actions.briefing import Briefing, Past
from safety_service.actions.briefing_readers import Reader
from safety_service.actions.errors import NotFound
from safety_service.domain.words import ENDED
from safety_service.store.database import Tx
from safety_service.web.acting import done, looked
from safety_service.web.around_page import said_day, said_time
from safety_service.web.family_frame import frame
from safety_service.web.form_answers import text_of
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "briefing"
SEEN = {
    "alone": "child seen alone",
    "with_others": "child seen with others",
    "no": "child not seen",
    "not_due": "",
}
MOODS = {"fine": "fine", "off": "a bit off", "bad": "bad", "no_entry": "no entry"}
PRACTICAL = {"dog": "Dog", "exits": "Ways out", "signal": "Signal", "parking": "Parking", "other": "Also"}
PROMISED = {"open": "still to keep", "kept": "kept", "broken": "broken"}
NOTICES = {
    "statement": "How we expect to be treated",
    "code_of_conduct": "How we behave",
    "advice": "Where to get advice",
}


@routes.get("/families/{ref}/briefing")
async def read(request: web.Request) -> web.StreamResponse:
    """The page. That it was read is kept in the evidence log."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[Briefing, list[Reader], str]:
        ref, worker = request.match_info["ref"], _worker(request)
        if worker is None:
            found, read_as = await briefing.of(tx, visitor.actor, ref), ""
        else:
            read_as, found = await briefing_readers.as_read_by(tx, visitor.actor, ref, worker)
        return found, await briefing_readers.readers(tx, visitor.actor, found.family), read_as

    visitor, (found, readers, read_as) = await looked(request, SUBJECT, work)
    context = {
        **shown(found, visitor),
        "frame": frame(visitor, found.family.ref, "briefing"),
        "asked": "asked" in request.query,
        "read_as": read_as,
        "readers": [_reader(each, visitor) for each in readers],
    }
    return page(request, "briefing.html", visitor, context=context)


def _worker(request: web.Request) -> UUID | None:
    """As whom a manager reads it. Raises NotFound: that is nobody."""
    if "as" not in request.query:
        return None
    try:
        return UUID(request.query["as"])
    except ValueError:
        raise NotFound from None


def _reader(each: Reader, visitor: Visitor) -> dict[str, Any]:
    return {
        "id": each.person_id,
        "name": each.name,
        "goes": said_time(each.starts_at, visitor),
        "read": said_time(each.read_at, visitor),
    }


@routes.post("/families/{ref}/briefing/read")
async def confirm(request: web.Request) -> web.StreamResponse:
    """The visitor has read it."""

    async def work(tx: Tx, visitor: Visitor) -> None:
        await briefing.confirm(tx, visitor.actor, request.match_info["ref"])

    return await done(request, "confirm", SUBJECT, work, back=_page(request))


@routes.post("/families/{ref}/briefing/ask")
async def ask(request: web.Request) -> web.StreamResponse:
    """Ask the managers."""
    question = text_of(await request.post(), "question")

    async def work(tx: Tx, visitor: Visitor) -> str:
        await briefing.ask(tx, visitor.actor, request.match_info["ref"], question)
        return f"{_page(request)}?asked=1"

    return await done(request, "ask", SUBJECT, work, back=_page(request))


def shown(found: Briefing, visitor: Visitor) -> dict[str, Any]:
    """What the template draws."""
    record = found.family.record
    return {
        "family": found.family,
        "here": families.page_of(found.family.ref, "briefing"),
        "family_page": families.page_of(found.family.ref),
        "briefing": found,
        "record": record,
        "risk": the_wording().label(f"risk.{found.risk}"),
        "past": [_line(each) for each in found.past],
        "child": _child(found),
        "practical": [(name, text) for key, name in PRACTICAL.items() if (text := getattr(record.practical, key))],
        "promised": PROMISED,
        "day": said_day,
        "read_at": None if found.read_at is None else said_day(found.read_at.astimezone(visitor.known.zone).date()),
        "coming": _coming(found, visitor),
        "summary_page": _summary_page(found, visitor),
        "item": lambda kind: the_wording().label(f"item.{kind}"),
        "notices": [(f"/notices/{kind}", NOTICES[kind]) for kind in found.notices],
    }


def _coming(found: Briefing, visitor: Visitor) -> str:
    if found.visit is None or found.visit.visit.status in ENDED:
        return ""
    return f"{found.visit.visit.starts_at.astimezone(visitor.known.zone):%A %H:%M}"


def _summary_page(found: Briefing, visitor: Visitor) -> str:
    """Of the visit that the reader is on, or goes to next; else of the last one that they went on."""
    mine = found.visit is not None and visitor.person_id in found.visit.workers
    visit_id = found.visit.id if mine and found.visit is not None else found.last_visit_id
    return "" if visit_id is None else f"/visits/{visit_id}/summary"


def _line(past: Past) -> str:
    said = [MOODS.get(past.mood, past.mood), ", ".join(past.met), SEEN.get(past.seen, past.seen)]
    return f"{said_day(past.on)}: " + "; ".join(each for each in said if each) + "."


def _child(found: Briefing) -> str:
    if found.seen_alone_on is not None:
        return f"The child (or adult) was last seen alone on {said_day(found.seen_alone_on)}."
    if found.looked_at:
        visits = "visit" if found.looked_at == 1 else f"{found.looked_at} visits"
        return f"Not seen alone on the last {visits} that we know of: ask for it."
    return ""


def _page(request: web.Request) -> str:
    return families.page_of(request.match_info["ref"], "briefing")
