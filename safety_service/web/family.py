"""A family at a glance, and from here everything that is kept of it: the risk first, then what waits, what holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from aiohttp import web

from bots.dialogue.known import the_wording
from safety_service.actions import families, overview
from safety_service.actions.opening import PAGE as OPENINGS
from safety_service.actions.overview import Overview
from safety_service.actions.visitors import names_of
from safety_service.domain.trend import Line
from safety_service.domain.words import Status
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow
from safety_service.web.acting import looked
from safety_service.web.around_page import said_day, said_time
from safety_service.web.families import when
from safety_service.web.family_frame import frame
from safety_service.web.meetings import KINDS as MEETINGS
from safety_service.web.met_chart import DANGER
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SUBJECT = "family"
#: So many behaviours, openings and summaries are said here; the rest on their own pages.
FEW = 4
STATUS = {
    "waiting": "waits for a decision",
    "begun": "begun",
    "out": "on the way home",
    "cancelled": "called off",
    "not_begun": "did not begin",
}
#: Somebody is on it, or on their way from it.
RUNS = frozenset({Status.PLANNED, Status.WAITING, Status.BEGUN, Status.OUT})
OUTCOMES = {"met": "", "no_entry": "no entry", "refused": "refused", "aborted": "broken off"}


@routes.get("/families/{ref}")
async def one(request: web.Request) -> web.StreamResponse:
    """The page. That it was read is kept in the evidence log."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[Overview, dict[UUID, str]]:
        found = await overview.of(tx, visitor.actor, request.match_info["ref"])
        went = {each for row in (*found.coming, *found.past) for each in row.workers}
        return found, await names_of(tx, went | {each.person_id for each in found.openings[:FEW]})

    visitor, (found, names) = await looked(request, SUBJECT, work)
    return page(request, "family.html", visitor, context=_context(visitor, found, names))


def _context(visitor: Visitor, found: Overview, names: Mapping[UUID, str]) -> dict[str, Any]:
    ref, zone = found.family.ref, visitor.known.zone
    runs = [each for each in found.past if each.visit.status in RUNS]
    return {
        "frame": frame(visitor, ref, ""),
        "risk": str(found.risk),
        "says": the_wording().label(f"risk.{found.risk}"),
        "because": [each.says for each in found.because],
        "actions": list(_actions(visitor, found)),
        "waits": list(_waits(found)),
        "holds": [(each.says, each.who or "", said_day(each.until_on), each.undecided) for each in found.holds],
        "coming": [
            _visit(each, names, when(each.visit.starts_at.astimezone(zone), found.today)) for each in found.coming
        ],
        "now": [_visit(each, names, when(each.visit.starts_at.astimezone(zone), found.today)) for each in runs],
        "past": [
            _visit(each, names, said_time(each.visit.starts_at, visitor)) for each in found.past if each not in runs
        ],
        "met": [_met(each) for each in found.met if not each.past][:FEW],
        "undertakings": [(each.body["expected"], said_day(each.review_on), each.id) for each in found.undertakings],
        "meetings": [(MEETINGS[each.kind], said_time(each.meets_at, visitor), each.id) for each in found.meetings],
        "openings": [
            (names.get(each.person_id, ""), said_time(each.at, visitor), each.reason) for each in found.openings[:FEW]
        ],
        "summaries": [(said_time(each.at, visitor), each.visit_id) for each in found.summaries[:FEW]],
        "to": lambda what: families.page_of(ref, what),
    }


def _actions(visitor: Visitor, found: Overview) -> Iterator[tuple[str, str]]:
    ref = found.family.ref
    yield families.page_of(ref, "briefing"), "Before you go"
    yield families.page_of(ref, "risk/raise"), "Raise the risk"
    if overview.manages(visitor.actor, found.family):
        yield families.page_of(ref, "risk/lower"), "Lower the risk"


def _waits(found: Overview) -> Iterator[tuple[str, str]]:
    """What waits for a manager of the family: the page, and what it is."""
    ref, waits = found.family.ref, found.waits
    if waits.proposals:
        one = "A measure is proposed: decide" if waits.proposals == 1 else f"{waits.proposals} measures are proposed"
        yield families.page_of(ref, "plan#waits"), one
    if found.to_share:
        yield families.page_of(ref, "shares"), "Warn another agency, or not: decide"
    if waits.plan:
        yield families.page_of(ref, "plan/review"), "The plan is to be looked at again"
    if waits.facts:
        many = "A risk fact is" if waits.facts == 1 else f"{waits.facts} risk facts are"
        yield families.page_of(ref, "facts"), f"{many} to be looked at again"
    if waits.undertakings:
        many = "An undertaking is" if waits.undertakings == 1 else f"{waits.undertakings} undertakings are"
        yield families.page_of(ref, "undertakings"), f"{many} to be looked at again"
    if any(each.seen_at is None for each in found.openings):
        yield OPENINGS, "Somebody opened this family: look at who, and why"


def _visit(row: VisitRow, names: Mapping[UUID, str], said: str) -> dict[str, Any]:
    who = " and ".join(sorted(names.get(each, "") for each in row.workers))
    more = [the_wording().label(f"risk.{row.visit.risk}"), STATUS.get(row.visit.status, "")]
    more.append(OUTCOMES.get(row.visit.outcome or "", ""))
    return {"id": row.id, "when": said, "who": who, "more": ", ".join(each for each in more if each)}


def _met(line: Line) -> dict[str, Any]:
    times = "once" if line.times == 1 else f"{line.times} times"
    return {
        "says": line.says,
        "danger": line.group in DANGER,
        "text": f"{times}, last on {said_day(line.last_on)}",
    }
