"""What a plain page brings back, as the answers that its form declares; and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from config.forms import Form, Kind, Step

#: Beside the field of a choice that may be answered in one's own words: those words.
OWN = ".own"
LONGEST_OWN = 2000


class Posted(Protocol):
    """What aiohttp gives for a form that was sent."""

    @property
    def getall(self) -> Callable[..., Any]:
        """Every value that was sent by a name, or the default."""


@dataclass(frozen=True, slots=True)
class Read:
    """`answers`: what was said, without what was left empty; `faults`: by key, as `Step.fault` names them.

    `typed`: all that was said, also to questions that have no point after these answers: the form is drawn with it.
    """

    answers: Mapping[str, Any]
    faults: Mapping[str, str]
    typed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def wrong(self) -> Mapping[str, str]:
        """Faults of what was said: what was not said yet is none, but half of a group is."""
        return {key: fault for key, fault in self.faults.items() if fault != "empty" or key in self.answers}


def read_answers(
    form: Form,
    posted: Posted,
    zone: ZoneInfo,
    *,
    keys: Collection[str] | None = None,
    before: Mapping[str, Any] | None = None,
) -> Read:
    """The answers to a form, or to the questions with these keys; `before`: what was answered on other pages.

    Questions that have no point after these answers are no answers. Where one kind of page is in another zone, times
    are taken for local ones of `zone`.
    """
    answers = {key: value for key, value in (before or {}).items() if keys is not None and key not in keys}
    mine: dict[str, Any] = {}
    faults: dict[str, str] = {}
    typed: dict[str, Any] = {}
    for step in form.steps:
        if keys is not None and step.key not in keys:
            continue
        value = _read(step, step.key, posted, zone)
        said = value not in ("", [], {})
        if said:
            typed[step.key] = value
        if not step.asked({**answers, **mine}):
            continue
        fault = step.fault(value) if said or not step.optional else None
        if fault is not None:
            faults[step.key] = fault
        if said:
            mine[step.key] = value
    return Read(mine, faults, typed)


def text_of(posted: Mapping[str, Any], name: str) -> str:
    """A text as long as its field counted it: browsers count a new line once, and send two characters for it.

    Cut or refused by what was sent, a full field would lose its end.
    """
    return str(posted.get(name, "")).replace("\r\n", "\n")


def _read(step: Step, name: str, posted: Posted, zone: ZoneInfo) -> Any:
    said = [str(each).replace("\r\n", "\n").strip() for each in posted.getall(name, []) if isinstance(each, str)]
    own = str(next(iter(posted.getall(name + OWN, [])), "")).strip()
    if step.kind is Kind.GROUP:
        return dict(_group(step, name, posted, zone))
    if step.kind is Kind.MANY:
        return list(dict.fromkeys(each for each in (*said, *_lines(own)) if each))
    first = own if own and step.typed else next(iter(said), "")
    return _MEANT[step.kind](first, zone) if first and step.kind in _MEANT else first


def _group(step: Step, name: str, posted: Posted, zone: ZoneInfo) -> Iterator[tuple[str, Any]]:
    for each in step.parts:
        value = _read(each, f"{name}.{each.key}", posted, zone)
        if value not in ("", [], {}):
            yield each.key, value


def _lines(own: str) -> list[str]:
    return [each.strip() for each in own.splitlines()]


def _moment(text: str, zone: ZoneInfo) -> str:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC).isoformat()


def _minutes(text: str, _zone: ZoneInfo) -> Any:
    try:
        return float(text) * 60
    except ValueError:
        return text


def _place(text: str, _zone: ZoneInfo) -> Any:
    return {"text": text, "latitude": None, "longitude": None}


_MEANT = {Kind.TIME: _moment, Kind.DURATION: _minutes, Kind.PLACE: _place}
