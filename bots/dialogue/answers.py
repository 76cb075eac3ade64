"""Reading an answer to a form's question: a pressed option, or words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bots.dialogue.buttons import option_tap
from bots.dialogue.dressing import Frame
from bots.dialogue.render import label_of
from bots.dialogue.understanding import read_length, read_time
from config.forms import Kind, Step

Options = Sequence[Mapping[str, Any]]
_DONE = frozenset({"done", "that is all", "thats all", "all", "finished", "no more"})
_NOTHING = frozenset({"none", "no", "nothing", "nobody"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A value, or the fault for which there is none. `named`: it was said in an option's own words."""

    value: Any = None
    fault: str | None = None
    named: bool = False
    #: For many: nothing is to be added any more.
    whole: bool = False


def read_option(options: Options, place: str) -> Any:
    """The value of the option that was shown in this place; None: there is none."""
    return _value(options[int(place)]) if place.isdecimal() and int(place) < len(options) else None


def read_typed(step: Step, options: Options, text: str, frame: Frame, now: datetime) -> Answer:
    """What was typed, as an answer to this question."""
    if step.kind is Kind.MANY:
        return _many(step, options, text, frame)
    named = _named(options, text, frame)
    return _free(step, text.strip(), frame, now) if named is None else Answer(named, named=True)


def _value(option: Mapping[str, Any]) -> Any:
    return float(option["seconds"]) if "seconds" in option else option["value"]


def _free(step: Step, text: str, frame: Frame, now: datetime) -> Answer:
    if step.kind is Kind.TIME:
        at = read_time(text, now, frame.zone)
        return Answer(fault="no_time") if at is None else Answer(at.isoformat())
    if step.kind is Kind.DURATION:
        length = read_length(text)
        return Answer(fault="no_duration") if length is None else Answer(length.total_seconds())
    if step.kind is Kind.PLACE:
        return Answer({"text": text, "latitude": None, "longitude": None})
    if step.kind is Kind.CHOICE and not step.typed:
        return Answer(fault="unknown")
    return Answer(text)


def _many(step: Step, options: Options, text: str, frame: Frame) -> Answer:
    plain = _plain(text)
    if plain in _DONE or (plain in _NOTHING and step.optional):
        return Answer([], named=True, whole=True)
    # A label may have a comma in it.
    if (whole := _named(options, text, frame)) is not None:
        return Answer([whole], named=True)
    values = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        value = _named(options, part, frame)
        if value is None and not step.typed:
            return Answer(fault="unknown")
        values.append(part if value is None else value)
    return Answer(values, named=bool(values))


def _named(options: Options, text: str, frame: Frame) -> Any:
    """The option that was meant: by its label, however that is typed."""
    wanted = _plain(text)
    meant = (each for each in options if wanted and wanted == _plain(label_of(frame, option_tap(each))))
    return next((_value(each) for each in meant), None)


def _plain(text: str) -> str:
    return " ".join("".join(each if each.isalnum() else " " for each in text.casefold()).split())
