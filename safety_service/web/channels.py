"""How somebody is reached: their own channels, tried and confirmed; and what waits for their yes about others."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from aiohttp import web

from bots.dialogue.known import the_wording
from safety_service.actions import linking, own_channels, phrases, seconding, waking
from safety_service.domain.addresses import hidden
from safety_service.domain.reaching import PROVEN, REACHING
from safety_service.services import HOT, SETTINGS
from safety_service.store.channels import Channel
from safety_service.store.database import Tx
from safety_service.web import again
from safety_service.web.acting import done, looked
from safety_service.web.board import nights_said
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

PAGE = "/channels"
STATES = {
    "proposed": "Type the code that was sent there",
    "waiting": "Waits for a second person; says nothing until then",
    "active": "In use",
    "blocked": "Shut at the other end: nothing arrives",
}
ASKS = {
    "voice": "A phone number that is called by night and in danger",
    "sms": "A phone number for text messages",
    "email": "An e-mail address",
    "hook": "Your name in your team's channel",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One channel as its owner sees it."""

    id: UUID
    kind: str
    address: str
    state: str
    tried: str
    #: A code can be typed for it, or asked for anew.
    wants_code: bool
    can_be_tried: bool
    counts: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that waits for the reader's yes."""

    id: UUID
    name: str
    kind: str


@routes.get(PAGE)
async def shown(request: web.Request) -> web.StreamResponse:
    """The visitor's own channels, and what others ask them to agree to."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[list[Line], list[Wanted], list[str], bool]:
        mine = [_line(visitor, each) for each in await own_channels.mine(tx, visitor.actor)]
        wanted = await seconding.waiting_for(tx, visitor.actor)
        nights = nights_said(visitor, await waking.seen_by(tx, visitor.actor))
        people = [Wanted(each.id, person.name, _named(each.kind)) for each, person in wanted]
        return mine, people, nights, await phrases.is_out(tx, visitor.actor)

    visitor, (mine, wanted, nights, out) = await looked(request, "channels", work)
    # Whoever looks over a worker's shoulder out there learns nothing of what goes out in danger.
    offered = [] if out else [(kind, ASKS[kind]) for kind in request.app[SETTINGS].providers]
    context = {"mine": mine, "wanted": wanted, "offered": offered, "nights": nights, "out": out}
    return page(request, "channels.html", visitor, context=context)


@routes.post(PAGE)
@again.asked_at_rest
async def proposed(request: web.Request) -> web.StreamResponse:
    """Give an address; a code goes there."""
    given = await request.post()
    kind, address = str(given.get("kind", ""))[:20], str(given.get("address", ""))[:254]
    offered = frozenset(request.app[SETTINGS].providers)

    async def work(tx: Tx, visitor: Visitor) -> None:
        await own_channels.propose(tx, visitor.actor, visitor.person_id, kind, address, offered=offered)

    return await done(request, "propose", "channel", work, back=PAGE)


@routes.post(PAGE + "/{id}/prove")
@again.asked_at_rest
async def proven(request: web.Request) -> web.StreamResponse:
    """Type the code that arrived."""
    code = str((await request.post()).get("code", ""))[:40]

    async def work(tx: Tx, visitor: Visitor) -> None:
        await linking.throttle(request.app[HOT], f"prove:{visitor.person_id}")
        await own_channels.prove(tx, visitor.actor, id_of(request), code)

    return await done(request, "prove", "channel", work, back=PAGE)


@routes.post(PAGE + "/{id}/code")
async def code_wanted(request: web.Request) -> web.StreamResponse:
    """Send a fresh code: to prove it, or to try whether it still arrives."""

    async def work(tx: Tx, visitor: Visitor) -> None:
        await own_channels.send_code(tx, visitor.actor, id_of(request))

    return await done(request, "try", "channel", work, back=PAGE)


@routes.post(PAGE + "/{id}/end")
async def ended(request: web.Request) -> web.StreamResponse:
    """It speaks for the visitor no more."""

    async def work(tx: Tx, visitor: Visitor) -> None:
        await own_channels.end(tx, visitor.actor, id_of(request))

    return await done(request, "end", "channel", work, back=PAGE)


@routes.post(PAGE + "/{id}/agree")
@again.asked
async def agreed(request: web.Request) -> web.StreamResponse:
    """It was them: a second person knows."""

    async def work(tx: Tx, visitor: Visitor) -> None:
        await seconding.agree(tx, visitor.actor, id_of(request))

    return await done(request, "agree", "channel", work, back=PAGE)


@routes.post(PAGE + "/{id}/refuse")
async def refused(request: web.Request) -> web.StreamResponse:
    """It was not them, or nobody knows."""

    async def work(tx: Tx, visitor: Visitor) -> None:
        await seconding.refuse(tx, visitor.actor, id_of(request))

    return await done(request, "refuse", "channel", work, back=PAGE)


def _line(visitor: Visitor, each: Channel) -> Line:
    given = each.kind in PROVEN
    tried = "" if each.proven_at is None else f"{each.proven_at.astimezone(visitor.known.zone):%d %b %Y}"
    return Line(
        id=each.id,
        kind=_named(each.kind),
        address=hidden(each.kind, each.address) if given else "",
        state=STATES[each.state],
        tried=tried,
        wants_code=given and each.state in ("proposed", "active"),
        can_be_tried=given and each.state == "active",
        counts=each.kind in REACHING,
    )


def _named(kind: str) -> str:
    name = the_wording().label(f"kind.{kind}")
    return name[0].upper() + name[1:]
