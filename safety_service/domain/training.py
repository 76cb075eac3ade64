"""Training: what a visit needs, who lacks it. What is missing is said and decided on; it never stops the watch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from config.policy import Level
from config.policy_learning import TrainingPolicy


@dataclass(frozen=True, slots=True)
class Missing:
    """A training that somebody lacks. `ended_on`: when the last one stopped counting; None: they never had it."""

    code: str
    says: str
    ended_on: date | None


def needed(level: Level, codes: Iterable[str], policy: TrainingPolicy) -> tuple[str, ...]:
    """The codes that a visit at this level needs, with what the family's behaviours ask for, each once."""
    return tuple(dict.fromkeys((*policy.needs.get(level, ()), *(each for each in codes if each))))


def missing(had: Mapping[str, date], wanted: Iterable[str], on: date, policy: TrainingPolicy) -> tuple[Missing, ...]:
    """What of these somebody lacks on a day; `had` is the day of each training. What ends that day still counts."""
    found: list[Missing] = []
    for code in wanted:
        ends = _ends(code, had.get(code), policy)
        if code not in had or (ends is not None and ends < on) or had[code] > on:
            known = policy.codes.get(code)
            found.append(Missing(code, code if known is None else known.says, ends))
    return tuple(found)


def _ends(code: str, day: date | None, policy: TrainingPolicy) -> date | None:
    known = policy.codes.get(code)
    return None if day is None or known is None or known.valid is None else day + known.valid
