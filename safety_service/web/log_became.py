"""What became of a debrief, on its page: what was decided, what holds, who has seen it, what came again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from config.guidance import Guidance
from safety_service.actions.became import Became, Outcome

STATES = {
    "proposed": "proposed, nobody has decided",
    "provisional": "holds until somebody decides",
    "in_force": "in force",
    "refused": "refused",
    "done": "done",
    "lapsed": "over",
}
DECIDED = {"accept": "accepted", "change": "changed", "refuse": "refused", "done": "done", "lapse": "ended"}


def people_of(outcome: Outcome) -> Iterable[UUID]:
    """Everyone whom it names."""
    for each in outcome.measures:
        yield from (made.by for made in each.decisions)
        yield from each.seen_by


def drawn(
    outcome: Outcome, guidance: Guidance, names: Mapping[UUID, str], zone: ZoneInfo, pages: Mapping[UUID, str]
) -> dict[str, Any]:
    """Its measures, each with its lines and its page (where it has one); what was met again, on which day."""
    return {
        "measures": [
            {
                "says": each.measure.says,
                "state": STATES[str(each.measure.state)],
                "lines": _lines(each, names, zone),
                "page": pages.get(each.measure.id, ""),
            }
            for each in outcome.measures
        ],
        "again": [f"{guidance.says('behaviours', each.kind)}, {each.on:%d %B %Y}" for each in outcome.recurred],
    }


def _lines(each: Became, names: Mapping[UUID, str], zone: ZoneInfo) -> list[str]:
    lines = [
        f"{DECIDED[str(made.kind)].capitalize()} by {names.get(made.by, '')}, {_day(made.at, zone)}: {made.reason}"
        for made in each.decisions
    ]
    if each.number is not None:
        lines.append(f"In the plan since version {each.number}")
    lines += [f"Read by {names.get(person, '')}, {_day(at, zone)}" for person, at in each.seen_by.items()]
    return lines


def _day(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%d %B %Y}"
