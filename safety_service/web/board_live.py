"""What keeps an open board up to date: what changed, when it was so, and whether the watch itself is kept."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from aiohttp import web

from safety_service.actions.board import Board
from safety_service.actions.board_duty import Duty
from safety_service.domain.words import Role
from safety_service.services import DATABASE
from safety_service.store.database import Tx
from safety_service.web.board import NO_BOARD, Asked, Seen, asked_in, duty_of, seen_by
from safety_service.web.board_drawn import DRAWING
from safety_service.web.live import News, stream
from safety_service.web.visitor import Visitor, visitor_of

TOPIC = "board:{}"
#: Seconds between two looks when nothing happens: a page that has heard nothing for three of them says so.
BEAT = 5.0
#: Seconds for which what happens is gathered: a hundred words in a second are one event.
GATHER = 1.0
#: Duty does not change by the second.
DUTY_EVERY = timedelta(seconds=60)

routes = web.RouteTableDef()


@routes.get("/board/events")
async def events(request: web.Request) -> web.StreamResponse:
    """What changed on the board, as it happens. A page that comes back says by its mark what it shows."""
    asked = asked_in(request)
    async with request.app[DATABASE].reading() as tx:
        visitor = await visitor_of(tx, request)
    if not visitor.sees_board:
        raise web.HTTPForbidden(text=NO_BOARD)
    teams = visitor.actor.teams(Role.MANAGER, Role.PRACTITIONER)
    # An alert of no visit, and one that they are told of in another team, comes as a message to the person.
    topics = [*map(TOPIC.format, teams), f"person:{visitor.person_id}"]
    shown = request.headers.get("Last-Event-ID") or request.query.get("mark", "")
    return await stream(request, topics, Changes(request, asked, shown), beat=BEAT, pause=GATHER)


class Changes:
    """Looks, and tells only what this page does not show yet."""

    def __init__(self, request: web.Request, asked: Asked, shown: str) -> None:
        self._request = request
        self._asked = asked
        self._shown = shown
        self._told: Seen | None = None
        self._duty: tuple[datetime, bool, Duty] | None = None

    async def __call__(self) -> News:
        async with self._request.app[DATABASE].reading() as tx:
            visitor = await visitor_of(tx, self._request)
            seen = await seen_by(tx, self._request, visitor, self._asked, self._duty_of)
        mark = seen.mark
        said = {
            "at": round(seen.at.timestamp() * 1000),
            "clock": f"{seen.at.astimezone(visitor.known.zone):%H:%M:%S}",
            "behind": seen.behind,
            "quiet": seen.board.quiet,
            "alerts": [each.number for each in seen.board.calls],
            **self._parts(seen),
            **(self._rows(seen) if mark != self._shown else {}),
        }
        self._told, self._shown = seen, mark
        return News("board", said, id=mark)

    async def _duty_of(self, tx: Tx, visitor: Visitor, wanted: Collection[UUID], found: Board) -> Duty:
        """As it was a moment ago, where that was not another view of it."""
        if self._duty is not None:
            at, quiet, duty = self._duty
            if quiet == found.quiet and tx.now - at < DUTY_EVERY:
                return duty
        duty = await duty_of(tx, visitor, wanted, found)
        self._duty = tx.now, found.quiet, duty
        return duty

    def _parts(self, seen: Seen) -> dict[str, Any]:
        before = {} if self._told is None else self._told.parts
        changed = {name: text for name, text in seen.parts.items() if before.get(name) != text}
        return {"parts": changed} if changed else {}

    def _rows(self, seen: Seen) -> dict[str, Any]:
        """Rows that are not shown as they are now, and the order of all. Of a page whose mark is unknown: every row."""
        before = {} if self._told is None else self._told.rows
        new = {key: each for key, each in seen.rows.items() if key not in before or before[key][0] != each[0]}
        drawn = self._request.app[DRAWING].rows(new.values(), seen.at)
        return {"rows": dict(zip(new, drawn, strict=True)), "order": list(seen.rows)}
