"""What waits for a manager's decision, and deciding it, with a reason, on the plan as it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from aiohttp import web
from multidict import MultiDict, MultiMapping

from bots.dialogue.known import REASONS, the_wording
from config.forms import DECISION
from safety_service.actions import decisions, visit_list, visit_story
from safety_service.actions.visitors import names_of
from safety_service.domain.words import Decided
from safety_service.store.database import Tx
from safety_service.store.visits import VisitRow
from safety_service.web import visit_words as words
from safety_service.web.acting import done
from safety_service.web.again import asked
from safety_service.web.ages import age
from safety_service.web.form_answers import OWN, read_answers
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.resting import show
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

WAITING = "/visits/waiting"
LONGEST = 2000  # characters of a reason
#: Nothing that is asked here is a time.
UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Plan:
    """A visit as whoever decides on it reads it."""

    id: UUID
    ref: str
    when: str
    age: str
    length: str
    who: str
    risk: str
    high: bool
    because: list[str]
    lacking: list[str]
    lines: list[tuple[str, str]]
    own: bool
    version: int


@routes.get(WAITING)
async def waiting(request: web.Request) -> web.StreamResponse:
    """What waits, the soonest first."""

    async def work(tx: Tx, visitor: Visitor) -> list[Plan]:
        rows = await visit_list.waiting(tx, visitor.actor)
        names = await names_of(tx, frozenset().union(*(each.workers for each in rows)))
        return [plan_of(each, names, visitor, tx.now) for each in rows]

    def draw(visitor: Visitor, plans: list[Plan]) -> web.Response:
        return page(request, "visits_waiting.html", visitor, context={"plans": plans})

    return await show(request, "visits", work, draw)


@routes.get("/visits/{id}/decide")
async def deciding(request: web.Request) -> web.StreamResponse:
    """The plan and the question."""
    return await _page(request, MultiDict(), {})


@routes.post("/visits/{id}/decide")
@asked
async def decide(request: web.Request) -> web.StreamResponse:
    """Decide; what was not said is asked for, and nothing typed is lost."""
    posted = await request.post()
    read = read_answers(DECISION, _as_asked(posted), UTC)
    if read.faults or str(posted.get("kind")) not in set(Decided):
        return await _page(request, posted, read.faults or {"kind": "unknown"})
    kind, reason = Decided(read.answers["kind"]), str(read.answers["reason"])[:LONGEST]

    async def work(tx: Tx, visitor: Visitor) -> str:
        row = await decisions.decide(tx, visitor.actor, id_of(request), kind, reason, seen=_version(posted))
        return f"/visits/{row.id}?decided=1"

    async def again(refused: str) -> web.StreamResponse:
        return await _page(request, posted, {}, refused)

    return await done(request, "decide", "visit", work, back=request.path, again=again)


def plan_of(row: VisitRow, names: Mapping[UUID, str], visitor: Visitor, now: datetime) -> Plan:
    """What there is to know before deciding."""
    zone, visit = visitor.known.zone, row.visit
    address = str(row.address.get("text") or "")
    every = min((each.interval for each in visit.watches), default=None)
    columns = [
        ("Where", address),
        ("What for", words.label("purpose", row.purpose)),
        ("Asked every", "" if every is None else words.length_said(every)),
    ]
    return Plan(
        id=row.id,
        ref=row.family_ref,
        when=words.time_said(visit.starts_at, zone, now),
        age=age(visit.starts_at, now),
        length=words.length_said(visit.length),
        who=", ".join(sorted(names[each] for each in row.workers if each in names)),
        risk=words.RISKS[visit.risk],
        high=visit.risk == "high",
        because=[each["says"] for each in row.because],
        lacking=words.lacking(row.lacking),
        lines=[each for each in (*columns, *words.plan_lines(row.answers)) if each[1]],
        own=visitor.person_id in row.workers,
        version=row.version,
    )


async def _page(
    request: web.Request, posted: MultiMapping[Any], faults: Mapping[str, str], refused: str = ""
) -> web.StreamResponse:
    """The plan as it is now: what is sent from here is about this version of it."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[Plan, bool]:
        row = await visit_story.to_decide(tx, visitor.actor, id_of(request))
        return plan_of(row, await names_of(tx, row.workers), visitor, tx.now), row.decision is not None

    def draw(visitor: Visitor, found: tuple[Plan, bool]) -> web.Response:
        plan, before = found
        meanwhile = bool(posted) and _version(posted) != plan.version
        context = {
            **_question(posted, faults),
            "plan": plan,
            "before": before,
            "meanwhile": meanwhile,
            "refused": refused,
        }
        status = 422 if faults else 409 if refused else 200
        return page(request, "visit_decide.html", visitor, status=status, context=context)

    return await show(request, "visit", work, draw)


def _question(posted: MultiMapping[Any], faults: Mapping[str, str]) -> dict[str, Any]:
    return {
        "kinds": [
            (str(each), said, _ready(each), str(posted.get(f"reason_{each}", "")))
            for each, said in words.DECISIONS.items()
        ],
        "kind": str(posted.get("kind", "")),
        "own": str(posted.get(f"reason{OWN}", "")),
        "faults": faults,
        "most": LONGEST,
    }


def _ready(kind: Decided) -> list[str]:
    """What managers say most."""
    return [the_wording().label(f"reason.{kind}.{number}") for number in range(1, REASONS + 1)]


def _as_asked(posted: MultiMapping[Any]) -> MultiDict[Any]:
    """Each decision has its own ready reasons on the page; those of the others were not meant."""
    kind = str(posted.get("kind", ""))
    return MultiDict(
        {"kind": kind, "reason": posted.get(f"reason_{kind}", ""), f"reason{OWN}": posted.get(f"reason{OWN}", "")}
    )


def _version(posted: MultiMapping[Any]) -> int:
    given = str(posted.get("version", ""))
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0
