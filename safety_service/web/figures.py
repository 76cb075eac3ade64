"""Figures of a time, by team, as tables and charts that can be printed; and the records behind each."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web

from config.duration import say_duration
from safety_service.actions import figures_behind, team_figures
from safety_service.actions.figures_behind import Record
from safety_service.actions.reading import Page
from safety_service.actions.team_figures import Period, TeamFigures
from safety_service.domain.refusal import Refused
from safety_service.domain.timeline_words import FOUND, KINDS
from safety_service.domain.words import Kind
from safety_service.store.database import Tx
from safety_service.web.acting import looked, said
from safety_service.web.around_page import said_day, said_time
from safety_service.web.cursor import read_place, write_place
from safety_service.web.days import day_of
from safety_service.web.figures_shown import DECIDED, WEEKS, Shown, first_day
from safety_service.web.log_line import SEVERITIES
from safety_service.web.pages import message, page
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()


@routes.get("/figures")
async def figures(request: web.Request) -> web.StreamResponse:
    """The page; that it was read is kept."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[dict[str, Any] | None, str]:
        try:
            found = await team_figures.figures(tx, visitor.actor, _period(tx, visitor, request))
        except Refused as why:
            return None, said(why, visitor)
        guidance = (await tx.guidance(visitor.actor.agency_id)).guidance
        return _context(found, Shown(found, lambda kind: guidance.says("behaviours", kind)), visitor), ""

    visitor, (context, refused) = await looked(request, "figures", work)
    if context is None:
        return message(request, "That was not done", refused, status=409, back="/figures", visitor=visitor)
    return page(request, "figures.html", visitor, context=context)


@routes.get("/figures/behind")
async def behind(request: web.Request) -> web.StreamResponse:
    """The records of one figure."""
    figure = request.query.get("what", "")

    async def work(tx: Tx, visitor: Visitor) -> tuple[Page[Record] | None, str]:
        place = read_place(request.query.get("cursor", ""))
        try:
            return await figures_behind.behind(tx, visitor.actor, figure, _period(tx, visitor, request), place), ""
        except Refused as why:
            return None, said(why, visitor)

    visitor, (found, refused) = await looked(request, "figures", work)
    if found is None:
        return message(request, "That was not done", refused, status=409, back="/figures", visitor=visitor)
    following = None if found.after is None else str(request.rel_url.update_query(cursor=write_place(*found.after)))
    lines = [_record(each, visitor) for each in found.rows]
    return page(request, "figures_behind.html", visitor, context={"lines": lines, "following": following})


def _period(tx: Tx, visitor: Visitor, request: web.Request) -> Period:
    today = tx.now.astimezone(visitor.known.zone).date()
    until = day_of(request.query.get("to", "")) or today
    since = day_of(request.query.get("from", "")) or _back(until)
    try:
        team_id = UUID(request.query.get("team", ""))
    except ValueError:
        team_id = None
    return Period(since, until, team_id)


def _back(until: date) -> date:
    # Of the first weeks that there are, there is no earlier one.
    return first_day(until) if until - date.min > timedelta(weeks=12) else date.min


def _context(found: TeamFigures, shown: Shown, visitor: Visitor) -> dict[str, Any]:
    team_id = found.period.team_id
    return {
        "found": found,
        "since": said_day(found.period.since),
        "until": said_day(found.period.until),
        "team": "" if team_id is None else found.teams[team_id],
        "choices": dict(sorted(found.teams.items(), key=lambda each: each[1].casefold())),
        "by": "week by week" if found.period.until - found.period.since <= WEEKS else "month by month",
        "sections": shown.sections() if found.given else [],
        "teams": shown.teams() if len(found.by_team) > 1 else [],
        "counted": "" if found.counted_until is None else visitor.clock(found.counted_until),
    }


def _record(each: Record, visitor: Visitor) -> dict[str, str]:
    link = {
        "alert": f"/alerts/{each.id}",
        "debrief": f"/log/{each.id}",
        "visit": f"/visits/{each.id}",
        "untold": f"/visits/{each.id}",
        "measure": f"/families/{each.ref}/plan",
    }
    return {"link": link[each.what], "says": _says(each), "at": said_time(each.at, visitor), "more": _more(each)}


def _says(each: Record) -> str:
    if each.what == "alert":
        return f"Alert {each.number}: {KINDS[Kind(each.key)]}"
    if each.what == "debrief":
        return f"Debrief: {SEVERITIES[each.key].lower()}"
    of_visits = {"visit": "Asked once more", "untold": "Visit without its debrief"}
    return of_visits.get(each.what) or f"{each.ref}: {DECIDED[each.key].lower()}"


def _more(each: Record) -> str:
    if each.what != "alert":
        return ""
    taken = "Taken by nobody" if each.after is None else f"Taken after {say_duration(each.after)}"
    return f"{taken}; {FOUND[each.found]}" if each.found else taken
