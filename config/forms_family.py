"""What is filled in about a family, on plain pages: its record part by part, risk facts, other agencies, a summary."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from config.forms import CASE, Form, Kind, Step

#: Empty rows below what is there already.
BLANK = 2
ROW = "row"


def _text(key: str, *, optional: bool = True) -> Step:
    return Step(key=key, kind=Kind.TEXT, optional=optional, sensitivity=CASE)


def _day(key: str, *, optional: bool = True) -> Step:
    return Step(key=key, kind=Kind.DATE, optional=optional)


def _choice(key: str, *options: str, optional: bool = True, source: str = "") -> Step:
    return Step(key=key, kind=Kind.CHOICE, options=options, optional=optional, source=source, sensitivity=CASE)


#: Parts of the record that are lists: what a row asks. As domain.family checks it.
ROWS: Mapping[str, tuple[Step, ...]] = {
    "household": (
        _text("who", optional=False),
        _text("relation"),
        _text("did"),
        _choice("spoken_to", "yes", "no", "not_known"),
    ),
    "addresses": (_text("text", optional=False), _text("note")),
    "needs": (_choice("key", source="needs", optional=False), _text("detail")),
    "assessments": (_text("what", optional=False), _text("by"), _day("on"), _text("found")),
    "role": (_text("what", optional=False), _day("told_on")),
    "promises": (
        _text("what", optional=False),
        _choice("by", "them", "us", optional=False),
        _day("on"),
        _choice("state", "open", "kept", "broken"),
        _text("why"),
    ),
}
#: Parts that are there once.
SINGLE: Mapping[str, tuple[Step, ...]] = {
    "lead": (_text("name"), _text("role"), _text("phone")),
    "culture": (_text("advice"), _text("giver")),
    "trusted": (_text("name"), _text("phone"), _choice("agreed", "yes", "no", "not_asked")),
    "practical": (_text("dog"), _text("exits"), _text("signal"), _text("parking"), _text("other")),
}
#: Parts that are one text.
TEXTS = ("name", "only_us")
PARTS = ("name", "practical", *ROWS, "lead", "culture", "trusted", "only_us")


def record_form(part: str, there: int) -> Form:
    """The form of one part of the record; a list has a row for each that is there, and some blank ones."""
    if part in ROWS:
        rows = (Step(key=f"{ROW}{n}", kind=Kind.GROUP, optional=True, parts=ROWS[part]) for n in range(there + BLANK))
        return Form(f"family_{part}", tuple(rows))
    return Form(f"family_{part}", SINGLE.get(part) or (_text(part),))


def to_answers(part: str, value: Any) -> dict[str, Any]:
    """A part of the record, as it is kept, as the answers of its form."""
    if part in ROWS:
        return {f"{ROW}{place}": _without_empty(each) for place, each in enumerate(value)}
    return _without_empty(value) if part in SINGLE else {part: value or ""}


def to_value(part: str, answers: Mapping[str, Any]) -> Any:
    """The answers of a part's form as the record keeps them; an empty row is none."""
    if part in ROWS:
        places = sorted((int(key.removeprefix(ROW)), each) for key, each in answers.items() if each)
        return [dict(each) for _, each in places]
    return dict(answers) if part in SINGLE else str(answers.get(part, ""))


def _without_empty(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: each for key, each in value.items() if each not in (None, "")}


def _form(name: str, steps: Iterable[Step]) -> Form:
    return Form(name, tuple(steps))


TOLD = ("yes", "no", "not_yet")

FACT = _form(
    "fact",
    (
        _choice("kind", source="kinds", optional=False),
        _day("on", optional=False),
        _text("says"),
        _choice("source", source="sources", optional=False),
        _day("review_on"),
        _choice("told", *TOLD, optional=False),
        _text("told_why"),
        _text("their_view"),
    ),
)
FACT_CORRECT = _form(
    "fact_correct",
    (
        _choice("kind", source="kinds", optional=False),
        _day("on", optional=False),
        _text("says"),
        _text("why", optional=False),
    ),
)
FACT_END = _form("fact_end", (_text("why", optional=False),))
FACT_TOLD = _form("fact_told", (_choice("told", *TOLD, optional=False), _text("told_why"), _text("their_view")))
FACT_REVIEW = _form("fact_review", (_day("review_on", optional=False),))
RAISE = _form("risk_raise", (_text("why", optional=False),))
LOWER = _form(
    "risk_lower",
    (
        _choice("to", "low", "medium", optional=False),
        _choice("days", "7", "14", "28", optional=False),
        _text("why", optional=False),
    ),
)
PARTNER = _form(
    "partner",
    (
        _text("organisation", optional=False),
        Step(
            key="contact",
            kind=Kind.GROUP,
            optional=True,
            parts=tuple(_text(key) for key in ("name", "role", "email", "phone")),
        ),
        Step(key="meets", kind=Kind.MANY, source="behaviours", optional=True, sensitivity=CASE),
        _choice("visits", "yes", "reduced", "no", "not_known", optional=False),
        _text("withheld"),
        _choice("stance", "appeasing", "opposing", "neither", "not_known", optional=False),
        _text("kept_out"),
    ),
)
FIND = _form("family_find", (_text("text", optional=False),))

#: Who does what by when: so many lines of it.
ACTIONS = 4
_ACTION = (_text("what", optional=False), _text("who", optional=False), _day("by"))


def summary_form(there: int = 0) -> Form:
    """What a family takes away from a contact: these fields, and no others."""
    rows: Sequence[Step] = [
        Step(key=f"{ROW}{n}", kind=Kind.GROUP, optional=True, parts=_ACTION) for n in range(max(ACTIONS, there + 1))
    ]
    return _form(
        "summary",
        (
            _text("purpose", optional=False),
            _text("done", optional=False),
            *rows,
            _text("otherwise"),
            _day("next_on"),
            _text("next_how"),
        ),
    )
