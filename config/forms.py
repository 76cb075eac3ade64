"""Forms as data: the same steps are drawn as a chat, as a page, and check what programs send.

An answer is kept by its step's key: a word for a choice, a list of words for many, text, a time (ISO, with offset), a
day (ISO), a duration in seconds, a place (`{"text", "latitude", "longitude"}`), a group of answers by their own keys.
Keys that begin with `_` are the form's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from config.wording import Sensitivity

#: Longest text that an answer may have, in characters.
LONGEST_TEXT = 2000


class Kind(StrEnum):
    """What an answer looks like."""

    CHOICE = "choice"
    MANY = "many"
    TEXT = "text"
    TIME = "time"
    DATE = "date"
    DURATION = "duration"
    PLACE = "place"
    GROUP = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One question. Its words are the template `form.<form>.<key>`, its options' `option.<form>.<key>.<option>`."""

    key: str
    kind: Kind
    options: tuple[str, ...] = ()
    #: Options that only the moment knows (recent families, the next half hours), by the name of who knows them.
    source: str = ""
    #: Asked only where each of these keys was answered with one of these words.
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sensitivity: Sensitivity = Sensitivity.PUBLIC
    #: May be passed over; for many: may be left empty.
    optional: bool = False
    #: A choice that may also be answered in one's own words.
    typed: bool = False
    #: What a group asks together.
    parts: tuple["Step", ...] = ()

    def asked(self, answers: Mapping[str, Any]) -> bool:
        """Whether this question has a point after these answers."""
        return all(_any_of(answers.get(key), words) for key, words in self.when.items())

    def fault(self, value: Any) -> str | None:
        """Why this is no answer, or None: `empty`, `unknown`, `too_long`, `no_time`, `no_date`, `no_duration`,
        `no_place`.
        """
        return None if self.optional and value == "" else _FAULTS[self.kind](self, value)


@dataclass(frozen=True, slots=True)
class Form:
    """Questions in their order."""

    name: str
    steps: tuple[Step, ...]

    def step(self, key: str) -> Step:
        """The step with this key. Raises KeyError."""
        for each in self.steps:
            if each.key == key:
                return each
        raise KeyError(key)

    def next_step(self, answers: Mapping[str, Any]) -> Step | None:
        """The first question that has a point and no answer; None: the form is whole."""
        return next((each for each in self.steps if each.key not in answers and each.asked(answers)), None)

    def step_before(self, key: str, answers: Mapping[str, Any]) -> Step | None:
        """The question that was answered before this one."""
        earlier = self.steps[: self.steps.index(self.step(key))]
        return next((each for each in reversed(earlier) if each.key in answers and each.asked(answers)), None)

    def given(self, answers: Mapping[str, Any]) -> dict[str, Any]:
        """The answers to questions that have a point; what was passed over, and the form's own, is left out."""
        asked = [each.key for each in self.steps if each.asked(answers)]
        return {key: answers[key] for key in asked if answers.get(key) not in (None, "", [])}


def _any_of(answer: Any, words: tuple[str, ...]) -> bool:
    given = answer if isinstance(answer, list) else [answer]
    return any(each in words for each in given)


def _choice(step: Step, value: Any) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return "empty"
    if value in step.options or step.source or step.typed:
        return "too_long" if len(value) > LONGEST_TEXT else None
    return "unknown"


def _many(step: Step, value: Any) -> str | None:
    if not isinstance(value, list) or (not value and not step.optional):
        return "empty"
    return next((fault for each in value if (fault := _choice(step, each)) is not None), None)


def _text(_step: Step, value: Any) -> str | None:
    if not isinstance(value, str) or not value.strip():
        return "empty"
    return "too_long" if len(value) > LONGEST_TEXT else None


def _time(_step: Step, value: Any) -> str | None:
    if value == "now":
        return None
    try:
        return None if datetime.fromisoformat(value).tzinfo is not None else "no_time"
    except (TypeError, ValueError):
        return "no_time"


def _date(_step: Step, value: Any) -> str | None:
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        return "no_date"
    return None


def _group(step: Step, value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return "empty"
    if not {str(each) for each in value} <= {each.key for each in step.parts}:
        return "unknown"
    return next((fault for each in step.parts if (fault := each.fault(value.get(each.key, ""))) is not None), None)


def _duration(_step: Step, value: Any) -> str | None:
    return None if isinstance(value, int | float) and 0 < value <= 24 * 3600 else "no_duration"


def _place(_step: Step, value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return "no_place"
    if str(value.get("text") or "").strip():
        return None
    both = isinstance(value.get("latitude"), int | float) and isinstance(value.get("longitude"), int | float)
    return None if both else "no_place"


_FAULTS = {
    Kind.CHOICE: _choice,
    Kind.MANY: _many,
    Kind.TEXT: _text,
    Kind.TIME: _time,
    Kind.DATE: _date,
    Kind.DURATION: _duration,
    Kind.PLACE: _place,
    Kind.GROUP: _group,
}

PLAN = Sensitivity.PLAN
CASE = Sensitivity.CASE

VISIT = Form(
    "visit",
    (
        Step(key="ref", kind=Kind.CHOICE, source="families", typed=True, sensitivity=PLAN),
        Step(key="starts", kind=Kind.TIME, source="starts", sensitivity=PLAN),
        Step(key="address", kind=Kind.PLACE, sensitivity=CASE),
        Step(
            key="purpose",
            kind=Kind.CHOICE,
            options=("home_visit", "assessment", "review", "see_child", "news"),
            typed=True,
            sensitivity=PLAN,
        ),
        Step(key="length", kind=Kind.DURATION, options=("1800", "2700", "3600", "5400")),
        Step(key="every", kind=Kind.DURATION, options=("900", "1200", "1800", "3600"), optional=True),
        Step(key="hostility", kind=Kind.CHOICE, options=("none", "some", "threat"), sensitivity=PLAN),
        Step(
            key="talked",
            kind=Kind.CHOICE,
            options=("yes", "no"),
            when={"hostility": ("some", "threat")},
            sensitivity=PLAN,
        ),
        Step(key="around", kind=Kind.MANY, options=("crisis", "dog", "no_signal"), optional=True, sensitivity=PLAN),
        Step(key="news", kind=Kind.CHOICE, options=("none", "bad", "removal"), sensitivity=PLAN),
        Step(key="joint", kind=Kind.CHOICE, options=("alone", "colleague", "police", "agency"), sensitivity=PLAN),
        Step(key="colleague", kind=Kind.CHOICE, source="colleagues", when={"joint": ("colleague",)}, sensitivity=PLAN),
        Step(key="transport", kind=Kind.CHOICE, options=("car", "foot", "bus", "driven"), typed=True),
        Step(
            key="exit", kind=Kind.CHOICE, options=("front_only", "two_ways", "not_known"), typed=True, sensitivity=PLAN
        ),
        Step(
            key="strategies",
            kind=Kind.MANY,
            options=("door", "two_of_us", "police_first", "short", "outside"),
            typed=True,
            when={"_threat": ("yes",)},
            sensitivity=PLAN,
        ),
        #: Where the family's plan says: not at home; and what of it the planner confirms.
        Step(
            key="place",
            kind=Kind.CHOICE,
            options=("home", "office", "elsewhere"),
            when={"_office": ("yes",)},
            sensitivity=PLAN,
        ),
        Step(
            key="arranged",
            kind=Kind.MANY,
            source="demands",
            when={"_arrange": ("yes",)},
            optional=True,
            sensitivity=PLAN,
        ),
        Step(key="confirm", kind=Kind.CHOICE, options=("yes", "raise", "change"), sensitivity=PLAN),
    ),
)

RESOLVE = Form(
    "resolve",
    (
        Step(
            key="found",
            kind=Kind.CHOICE,
            options=("safe", "false_alarm", "late", "helped", "police", "harmed"),
        ),
        Step(key="known_by", kind=Kind.CHOICE, options=("heard_voice", "seen", "police_told", "other")),
        Step(key="note", kind=Kind.TEXT, when={"known_by": ("other",)}, sensitivity=PLAN),
    ),
)

DECISION = Form(
    "decision",
    (
        Step(
            key="kind",
            kind=Kind.CHOICE,
            options=("go_ahead", "go_ahead_with_measures", "change", "do_not_visit"),
            sensitivity=PLAN,
        ),
        Step(key="reason", kind=Kind.CHOICE, source="reasons", typed=True, sensitivity=PLAN),
    ),
)

#: A manager's decision on a measure; which one, and which decision, was said by the button.
MEASURE = Form(
    "measure",
    (Step(key="reason", kind=Kind.CHOICE, source="ready", typed=True, sensitivity=PLAN),),
)

#: Handing one's post on duty to somebody else for a while.
COVER = Form(
    "cover",
    (
        Step(key="post", kind=Kind.CHOICE, source="posts"),
        Step(key="to", kind=Kind.CHOICE, source="managers", sensitivity=PLAN),
        Step(key="until", kind=Kind.TIME, source="until"),
    ),
)

#: Why somebody opens a family with which they have nothing to do now.
OPENING = Form(
    "opening",
    (Step(key="reason", kind=Kind.CHOICE, options=("cover", "handover", "asked", "look_back"), typed=True),),
)

FORMS: Mapping[str, Form] = {each.name: each for each in (VISIT, RESOLVE, DECISION, MEASURE, COVER, OPENING)}
