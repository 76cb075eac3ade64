"""What a new policy loosens against the one in force: longer waits, fewer people, less asked, more shown.

Each figure has a sense in which it is looser. A figure of which nobody has said so is looser with every change, so
that a new one cannot slip through.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import time, timedelta
from typing import Any

from pydantic import BaseModel

from config.duration import say_duration
from config.policy import Policy, RiskLine
from safety_service.domain.ladder import EVERYONE, Ladder, freeze
from safety_service.domain.words import Kind, Risk

Loosens = Callable[[Any, Any], bool]

_CARRIES = ("public", "plan", "case")


def _more(before: Any, after: Any) -> bool:
    return bool(after > before)


def _less(before: Any, after: Any) -> bool:
    return bool(after < before)


def _changed(before: Any, after: Any) -> bool:
    return bool(before != after)


def _never(_before: Any, _after: Any) -> bool:
    return False


def _no_more(before: Any, after: Any) -> bool:
    return bool(before) and not after


def _carries_more(before: Any, after: Any) -> bool:
    return _CARRIES.index(after) > _CARRIES.index(before)


def _one_is_gone(before: Any, after: Any) -> bool:
    return not set(before) <= set(after)


def _wider(before: tuple[time, time], after: tuple[time, time]) -> bool:
    return after[0] < before[0] or after[1] > before[1]


#: In which sense a figure is looser. `*` stands for one name.
SENSES: Mapping[str, Loosens] = {
    **dict.fromkeys((f"risk.*.{each}" for each in ("interval", "grace", "end_grace", "home_grace", "cap")), _more),
    "risk.*.decision": _no_more,
    "risk.*.own_word": _no_more,
    "begin.remind": _never,
    "begin.ask": _more,
    "begin.alarm": _more,
    "taken.danger": _more,
    "taken.reply": _more,
    "reach.*": _more,
    "bundle.more_than": _less,
    "bundle.within": _more,
    "bundle.every": _more,
    # Words that somebody acts from at night: a second person reads them first.
    "next.*": _changed,
    "night.hours": _changed,
    "night.waking": _one_is_gone,
    "night.calls": _less,
    "night.voice_answer": _more,
    "night.gaps_told": _less,
    "night.proven_for": _more,
    **dict.fromkeys((f"words.{each}" for each in ("ring_me", "sos_confirm", "extend", "extend_short")), _more),
    **dict.fromkeys((f"words.{each}" for each in ("travel", "chain", "wrong_place_m")), _more),
    "words.still_on": _never,
    "debrief.*": _more,
    "debrief.sample": _less,
    "plan.*": _more,
    "family.*": _more,
    "family.lowered_says": _never,
    "sharing.*": _more,
    "around.*": _more,
    # What is removed cannot be brought back, and what is kept about people for longer is more than was agreed on.
    "retention.*": _changed,
    # Evidence of what was done, and what protects the next visit: kept for longer it harms nobody who was not named.
    **dict.fromkeys((f"retention.{each}" for each in ("alerts", "evidence")), _less),
    "training.codes.*.says": _never,
    "training.needs.*": _one_is_gone,
    "daylight": _wider,
    "ceilings.*": _carries_more,
    # Less in an alarm, and nobody can act from it; more, and a lost phone says more.
    "alarm_ceilings.*": _changed,
    "office_number": _no_more,
}
#: Compared as a whole, by what they mean for an alert or a visit.
_WHOLE = frozenset({"ladder", "lines", "taken.news_within", "risk.*.news_within", "training.codes.*.valid"})
#: An agency's alert at a risk, and one in danger: whose ladder is meant.
_LADDERS = {
    **{f"ladder ({risk} risk)": (Kind.MISSED_CHECK_IN, risk) for risk in Risk},
    "ladder (danger)": (Kind.SOS, Risk.HIGH),
}
_NOTHING = object()


def loosened(before: Policy, after: Policy) -> tuple[str, ...]:
    """One line for each thing that the new policy loosens, such as `risk.high.grace: 3m → 6m`; none: it does not."""
    return (
        *_figures((), before, after),
        *(line for name, about in _LADDERS.items() for line in _ladder(name, *about, before, after)),
        *_lines(before.lines, after.lines),
        *_validity(before, after),
    )


def sense_of(path: tuple[str, ...]) -> Loosens | None:
    """The declared sense of a figure; None: nobody has declared any."""
    dotted = ".".join(path)
    if dotted in SENSES:
        return SENSES[dotted]
    patterns = [each for each in SENSES if _matches(each.split("."), path)]
    return SENSES[max(patterns, key=_exactness)] if patterns else None


def is_whole(path: tuple[str, ...]) -> bool:
    """Whether this is compared by what it means, and not by itself."""
    return any(_matches(each.split("."), path) for each in _WHOLE)


def _matches(pattern: list[str], path: tuple[str, ...]) -> bool:
    return len(pattern) == len(path) and all(want in ("*", name) for want, name in zip(pattern, path, strict=True))


def _exactness(pattern: str) -> int:
    return sum(each != "*" for each in pattern.split("."))


def _figures(path: tuple[str, ...], before: Any, after: Any) -> Iterator[str]:
    if is_whole(path) or before == after:
        return
    old, new = _parts(before), _parts(after)
    if old is None or new is None or sense_of(path) is not None:
        yield from _figure(path, before, after)
        return
    for name in [*old, *(each for each in new if each not in old)]:
        yield from _figures((*path, name), old.get(name, _NOTHING), new.get(name, _NOTHING))


def _parts(value: Any) -> Mapping[str, Any] | None:
    if isinstance(value, BaseModel):
        return {name: getattr(value, name) for name in type(value).model_fields}
    return {str(key): each for key, each in value.items()} if isinstance(value, Mapping) else None


def _figure(path: tuple[str, ...], before: Any, after: Any) -> Iterator[str]:
    loosens = sense_of(path) or _changed
    appears = before is _NOTHING or after is _NOTHING or before is None or after is None
    if (appears and loosens is not _never) or (not appears and loosens(before, after)):
        yield f"{'.'.join(path)}: {_said(before)} → {_said(after)}"


def _said(value: Any) -> str:
    if value is _NOTHING or value is None or value == "":
        return "nothing"
    if isinstance(value, timedelta):
        return say_duration(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, tuple | list):
        return ", ".join(_said(each) for each in value)
    return str(value)


def _ladder(name: str, kind: Kind, risk: Risk, before: Policy, after: Policy) -> Iterator[str]:
    old, new = freeze(kind, risk, before), freeze(kind, risk, after)
    people = {each.who for each in old.rungs} - {each.who for each in new.rungs}
    if people:
        yield f"{name}: {_climb(old)} → {_climb(new)}"
        return
    now, then = hears(old), hears(new)
    for who in now:
        if then[who] > now[who]:
            yield f"{name}, {who} hears after: {_said(now[who])} → {_said(then[who])}"
    if new.repeat > old.repeat:
        yield f"{name}, told again every: {_said(old.repeat)} → {_said(new.repeat)}"
    if new.news_within > old.news_within:
        yield f"{name}, news wanted within: {_said(old.news_within)} → {_said(new.news_within)}"


def _climb(ladder: Ladder) -> str:
    return ", ".join(each.who for each in ladder.rungs)


def hears(ladder: Ladder) -> Mapping[str, timedelta]:
    """How long after the first telling each rung hears, where nobody answers."""
    after, at = dict[str, timedelta](), timedelta()
    for number, rung in enumerate(ladder.rungs, start=1):
        after[rung.who] = at
        if number >= ladder.together:
            at += rung.answer
        if number >= ladder.together and ladder.everyone_after is not None:
            at = ladder.everyone_after
    return after


def until_everyone(ladder: Ladder) -> timedelta:
    """How long after the first telling everyone hears, where nobody answers."""
    return hears(ladder)[EVERYONE]


def _lines(before: tuple[RiskLine, ...], after: tuple[RiskLine, ...]) -> Iterator[str]:
    """A line of the risk rules may become stricter and others may be added; none may go or be true less often."""
    for line in before:
        if not any(_as_strict(line, each) for each in after):
            yield f"lines, {line.key} ({line.level}): no longer as strict"


def _as_strict(old: RiskLine, new: RiskLine) -> bool:
    same = old.model_dump(exclude={"says", "level", "within", "count", "medium_lines", "of_worker"})
    if same != new.model_dump(exclude={"says", "level", "within", "count", "medium_lines", "of_worker"}):
        return False
    longest = timedelta.max
    return (
        new.level in (old.level, "high")
        and (new.within or longest) >= (old.within or longest)
        and new.count <= old.count
        and (new.medium_lines or 0) <= (old.medium_lines or 0)
        and (old.of_worker or not new.of_worker)
    )


def _validity(before: Policy, after: Policy) -> Iterator[str]:
    """How long a training counts; without an end it counts for good."""
    for code, old in before.training.codes.items():
        new = after.training.codes.get(code)
        longest = timedelta.max
        if new is not None and (new.valid or longest) > (old.valid or longest):
            yield f"training.codes.{code}.valid: {_said(old.valid)} → {_said(new.valid)}"
