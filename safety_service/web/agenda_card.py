"""A worker's agenda, part by part: what was met, what is to come, what is open, how they are; each line leads on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from bots.dialogue.known import the_wording
from config.guidance import Guidance
from safety_service.actions.supervision import Seen
from safety_service.domain.supervising import Agenda, Hostility, Wellbeing
from safety_service.store.items import Item
from safety_service.web.around_page import said_day
from safety_service.web.visitor import Visitor

BACK = {"yes": "Would go back", "with_someone": "Would go back with somebody", "not_me": "Would not go back"}
#: The guidance's words for a section and a key.
Says = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Line:
    """One thing to talk about: when, what it is, and where it is read."""

    says: str
    when: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Things of a kind. `private`: for the two of them only."""

    heading: str
    lines: Sequence[Line]
    private: bool = False


def agenda_parts(seen: Seen, guidance: Guidance, visitor: Visitor) -> list[Part]:
    """What there is to talk about, most pressing first; nothing where only the days are seen."""
    agenda = seen.agenda
    if agenda is None:
        return []
    says = guidance.says
    met = [Line(_met(each, says), _day(each.on), f"/log/{each.debrief_id}") for each in agenda.hostility]
    states = [Line(state_of(each, says), _day(each.on), f"/log/{each.debrief_id}") for each in agenda.wellbeing]
    missing = [Line(each.family_ref, _moment(each.asked_at, visitor)) for each in agenda.overdue]
    thoughts = [Line(f"{says('reflections', key)}: {count}") for key, count in agenda.reflections.items()]
    parts = [
        Part("Hostility met", met),
        Part("Hostility expected", list(_expected(agenda, visitor))),
        Part("How they are", states, private=True),
        Part("Open", [Line(item_line(each), link=f"/items/{each.id}") for each in agenda.items]),
        Part("Judged differently", list(_judged(agenda))),
        Part("Debriefs that are missing", missing),
        Part("Reflections, and how often", thoughts, private=True),
    ]
    return [each for each in parts if each.lines]


def points_of(agenda: Agenda, says: Says) -> dict[str, str]:
    """What can be ticked off, each said so that one knows which it is."""
    points = {each.point: f"{_day(each.on)}, {_met(each, says)}" for each in agenda.hostility}
    return points | {each.point: f"{_day(each.on)}, how they were: {state_of(each, says)}" for each in agenda.wellbeing}


def state_of(each: Wellbeing, says: Says) -> str:
    """How somebody said that they are."""
    told = (each.feeling, _words(says, "support", each.support), BACK.get(each.back, ""))
    return ". ".join(part for part in told if part)


def item_line(each: Item) -> str:
    """An open item in one line."""
    label = the_wording().label(f"item.{each.kind}")
    due = f" (by {said_day(each.due_on)})" if each.due_on else ""
    return f"{label}: {each.body.get('text', '')}{due}"


def _expected(agenda: Agenda, visitor: Visitor) -> Iterable[Line]:
    for each in agenda.expected:
        why = f": {'; '.join(each.because)}" if each.because else ""
        yield Line(f"{each.family_ref}, {each.risk}{why}", _moment(each.starts_at, visitor), f"/visits/{each.visit_id}")


def _judged(agenda: Agenda) -> Iterable[Line]:
    for each in agenda.judgements:
        worker = f"{each.worker}, says the worker ({each.worker_why})"
        supervisor = f"{each.supervisor}, says the supervisor ({each.supervisor_why})"
        yield Line(f"{each.family_ref}: {worker}; {supervisor}")


def _met(each: Hostility, says: Says) -> str:
    return f"{each.family_ref}: {_words(says, 'behaviours', each.kinds)}"


def _words(says: Says, section: str, keys: Iterable[Any]) -> str:
    return ", ".join(says(section, key) for key in keys)


def _day(on: date) -> str:
    return f"{on.day} {on:%b}"


def _moment(at: datetime, visitor: Visitor) -> str:
    local = at.astimezone(visitor.known.zone)
    return f"{_day(local.date())}, {local:%H:%M}"
