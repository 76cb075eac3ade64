"""The words of the pages of visits: what their plan asks and says, how a visit stands, when it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bots.dialogue.known import the_wording
from config.forms import VISIT, Kind
from safety_service.domain.words import Decided, Outcome, Phase, Risk, Status
from safety_service.web.around_page import said_day
from safety_service.web.form_page import Words

SAYS = {
    "worker": "Who goes?",
    "ref": "Which family?",
    "starts": "When does it start?",
    "address": "Where?",
    "purpose": "What for?",
    "length": "How long, in minutes?",
    "every": "Asked how often, in minutes?",
    "hostility": "What is expected?",
    "talked": "Talked through with the manager?",
    "around": "What else is there?",
    "news": "Any news to bring?",
    "joint": "Who comes along?",
    "colleague": "Which colleague?",
    "transport": "How do they get there?",
    "exit": "Which way out?",
    "strategies": "A threat is expected. What is done about it?",
    "place": "The plan says: not at their home. Where do you meet?",
    "arranged": "The plan asks for these. What is arranged?",
}
HELP = {
    "ref": "A family you know is planned as last time: what you leave empty below stays as it was.",
    "every": "Left empty, the policy says how often. Never more rarely than it allows.",
    "strategies": "One a line, if you use words of your own.",
}
#: As a line of the plan says them.
NAMES = {
    "hostility": "Expected",
    "talked": "Talked through",
    "around": "Also there",
    "news": "News to bring",
    "joint": "Comes along",
    "transport": "Gets there",
    "exit": "Way out",
    "strategies": "If there is a threat",
    "place": "Meets",
}
STATUSES = {
    Status.PLANNED: "Planned",
    Status.WAITING: "Waits for a decision",
    Status.BEGUN: "Going on",
    Status.OUT: "On the way home",
    Status.CLOSED: "Over",
    Status.CANCELLED: "Cancelled",
    Status.NOT_BEGUN: "Not begun",
}
RISKS = {Risk.LOW: "Low", Risk.MEDIUM: "Medium", Risk.HIGH: "High"}
OUTCOMES = {
    Outcome.MET: "met",
    Outcome.NO_ENTRY: "no entry",
    Outcome.REFUSED: "turned away",
    Outcome.ABORTED: "cut short",
}
PHASES = {Phase.BEGIN: "to begin", Phase.INSIDE: "inside", Phase.HOME: "on the way home", Phase.DONE: ""}
DECISIONS = {
    Decided.GO_AHEAD: "Go ahead",
    Decided.GO_AHEAD_WITH_MEASURES: "Go ahead, with measures",
    Decided.CHANGE: "Change the plan",
    Decided.DO_NOT_VISIT: "Do not visit",
}
CHANGED = {
    "starts_at": "the start",
    "ends_at": "the length",
    "workers": "who goes",
    "address": "where",
    "purpose": "what for",
    "interval": "how often they are asked",
    "plan": "how it goes",
}
COURSES = {
    "somebody_else": "Somebody else is to go",
    "not_by_visits": "No visits are to be made",
}


def plan_words(options: Mapping[str, Mapping[str, str]]) -> Words:
    """The words of the form; `options`: those that only the moment knows."""
    known = {each.key: _labels(each.key) for each in VISIT.steps if each.options and each.kind is not Kind.DURATION}
    return Words(says=SAYS, help=HELP, options={**known, **options})


def _labels(key: str) -> dict[str, str]:
    return {each: label(key, each) for each in VISIT.step(key).options}


def label(key: str, value: str) -> str:
    """What was chosen, in words; somebody's own words stay as they are."""
    return the_wording().labels.get(f"option.{VISIT.name}.{key}.{value}", value)


def plan_lines(answers: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What a plan says beside its columns, line by line."""
    for key, name in NAMES.items():
        given = answers.get(key)
        said = given if isinstance(given, list) else [given]
        if text := ", ".join(label(key, str(each)) for each in said if each):
            yield name, text


def lacking(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """What a visit lacks, each with since when it is demanded."""
    said = []
    for each in found:
        what = COURSES.get(str(each.get("key")), "") if each.get("what") == "course" else ""
        since = f" (since {said_day(date.fromisoformat(each['since']))})" if each.get("since") else ""
        said.append(f"{what or each.get('says') or each.get('what')}{since}")
    return list(dict.fromkeys(said))


def day_said(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """`Today`, `Tomorrow`, `Mon 16 Nov`; with the year where it is another one."""
    local, here = at.astimezone(zone), now.astimezone(zone)
    ahead = (local.date() - here.date()).days
    named = {-1: "Yesterday", 0: "Today", 1: "Tomorrow"}.get(ahead)
    year = "" if local.year == here.year else f" {local.year}"
    return named or f"{local:%a} {local.day} {local:%b}{year}"


def time_said(at: datetime, zone: ZoneInfo, now: datetime) -> str:
    """`Today, 09:30`."""
    return f"{day_said(at, zone, now)}, {at.astimezone(zone):%H:%M}"


def length_said(length: timedelta) -> str:
    """`45 minutes`."""
    minutes = round(length.total_seconds() / 60)
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
