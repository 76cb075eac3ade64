"""What a family takes away from a contact (1.7.24): these fields, and nothing else that we keep."""

from collections.abc import Mapping
from datetime import date
from typing import Any

#: What stands in a summary. Whoever shows one shows these, and refuses to show anything besides.
FIELDS = ("purpose", "done", "actions", "otherwise", "next_contact", "our_number")
#: What stands in each of its actions: who does what by when.
ACTION = ("what", "who", "by")
LONGEST = 2000
MOST = 20
GIVEN = ("read_out", "printed", "sent")


class BadSummary(ValueError):
    """A summary that has a field off the list (`field`), or nothing in it (`field` empty)."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """The summary as it is kept. Raises BadSummary."""
    must_be_whole(given)
    if not _said(given, "purpose") or not _said(given, "done"):
        raise BadSummary("")
    actions = given.get("actions") or []
    kept: dict[str, Any] = {name: _said(given, name) for name in FIELDS if name != "actions"}
    kept["actions"] = [{name: _said(each, name) for name in ACTION} for each in actions[:MOST] if _said(each, "what")]
    return {name: kept[name] for name in FIELDS if kept[name]}


def must_be_whole(body: Mapping[str, Any]) -> None:
    """Refuse what has a field off the list, before anything of it is shown. Raises BadSummary."""
    for name in body:
        if name not in FIELDS:
            raise BadSummary(str(name))
    actions = body.get("actions") or []
    if not isinstance(actions, list) or not all(isinstance(each, Mapping) for each in actions):
        raise BadSummary("actions")
    for each in actions:
        for name in each:
            if name not in ACTION:
                raise BadSummary(f"actions.{name}")


def lines(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The summary to be read out, by its fields: label and text. Raises BadSummary."""
    must_be_whole(body)
    told = [("Why we came", body.get("purpose")), ("What we did", body.get("done"))]
    told += [("Who does what", _action(each)) for each in body.get("actions") or []]
    told += [
        ("If it is not done", body.get("otherwise")),
        ("When we speak again", body.get("next_contact")),
        ("How to reach us", body.get("our_number")),
    ]
    return [(label, str(text)) for label, text in told if text]


def _action(each: Mapping[str, Any]) -> str:
    by = each.get("by")
    until = f", by {_day(str(by))}" if by else ""
    return f"{each.get('who') or 'We'}: {each['what']}{until}"


def _day(text: str) -> str:
    try:
        on = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{on.day} {on:%B %Y}"


def _said(given: Mapping[str, Any], name: str) -> str:
    return str(given.get(name) or "").strip()[:LONGEST]
