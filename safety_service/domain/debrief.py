"""The first debrief prompt: when it is chased, how hard the visit was, and which risk facts it feeds."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from config.policy import DebriefPolicy


class Chase(StrEnum):
    """What is done next about a debrief that has not been given."""

    REMIND = "remind"
    REMIND_AGAIN = "remind_again"
    MANAGER = "manager"


class Severity(StrEnum):
    """How hard the visit was."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


#: What was met, as the debrief asks it, and the risk fact of the family that follows. Mixed feelings alone, and
#: agreeing without doing, are no risk facts.
FACTS: dict[str, str] = {
    "put_off": "avoidance",
    "no_answer": "confrontation",
    "argued": "confrontation",
    "veiled_threat": "veiled_threat",
    "open_threat": "open_threat",
    "weapon": "weapon",
    "hit": "violence",
    "dog": "dog",
}
_GRAVE = frozenset({"violence", "weapon", "open_threat", "veiled_threat"})

Timetable = tuple[tuple[Chase, datetime], ...]


def timetable(asked_at: datetime, *, fine: bool, zone: ZoneInfo, policy: DebriefPolicy) -> Timetable:
    """When the debrief is chased, in order. A quiet visit keeps office hours; a hard one does not wait for them."""
    if not fine:
        return (
            (Chase.REMIND, asked_at + policy.bad_after),
            (Chase.REMIND_AGAIN, asked_at + policy.bad_again_after),
            (Chase.MANAGER, asked_at + policy.bad_manager_after),
        )
    today = asked_at.astimezone(zone).date()
    tomorrow = today + timedelta(days=1)
    return (
        (Chase.REMIND, datetime.combine(today, policy.fine_at, zone)),
        (Chase.REMIND_AGAIN, datetime.combine(tomorrow, policy.fine_again_at, zone)),
        (Chase.MANAGER, datetime.combine(tomorrow, policy.fine_manager_at, zone)),
    )


def next_chase(times: Timetable, now: datetime, *, after: Chase | None = None) -> tuple[Chase, datetime] | None:
    """The next thing to do, and when. What lies in the past is skipped, but never the telling of the manager."""
    left = list(times)
    if after is not None:
        done = next(place for place, (chase, _) in enumerate(left) if chase is after)
        left = left[done + 1 :]
    return next((each for each in left if each[1] > now or each[0] is Chase.MANAGER), None)


def severity(mood: str, met: Iterable[str]) -> Severity:
    """The worst of what was met decides; a visit that felt bad is never less than low."""
    kinds = {FACTS.get(each) for each in met}
    if kinds & _GRAVE:
        return Severity.HIGH
    if kinds - {None}:
        return Severity.MEDIUM
    if mood == "bad":
        return Severity.MEDIUM
    return Severity.LOW if mood == "off" else Severity.NONE


def facts(met: Iterable[str]) -> tuple[str, ...]:
    """The kinds of risk fact that follow from what was met, each once."""
    return tuple(dict.fromkeys(FACTS[each] for each in met if each in FACTS))
