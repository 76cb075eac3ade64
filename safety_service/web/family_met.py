"""What was met at a family, month by month: a picture, and the same figures as a table that leads to the records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from safety_service.actions import families, over_time
from safety_service.actions.over_time import OverTime
from safety_service.domain.words import Role
from safety_service.store.database import Tx
from safety_service.web import met_chart
from safety_service.web.acting import looked
from safety_service.web.around_page import said_day
from safety_service.web.family_frame import frame
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

#: A year that ends later than this is none that anybody remembers.
EARLIEST = date(2000, 1, 1)


@routes.get("/families/{ref}/met")
async def met(request: web.Request) -> web.StreamResponse:
    """The page; that it was read is kept in the evidence log."""

    async def work(tx: Tx, visitor: Visitor) -> OverTime:
        return await over_time.of_family(tx, visitor.actor, request.match_info["ref"])

    visitor, found = await looked(request, "behaviours", work)
    months = met_chart.months_until(_last(request, found.today))
    shown = met_chart.within(found.lines, months)
    reads = not visitor.actor.teams(Role.MANAGER, Role.REVIEWER).isdisjoint(found.family.teams)
    ref = found.family.ref
    context: dict[str, Any] = {
        "frame": frame(visitor, ref, "met"),
        "chart": met_chart.drawn(found.lines, found.told, found.plans, months),
        # Of the table only the first columns are on a phone's screen: what is new has to be among them.
        "months": [(met_chart.key(each), f"{each:%b}", f"{each:%B %Y}") for each in months[::-1]],
        "period": f"{months[0]:%B %Y} to {months[-1]:%B %Y}",
        "told": found.told,
        "rows": [
            {"says": line.says, "times": times, "log": _log(ref, line.kind, months) if reads else ""}
            for line, times in shown
        ],
        "summed": [_summed(line.says, line.times, line.people, line.last_on, line.past) for line in found.lines],
        "plans": _by_day([each for each in found.plans if months[0] <= each[0] < _after(months)]),
        "earlier": f"{families.page_of(ref, 'met')}?until={months[0] - timedelta(days=1):%Y-%m}",
        "later": f"{families.page_of(ref, 'met')}?until={_year_after(months):%Y-%m}"
        if _after(months) <= found.today
        else "",
    }
    return page(request, "family_met.html", visitor, context=context)


def _last(request: web.Request, today: date) -> date:
    """The last month that is asked for; this one for what is none."""
    try:
        asked = date.fromisoformat(f"{request.query.get('until', '')}-01")
    except ValueError:
        return today
    return asked if EARLIEST <= asked <= today else today


def _after(months: Sequence[date]) -> date:
    """The first day after them."""
    return (months[-1] + timedelta(days=32)).replace(day=1)


def _year_after(months: Sequence[date]) -> date:
    return months[-1].replace(year=months[-1].year + 1)


def _by_day(plans: Sequence[tuple[date, int]]) -> list[tuple[str, list[int]]]:
    found: dict[date, list[int]] = {}
    for day, number in plans:
        found.setdefault(day, []).append(number)
    return [(said_day(day), numbers) for day, numbers in found.items()]


def _log(ref: str, kind: str, months: Sequence[date]) -> str:
    """The debriefs in which it was met then."""
    until = _after(months) - timedelta(days=1)
    asked = {"family": ref, "behaviour": kind, "from": months[0].isoformat(), "to": until.isoformat()}
    return f"/log?{urlencode(asked)}"


def _summed(says: str, times: int, people: int, last_on: date, past: bool) -> tuple[str, str]:
    by = f" by {people} of us" if people > 1 else ""
    return says, f"{times}×{by}, last on {said_day(last_on)}{' (past)' if past else ''}"
