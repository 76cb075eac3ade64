"""Exclusions on pages: who is kept off whom; the reason is behind a link, and who reads it is kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from aiohttp import web

from safety_service.actions import directory, exclusions_seen
from safety_service.actions.exclusions_seen import Seen
from safety_service.store.database import Tx
from safety_service.web import again
from safety_service.web.acting import done, looked
from safety_service.web.around_page import said_day
from safety_service.web.filling import Form, Typed
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.people import HERE as PEOPLE
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

HERE, SUBJECT = "/exclusions", "exclusion"


@routes.get(HERE)
async def listed(request: web.Request) -> web.StreamResponse:
    """All of the agency."""

    async def work(tx: Tx, visitor: Visitor) -> list[Seen]:
        return await exclusions_seen.listed(tx, visitor.actor)

    visitor, found = await looked(request, SUBJECT, work)
    rows = [(each, said_day(each.since.astimezone(visitor.known.zone).date())) for each in found]
    return page(request, "exclusions.html", visitor, context={"rows": rows})


@routes.get(HERE + "/{id}")
async def why(request: web.Request) -> web.StreamResponse:
    """One with its reason. Raises NotFound."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[Seen, str]:
        return await exclusions_seen.why(tx, visitor.actor, id_of(request))

    visitor, (found, reason) = await looked(request, SUBJECT, work)
    since = said_day(found.since.astimezone(visitor.known.zone).date())
    return page(request, "exclusion.html", visitor, context={"found": found, "reason": reason, "since": since})


@routes.post(HERE + "/{id}/end")
@again.asked
async def end(request: web.Request) -> web.StreamResponse:
    """It holds no more; that it was there is kept."""

    async def work(tx: Tx, visitor: Visitor) -> None:
        await exclusions_seen.end(tx, visitor.actor, id_of(request))

    return await done(request, "end", SUBJECT, work, back=HERE)


def _adding(person_id: UUID) -> Form:
    async def draw(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        return {"person": await directory.person_of(tx, visitor.actor, person_id)}

    at = dict.fromkeys(("worker_unknown", "several_of_that_name", "one_of_two_wanted", "excluded_from_self"), "worker")
    return Form(subject=SUBJECT, template="exclusion_new.html", draw=draw, at={**at, "reason_wanted": "reason"})


@routes.get(PEOPLE + "/{id}/keep-off")
async def adding(request: web.Request) -> web.StreamResponse:
    """The form: off a colleague, or off a family."""
    return await _adding(id_of(request)).show(request)


@routes.post(PEOPLE + "/{id}/keep-off")
async def add(request: web.Request) -> web.StreamResponse:
    """Keep them off: an alert that they had is nobody's then, and the next person hears at once."""
    person_id = id_of(request)

    async def do(tx: Tx, visitor: Visitor, typed: Typed) -> str:
        await exclusions_seen.add(
            tx,
            visitor.actor,
            person_id,
            worker=typed.get("worker"),
            family_ref=typed.get("family"),
            reason=typed.text("reason").strip()[:2000],
        )
        return f"{PEOPLE}/{person_id}?done=kept-off"

    return await _adding(person_id).take(request, "add", do)
