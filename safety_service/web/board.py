"""The board: who is out, until when, and how urgent; drawn whole here, then kept up to date by what changed."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import aiohttp_jinja2
from aiohttp import web

from safety_service.actions import board as boards
from safety_service.actions import board_duty
from safety_service.actions.board import Board
from safety_service.actions.board_duty import Duty, Hole
from safety_service.domain.refusal import Refused
from safety_service.services import DATABASE, HEALTH
from safety_service.store.database import Tx
from safety_service.store.errors import DatabaseAway, TryAgain
from safety_service.transact import in_transaction
from safety_service.web import board_words as words
from safety_service.web.board_drawn import DRAWING, Row, call_of, mark_of, rows_of
from safety_service.web.board_words import KINDS, PHASES, nights_said
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor, visitor_of

__all__ = ["KINDS", "PHASES", "nights_said", "routes", "seen_by"]

log = logging.getLogger(__name__)

#: Bytes above which a page is packed on its way: a board of hundreds has the same words in every row.
LONG = 20_000
NO_BOARD = "There is no board for your role."

routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class Asked:
    """What of the board is wanted: these teams (none: all that there are), and everything although inside a visit."""

    teams: frozenset[UUID]
    all_of_it: bool

    @property
    def query(self) -> str:
        """The same as it stands in an address."""
        wanted = [f"team={each}" for each in sorted(self.teams)]
        return "&".join([*wanted, *(["all=1"] if self.all_of_it else [])])


@dataclass(frozen=True, slots=True)
class Seen:
    """The board at one moment: rows by key with when their next word is due, and its parts as they are written."""

    at: datetime
    board: Board
    rows: dict[str, tuple[Row, datetime]]
    parts: dict[str, str]
    #: What is said when the watch itself is behind; empty: it is kept.
    behind: str

    @property
    def mark(self) -> str:
        """What tells this state of the rows from another."""
        return mark_of(row for row, _ in self.rows.values())


@routes.get("/board")
async def board(request: web.Request) -> web.StreamResponse:
    """The page. That it was opened is kept; it is shown although nothing can be kept, for then it is needed most."""
    asked = asked_in(request)
    async with request.app[DATABASE].reading() as tx:
        visitor = await visitor_of(tx, request)
        seen = await seen_by(tx, request, visitor, asked)
        names = await boards.names_of_teams(tx, visitor.actor)
    context = {**_said(request, seen, visitor), "asked": asked, "filters": _filters(asked, names)}
    response = page(request, "board.html", visitor, context=context)
    if isinstance(response.body, bytes) and len(response.body) > LONG:
        response.enable_compression()
    await _keep(request, len(seen.rows))
    return response


def asked_in(request: web.Request) -> Asked:
    """What the address asks for; what is no team's id in it counts as not said."""
    found = set()
    for each in request.query.getall("team", []):
        try:
            found.add(UUID(each))
        except ValueError:
            continue
    return Asked(frozenset(found), request.query.get("all") == "1")


async def duty_of(tx: Tx, visitor: Visitor, wanted: Collection[UUID], found: Board) -> Duty:
    """Who is on duty and what is missing; nothing of it inside a visit."""
    chosen = frozenset() if found.quiet else boards.teams_of(visitor.actor, wanted)
    return await board_duty.look(tx, visitor.actor, chosen, [each.watched for each in found.lines])


#: Gives duty for the board that was found.
DutyOf = Callable[[Tx, Visitor, Collection[UUID], Board], Awaitable[Duty]]


async def seen_by(tx: Tx, request: web.Request, visitor: Visitor, asked: Asked, duty: DutyOf = duty_of) -> Seen:
    """The board as this visitor sees it now. Raises HTTPForbidden."""
    try:
        found = await boards.look(tx, visitor.actor, asked.teams, all_of_it=asked.all_of_it)
    except Refused:
        raise web.HTTPForbidden(text=NO_BOARD) from None
    health = await request.app[HEALTH]()
    rows = rows_of(visitor, found, tx.now)
    on = await duty(tx, visitor, asked.teams, found)
    behind = words.behind(health.faults, whole=visitor.manages and not found.quiet)
    return Seen(tx.now, found, rows, _parts(request, visitor, found, on, tx.now), behind)


def _parts(request: web.Request, visitor: Visitor, found: Board, duty: Duty, now: datetime) -> dict[str, str]:
    """What stands around the rows: open alerts, who is not watched, gaps, duty."""
    managed = not found.quiet and visitor.manages
    context = {
        "calls": [call_of(visitor, each, now) for each in found.calls],
        "rings": [
            {
                "name": each.worker,
                "visit": each.visit_id,
                "since": words.at(visitor, each.asked_at, now),
                "by": words.at(visitor, each.next_at, now),
            }
            for each in found.rings
        ],
        "unwatched": [
            {
                "name": each.name,
                "ref": each.ref if managed else "",
                "when": f"{words.at(visitor, each.starts_at, now)} to {words.at(visitor, each.ends_at, now)}",
                "why": "closed as not begun" if each.status == "not_begun" else "not watched any more",
            }
            for each in found.unwatched
        ],
        "holes_now": [_hole(visitor, each, now) for each in duty.holes if each.gap.starts_at <= now],
        "holes": [_hole(visitor, each, now) for each in duty.holes if each.gap.starts_at > now],
        "nights": nights_said(visitor, duty.nights),
        "on": duty.on,
        "post_named": words.post_named,
        "listed": words.listed,
        "several": len({each.team for each in duty.on}) > 1,
    }
    drawn = aiohttp_jinja2.get_env(request.app)
    return {name: drawn.get_template(f"board_{name}.html").render(context) for name in ("calls", "unwatched", "duty")}


def _hole(visitor: Visitor, each: Hole, now: datetime) -> str:
    gap = each.gap
    from_ = "now" if gap.starts_at <= now else words.at(visitor, gap.starts_at, now)
    whose = f" for {each.worker} at {each.ref}" if each.worker else ""
    post = words.post_named(gap.post)
    return f"{each.team}: nobody as {post}{whose}, {from_} to {words.at(visitor, gap.ends_at, now)}"


def _said(request: web.Request, seen: Seen, visitor: Visitor) -> dict[str, Any]:
    """What the template is given; rows and parts are HTML of our own templates."""
    drawing = request.app[DRAWING]
    return {
        "rows": "\n".join(drawing.rows(seen.rows.values(), seen.at)),
        "parts": seen.parts,
        "count": len(seen.rows),
        "quiet": seen.board.quiet,
        "whole": not seen.board.quiet and visitor.manages,
        "more": seen.board.more,
        "behind": seen.behind,
        "mark": seen.mark,
        "at": f"{seen.at.astimezone(visitor.known.zone):%H:%M:%S}",
        "at_ms": round(seen.at.timestamp() * 1000),
    }


def _filters(asked: Asked, names: dict[UUID, str]) -> list[tuple[str, str, bool]]:
    """Address, name, and whether it is chosen; none where there is nothing to choose."""
    if len(names) < 2:
        return []
    all_ = "&all=1" if asked.all_of_it else ""
    chosen = asked.teams & names.keys()
    every = ("/board" + ("?all=1" if all_ else ""), "All teams", not chosen)
    return [every, *((f"/board?team={team}{all_}", name, team in chosen) for team, name in names.items())]


async def _keep(request: web.Request, count: int) -> None:
    """The session lives on, and the evidence log says who looked; where that fails, the board is shown all the same."""

    async def work(tx: Tx) -> None:
        visitor = await visitor_of(tx, request, keeps=True)
        await boards.keep_reading(tx, visitor.actor, count)

    try:
        await in_transaction(request.app[DATABASE], work)
    except (DatabaseAway, TryAgain) as error:
        log.error("that the board was read could not be kept: %s", type(error).__name__)  # noqa: TRY400 - it says it all
