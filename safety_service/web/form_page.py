"""A form's declaration as one plain page: it works without scripts, on a narrow phone, by keyboard and read aloud.

What was typed is kept, faults stand at their field. A question that depends on another on the same page is shown with
"only if"; one that depends on an earlier page is shown where it has a point.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from config.forms import LONGEST_TEXT, Form, Kind, Step
from safety_service.web.form_answers import OWN
from safety_service.web.pages import page
from safety_service.web.visitor import Visitor

FAULTS = {
    "empty": "This needs an answer.",
    "unknown": "Take one of these.",
    "twice": "Nobody comes along with themself: name somebody else.",
    "too_long": f"Too long: {LONGEST_TEXT} characters at most.",
    "no_time": "A day and a time, please.",
    "no_date": "A day, please.",
    "no_duration": "So many minutes, as a number.",
    "no_place": "Street and town, please.",
}
_INPUTS = {Kind.TIME: "datetime-local", Kind.DATE: "date", Kind.DURATION: "number", Kind.PLACE: "text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a form says on a page, by the keys of its steps (a part of a group: `group.part`)."""

    says: Mapping[str, str]
    #: By step: each option's label. A step whose options only the moment knows has them here, in their order.
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    help: Mapping[str, str] = field(default_factory=dict)
    #: When a question has a point, where the options that it depends on would be too long a list.
    only_if: Mapping[str, str] = field(default_factory=dict)
    #: By step: what stands above an option, from which on all are of one kind.
    heads: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Questions that stand under one heading."""

    heading: str
    keys: tuple[str, ...]
    intro: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One question as the template draws it. `shape`: radios, boxes, text, line, group."""

    name: str
    shape: str
    input: str
    says: str
    help: str
    only_if: str
    fault: str
    #: `value`, `label`, `chosen`.
    options: Sequence[tuple[str, str, bool]] = ()
    #: What stands above an option, by its value.
    heads: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    own: str | None = None
    parts: Sequence[Field] = ()
    #: For the page's script: on which answers of the same page this depends, as JSON; empty: on none.
    when: str = ""


def form_page(  # noqa: PLR0913 - a page is made of many things, each named at the call
    request: web.Request,
    form: Form,
    words: Words,
    visitor: Visitor | None,
    *,
    heading: str,
    action: str,
    answers: Mapping[str, Any],
    zone: ZoneInfo,
    faults: Mapping[str, str] | None = None,
    parts: Sequence[Part] = (),
    intro: Sequence[str] = (),
    refused: str = "",
    notes: Sequence[str] = (),
    buttons: Sequence[tuple[str, str]] = (("", "Keep it"),),
    hidden: Mapping[str, str] | None = None,
    links: Sequence[tuple[str, str]] = (),
) -> web.Response:
    """The page. `action`: where it is sent; `buttons`: the value of `do` and the label, the first one is the main one.

    `refused` stands on top, `notes` and `links` (address, words) below the questions, `hidden` goes back with them.
    Status 422 where there are faults, 409 where it was refused.
    """
    shown = parts or [Part(heading="", keys=tuple(each.key for each in form.steps))]
    drawn = [(each, fields(form, words, answers, zone, faults=faults or {}, keys=each.keys)) for each in shown]
    context = {
        "heading": heading,
        "action": action,
        "parts": [(each, found) for each, found in drawn if found],
        "wrong": [(found.name, found.says) for _, group in drawn for found in group if found.fault],
        "intro": intro,
        "refused": refused,
        "notes": notes,
        "buttons": buttons,
        "hidden": hidden or {},
        "links": links,
        "most": LONGEST_TEXT,
        "own_suffix": OWN,
    }
    return page(request, "form_page.html", visitor, status=422 if faults else 409 if refused else 200, context=context)


def fields(
    form: Form,
    words: Words,
    answers: Mapping[str, Any],
    zone: ZoneInfo,
    *,
    faults: Mapping[str, str],
    keys: Sequence[str],
) -> list[Field]:
    """Those of these questions that have, or may yet have, a point."""
    steps = [each for each in form.steps if each.key in keys]
    return [
        _field(
            step,
            step.key,
            words,
            answers.get(step.key),
            zone,
            faults.get(step.key),
            only_if=_only_if(words, step, keys),
            when=_when(step, keys),
        )
        for step in steps
        if _may_be_asked(step, answers, keys)
    ]


def _may_be_asked(step: Step, answers: Mapping[str, Any], here: Sequence[str]) -> bool:
    """What an earlier page has settled is settled; what this page asks is open."""
    settled = {key: words for key, words in step.when.items() if key not in here}
    return Step(key=step.key, kind=step.kind, when=settled).asked(answers)


def _when(step: Step, here: Sequence[str]) -> str:
    """What this page asks itself; what an earlier one has settled is settled."""
    open_yet = {key: words for key, words in step.when.items() if key in here}
    return json.dumps(open_yet) if open_yet else ""


def _only_if(words: Words, step: Step, here: Sequence[str]) -> str:
    """Of what an earlier page has settled nothing is said: it would only be read again and again."""
    open_yet = [(key, wanted) for key, wanted in step.when.items() if key in here]
    if open_yet and step.key in words.only_if:
        return words.only_if[step.key]
    said = [" or ".join(words.options.get(key, {}).get(each, each) for each in wanted) for key, wanted in open_yet]
    return f"Only if: {'; '.join(said)}" if said else ""


def _field(
    step: Step,
    name: str,
    words: Words,
    value: Any,
    zone: ZoneInfo,
    fault: str | None,
    *,
    only_if: str = "",
    when: str = "",
) -> Field:
    given = value if isinstance(value, Mapping) and step.kind is Kind.GROUP else {}
    return Field(
        name=name,
        shape=_shape(step),
        input=_INPUTS.get(step.kind, "text"),
        says=words.says.get(name, name),
        help=words.help.get(name, ""),
        only_if=only_if,
        when=when,
        fault="" if fault is None else FAULTS.get(fault, FAULTS["unknown"]),
        options=list(_options(step, name, words, value)),
        heads=words.heads.get(name, {}),
        text=_text(step, value, zone),
        own=_own(step, name, words, value),
        parts=[
            _field(each, f"{name}.{each.key}", words, given.get(each.key), zone, _fault_of(each, given, fault))
            for each in step.parts
        ],
    )


def _fault_of(step: Step, given: Mapping[str, Any], fault: str | None) -> str | None:
    """Which part of a group it is that is wrong."""
    return None if fault is None else step.fault(given.get(step.key, ""))


def _shape(step: Step) -> str:
    if step.kind is Kind.CHOICE:
        return "radios"
    if step.kind is Kind.MANY:
        return "boxes"
    return {Kind.TEXT: "text", Kind.GROUP: "group"}.get(step.kind, "line")


def _known(step: Step, name: str, words: Words) -> Mapping[str, str]:
    labels = words.options.get(name, {})
    return {each: labels.get(each, each) for each in step.options} if step.options else labels


def _options(step: Step, name: str, words: Words, value: Any) -> Iterator[tuple[str, str, bool]]:
    if step.kind not in (Kind.CHOICE, Kind.MANY):
        return
    chosen = value if isinstance(value, list) else [value]
    for each, label in _known(step, name, words).items():
        yield each, label, each in chosen
    if step.kind is Kind.CHOICE and step.optional:
        yield "", "No answer", value in (None, "")


def _own(step: Step, name: str, words: Words, value: Any) -> str | None:
    if not step.typed or step.kind not in (Kind.CHOICE, Kind.MANY):
        return None
    known = _known(step, name, words)
    said = value if isinstance(value, list) else [value]
    return "\n".join(str(each) for each in said if each not in known and each not in (None, ""))


def _text(step: Step, value: Any, zone: ZoneInfo) -> str:
    if value is None or isinstance(value, list):
        return ""
    if step.kind is Kind.TIME:
        return _local(str(value), zone)
    if step.kind is Kind.DURATION and isinstance(value, int | float):
        return f"{value / 60:g}"
    return str(value.get("text") or "") if isinstance(value, Mapping) else str(value)


def _local(value: str, zone: ZoneInfo) -> str:
    try:
        return f"{datetime.fromisoformat(value).astimezone(zone):%Y-%m-%dT%H:%M}"
    except ValueError:
        return value
