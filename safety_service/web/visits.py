"""The list of visits: one's own or one's teams', what is to come or what was, narrowed by status and days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web

from safety_service.actions import visit_list
from safety_service.actions.reading import Page
from safety_service.actions.visit_list import READERS, Look
from safety_service.actions.visitors import names_of, teams_of
from safety_service.domain.words import Role, Status
from safety_service.store.database import Tx
from safety_service.store.visit_list import Listed
from safety_service.web import visit_words as words
from safety_service.web.cursor import read_place, write_place
from safety_service.web.days import begins, ends
from safety_service.web.pages import page
from safety_service.web.resting import show
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

LIST = "/visits"
MINE, TEAM = "mine", "team"
PAST = "past"
FILTERS = ("who", "when", "status", "team", "from", "to")


@dataclass(frozen=True, slots=True)
class Row:
    """A visit in the list."""

    id: UUID
    ref: str
    time: str
    who: str
    status: str
    waits: bool
    risk: str
    high: bool
    outcome: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What the page is made of."""

    found: Page[Listed]
    names: dict[UUID, str]
    teams: dict[UUID, str]
    waiting: int
    now: datetime


@routes.get(LIST)
async def listed(request: web.Request) -> web.StreamResponse:
    """The page. That somebody looked at what is not theirs is kept."""

    async def work(tx: Tx, visitor: Visitor) -> Seen:
        found = await visit_list.look(tx, visitor.actor, _look(request, visitor, tx.now))
        return Seen(
            found,
            await names_of(tx, {worker for each in found.rows for worker in each.workers}),
            await teams_of(tx, visitor.actor.teams(*READERS)),
            await visit_list.count_waiting(tx, visitor.actor) if visitor.manages else 0,
            tx.now,
        )

    def draw(visitor: Visitor, seen: Seen) -> web.Response:
        return page(request, "visits.html", visitor, context=_shown(request, visitor, seen))

    return await show(request, "visits", work, draw)


def _look(request: web.Request, visitor: Visitor, now: datetime) -> Look:
    query, zone = request.query, visitor.known.zone
    since, until = begins(query.get("from", ""), zone), ends(query.get("to", ""), zone)
    past = query.get("when") == PAST
    if since is None and until is None:
        today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        since, until = (None, today) if past else (today, None)
    status = query.get("status", "")
    return Look(
        mine=_who(request, visitor) == MINE,
        team_id=_team(query.get("team", "")),
        statuses={Status(status)} if status in set(Status) else (),
        since=since,
        until=until,
        newest_first=past,
        after=read_place(query.get("after", "")),
    )


def _who(request: web.Request, visitor: Visitor) -> str:
    reads = bool(visitor.actor.teams(*READERS))
    asked = request.query.get("who", "")
    return (asked if asked in (MINE, TEAM) else TEAM) if reads else MINE


def _team(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _shown(request: web.Request, visitor: Visitor, seen: Seen) -> dict[str, Any]:
    given = {key: request.query.get(key, "") for key in FILTERS}
    given["who"] = _who(request, visitor)
    after = "" if seen.found.after is None else write_place(*seen.found.after)
    return {
        "days": list(_days(seen, visitor)),
        "given": given,
        "narrowed": any(given[key] for key in ("status", "team", "from", "to")),
        "both": bool(visitor.actor.teams(*READERS)),
        "mine": given["who"] == MINE,
        "past": given["when"] == PAST,
        "there": lambda **changes: _there(given, **changes),
        "statuses": [(str(each), said) for each, said in words.STATUSES.items()],
        "teams": sorted(((str(each), name) for each, name in seen.teams.items()), key=lambda pair: pair[1].casefold()),
        "waiting": seen.waiting,
        "manages": visitor.manages,
        "plans": bool(visitor.actor.teams(Role.PRACTITIONER, Role.MANAGER)),
        "following": _there(given, after=after) if after else "",
    }


def _there(given: dict[str, str], **changes: str) -> str:
    query = urlencode({key: value for key, value in {**given, **changes}.items() if value})
    return f"{LIST}?{query}" if query else LIST


def _days(seen: Seen, visitor: Visitor) -> Iterator[tuple[str, list[Row]]]:
    zone = visitor.known.zone
    for day, rows in groupby(seen.found.rows, key=lambda each: words.day_said(each.starts_at, zone, seen.now)):
        yield day, [_row(each, seen, visitor) for each in rows]


def _row(each: Listed, seen: Seen, visitor: Visitor) -> Row:
    return Row(
        id=each.id,
        ref=each.ref,
        time=f"{visitor.clock(each.starts_at)} to {visitor.clock(each.ends_at)}",
        who=", ".join(sorted(seen.names[worker] for worker in each.workers if worker in seen.names)),
        status=words.STATUSES[each.status],
        waits=each.status is Status.WAITING,
        risk=words.RISKS[each.risk],
        high=each.risk == "high",
        outcome="" if each.outcome is None else words.OUTCOMES[each.outcome],
    )
