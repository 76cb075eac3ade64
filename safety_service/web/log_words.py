"""How a debrief's answers read on the page of the log: each question's words, and its answer's by the edition's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from config.guidance import Guidance

SAYS = {
    "mood": "How it was",
    "seen": "Child or adult seen",
    "go_on": "Could go on that day",
    "met": "What was met",
    "met_when": "When",
    "hurt": "Somebody hurt",
    "incident_ref": "Staff-incident reference",
    "police_ref": "Police reference",
    "who_did": "Who did it",
    "who_lives": "Who lives there",
    "spoken_to": "Were they spoken to",
    "happened": "What happened",
    "at_risk": "Who else is at risk",
    "tell_now": "To be told at once",
    "areas": "What could not be checked",
    "reasons": "Likely reasons",
    "circumstances": "What else was going on",
    "elsewhere": "The same with other agencies",
    "only_us_why": "Why only us",
    "knew_why": "Knew why we came",
    "knew_ask": "Knew what we ask",
    "knew_follows": "Knew what follows if not",
    "needs": "Language, reading, understanding",
    "account": "Their account, in their words",
    "undertaking": "The undertaking",
    "summary_given": "Summary given to them",
    "safer": "What would make it safer",
    "meeting": "A meeting",
    "resistant": "Weighed before saying resistant",
    "feeling": "How the worker is",
    "support": "Support wanted",
    "back": "Would go back",
    "fact": "What others need to stay safe",
    "reflect": "Reflections",
}
#: Which section of the guidance an answer's keys are of.
_SECTIONS = {
    "met": "behaviours",
    "areas": "areas",
    "reasons": "reasons",
    "circumstances": "circumstances",
    "needs": "needs",
    "safer": "measures",
    "resistant": "resistant",
    "support": "support",
    "reflect": "reflections",
    "source": "sources",
}
#: Questions that are the guidance's own: the section, by how their key begins.
_ASKED = {"child_": "child", "quiet_": "quiet", "gap_": "areas", "reflect_": "reflections"}
_PLAIN = {
    "yes": "Yes",
    "no": "No",
    "not_known": "Not known",
    "fine": "Fine",
    "off": "A bit off",
    "bad": "Bad",
    "no_entry": "No entry",
    "alone": "Alone",
    "with_others": "With others",
    "not_due": "Not due",
    "ring_me": "Asked to be rung",
    "stop_visits": "Asked to stop the visits",
    "only_us": "Only us",
    "same": "The same",
    "with_someone": "With someone",
    "not_me": "Not them",
    "joint_debrief": "A joint debrief",
    "other_agencies": "Other agencies",
}
_PARTS = {"why": "why", "source": "who else could tell", "action": "action", "due": "by"}


def told(answers: Mapping[str, Any], guidance: Guidance) -> list[tuple[str, str]]:
    """(question, answer) for each that was given, in the order in which they were given."""
    return [
        (_question(key, guidance), said) for key, given in answers.items() if (said := _answer(key, given, guidance))
    ]


def _question(key: str, guidance: Guidance) -> str:
    for start, section in _ASKED.items():
        if key.startswith(start):
            return guidance.says(section, key.removeprefix(start))
    return SAYS.get(key, key.replace("_", " "))


def _answer(key: str, given: Any, guidance: Guidance) -> str:
    if isinstance(given, Mapping):
        return "; ".join(_group(given, guidance))
    section = _SECTIONS.get(key)
    if isinstance(given, list | tuple):
        return "; ".join(_word(each, section, guidance) for each in given)
    return _word(given, section, guidance)


def _group(given: Mapping[str, Any], guidance: Guidance) -> Iterator[str]:
    for part, says in _PARTS.items():
        if given.get(part):
            yield f"{says}: {_answer(part, given[part], guidance)}"


def _word(given: Any, section: str | None, guidance: Guidance) -> str:
    text = "" if given is None else str(given)
    return guidance.says(section, text) if section else _PLAIN.get(text, text)
