"""Risk: the highest true line, no scores, shown with its reasons (practice.md, "Risk")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from config.policy import Policy, RiskLine
from safety_service.domain.words import Risk


@dataclass(frozen=True, slots=True)
class Fact:
    """A risk fact of a family, or of a family and a worker: what, and when."""

    kind: str
    on: date
    worker_id: UUID | None = None
    ended_on: date | None = None


@dataclass(frozen=True, slots=True)
class Because:
    """A true line: its key, its level, and the sentence that says so."""

    key: str
    level: Risk
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What the risk lines look at. `answers` are the plan's answers by step key; times are the agency's local time."""

    answers: Mapping[str, object]
    facts: Sequence[Fact]
    workers: frozenset[UUID]
    starts_at: datetime
    ends_at: datetime
    family_known: bool
    worker_name: str = ""


_ORDER = {Risk.LOW: 0, Risk.MEDIUM: 1, Risk.HIGH: 2}


def higher(one: Risk, other: Risk) -> Risk:
    """The higher of two levels."""
    return one if _ORDER[one] >= _ORDER[other] else other


def judge(plan: Planned, policy: Policy) -> tuple[Risk, tuple[Because, ...]]:
    """The level and every true line, the highest first."""
    true = [reason for line in policy.lines if (reason := _true(line, plan, policy)) is not None]
    mediums = sum(each.level is Risk.MEDIUM for each in true)
    for line in policy.lines:
        if line.medium_lines is not None and mediums >= line.medium_lines:
            true.append(Because(line.key, Risk(line.level), line.says))
    true.sort(key=lambda each: -_ORDER[each.level])
    return (true[0].level if true else Risk.LOW), tuple(true)


def _true(line: RiskLine, plan: Planned, policy: Policy) -> Because | None:
    says: str | None = None
    if line.fact is not None:
        says = _by_fact(line, plan)
    elif line.answer is not None:
        says = _by_answer(line, plan)
    elif line.unknown:
        says = None if plan.family_known else line.says
    elif line.dark:
        says = line.says if _dark(plan, policy) else None
    return None if says is None else Because(line.key, Risk(line.level), says)


def _by_fact(line: RiskLine, plan: Planned) -> str | None:
    oldest = plan.starts_at.date() - (line.within or timedelta(days=36500))
    matching = [
        fact
        for fact in plan.facts
        if fact.kind == line.fact
        and fact.on >= oldest
        and fact.ended_on is None
        and (not line.of_worker or fact.worker_id in plan.workers)
    ]
    if len(matching) < line.count:
        return None
    last = max(fact.on for fact in matching)
    return line.says.format(on=f"{last.day} {last:%B %Y}", worker=plan.worker_name)


def _by_answer(line: RiskLine, plan: Planned) -> str | None:
    given = plan.answers.get(line.answer or "")
    values = given if isinstance(given, list | tuple) else [given]
    return line.says.format(on="", worker=plan.worker_name) if line.is_ in values else None


def _dark(plan: Planned, policy: Policy) -> bool:
    begins, ends = policy.daylight
    one_day = plan.starts_at.date() == plan.ends_at.date()
    return not one_day or plan.starts_at.time() < begins or plan.ends_at.time() > ends
