"""Where one is signed in: browsers and devices, each to be ended alone or all others at once; and a lost phone."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from safety_service.actions import losing, signing_in
from safety_service.actions.visitors import devices_of
from safety_service.store.database import Tx
from safety_service.store.sessions import Session
from safety_service.web.acting import done, looked
from safety_service.web.around_page import said_time
from safety_service.web.openid import SERVICE
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

PAGE = "/devices"
LOST = "/lost"
KINDS = {"web": "Browser", "device": "Phone or program"}


@dataclass(frozen=True, slots=True)
class Line:
    """One of them as its owner knows it."""

    id: UUID
    kind: str
    label: str
    since: str
    used: str
    this: bool


@routes.get(PAGE)
async def shown(request: web.Request) -> web.StreamResponse:
    """The visitor's own, the last used first."""

    async def work(tx: Tx, visitor: Visitor) -> list[Line]:
        found = await devices_of(tx, visitor.actor)
        return [_line(visitor, each) for each in sorted(found, key=lambda each: each.seen_at, reverse=True)]

    visitor, lines = await looked(request, "session", work)
    return page(request, "devices.html", visitor, context={"lines": lines, "account": SERVICE in request.app})


@routes.post(PAGE + "/{id}/end")
async def ended(request: web.Request) -> web.StreamResponse:
    """It speaks for the visitor no more."""

    async def work(tx: Tx, visitor: Visitor) -> None:
        await signing_in.end(tx, visitor.actor, id_of(request))

    return await done(request, "end", "session", work, back=PAGE)


@routes.post(PAGE + "/others")
async def others_ended(request: web.Request) -> web.StreamResponse:
    """None but this browser speaks for the visitor."""

    async def work(tx: Tx, visitor: Visitor) -> None:
        await signing_in.end_others(tx, visitor.actor, visitor.known.session.id)

    return await done(request, "end", "session", work, back=PAGE)


@routes.get(LOST)
async def lost(request: web.Request) -> web.StreamResponse:
    """Whose phones the visitor may say are lost: of the teams that they manage."""

    async def work(tx: Tx, visitor: Visitor) -> list[tuple[UUID, str, bool]]:
        unreached = await losing.unreached(tx, visitor.actor)
        return [(each.id, each.name, each.id in unreached) for each in await losing.whose(tx, visitor.actor)]

    visitor, people = await looked(request, "person", work)
    cut = request.query.get("cut", "")
    names = [name for person_id, name, unreached in people if unreached and str(person_id) == cut]
    return page(request, "lost.html", visitor, context={"people": people, "cut": names})


@routes.post(LOST + "/{id}")
async def is_lost(request: web.Request) -> web.StreamResponse:
    """Nothing speaks for this person until they are invited again."""

    async def work(tx: Tx, visitor: Visitor) -> str | None:
        await losing.lost(tx, visitor.actor, id_of(request))
        return f"{LOST}?cut={id_of(request)}"

    return await done(request, "lost", "person", work, back=LOST)


def _line(visitor: Visitor, each: Session) -> Line:
    return Line(
        id=each.id,
        kind=KINDS[each.kind],
        label=each.label,
        since=said_time(each.created_at, visitor),
        used=said_time(each.seen_at, visitor),
        this=each.id == visitor.known.session.id,
    )
