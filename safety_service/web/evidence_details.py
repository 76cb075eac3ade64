"""What is known beside an entry of the evidence log, in plain words: its details, each with a name and a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.actions.evidence_read import Entry
from safety_service.domain.timeline_words import FOUND, KNOWN_BY, message, plain

#: What a detail is called. One that says what it is already is not here.
KEYS = {
    "addendum": "What was added",
    "after": "Afterwards",
    "active": "May sign in",
    "asleep": "Nothing wakes",
    "at": "When",
    "because": "Because of",
    "before": "Before",
    "cause": "Why",
    "code": "Training",
    "codes": "Codes that no longer work",
    "count": "How many",
    "digest": "Digest of the file",
    "doing": "What they tried",
    "edition": "Edition",
    "ends_at": "Until",
    "error": "What went wrong",
    "facts": "Facts",
    "fields": "What was changed",
    "first": "First entry",
    "found": "Found",
    "held": "Messages held back",
    "how": "How",
    "key": "What",
    "kind": "Kind",
    "known_by": "How they know",
    "lacking": "Lacking",
    "last": "Last entry",
    "links": "Links looked at",
    "loosens": "Less strict",
    "measures": "Measures",
    "months": "Months",
    "number": "Version",
    "numbers": "Versions",
    "on": "On",
    "page": "Page",
    "passages": "Passages",
    "passed": "Passed by",
    "phone": "Telephone",
    "plan_number": "Version of the plan",
    "post": "Post",
    "posts": "Posts",
    "process": "Process",
    "read_as": "Read as",
    "reason": "Reason",
    "review_on": "To be looked at again",
    "rows": "Rows",
    "rung": "Rung",
    "said_at": "Said at",
    "sent": "Sent",
    "sessions": "Sessions ended",
    "severity": "How hard",
    "by_clock": "Given by itself",
    "size": "Bytes",
    "source": "From",
    "starts_at": "From",
    "state": "How it stands",
    "status": "Where the visit stands",
    "tables": "Tables",
    "template": "Message",
    "until": "Until",
    "until_on": "Until",
    "view": "How it was looked at",
    "waiting": "Only what waits",
    "what": "Of it",
    "when": "When",
    "who": "Who",
    "whole": "All parts of it",
    "why": "Why",
    "wrong": "Wrong",
}
#: Values that are words of the program's, and are not plain as they stand.
VALUES: Mapping[tuple[str, str], str] = {
    ("what", "became_of"): "what became of it",
    **{("found", each): says for each, says in FOUND.items()},
    **{("known_by", each): says for each, says in KNOWN_BY.items()},
}
#: A word of the program's: nobody types so.
_NAME = re.compile(r"[a-z0-9]+([_.][a-z0-9]+)*_[a-z0-9]+([_.][a-z0-9]+)*")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
#: Details that say nothing to a reader, or are said already.
_UNSAID = frozenset({"via", "people", "step", "messages", "person_id", "family_id", "team_id", "by"})


def details(entry: Entry, zone: ZoneInfo) -> list[tuple[str, str]]:
    """What is known beside it, for whoever reads its text."""
    noted = entry.noted
    if not entry.with_text:
        return []
    if noted.details is None:
        return [("Details", "removed by their age, or no key opens them")]
    return [(named(key), _local(text, zone)) for key, text in _said(noted.details)]


def named(key: str) -> str:
    """What a detail is called."""
    return KEYS.get(key) or plain(key).capitalize()


def _said(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in given.items():
        if key in _UNSAID or value in (None, "", [], {}):
            continue
        several = value if isinstance(value, list) else [value]
        says = [_value(key, each) for each in several if isinstance(each, str | int | float) and not _is_id(each)]
        if says:
            yield key, ", ".join(says)


def _value(key: str, value: str | float) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    if key == "template":
        return message(text)
    return VALUES.get((key, text)) or (plain(text) if _NAME.fullmatch(text) else text)


def _local(text: str, zone: ZoneInfo) -> str:
    """A moment as it was there; anything else as it is."""
    if not _MOMENT.match(text):
        return text
    try:
        return f"{datetime.fromisoformat(text).astimezone(zone):%d %b %Y, %H:%M:%S}"
    except ValueError:
        return text


def _is_id(value: Any) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True
