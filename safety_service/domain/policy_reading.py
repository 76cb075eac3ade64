"""A policy in plain words, and what is different between two of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

from pydantic import BaseModel

from config.policy import Policy
from config.policy_words import placed, sections, words_for
from safety_service.domain.ladder import EVERYONE, freeze
from safety_service.domain.loosening import hears, loosened
from safety_service.domain.words import Kind, Risk

Path = tuple[str, ...]
#: Said by what they mean.
_WHOLE = frozenset({"ladder", "lines"})
_CARRIES = {"public": "that there is something", "plan": "references and times", "case": "all of it"}
_LADDERS = {
    **{f"{risk.capitalize()} risk": (Kind.MISSED_CHECK_IN, risk) for risk in Risk},
    "In danger": (Kind.SOS, Risk.HIGH),
}
_UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Read:
    """Figures under one heading, each with what it is called and what it is."""

    heading: str
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Change:
    """A figure that is another one: what it is called, what it was and what it is then."""

    says: str
    before: str
    after: str


def read(policy: Policy) -> list[Read]:
    """All of it, in the order in which it matters."""
    places: dict[int, list[tuple[int, str, str]]] = {}
    other: list[tuple[str, str]] = []
    for path, value in _figures((), policy):
        if (place := placed(path)) is None:
            other.append((_called(path), value))
        else:
            places.setdefault(place[0], []).append((place[1], place[2], value))
    found = [Read("Who hears of an alert, and when", _ladders(policy))]
    for number, section in enumerate(sections()):
        rows = sorted(places.get(number, ()), key=lambda each: each[0])
        found.append(Read(section.heading, [(says, value) for _, says, value in rows]))
    found += [Read("Also", other)] if other else []
    return [*[each for each in found if each.rows], Read("What makes a visit riskier", _lines(policy))]


def changes(before: Policy, after: Policy) -> list[Change]:
    """Everything that is different, in the order of `read`."""
    old, new = _flat(before), _flat(after)
    keys = [*old, *(each for each in new if each not in old)]
    return [
        Change(" – ".join(key), old.get(key, NOTHING), new.get(key, NOTHING))
        for key in keys
        if old.get(key) != new.get(key)
    ]


def less_strict(before: Policy, after: Policy) -> list[str]:
    """What the second loosens against the first, in words."""
    return [plain(each) for each in loosened(before, after)]


def plain(line: str) -> str:
    """A line of what is loosened, such as `risk.high.grace: 3m → 6m`, in words."""
    path, colon, rest = line.partition(": ")
    return f"{words_for(tuple(path.split('.'))) or path.replace('_', ' ')}{colon}{rest}"


def in_words(length: timedelta) -> str:
    """`1 hour 30 minutes`, `15 minutes`, `90 seconds`."""
    seconds = length.total_seconds()
    if seconds < 1 or seconds == 90:
        return f"{seconds:g} seconds"
    left, said = round(seconds), []
    for name, size in _UNITS:
        count, left = divmod(left, size)
        if count:
            said.append(f"{count} {name}{'' if count == 1 else 's'}")
    return " ".join(said)


def _flat(policy: Policy) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for group in read(policy):
        for says, value in group.rows:
            key = (group.heading, says)
            found[key] = f"{found[key]}; {value}" if key in found else value
    return found


def _figures(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    if path and path[0] in _WHOLE:
        return
    if isinstance(value, BaseModel):
        parts: Mapping[str, Any] = {name: getattr(value, name) for name in type(value).model_fields}
    elif isinstance(value, Mapping):
        parts = {str(name): each for name, each in value.items()}
    else:
        yield path, _said(path, value)
        return
    for name, each in parts.items():
        yield from _figures((*path, name), each)


def _said(path: Path, value: Any) -> str:
    if path[0].endswith("ceilings"):
        return _CARRIES[value]
    if path[-1] in ("hours", "daylight"):
        return f"{value[0]:%H:%M} to {value[1]:%H:%M}"
    if path == ("debrief", "sample"):
        return f"{100 * value:g} %"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, timedelta):
        return in_words(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, tuple | list):
        return (" " if path[0] == "next" else ", ").join(_word(str(each)) for each in value) or NOTHING
    return NOTHING if value in (None, "") else str(value)


def _word(text: str) -> str:
    return {"voice": "a call", "sms": "a text message"}.get(text, text if " " in text else text.replace("_", " "))


def _called(path: Path) -> str:
    return " ".join(path).replace("_", " ")


def _ladders(policy: Policy) -> list[tuple[str, str]]:
    found = []
    for name, (kind, risk) in _LADDERS.items():
        ladder = freeze(kind, risk, policy)
        told = [f"{who.replace('_', ' ')} {_after(when)}" for who, when in hears(ladder).items() if who != EVERYONE]
        last = f"then everyone {_after(hears(ladder)[EVERYONE])}, again every {in_words(ladder.repeat)}"
        found.append((name, ", ".join([*told, last])))
    return found


def _after(when: timedelta) -> str:
    return f"after {in_words(when)}" if when else "at once"


def _lines(policy: Policy) -> list[tuple[str, str]]:
    found = []
    for line in policy.lines:
        says = line.says.replace("{on}", "(day)").replace("{worker}", "(worker)")
        more = [f"counts for {in_words(line.within)}"] if line.within else []
        more += [f"{line.count} times"] if line.count > 1 else []
        more += [f"{line.medium_lines} at medium"] if line.medium_lines else []
        more += ["at this worker"] if line.of_worker else []
        # What it looks at is said, too: or one that looks at something else would read the same.
        looks = line.fact or (f"{line.answer}: {line.is_}" if line.answer else "")
        more += [f"by {looks.replace('_', ' ')}"] if looks else []
        found.append((says, ", ".join([line.level, *more])))
    return found
