"""What the page of an alert is drawn from, in the order in which somebody needs it who was woken by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bots.dialogue.dressing import Frame, dress
from bots.dialogue.render import render
from config.wording import Wording
from safety_service.actions.alert_page import LATEST, AlertPage
from safety_service.domain.keeping import how_long
from safety_service.domain.words import DANGER, Found, Kind, KnownBy
from safety_service.store.alerts import AlertRow
from safety_service.web.ages import age
from safety_service.web.alert_place import where_of
from safety_service.web.alert_told import story_lines, told_rows
from safety_service.web.recordings import recordings
from safety_service.web.visitor import Visitor

#: Our own page carries all that an alarm says.
CHANNEL, CEILING = "webchat", "case"
HEADS = {
    Kind.NOT_BEGUN: "did not begin",
    Kind.MISSED_CHECK_IN: "missed check-in",
    Kind.NOT_OUT: "not out",
    Kind.NOT_HOME: "not home",
    Kind.RING_ME: "asked to be rung",
    Kind.SOS: "SOS",
    Kind.DURESS: "silent call for help",
    Kind.UNDELIVERABLE: "messages do not arrive",
    Kind.UNWATCHED: "not being watched",
}
#: When a word was wanted, or the call came, in front of the time.
DUE = {
    Kind.NOT_BEGUN: "Expected",
    Kind.NOT_OUT: "To be out by",
    Kind.NOT_HOME: "To be home by",
    Kind.RING_ME: "Asked at",
    Kind.SOS: "Called at",
    Kind.DURESS: "Heard at",
}
#: What somebody looks for, below what they act on: label, and the word that the alarm's params give.
FINDING = (
    ("Way there", "transport"),
    ("Way out", "exit"),
    ("Look for", "description"),
    ("Car", "car"),
    ("Medical", "medical"),
    ("Next of kin", "next_of_kin"),
    ("Battery low", "battery_at"),
)


@dataclass(frozen=True, slots=True)
class When:
    """A time, and how long ago it is; `iso` lets the page's script say so again."""

    clock: str
    age: str
    iso: str


def shown(page: AlertPage, visitor: Visitor, now: datetime, wording: Wording, kept_for: Any) -> dict[str, Any]:
    """The template's words."""
    frame = Frame(wording, visitor.known.zone, now)
    words = dress(page.params, frame)
    return {
        "alert": page.row.alert,
        "about_me": False,
        "head": HEADS[page.row.alert.kind],
        "now": frame.clock(now),
        "may": page.may,
        "mine": page.row.alert.open and page.row.alert.owner_id == visitor.person_id,
        "hushed": page.hushed,
        "danger": page.row.alert.kind in DANGER or page.hushed,
        "steps": page.steps,
        "receivers": page.receivers,
        "emptied": how_long(kept_for) if page.emptied else None,
        "recordings": recordings(page.files, visitor.known.zone),
        "label": lambda name: wording.label(f"button.{name}"),
        **_essentials(page, words, frame, now),
        **_ownership(page, visitor, frame, now),
        **_choices(wording),
        "told_rows": told_rows(page.facts, frame, LATEST),
        "story": story_lines(page.facts, LATEST),
        "latest": LATEST,
    }


def own(row: AlertRow, visitor: Visitor, now: datetime) -> dict[str, Any]:
    """The words for somebody about whose own visit it is: which one, and that it is not theirs."""
    return {
        "alert": row.alert,
        "about_me": True,
        "head": HEADS[row.alert.kind],
        "now": visitor.clock(now),
        "ended": None if row.alert.resolved_at is None else visitor.clock(row.alert.resolved_at),
        "may": False,
    }


def _essentials(page: AlertPage, words: Mapping[str, str], frame: Frame, now: datetime) -> dict[str, Any]:
    """Who, where, the last word, whom to ring, and what to say to 999."""
    params, alert = page.params, page.row.alert
    place = where_of(params)

    def when(moment: datetime | str | None) -> When | None:
        if moment is None:
            return None
        at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
        return When(frame.clock(at), age(at, now), at.isoformat())

    return {
        "worker": params["worker"] or "",
        "company": words.get("company", "") if params["worker"] else "",
        "address": words.get("address", ""),
        "ref": words.get("ref", ""),
        "risk": words.get("risk", ""),
        "because": words.get("because", ""),
        "due": (DUE.get(alert.kind, "Due"), when(alert.due_at)),
        "last_word": when(params.get("last_word_at")),
        "left": when(params.get("left_at")),
        # What the worker gave in advance is for whoever acts on it, and only while it is open.
        "code_phrase": (page.may and params.get("code_phrase")) or "",
        "phone": params["worker_phone"] if page.may and not page.hushed else None,
        "finding": [(label, words[name]) for label, name in FINDING if page.may and words.get(name)],
        "words_999": _said(page, frame, now, "reply.words_999") if page.may and params["worker"] else "",
        # A position is for acting on: nobody looks up later where somebody was.
        "place": place if page.may and place.known else None,
        "seen": when(place.seen_at),
    }


def _ownership(page: AlertPage, visitor: Visitor, frame: Frame, now: datetime) -> dict[str, Any]:
    """Who has it since when and until when, what was found, and whether a second person is waited for."""
    alert, names = page.row.alert, page.facts.names
    found = alert.resolution

    def moment(at: datetime | None) -> When | None:
        return None if at is None else When(frame.clock(at), age(at, now), at.isoformat())

    return {
        "nobody": alert.open and alert.owner_id is None,
        "owner": None if alert.owner_id is None else names.get(alert.owner_id, "somebody"),
        "taken": moment(alert.taken_at),
        "by_at": moment(alert.next_at),
        "offered_to": None if alert.offered_to is None else names.get(alert.offered_to, "somebody"),
        "offered_me": alert.offered_to == visitor.person_id,
        "ended": moment(alert.resolved_at),
        "finding_said": found,
        "found_by": None if found is None else names.get(found.by, "somebody"),
        "agreed_by": None if page.row.agreed_by is None else names.get(page.row.agreed_by, "somebody"),
        "second_wanted": found is not None and alert.open,
        "my_finding": found is not None and found.by == visitor.person_id,
    }


def _choices(wording: Wording) -> dict[str, dict[str, str]]:
    def options(step: str, values: type[StrEnum]) -> dict[str, str]:
        return {str(each): wording.label(f"option.resolve.{step}.{each}") for each in values}

    return {"founds": options("found", Found), "known_bys": options("known_by", KnownBy)}


def _said(page: AlertPage, frame: Frame, now: datetime, template: str) -> str:
    params = dict(page.params)
    return render(template, params, channel=CHANNEL, ceiling=CEILING, zone=frame.zone, now=now).text
