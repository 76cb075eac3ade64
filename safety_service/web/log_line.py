"""A debrief as one line of the log, and what was seen of its visit by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.store.debrief_log import Logged, Said

STATES = {"draft": "first part only", "submitted": "given", "reviewed": "reviewed"}
REVIEWS = {"filed": "filed", "wanted": "waits for a review", "done": "reviewed"}
#: What somebody still has to do, in two words.
WAITS = {"wanted": "To review", "draft": "First part"}
#: How hard it was, as one says it.
SEVERITIES = {"none": "Quiet", "low": "A little hard", "medium": "Hard", "high": "Very hard"}


def line_of(each: Logged, behaviours: Mapping[str, str], names: Mapping[UUID, str], zone: ZoneInfo) -> dict[str, Any]:
    """What the list and the head of the page say of it."""
    return {
        "id": each.id,
        "ref": each.ref,
        "worker": names.get(each.worker_id, ""),
        "visited": _moment(each.visited_at, zone),
        "severity": each.severity,
        "says": SEVERITIES[each.severity],
        "met": [behaviours.get(key, key) for key in each.behaviours],
        "state": REVIEWS.get(each.review or "", STATES[each.state]),
        "waits": WAITS.get(each.review or "", WAITS.get(each.state, "")),
        "sampled": each.sampled,
    }


def said_line(each: Said, names: Mapping[UUID, str], zone: ZoneInfo) -> dict[str, str]:
    """What somebody added or said, by whom and when."""
    return {"by": names.get(each.by, ""), "at": _moment(each.at, zone), "text": each.text}


def signals_of(given: Sequence[Mapping[str, Any]], zone: ZoneInfo) -> list[tuple[str, str]]:
    """Each as what it was, and the rest of what is known of it."""
    return [(_word(each.get("kind")), ", ".join(_facts(each, zone))) for each in given]


def _moment(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local.day} {local:%B %Y, %H:%M}"


def _facts(signal: Mapping[str, Any], zone: ZoneInfo) -> Iterator[str]:
    for name, value in signal.items():
        if name == "at" and value:
            yield f"{datetime.fromisoformat(str(value)).astimezone(zone):%H:%M}"
        elif name != "kind" and value is not None:
            yield _word(value) if name == "alert" else f"{name.replace('_', ' ')}: {_word(value)}"


def _word(value: Any) -> str:
    return str(value).replace("_", " ")
