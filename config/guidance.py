"""The guidance as data: what a debrief asks, and what each answer leads to.

`guidance.toml` beside this file is the shipped guidance; an agency's edition names only what differs, and switches off
what it does not want with `off = true`. Keys stay as they are: records are kept by them, with their edition's number.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_serializer, model_validator

from config.duration import parse_duration, say_duration
from config.layers import fault, over
from config.places import lines_of

SHIPPED = Path(__file__).with_name("guidance.toml")

Group = Literal["ambivalence", "avoidance", "disguised_compliance", "confrontation", "threat", "violence"]
Severity = Literal["none", "low", "medium", "high"]
SEVERITIES: tuple[Severity, ...] = ("none", "low", "medium", "high")
_KEY = r"^[a-z][a-z_]*$"
Key = Annotated[str, Field(pattern=_KEY, max_length=40)]
#: Where it comes from: a clause of the county procedure, a section of the NHS page, or an agency's own document.
Source = Annotated[str, Field(min_length=1, max_length=80)]


class GuidanceError(ValueError):
    """The guidance cannot be used; `faults` names every error with the place where it stands."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class Entry(BaseModel):
    """One thing that can be said or asked: its words, and where it comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    says: str = Field(min_length=1, max_length=120)
    help: str = Field(default="", max_length=300)
    source: Source
    #: Asked no more; what was recorded with it keeps its words.
    off: bool = False


class Behaviour(Entry):
    """Something that was met, and what follows from it."""

    group: Group
    severity: Severity
    #: The kind of risk fact about the family that it becomes; empty: it never counts by itself.
    fact: str = ""
    #: The managers hear at once.
    urgent: bool = False
    #: Staff-incident and police references are asked for.
    violent: bool = False
    #: Other agencies may need to be warned.
    tells_agencies: bool = False
    #: The training that a visit after it needs.
    training: str = ""
    measures: tuple[Key, ...] = ()


class Leading(Entry):
    """An answer that suggests measures: a reason, a communication need."""

    measures: tuple[Key, ...] = ()


class Support(Entry):
    """What a worker may want afterwards."""

    urgent: bool = False


class Question(Entry):
    """A question: answered with yes, no or not known, or in words."""

    answer: Literal["known", "text"] = "known"
    #: Asked only where the child (or adult) was not seen alone.
    when_not_alone: bool = False


class Demands(BaseModel):
    """What a measure demands of a visit. Most are held against every plan; the last three its planner confirms."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    people: int | None = Field(default=None, ge=2, le=9)
    police: bool = False
    #: Not at the family's home.
    office: bool = False
    daylight: bool = False
    #: Longest time between two check-ins.
    interval: Annotated[timedelta, BeforeValidator(parse_duration)] | None = None
    training: str = ""
    #: The worker of the measure, and nobody else.
    same_worker: bool = False
    #: Not the worker who met it.
    not_worker: bool = False
    call_before: bool = False
    call_after: bool = False
    #: What the planner confirms, in words.
    confirm: str = Field(default="", max_length=120)

    @field_serializer("interval")
    def _as_written(self, interval: timedelta | None) -> str | None:
        return None if interval is None else say_duration(interval)


class Measure(Entry):
    """Something that makes it safer."""

    demands: Demands = Demands()
    #: After something urgent it holds at once, until a manager decides.
    provisional: bool = False


class Ready(BaseModel):
    """Ready reasons for a manager's decision."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accept: Mapping[Key, Entry]
    refuse: Mapping[Key, Entry]


class Guidance(BaseModel):
    """One edition, whole."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    behaviours: Mapping[Key, Behaviour]
    reasons: Mapping[Key, Leading]
    circumstances: Mapping[Key, Entry]
    areas: Mapping[Key, Entry]
    sources: Mapping[Key, Entry]
    child: Mapping[Key, Question]
    quiet: Mapping[Key, Entry]
    reflections: Mapping[Key, Entry]
    resistant: Mapping[Key, Entry]
    support: Mapping[Key, Support]
    needs: Mapping[Key, Leading]
    measures: Mapping[Key, Measure]
    ready: Ready

    @model_validator(mode="after")
    def _measures_are_known(self) -> "Guidance":
        for place, key, suggested in self._suggestions():
            for each in suggested:
                if each not in self.measures:
                    raise ValueError(f"{place}.{key}: the measure {each!r} is not in [measures]")
        return self

    @model_validator(mode="after")
    def _mixed_feelings_never_count(self) -> "Guidance":
        """1.7.4: ambivalence alone is the most common reaction, and no refusal to cooperate."""
        for key, each in self.behaviours.items():
            if each.group == "ambivalence" and (each.fact or each.severity != "none"):
                raise ValueError(f"behaviours.{key}: mixed feelings alone are no risk: no `fact`, severity none")
        return self

    @model_validator(mode="after")
    def _something_is_left(self) -> "Guidance":
        for name in ("behaviours", "reasons", "measures", "child"):
            if not any(not each.off for each in getattr(self, name).values()):
                raise ValueError(f"{name}: at least one must be left on")
        return self

    def asked(self, section: str) -> dict[str, Entry]:
        """What is still asked of a section, by key, in its order."""
        entries: Mapping[str, Entry] = getattr(self, section)
        return {key: each for key, each in entries.items() if not each.off}

    def says(self, section: str, key: str) -> str:
        """The words of an entry, asked or not; a key that this edition does not know stands for itself."""
        entries: Mapping[str, Entry] = getattr(self, section)
        return entries[key].says if key in entries else key

    def _suggestions(self) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        for key, behaviour in self.behaviours.items():
            yield "behaviours", key, behaviour.measures
        for place, leading in (("reasons", self.reasons), ("needs", self.needs)):
            for key, each in leading.items():
                yield place, key, each.measures


def parse_guidance(text: str) -> Guidance:
    """Check a whole guidance in TOML; what it does not name is as shipped. Raises GuidanceError naming every fault."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise GuidanceError([str(error)]) from error
    try:
        return Guidance.model_validate(over(_shipped(), given))
    except ValidationError as error:
        lines = lines_of(text)
        raise GuidanceError([fault(each, lines) for each in error.errors()]) from error


def recorded(whole: str) -> Guidance:
    """A guidance as `Guidance.model_dump_json` wrote it. Raises GuidanceError: this code cannot use it any more."""
    try:
        return Guidance.model_validate_json(whole)
    except ValidationError as error:
        raise GuidanceError([fault(each, {}) for each in error.errors()]) from error


def read_guidance(path: Path) -> Guidance:
    """Read and check a guidance file. Raises GuidanceError, OSError."""
    return parse_guidance(path.read_text(encoding="utf-8"))


@cache
def _shipped() -> dict[str, Any]:
    return tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
