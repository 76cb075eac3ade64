"""What was met at a family over time: debriefs of several visits and workers add up, and become past by the policy."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from config.guidance import SEVERITIES, Guidance
from config.policy import Policy
from safety_service.domain.risk import Fact, counts_still


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """A behaviour met once."""

    kind: str
    on: date
    worker_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One behaviour at one family: how often, by how many people, when; `past`: it counted for a risk line once.

    `months` are (YYYY-MM, how often), the oldest first, without those in which it was not met.
    """

    kind: str
    says: str
    group: str
    severity: str
    times: int
    people: int
    first_on: date
    last_on: date
    past: bool
    months: tuple[tuple[str, int], ...]


def lines(met: Iterable[Occasion], guidance: Guidance, policy: Policy, today: date) -> list[Line]:
    """What was met, the gravest and then the latest first; nothing ever vanishes from it."""
    by_kind: dict[str, list[Occasion]] = {}
    for each in met:
        by_kind.setdefault(each.kind, []).append(each)
    found = [_line(kind, occasions, guidance, policy, today) for kind, occasions in by_kind.items()]
    return sorted(found, key=lambda line: (line.past, -_grave(line.severity), -line.last_on.toordinal(), line.kind))


def _grave(severity: str) -> int:
    return next((place for place, each in enumerate(SEVERITIES) if each == severity), 0)


def _line(kind: str, met: list[Occasion], guidance: Guidance, policy: Policy, today: date) -> Line:
    known = guidance.behaviours.get(kind)
    days = sorted(each.on for each in met)
    counts = Counter(f"{day:%Y-%m}" for day in days)
    fact = "" if known is None else known.fact
    return Line(
        kind=kind,
        says=guidance.says("behaviours", kind),
        group="" if known is None else known.group,
        severity="none" if known is None else known.severity,
        times=len(days),
        people=len({each.worker_id for each in met}),
        first_on=days[0],
        last_on=days[-1],
        past=_counted(fact, policy) and not counts_still(Fact(fact, days[-1]), policy, today),
        months=tuple(sorted(counts.items())),
    )


def _counted(fact: str, policy: Policy) -> bool:
    return bool(fact) and any(line.fact == fact for line in policy.lines)
