"""Every sentence that a person reads from the bot: data in `en.toml`, and the code that checks it whole.

A message is a few lines. A line is public unless it begins with `plan|` or `case|`; a channel carries lines up to its
ceiling. `{braces}` are filled with words. A part in [square brackets] is left out when a brace in it is empty; a line
is left out when a brace outside of such a part is empty.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).parent / "en.toml"
LABELS = "labels"
_BRACE = re.compile(r"\{(\w+)\}")
_PART = re.compile(r"\[([^\[\]]*)\]|([^\[\]]+)")


class Sensitivity(IntEnum):
    """How much harm a line does in wrong hands."""

    PUBLIC = 0
    PLAN = 1
    CASE = 2


class WordingError(ValueError):
    """The wording cannot be used; `faults` names every error with the template where it stands."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a line; an optional one is left out when a brace in it is empty."""

    text: str
    optional: bool

    @property
    def braces(self) -> tuple[str, ...]:
        """What is to be filled in."""
        return tuple(_BRACE.findall(self.text))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a message, and what a channel must be trusted with to carry it."""

    sensitivity: Sensitivity
    parts: tuple[Part, ...]

    @property
    def braces(self) -> frozenset[str]:
        """All that may be filled in."""
        return frozenset(brace for part in self.parts for brace in part.braces)

    def filled(self, words: Mapping[str, str]) -> str | None:
        """The line with its words; None when something that it cannot do without is empty."""
        said = []
        for part in self.parts:
            if all(words.get(brace) for brace in part.braces):
                said.append(_BRACE.sub(lambda found: words[found[1]], part.text))
            elif not part.optional:
                return None
        return "".join(said).strip() or None


@dataclass(frozen=True, slots=True)
class Wording:
    """All templates, and the labels of buttons and words."""

    templates: Mapping[str, tuple[Line, ...]]
    labels: Mapping[str, str]

    def label(self, name: str, words: Mapping[str, str] | None = None) -> str:
        """A label, its braces filled. Raises KeyError."""
        return _BRACE.sub(lambda found: (words or {})[found[1]], self.labels[name])

    def faults(self, templates: Mapping[str, AbstractSet[str]], labels: AbstractSet[str]) -> list[str]:
        """Everything in which this wording differs from what the code knows: by template the braces it fills."""
        return [*_differences("template", self.templates, templates), *_differences("label", self.labels, labels)] + [
            f"{name}: nobody fills {{{brace}}}"
            for name, lines in self.templates.items()
            for brace in sorted(frozenset().union(*(line.braces for line in lines)) - templates.get(name, set()))
            if name in templates
        ]


def read_wording(path: Path = SHIPPED) -> Wording:
    """Read a wording file. Raises WordingError naming every line that cannot be read, and OSError."""
    return parse_wording(path.read_text(encoding="utf-8"))


def parse_wording(text: str) -> Wording:
    """Read a whole wording in TOML. Raises WordingError."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WordingError([str(error)]) from error
    labels = dict(_flat(given.pop(LABELS, {})))
    messages = dict(_flat(given))
    faults = [fault for name, message in messages.items() for fault in _unreadable(name, message)]
    if faults:
        raise WordingError(faults)
    return Wording({name: _lines(message) for name, message in messages.items()}, labels)


def _flat(table: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", str(value)


def _unreadable(name: str, message: str) -> Iterator[str]:
    if not message.strip():
        yield f"{name}: says nothing"
    for line in message.splitlines():
        bare = _PART.sub("", line)
        if bare:
            yield f"{name}: a square bracket is open or shut alone in {line!r}"
        if _BRACE.sub("", line).count("{") or _BRACE.sub("", line).count("}"):
            yield f"{name}: a brace is open or shut alone in {line!r}"


def _lines(message: str) -> tuple[Line, ...]:
    return tuple(_line(line.strip()) for line in message.strip().splitlines() if line.strip())


def _line(text: str) -> Line:
    sensitivity = Sensitivity.PUBLIC
    for level in Sensitivity:
        mark = f"{level.name.lower()}|"
        if text.startswith(mark):
            sensitivity, text = level, text.removeprefix(mark).strip()
    parts = tuple(Part(plain, False) if plain else Part(optional, True) for optional, plain in _PART.findall(text))
    return Line(sensitivity, parts)


def _differences(what: str, here: Iterable[str], wanted: Iterable[str]) -> Iterator[str]:
    for name in sorted(set(wanted) - set(here)):
        yield f"{name}: the code speaks of this {what}, and it has no wording"
    for name in sorted(set(here) - set(wanted)):
        yield f"{name}: no code speaks of this {what}"
