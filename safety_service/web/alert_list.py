"""The list of alerts: what is open first, then what was, narrowed by kind, what was found, team and days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web

from bots.dialogue.dressing import Frame
from bots.dialogue.known import the_wording
from safety_service.actions import alert_list
from safety_service.actions.alert_list import AlertList, Filters
from safety_service.domain.words import Found, Kind
from safety_service.store.alert_lists import AlertLine
from safety_service.store.database import Tx
from safety_service.web.acting import looked
from safety_service.web.ages import age, lasted
from safety_service.web.alert_shown import HEADS
from safety_service.web.cursor import read_place, write_place
from safety_service.web.days import begins, ends
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

HERE = "/alerts"
FIELDS = ("kind", "found", "team", "from", "to")
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One alert as its line says it."""

    id: UUID
    number: int
    head: str
    about: str
    #: Whose it is, or what was found.
    stands: str
    opened: str
    free: bool
    #: Somebody may be watching them: nobody is to ring.
    hushed: bool


@routes.get(HERE)
async def alerts(request: web.Request) -> web.StreamResponse:
    """The page; its filters stand in the address, so that a figure can lead to what it counts."""
    given = {name: request.query.get(name, "")[:64] for name in FIELDS}
    before = read_place(request.query.get("cursor", ""))

    async def work(tx: Tx, visitor: Visitor) -> dict[str, Any]:
        found = await alert_list.listed(tx, visitor.actor, _filters(given, visitor), before)
        return _context(found, given, visitor, tx.now, first=before is None)

    visitor, context = await looked(request, "alerts", work)
    return page(request, "alerts.html", visitor, context=context)


def _filters(given: dict[str, str], visitor: Visitor) -> Filters:
    zone = visitor.known.zone
    return Filters(
        kinds=_words(given["kind"], Kind),
        found=_words(given["found"], Found),
        team_id=_team(given["team"]),
        since=begins(given["from"], zone),
        until=ends(given["to"], zone),
    )


def _words(text: str, words: type[Word]) -> tuple[Word, ...]:
    return tuple(each for each in words if each == text)


def _team(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _context(
    found: AlertList, given: dict[str, str], visitor: Visitor, now: datetime, *, first: bool
) -> dict[str, Any]:
    frame = Frame(the_wording(), visitor.known.zone, now)
    asked = {name: value for name, value in given.items() if value}
    following = None
    if found.after is not None:
        following = f"{HERE}?{urlencode({**asked, 'cursor': write_place(*found.after)})}"
    return {
        "first": first,
        "open": [_shown(each, found, frame, now) for each in found.open],
        "past": [_shown(each, found, frame, now) for each in found.past],
        "following": following,
        "given": given,
        "narrowed": bool(asked),
        "kinds": {str(each): HEADS[each][0].upper() + HEADS[each][1:] for each in Kind},
        "founds": {str(each): frame.say(f"option.resolve.found.{each}") for each in Found},
        "teams": dict(sorted(found.teams.items(), key=lambda each: each[1].casefold())),
        "now": frame.clock(now),
    }


def _shown(line: AlertLine, found: AlertList, frame: Frame, now: datetime) -> Shown:
    who = found.names.get(line.worker_id, "somebody") if line.worker_id is not None else "The service"
    parts = [who, line.family_ref, found.teams.get(line.team_id) if line.team_id and len(found.teams) > 1 else None]
    return Shown(
        id=line.id,
        number=line.number,
        head=HEADS[line.kind],
        about=", ".join(each for each in parts if each),
        stands=_stands(line, found, frame),
        opened=f"{frame.clock(line.opened_at)} ({age(line.opened_at, now)})",
        free=line.owner_id is None,
        hushed=line.resolved_at is None and (line.kind is Kind.DURESS or line.worker_id in found.hushed),
    )


def _stands(line: AlertLine, found: AlertList, frame: Frame) -> str:
    owner = None if line.owner_id is None else found.names.get(line.owner_id, "somebody")
    if line.resolved_at is None:
        return "Nobody has it yet" if owner is None else f"{owner} has it"
    ended = "" if line.found is None else frame.say(f"option.resolve.found.{line.found}")
    taken = "" if line.taken_at is None else f", taken after {lasted(line.taken_at - line.opened_at)}"
    return f"{ended}{taken}, closed after {lasted(line.resolved_at - line.opened_at)}"
