"""Today: a worker's own day. Inside a visit it shows times alone: no name, no address, no risk, nothing to read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

from safety_service.actions import day as days
from safety_service.actions import families
from safety_service.actions.day import Day, DayVisit
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Phase, Status
from safety_service.services import DATABASE
from safety_service.store.database import Tx
from safety_service.transact import in_transaction
from safety_service.web import board_words as words
from safety_service.web import today_say
from safety_service.web.items import KINDS
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor, visitor_of

routes = web.RouteTableDef()

STATES = {
    Status.PLANNED: "",
    Status.WAITING: "waits for a decision",
    Status.BEGUN: "inside",
    Status.OUT: "out",
    Status.CLOSED: "done",
    Status.CANCELLED: "not going",
    Status.NOT_BEGUN: "not begun",
}
#: What one is at oneself says more than what the visit is at.
PHASES = {Phase.INSIDE: "you are inside", Phase.HOME: "on the way home"}
OVER = frozenset({Status.CLOSED, Status.CANCELLED, Status.NOT_BEGUN, Status.OUT})


@routes.get("/today")
async def today(request: web.Request) -> web.StreamResponse:
    """The page. It is the visitor's own, so nothing is kept of its being read."""
    async with request.app[DATABASE].reading() as tx:
        visitor = await visitor_of(tx, request)
        try:
            found = await days.of(tx, visitor.actor)
        except Refused:
            raise web.HTTPForbidden(text="You go on no visits, so there is no day to show.") from None
        say = await today_say.now_of(tx, visitor, inside=found.inside)
        context = {"say": say, **_shown(visitor, found, tx.now)}
    return page(request, "today.html", visitor, context=context)


@routes.post("/today/say")
async def said(request: web.Request) -> web.StreamResponse:
    """One of the chat's words, pressed here: kept and acted on as there; the page then shows the answer."""
    fields = await request.post()

    async def work(tx: Tx) -> None:
        visitor = await visitor_of(tx, request, keeps=True)
        try:
            token, word, label = (str(fields.get(name, "")) for name in ("token", "word", "label"))
            await today_say.say(tx, visitor, token, word, label)
        except Refused:
            raise web.HTTPBadRequest(text="This is no word.") from None

    await in_transaction(request.app[DATABASE], work)
    raise web.HTTPSeeOther("/today")


def _shown(visitor: Visitor, found: Day, now: datetime) -> dict[str, Any]:
    """What the template is given."""
    ahead = [each for each in found.visits if each.row.visit.status not in OVER or each.phase is not Phase.DONE]
    return {
        "now": visitor.clock(now),
        "day": f"{now.astimezone(visitor.known.zone):%A} {now.astimezone(visitor.known.zone).day}"
        f" {now.astimezone(visitor.known.zone):%B}",
        "inside": found.inside,
        "times": [visitor.clock(each.row.visit.starts_at) for each in ahead if each.phase is Phase.BEGIN],
        "visits": [] if found.inside else [_visit(visitor, each, now) for each in found.visits],
        "reads": [] if found.inside else _reads(found),
        "untold": [] if found.inside else [_untold(visitor, each, now) for each in found.untold],
        "items": [] if found.inside else _open(found),
    }


def _visit(visitor: Visitor, each: DayVisit, now: datetime) -> dict[str, Any]:
    row = each.row
    own = PHASES.get(each.phase, "")
    return {
        "id": row.id,
        "ref": row.family_ref,
        "from": words.at(visitor, row.visit.starts_at, now),
        "until": words.at(visitor, row.visit.ends_at, now),
        "address": str(row.address.get("text") or ""),
        "beside": words.listed(each.beside),
        "risk": str(row.visit.risk).capitalize(),
        "state": own or STATES[row.visit.status],
        "over": each.phase is Phase.DONE,
        "briefing": families.page_of(row.family_ref, "briefing"),
    }


def _reads(found: Day) -> list[dict[str, str]]:
    refs = dict.fromkeys(each.row.family_ref for each in found.visits if each.to_read)
    return [{"ref": ref, "path": families.page_of(ref, "briefing")} for ref in refs]


def _open(found: Day) -> list[dict[str, str]]:
    """A line for each kind: a hard debrief leaves half a dozen, which all have the same name."""
    kinds: dict[str, list[str]] = {}
    for each in found.items:
        kinds.setdefault(KINDS[each.kind], []).append(f"/items/{each.id}")
    return [
        {"path": paths[0], "says": kind} if len(paths) == 1 else {"path": "/items", "says": f"{kind} ({len(paths)})"}
        for kind, paths in kinds.items()
    ]


def _untold(visitor: Visitor, each: Any, now: datetime) -> dict[str, Any]:
    return {
        "path": f"/debriefs/{each.id}/tell",
        "ref": each.ref,
        "when": words.at(visitor, each.starts_at, now),
        "begun": each.begun,
    }
