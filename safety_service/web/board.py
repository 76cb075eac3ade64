"""The board: who is out, and until when. Drawn here; the page's script asks for it again when something changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from aiohttp import web

from safety_service.actions import reading, waking
from safety_service.actions.reading import BoardRow
from safety_service.actions.visitors import names_of
from safety_service.domain.alert import Alert
from safety_service.domain.words import Phase, Role, State
from safety_service.services import DATABASE
from safety_service.store.database import Tx
from safety_service.web.live import News, stream
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor, visitor_of

PHASES = {Phase.BEGIN: "Before", Phase.INSIDE: "Inside", Phase.HOME: "On the way home"}
KINDS = {
    "not_begun": "has not begun",
    "missed_check_in": "missed a check-in",
    "not_out": "is not out",
    "not_home": "is not home",
    "ring_me": "wants to be rung",
    "sos": "asked for help",
    "undeliverable": "cannot be reached",
    "duress": "asked for help",
    "unwatched": "is not watched",
}
#: Visits that start later than this are not on the board yet.
AHEAD = timedelta(hours=12)
TOPIC = "board:{}"

routes = web.RouteTableDef()


@dataclass(frozen=True, slots=True)
class Call:
    """An open alert that is the reader's to act on."""

    id: UUID
    number: int
    about: str
    since: str
    owner: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody who is out."""

    worker: str
    phase: str
    until: str
    #: For those who manage the team; a colleague sees who is out, and no more.
    managed: Managed | None


@dataclass(frozen=True, slots=True)
class Managed:
    """What a manager sees besides."""

    ref: str
    risk: str
    due: str
    last_word: str | None
    alarms: tuple[str, ...]


@routes.get("/board")
async def board(request: web.Request) -> web.StreamResponse:
    """The page."""
    return await _drawn(request, "board.html")


@routes.get("/board/list")
async def board_list(request: web.Request) -> web.StreamResponse:
    """The list alone, to be put in its place."""
    return await _drawn(request, "board_list.html")


@routes.get("/board/events")
async def board_events(request: web.Request) -> web.StreamResponse:
    """Says that something changed; the page then asks for the list."""
    async with request.app[DATABASE].reading() as tx:
        visitor = await visitor_of(tx, request)

    async def look() -> News:
        async with request.app[DATABASE].reading() as tx:
            await visitor_of(tx, request)
        return News("changed", {})

    teams = visitor.actor.teams(Role.MANAGER, Role.PRACTITIONER)
    # An alert of no visit, and one that they are told of in another team, comes as a message to the person.
    return await stream(request, [*map(TOPIC.format, teams), f"person:{visitor.person_id}"], look)


async def _drawn(request: web.Request, template: str) -> web.Response:
    async with request.app[DATABASE].reading() as tx:
        visitor = await visitor_of(tx, request)
        if not visitor.sees_board:
            raise web.HTTPForbidden(text="There is no board for your role.")
        rows = await reading.board(tx, visitor.actor)
        lines = [_line(visitor, each) for each in rows if not _later(each, tx.now)]
        calls = await _calls(tx, visitor)
        # The list alone is drawn again and again: what is missing in the nights ahead does not change by the minute.
        ahead = await waking.seen_by(tx, visitor.actor) if template == "board.html" else None
        nights = nights_said(visitor, ahead)
        now = visitor.clock(tx.now)
    return page(request, template, visitor, context={"lines": lines, "calls": calls, "nights": nights, "now": now})


def nights_said(visitor: Visitor, found: waking.Outlook | None) -> list[str]:
    """What is missing in the nights ahead, for those who can do something about it."""
    if found is None:
        return []
    said = []
    if found.nothing_wakes:
        said.append("By night nobody here can be woken: no calls or text messages are set up.")
    for each in () if found.nothing_wakes else found.asleep:
        since = each.shift.starts_at.astimezone(visitor.known.zone)
        post = each.shift.post.replace("_", " ")
        said.append(f"Nothing wakes {each.person.name} by night: {post} from {since:%d %b %H:%M}.")
    if found.standing_short:
        said.append(f"Standing by, reached in two tried ways: {found.standing}. There should be two at least.")
    return said


async def _calls(tx: Tx, visitor: Visitor) -> list[Call]:
    page_of_them = await reading.alerts_of(tx, visitor.actor, open_only=True)
    rows = [each.alert for each in page_of_them.rows]
    people = {person for each in rows for person in (each.worker_id, each.owner_id) if person is not None}
    names = await names_of(tx, people)
    return [
        Call(
            id=each.id,
            number=each.number,
            about=f"{names[each.worker_id]} {KINDS[each.kind]}" if each.worker_id else "The service needs an eye",
            since=visitor.clock(each.opened_at),
            owner=None if each.owner_id is None else names[each.owner_id],
        )
        for each in rows
    ]


def _later(row: BoardRow, now: datetime) -> bool:
    """Planned, and not soon: nobody is out there yet."""
    return row.watch.phase is Phase.BEGIN and row.visit.visit.starts_at > now + AHEAD


def _line(visitor: Visitor, row: BoardRow) -> Line:
    visit, watch = row.visit.visit, row.watch
    ends_at = watch.ends_at or visit.ends_at
    return Line(
        worker=row.worker,
        phase=PHASES[watch.phase],
        until=visitor.clock(visit.starts_at if watch.phase is Phase.BEGIN else ends_at),
        managed=_managed(visitor, row),
    )


def _managed(visitor: Visitor, row: BoardRow) -> Managed | None:
    if row.alerts is None:
        return None
    watch = row.watch
    return Managed(
        ref=row.visit.family_ref,
        risk=str(row.visit.visit.risk),
        due="" if watch.due_at is None else visitor.clock(watch.due_at),
        last_word=None if watch.last_word_at is None else visitor.clock(watch.last_word_at),
        alarms=tuple(f"Alert {each.alert.number}: {_state(each.alert)}" for each in row.alerts),
    )


def _state(alert: Alert) -> str:
    return "nobody has it yet" if alert.state is State.OPEN else "somebody has it"
