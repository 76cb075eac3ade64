"""What each team met, month by month: counts of behaviours, and never whose."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web

from safety_service.actions import debrief_log, team_figures
from safety_service.actions.team_figures import MANY, Period
from safety_service.actions.visitors import teams_of
from safety_service.domain import counting
from safety_service.domain.refusal import Refused
from safety_service.store.database import Tx
from safety_service.web.acting import looked, said
from safety_service.web.figures_links import records
from safety_service.web.figures_shown import Cell
from safety_service.web.pages import message, page
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

MONTHS = 6


@dataclass(frozen=True, slots=True)
class Trend:
    """A team's behaviours: the words of each, and how often in each month. `few`: small numbers of it are not said."""

    team: str
    few: bool
    rows: list[tuple[str, list[Cell]]]


@routes.get("/log/trends")
async def trends(request: web.Request) -> web.StreamResponse:
    """The last months; that it was looked at is kept."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[dict[str, Any] | None, str]:
        months = last_months(tx.now.astimezone(visitor.known.zone).date())
        try:
            found = await debrief_log.trends(tx, visitor.actor, months[0], _after(months[-1]))
        except Refused as why:
            return None, said(why, visitor)
        guidance = (await tx.guidance(visitor.actor.agency_id)).guidance
        says = {kind: guidance.says("behaviours", kind) for _, _, kind, _ in found}
        names = await teams_of(tx, {team for team, *_ in found})
        people = await team_figures.people_in(tx, visitor.actor)
        few = frozenset(each for each, count in people.items() if count < MANY)
        # On a phone only the first columns are on the screen: what is new has to be among them.
        newest = months[::-1]
        heads = [f"{month:%b %Y}" for month in newest]
        return {"months": heads, "teams": tables(found, newest, says, names, few)}, ""

    visitor, (context, refused) = await looked(request, "trends", work)
    if context is None:
        return message(request, "That was not done", refused, status=409, back="/log", visitor=visitor)
    return page(request, "log_trends.html", visitor, context=context)


def last_months(today: date) -> list[date]:
    """The first days of the last months, this one among them, the oldest first."""
    months = [today.replace(day=1)]
    while len(months) < MONTHS:
        first = months[0]
        months.insert(0, first.replace(year=first.year - (first.month == 1), month=(first.month - 2) % 12 + 1))
    return months


def tables(
    found: list[tuple[UUID, str, str, int]],
    months: list[date],
    says: Mapping[str, str],
    names: Mapping[UUID, str],
    few: Collection[UUID],
) -> list[Trend]:
    """A table for each team, its behaviours the most frequent first."""
    counts: dict[UUID, dict[str, dict[str, int]]] = {}
    for team, month, kind, count in found:
        counts.setdefault(team, {}).setdefault(kind, {})[month] = count

    def row(team: UUID, kind: str) -> tuple[str, list[Cell]]:
        of_month = [(counts[team][kind].get(f"{month:%Y-%m}", 0), _records(team, kind, month)) for month in months]
        return says[kind], [_cell(count, link, small=team in few) for count, link in of_month]

    def rows(team: UUID) -> list[tuple[str, list[Cell]]]:
        kinds = sorted(counts[team], key=lambda kind: (-sum(counts[team][kind].values()), says[kind]))
        return [row(team, kind) for kind in kinds]

    return sorted((Trend(names[team], team in few, rows(team)) for team in counts), key=lambda each: each.team)


def _cell(count: int, link: str, *, small: bool) -> Cell:
    """What is not said leads nowhere."""
    if not count:
        return Cell("–")
    return Cell(f"<{MANY}") if small and count < MANY else Cell(str(count), link)


def _records(team_id: UUID, kind: str, month: date) -> str:
    """The debriefs in which it was met."""
    return records(counting.met(kind), Period(month, _after(month) - timedelta(days=1), team_id))


def _after(month: date) -> date:
    return month.replace(year=month.year + (month.month == 12), month=month.month % 12 + 1)
