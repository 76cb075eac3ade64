"""The families of one's teams: a list by reference, what waits at each; and finding one.

A name never stands in an address: what is typed is sent in a form, and answered at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from aiohttp import web

from bots.dialogue.known import the_wording
from safety_service.actions import caseload, circle, families
from safety_service.actions.caseload import Line, Narrow, Page
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.store.family_list import Waits
from safety_service.web.acting import looked
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "family"
LONGEST = 200
#: What narrows the list, and how it is called; `waiting` is for managers.
SHOWN = (("", "All"), ("waiting", "Something to decide"), ("own", "Where I go"))


@routes.get("/families")
async def listed(request: web.Request) -> web.StreamResponse:
    """The list; a page of it at a time."""
    show, after = request.query.get("show", ""), request.query.get("after", "")

    async def work(tx: Tx, visitor: Visitor) -> tuple[Page, date]:
        narrow = Narrow(waiting=show == "waiting", own=show == "own")
        return await caseload.listed(tx, visitor.actor, narrow, after), await circle.today(tx, visitor.actor.agency_id)

    visitor, (found, today) = await looked(request, SUBJECT, work)
    context = _context(visitor, found, today) | {"show": show, "typed": ""}
    if found.after is not None:
        context["following"] = str(request.rel_url.update_query(after=found.after))
    return page(request, "families.html", visitor, context=context)


@routes.post("/families")
async def find(request: web.Request) -> web.StreamResponse:
    """By its reference, a part of it, or its exact name: the family itself where it is one, else what there is."""
    typed = " ".join(str((await request.post()).get("text", "")).split())[:LONGEST]

    async def work(tx: Tx, visitor: Visitor) -> tuple[list[str], Page, date]:
        exactly = [each.ref for each in await families.find(tx, visitor.actor, typed)]
        none = Page([], None)
        partly = none if exactly or not typed else await caseload.listed(tx, visitor.actor, Narrow(text=typed))
        return exactly, partly, await circle.today(tx, visitor.actor.agency_id)

    visitor, (exactly, found, today) = await looked(request, SUBJECT, work, writes=False)
    only = exactly or [each.family.ref for each in found.lines]
    if len(only) == 1:
        raise web.HTTPSeeOther(families.page_of(only[0]))
    context = _context(visitor, found, today) | {"show": None, "typed": typed, "more": found.after is not None}
    if exactly:
        context["lines"] = [{"ref": each, "page": families.page_of(each)} for each in exactly]
    return page(request, "families.html", visitor, context=context)


def _context(visitor: Visitor, found: Page, today: date) -> dict[str, Any]:
    manages = bool(visitor.actor.teams(Role.MANAGER))
    return {
        "lines": [_line(visitor, each, today) for each in found.lines],
        "filters": [(name, label) for name, label in SHOWN if manages or name != "waiting"],
        "manages": manages,
        "following": None,
        "more": False,
    }


def _line(visitor: Visitor, line: Line, today: date) -> dict[str, Any]:
    coming = line.coming
    return {
        "ref": line.family.ref,
        "page": families.page_of(line.family.ref),
        "managed": line.family.managed,
        "when": "" if coming is None else when(coming.starts_at.astimezone(visitor.known.zone), today),
        "risk": "" if coming is None else the_wording().label(f"risk.{coming.risk}"),
        "waits": list(waiting(line.waits)),
    }


def when(local: Any, today: date) -> str:
    """A time as one says it of the days around today."""
    days = (local.date() - today).days
    if days in (-1, 0, 1):
        return f"{('Yesterday', 'Today', 'Tomorrow')[days + 1]} {local:%H:%M}"
    return f"{local:%A %H:%M}" if 0 < days < 7 else f"{local.day} {local:%B, %H:%M}"


def waiting(waits: Waits) -> Iterator[str]:
    """What waits, in words."""
    if waits.proposals:
        yield f"{waits.proposals} to decide"
    if waits.plan:
        yield "plan to look at again"
    if waits.facts:
        yield f"{waits.facts} {'fact' if waits.facts == 1 else 'facts'} to look at again"
    if waits.undertakings:
        many = "undertaking" if waits.undertakings == 1 else "undertakings"
        yield f"{waits.undertakings} {many} to look at again"
