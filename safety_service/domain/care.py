"""Figures of an agency's care for its people, from rows: by team, never by worker."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

#: Alerts that are a word that did not come.
MISSED = ("not_begun", "missed_check_in", "not_out", "not_home")
#: Calls for help.
CALLS = ("sos", "duress", "ring_me")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what it says, and how much. `value` is empty where there was nothing to measure."""

    about: str
    says: str
    value: float | None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """An alert as the figures see it: how long until somebody took it (None: nobody did), and what was found."""

    kind: str
    after: timedelta | None
    found: str | None


def of_alerts(alerts: Sequence[Answered]) -> list[Figure]:
    """How many there were, what they came to, and how soon somebody took them."""
    taken = [each.after.total_seconds() for each in alerts if each.after is not None]
    return [
        Figure("alerts", "Alerts", len(alerts)),
        Figure("alerts", "Calls for help", _count(alerts, CALLS)),
        Figure("alerts", "Found late and well", sum(each.found == "late" for each in alerts)),
        Figure("alerts", "Not taken by anybody", len(alerts) - len(taken)),
        Figure("alerts", "Taken after, half of them", median(taken) if taken else None, "s"),
        Figure("alerts", "Taken after, nine in ten", _ninety(taken), "s"),
        Figure("alerts", "Taken after, longest", max(taken, default=None), "s"),
        *(Figure("missed words", _MISSED_SAYS[kind], _count(alerts, (kind,))) for kind in MISSED),
    ]


def of_visits(counts: Mapping[str, int]) -> list[Figure]:
    """How many visits, by status."""
    made = sum(counts.get(each, 0) for each in ("begun", "out", "closed"))
    return [
        Figure("visits", "Planned", sum(counts.values())),
        Figure("visits", "Made", made),
        Figure("visits", "Called off", counts.get("cancelled", 0)),
    ]


def of_debriefs(rows: Iterable[tuple[str, str | None, int]]) -> list[Figure]:
    """How many were asked for, given and reviewed: rows are (state, review, count)."""
    found = list(rows)

    def total(*reviews: str | None, given: bool = True) -> int:
        wanted = reviews or ("filed", "wanted", "done", None)
        return sum(count for state, review, count in found if review in wanted and (state != "draft") == given)

    return [
        Figure("debriefs", "Asked for", sum(count for _, _, count in found)),
        Figure("debriefs", "Given", total()),
        Figure("debriefs", "Not given yet", total(given=False)),
        Figure("debriefs", "Filed by themselves", total("filed")),
        Figure("debriefs", "Reviewed", total("done")),
        Figure("debriefs", "Waiting for a review", total("wanted")),
    ]


def of_measures(counts: Mapping[str, int]) -> list[Figure]:
    """How the measures stand now."""
    undecided = counts.get("proposed", 0) + counts.get("provisional", 0)
    return [
        Figure("measures", "In force", counts.get("in_force", 0)),
        Figure("measures", "Undecided", undecided),
        Figure("measures", "Undecided and holding meanwhile", counts.get("provisional", 0)),
        Figure("measures", "Refused", counts.get("refused", 0)),
    ]


def of_training(says: str, everybody: int, trained: int) -> list[Figure]:
    """How many of those who visit have a training that still counts."""
    return [
        Figure("training", f"{says}: have it", trained),
        Figure("training", f"{says}: lack it", everybody - trained),
    ]


_MISSED_SAYS = {
    "not_begun": "Not begun",
    "missed_check_in": "Check-in missed",
    "not_out": "Not out",
    "not_home": "Not home",
}


def _count(alerts: Iterable[Answered], kinds: Iterable[str]) -> int:
    wanted = frozenset(kinds)
    return sum(each.kind in wanted for each in alerts)


def _ninety(taken: Sequence[float]) -> float | None:
    return sorted(taken)[min(len(taken) - 1, int(len(taken) * 0.9))] if taken else None
