"""What one record adds to the figures of its day: names of figures, never of people.

A debrief counts for the day on which it was given, an alert for the day on which it opened, a decision for the day on
which it was made. Duress counts once it is resolved: until then no figure anywhere is changed by it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from safety_service.domain.care import MISSED
from safety_service.domain.words import Found, Kind, State

#: A debrief that is given within this time of being asked for was given in time.
SOON = timedelta(days=1)
#: Figures of debriefs.
GIVEN, GIVEN_IN_TIME = "given", "given_in_time"
TO_REVIEW, REVIEWED, REVIEWED_IN_TIME = "to_review", "reviewed", "reviewed_in_time"
#: Alerts of whatever kind, and those that somebody took soon: not counted by themselves, they are sums of others.
ALERTS, SOON_TAKEN = "alert:any", "taken:soon"
SOONEST = ("1m", "2m", "5m")
#: Wanted for longer than it should be, and not given now: of no day.
UNFINISHED = "unfinished"
#: The worker was asked once more before a word came.
ASKED_AGAIN = "asked_again"
#: Measures that were put in force, and those of them where the same was met there again.
HELD, RECURRED = "held", "recurred"
#: Visits before and after a measure was put in force, and those of them that were hard.
BEFORE, BEFORE_HARD, AFTER, AFTER_HARD = "before", "before_hard", "after", "after_hard"
#: For so long before and after it; and for so long afterwards a return counts.
AROUND, AGAIN_WITHIN = timedelta(days=60), timedelta(days=90)
#: How soon somebody took an alert: the name of each step, and its longest.
TAKEN = (
    ("1m", timedelta(minutes=1)),
    ("2m", timedelta(minutes=2)),
    ("5m", timedelta(minutes=5)),
    ("10m", timedelta(minutes=10)),
)
LATER, NOBODY = "later", "nobody"
#: What is found when nobody was in danger.
HARMLESS = (Found.FALSE_ALARM, Found.LATE)
HARD = ("medium", "high")


def met(kind: str) -> str:
    """The figure of a behaviour."""
    return f"met:{kind}"[:64]


def hard(severity: str) -> str:
    """The figure of debriefs of this severity."""
    return f"hard:{severity}"


def of_debrief(
    *,
    asked_at: datetime,
    submitted_at: datetime,
    severity: str,
    review: str | None,
    reviewed_at: datetime | None,
    within: timedelta,
) -> Iterator[str]:
    """A debrief that was given; `within`: how soon a review is wanted."""
    yield GIVEN
    if submitted_at - asked_at <= SOON:
        yield GIVEN_IN_TIME
    if severity in HARD:
        yield hard(severity)
    if review in ("wanted", "done"):
        yield TO_REVIEW
    if reviewed_at is not None:
        yield REVIEWED
        if reviewed_at - submitted_at <= within:
            yield REVIEWED_IN_TIME


def of_alert(
    *, kind: str, state: str, found: str | None, opened_at: datetime, taken_at: datetime | None
) -> Iterator[str]:
    """An alert."""
    if kind == Kind.DURESS and state != State.RESOLVED:
        return
    yield f"alert:{kind}"
    yield f"taken:{_taken(opened_at, taken_at)}"
    if found == Found.FALSE_ALARM or (kind in MISSED and found in HARMLESS):
        yield f"false:{kind}:{found}"


def among(figure: str, names: Iterable[str]) -> bool:
    """Whether a record that adds to these figures is one of this figure's, which may be a sum."""
    if figure == ALERTS:
        return any(each.startswith("alert:") for each in names)
    wanted = {f"taken:{each}" for each in SOONEST} if figure == SOON_TAKEN else {figure}
    return not wanted.isdisjoint(names)


def decided(kind: str) -> str:
    """The figure of decisions on measures."""
    return f"decided:{kind}"


def _taken(opened_at: datetime, taken_at: datetime | None) -> str:
    if taken_at is None:
        return NOBODY
    return next((name for name, longest in TAKEN if taken_at - opened_at <= longest), LATER)
