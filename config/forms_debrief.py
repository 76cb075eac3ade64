"""The debrief as a form: the questions are the guidance's, so it is made from an edition of it.

Part A at once, the rest when there is time. The chat asks part A only (`CHAT`), the whole is one plain page and what
programs send. Part E is private: its keys are kept apart from all other answers (`private`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from config.forms import CASE, PLAN, Form, Kind, Step
from config.guidance import Behaviour, Guidance

YES_NO = ("yes", "no")
KNOWN = ("yes", "no", "not_known")
HARD = ("off", "bad")
MOODS = ("fine", "off", "bad", "no_entry")
SEEN = ("alone", "with_others", "no", "not_due")
GO_ON = ("yes", "ring_me", "stop_visits")
AT_RISK = ("child", "colleagues", "other_agencies", "neighbours")
TELL_NOW = ("manager", "team", "police", "agencies")

#: Part A in the chat. What only the moment knows is the form's own: `_quiet` (one question is due), `_violent`,
#: `_grave` (a threat or violence was met), `_words` (this channel may carry what happened).
CHAT = Form(
    "debrief",
    (
        Step(key="mood", kind=Kind.CHOICE, options=(*MOODS, "later")),
        Step(key="seen", kind=Kind.CHOICE, options=SEEN, when={"mood": ("fine", *HARD)}),
        Step(
            key="quiet",
            kind=Kind.CHOICE,
            options=KNOWN,
            typed=True,
            when={"mood": ("fine",), "_quiet": ("yes",)},
            sensitivity=PLAN,
        ),
        Step(key="go_on", kind=Kind.CHOICE, options=GO_ON, when={"mood": HARD}),
        Step(key="met", kind=Kind.MANY, source="behaviours", when={"mood": HARD}, optional=True, sensitivity=PLAN),
        Step(key="hurt", kind=Kind.CHOICE, options=YES_NO, when={"_violent": ("yes",)}),
        Step(
            key="tell_now",
            kind=Kind.MANY,
            options=TELL_NOW,
            when={"_grave": ("yes",)},
            optional=True,
            sensitivity=PLAN,
        ),
        Step(
            key="happened",
            kind=Kind.TEXT,
            when={"mood": HARD, "_words": ("yes",)},
            optional=True,
            sensitivity=CASE,
        ),
    ),
)

_PRIVATE = frozenset({"reflect", "feeling", "support", "back", "fact"})


@dataclass(frozen=True, slots=True)
class DebriefPart:
    """A part of the debrief: its name, and the keys of its questions in their order."""

    key: str
    steps: tuple[Step, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of its questions."""
        return tuple(each.key for each in self.steps)


def private(key: str) -> bool:
    """Whether an answer belongs to part E."""
    return key in _PRIVATE or key.startswith("reflect_")


def debrief_parts(guidance: Guidance) -> tuple[DebriefPart, ...]:
    """The whole debrief by this edition, part by part."""
    return tuple(DebriefPart(key, tuple(steps(guidance))) for key, steps in _PARTS.items())


def debrief_form(guidance: Guidance) -> Form:
    """The whole debrief as one form."""
    return Form("debrief", tuple(step for part in debrief_parts(guidance) for step in part.steps))


def met(guidance: Guidance, answers: Mapping[str, Any]) -> dict[str, Behaviour]:
    """What was met, by key, as this edition knows it."""
    known = guidance.behaviours
    return {key: known[key] for key in answers.get("met") or () if key in known}


def grave(behaviours: Iterable[Behaviour]) -> bool:
    """A threat or violence is among it."""
    return any(each.group in ("threat", "violence") for each in behaviours)


def _keys(guidance: Guidance, *groups: str) -> tuple[str, ...]:
    return tuple(key for key, each in guidance.behaviours.items() if each.group in groups)


def _above(guidance: Guidance) -> tuple[str, ...]:
    """Everything that is more than mixed feelings."""
    return tuple(key for key, each in guidance.behaviours.items() if each.group != "ambivalence")


def _first(guidance: Guidance) -> Iterable[Step]:
    violent = {"met": tuple(key for key, each in guidance.behaviours.items() if each.violent)}
    serious = {"met": _keys(guidance, "threat", "violence")}
    above = {"met": _above(guidance)}
    yield Step(key="mood", kind=Kind.CHOICE, options=MOODS)
    yield Step(key="seen", kind=Kind.CHOICE, options=SEEN, when={"mood": ("fine", *HARD)})
    for key in guidance.asked("quiet"):
        yield Step(
            key=f"quiet_{key}", kind=Kind.CHOICE, options=KNOWN, typed=True, optional=True, when={"mood": ("fine",)}
        )
    yield Step(key="go_on", kind=Kind.CHOICE, options=GO_ON, when={"mood": HARD})
    yield _many("met", guidance.asked("behaviours"), when={"mood": HARD})
    yield _text("met_when", when=above)
    yield Step(key="hurt", kind=Kind.CHOICE, options=YES_NO, when=violent)
    yield _text("incident_ref", when=violent)
    yield _text("police_ref", when=violent)
    yield _text("who_did", when=above)
    yield _text("who_lives", when=above)
    yield _choice("spoken_to", ("all", "some", "nobody"), when=above)
    yield _text("happened", when={"mood": HARD})
    yield _many("at_risk", AT_RISK, when=serious)
    yield _many("tell_now", TELL_NOW, when=serious)


def _child(guidance: Guidance) -> Iterable[Step]:
    for key in guidance.asked("child"):
        question = guidance.child[key]
        when: dict[str, tuple[str, ...]] = {"met": _above(guidance)}
        if question.when_not_alone:
            when["seen"] = ("with_others", "no")
        if question.answer == "text":
            yield _text(f"child_{key}", when=when)
        else:
            yield Step(key=f"child_{key}", kind=Kind.CHOICE, options=KNOWN, when=when)


def _areas(guidance: Guidance) -> Iterable[Step]:
    yield _many("areas", guidance.asked("areas"), when={"mood": HARD})


def _gaps(guidance: Guidance) -> Iterable[Step]:
    for area in guidance.asked("areas"):
        yield Step(
            key=f"gap_{area}",
            kind=Kind.GROUP,
            when={"areas": (area,)},
            parts=(
                _text("why", optional=False),
                _many("source", guidance.asked("sources")),
                _text("action", optional=False),
                Step(key="owner", kind=Kind.CHOICE, source="owners", optional=True),
                Step(key="due", kind=Kind.DATE),
            ),
        )


def _why(guidance: Guidance) -> Iterable[Step]:
    hard = {"mood": HARD}
    yield _many("reasons", guidance.asked("reasons"), when=hard)
    yield _many("circumstances", guidance.asked("circumstances"), when=hard)
    yield _choice("elsewhere", ("same", "only_us", "not_known"), when=hard)
    yield _text("only_us_why", when={"elsewhere": ("only_us",)})
    for key in ("knew_why", "knew_ask", "knew_follows"):
        yield _choice(key, KNOWN, when=hard)
    yield _many("needs", guidance.asked("needs"), when=hard)
    yield _text("account", when=hard)
    yield _choice("undertaking", ("kept", "broken", "none", "not_known"), when=hard)
    yield _choice("summary_given", YES_NO, when=hard)


def _reflections(guidance: Guidance) -> Iterable[Step]:
    hard = {"mood": HARD}
    yield _many("reflect", guidance.asked("reflections"), when=hard)
    yield _text("feeling", when=hard)
    yield _many("support", guidance.asked("support"), when=hard)
    yield _choice("back", ("yes", "with_someone", "not_me"), when=hard)
    yield _text("fact", when=hard)


def _reflected(guidance: Guidance) -> Iterable[Step]:
    for key in guidance.asked("reflections"):
        yield _text(f"reflect_{key}", when={"reflect": (key,)})


def _safer(guidance: Guidance) -> Iterable[Step]:
    hard = {"mood": HARD}
    options = tuple(guidance.asked("measures"))
    yield Step(key="safer", kind=Kind.MANY, options=options, typed=True, optional=True, when=hard)
    yield _many("meeting", ("agencies", "joint_debrief"), when=hard)
    yield _many("resistant", guidance.asked("resistant"), when=hard)


#: Parts A to F; what C and E ask about each answer has a page of its own.
_PARTS = {
    "a": _first,
    "b": _child,
    "c": _areas,
    "gaps": _gaps,
    "d": _why,
    "e": _reflections,
    "reflected": _reflected,
    "f": _safer,
}


def _choice(key: str, options: Iterable[str], *, when: Mapping[str, tuple[str, ...]]) -> Step:
    return Step(key=key, kind=Kind.CHOICE, options=tuple(options), optional=True, when=when, sensitivity=CASE)


def _many(key: str, options: Iterable[str], *, when: Mapping[str, tuple[str, ...]] | None = None) -> Step:
    return Step(key=key, kind=Kind.MANY, options=tuple(options), optional=True, when=dict(when or {}), sensitivity=CASE)


def _text(key: str, *, when: Mapping[str, tuple[str, ...]] | None = None, optional: bool = True) -> Step:
    return Step(key=key, kind=Kind.TEXT, optional=optional, when=dict(when or {}), sensitivity=CASE)
