"""The debrief: when it is chased, how hard the visit was, what is urgent in it, and which risk facts it feeds."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from config.guidance import Behaviour
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


def severity(mood: str, met: Iterable[Behaviour]) -> Severity:
    """The worst of what was met decides; a visit that felt bad is never less than medium."""
    felt = {"bad": Severity.MEDIUM, "off": Severity.LOW}.get(mood, Severity.NONE)
    return max((felt, *(Severity(each.severity) for each in met)), key=_ORDER.index)


_ORDER = tuple(Severity)


def difficult(mood: str, met: Iterable[Behaviour]) -> bool:
    """Whether there is more to tell than the first part: mixed feelings alone are no difficult visit."""
    return mood == "bad" or any(each.group != "ambivalence" for each in met)


def facts(met: Mapping[str, Behaviour]) -> dict[str, str]:
    """The kind of risk fact that follows from each thing that was met; mixed feelings have none."""
    return {key: each.fact for key, each in met.items() if each.fact}


class Urgent(StrEnum):
    """What does not wait for anything: the managers hear at once."""

    VIOLENCE = "violence"
    THREAT = "threat"
    HURT = "hurt"
    STOP = "stop"
    RING = "ring"
    TALK = "talk"


def urgent(answers: Mapping[str, Any], met: Iterable[Behaviour], *, wants_to_talk: bool) -> tuple[Urgent, ...]:
    """What is urgent in these answers, the worst first."""
    groups = {each.group for each in met if each.urgent}
    go_on = answers.get("go_on")
    true = {
        Urgent.VIOLENCE: "violence" in groups,
        # An agency may call for the managers after other things, too.
        Urgent.THREAT: bool(groups - {"violence"}),
        Urgent.HURT: answers.get("hurt") == "yes",
        Urgent.STOP: go_on == "stop_visits",
        Urgent.RING: go_on == "ring_me",
        Urgent.TALK: wants_to_talk,
    }
    return tuple(each for each, holds in true.items() if holds)


def rest_timetable(given_at: datetime, policy: DebriefPolicy) -> Timetable:
    """When the rest of a difficult debrief is chased, from its first part on."""
    return (
        (Chase.REMIND, given_at + policy.rest_after),
        (Chase.REMIND_AGAIN, given_at + policy.rest_again_after),
        (Chase.MANAGER, given_at + policy.rest_manager_after),
    )


def quiet_question(keys: Sequence[str], quiet_before: int, every: int) -> str | None:
    """Which question a quiet visit is asked besides, if its turn has come: another one each time."""
    number = quiet_before + 1
    if not keys or number % every:
        return None
    return keys[(number // every - 1) % len(keys)]
