"""The standing list on a page: who hears when nobody on duty has taken an alert."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from safety_service.actions import standing_seen
from safety_service.actions.rota_week import nobody_chosen
from safety_service.actions.standing import LEAST
from safety_service.store.database import Tx
from safety_service.web import again
from safety_service.web.acting import done
from safety_service.web.filling import Form, Typed
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

HERE, SUBJECT = "/standing", "standing_list"


async def _draw(tx: Tx, visitor: Visitor) -> dict[str, Any]:
    found = await standing_seen.of(tx, visitor.actor)
    whole = found.whole
    return {
        "rows": [(each, each.id not in whole.unreachable, each.id in whole.in_two_ways) for each in found.shown],
        "unnamed": len(whole.people) - len(found.shown),
        "too_short": whole.too_short,
        "short_of_ways": whole.short_of_ways,
        "last": len(whole.people) <= LEAST,
        "people": [(each.id, each.name, True) for each in found.others],
    }


_FORM = Form(
    subject=SUBJECT,
    template="standing.html",
    draw=_draw,
    at=dict.fromkeys(("worker_wanted", "deactivated", "already_there"), "person"),
)


@routes.get(HERE)
async def shown(request: web.Request) -> web.StreamResponse:
    """The list, and whether it would hold."""
    return await _FORM.show(request)


@routes.post(HERE)
@again.asked
async def add(request: web.Request) -> web.StreamResponse:
    """Put somebody on it."""

    async def do(tx: Tx, visitor: Visitor, typed: Typed) -> str:
        person_id = typed.id("person")
        if person_id is None:
            raise nobody_chosen()
        await standing_seen.add(tx, visitor.actor, person_id)
        return HERE

    return await _FORM.take(request, "add", do)


@routes.post(HERE + "/{id}/remove")
@again.asked
async def remove(request: web.Request) -> web.StreamResponse:
    """Take somebody off it."""

    async def work(tx: Tx, visitor: Visitor) -> None:
        await standing_seen.remove(tx, visitor.actor, id_of(request))

    return await done(request, "remove", SUBJECT, work, back=HERE)
