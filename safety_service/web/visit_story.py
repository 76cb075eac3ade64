"""The whole story of one visit on one page: its plan, what was decided, what was said, alerts, the debrief."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from aiohttp import web

from safety_service.actions import families, visit_story
from safety_service.actions.visit_story import Story
from safety_service.domain.timeline import Deed, Sending
from safety_service.domain.timeline_words import FOUND, KINDS, message, said
from safety_service.domain.words import ENDED, Phase, State
from safety_service.store.database import Tx
from safety_service.web import visit_words as words
from safety_service.web.pages import page
from safety_service.web.paths import id_of
from safety_service.web.resting import show
from safety_service.web.visit_deciding import plan_of
from safety_service.web.visitor import Visitor

routes = web.RouteTableDef()

SEVERITIES = {"none": "", "low": "low", "medium": "medium", "high": "high"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what happened. `order`: of what happened in the same moment, the first; `link`: the page of it."""

    at: datetime
    order: int
    text: str
    note: str = ""
    link: str = ""


@routes.get("/visits/{id}")
async def read(request: web.Request) -> web.StreamResponse:
    """The page. That it was read is kept."""

    async def work(tx: Tx, visitor: Visitor) -> tuple[Story, datetime]:
        return await visit_story.of(tx, visitor.actor, id_of(request)), tx.now

    def draw(visitor: Visitor, found: tuple[Story, datetime]) -> web.Response:
        context = {**_shown(*found, visitor), "done": _done(request)}
        return page(request, "visit.html", visitor, context=context)

    return await show(request, "visit", work, draw)


def _done(request: web.Request) -> str:
    said = {"planned": "It is planned.", "changed": "It is changed.", "decided": "Your decision is kept."}
    return next((text for key, text in said.items() if key in request.query), "")


def _shown(story: Story, now: datetime, visitor: Visitor) -> dict[str, Any]:
    row, visit = story.row, story.row.visit
    ref = row.family_ref
    return {
        "plan": plan_of(row, story.names, visitor, now),
        "status": words.STATUSES[visit.status],
        "outcome": "" if visit.outcome is None else words.OUTCOMES[visit.outcome],
        "over": visit.status in ENDED,
        "waits": visit.status == "waiting",
        "own": story.own,
        "may_decide": story.may_decide,
        "may_change": story.may_change,
        "removed": row.removed,
        "watched": list(_watched(story, now, visitor)),
        "decisions": [
            {
                "kind": words.DECISIONS[each.kind],
                "reason": each.reason,
                "by": story.names.get(each.by, ""),
                "at": words.time_said(each.at, visitor.known.zone, now),
                "stands": each.stands,
            }
            for each in reversed(story.decisions)
        ],
        "days": list(_days(story, now, visitor)),
        "debriefs": list(_debriefs(story, now, visitor)),
        "open_alerts": [(str(each.id), each.alert.number) for each in story.alerts if each.alert.open],
        "family_page": families.page_of(ref),
        "briefing_page": families.page_of(ref, "briefing"),
    }


def _watched(story: Story, now: datetime, visitor: Visitor) -> Iterator[str]:
    for each in story.row.visit.watches:
        if each.phase is not Phase.DONE and each.due_at is not None:
            name = story.names.get(each.worker_id, "")
            until = words.time_said(each.due_at, visitor.known.zone, now)
            yield f"{name}: {words.PHASES[each.phase]}. The next word is due: {until}"


def _days(story: Story, now: datetime, visitor: Visitor) -> Iterator[tuple[str, list[tuple[str, Line]]]]:
    zone = visitor.known.zone
    lines = sorted(
        (*_plan(story), *_words(story), *_alerts(story), *_messages(story)), key=lambda each: (each.at, each.order)
    )
    for day, group in groupby(lines, key=lambda each: words.day_said(each.at, zone, now)):
        yield day, [(visitor.clock(each.at), each) for each in group]


def _plan(story: Story) -> Iterator[Line]:
    for deed in story.deeds:
        name = story.names.get(deed.by, "The service") if deed.by else "The service"
        yield Line(deed.at, 0, f"{name} {_did(deed)}", note=_note(deed))
    for each in story.decisions:
        yield Line(
            each.at, 2, f"{story.names.get(each.by, '')} decided: {words.DECISIONS[each.kind]}", note=each.reason
        )


def _did(deed: Deed) -> str:
    if deed.verb == "planned":
        return "planned it"
    if deed.verb == "changed":
        what = [words.CHANGED.get(str(each), str(each)) for each in deed.details.get("what", ())]
        return f"changed {', '.join(what)}" if what else "looked at it again"
    return "held it against the family's plan again"


def _note(deed: Deed) -> str:
    return "The decision made before does not stand any more." if deed.details.get("voids_decision") else ""


def _words(story: Story) -> Iterator[Line]:
    for each in story.words:
        yield Line(each.said_at, 1, f"{story.names.get(each.worker_id, '')}: {said(each.kind)}", note=each.note or "")


def _alerts(story: Story) -> Iterator[Line]:
    for row in story.alerts:
        alert, about = row.alert, story.names.get(row.alert.worker_id, "") if row.alert.worker_id else ""
        link = f"/alerts/{row.id}"
        yield Line(
            alert.opened_at, 3, f"Alert {alert.number}: {about} {KINDS[alert.kind]}".replace("  ", " "), link=link
        )
        if alert.state is State.RESOLVED and alert.resolution is not None and alert.resolved_at is not None:
            by = story.names.get(alert.resolution.by, "")
            text = f"Alert {alert.number} closed{f' by {by}' if by else ''}: {FOUND[alert.resolution.found]}"
            yield Line(alert.resolved_at, 4, text, link=link)


def _messages(story: Story) -> Iterator[Line]:
    """What its workers were asked: the same question by several channels is one line."""
    seen: dict[tuple[Any, ...], list[Sending]] = {}
    for each in story.sendings:
        seen.setdefault((each.put_at, each.to, each.template), []).append(each)
    for (at, to, template), group in seen.items():
        reached = any(each.reached_at is not None for each in group)
        ways = ", ".join(sorted({each.channel for each in group}))
        text = f"{story.names.get(to, '')} was asked: {message(template)}"
        yield Line(at, 5, text, note=f"{ways}{'' if reached else ', not seen to arrive'}")


def _debriefs(story: Story, now: datetime, visitor: Visitor) -> Iterator[dict[str, str]]:
    for each in story.debriefs:
        mine = each.worker_id == visitor.person_id
        given = each.submitted_at or each.first_part_at
        how = SEVERITIES.get(each.severity, each.severity)
        said_at = "" if given is None else words.time_said(given, visitor.known.zone, now)
        state = (
            "still to be told" if given is None else "the first part is told" if each.submitted_at is None else "told"
        )
        link = f"/debriefs/{each.id}/tell" if mine and each.state == "draft" else f"/log/{each.id}" if given else ""
        yield {
            "who": story.names.get(each.worker_id, ""),
            "state": ", ".join(part for part in (state, said_at) if part),
            "how": how if given is not None else "",
            "link": link,
            "label": "Tell it" if mine and each.state == "draft" else "Read it",
        }
