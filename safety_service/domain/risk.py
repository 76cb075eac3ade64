"""Risk: the highest true line, no scores, shown with its reasons (practice.md, "Risk")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
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
    """The level and every true line, the highest first; lines with one key are one reason."""
    reasons: dict[str, Because] = {}
    for line in policy.lines:
        if line.medium_lines is None and (says := _true(line, plan, policy)) is not None:
            reasons.setdefault(line.key, Because(line.key, Risk(line.level), says))
    mediums = sum(each.level is Risk.MEDIUM for each in reasons.values())
    for line in policy.lines:
        if line.medium_lines is not None and mediums >= line.medium_lines:
            reasons.setdefault(line.key, Because(line.key, Risk(line.level), _said(line, plan)))
    ordered = sorted(reasons.values(), key=lambda each: -_ORDER[each.level])
    return (ordered[0].level if ordered else Risk.LOW), tuple(ordered)


def _true(line: RiskLine, plan: Planned, policy: Policy) -> str | None:
    if line.fact is not None:
        return _by_fact(line, plan)
    if line.answer is not None:
        true = _answered(line, plan)
    else:
        true = not plan.family_known if line.unknown else _dark(plan, policy)
    return _said(line, plan) if true else None


def _said(line: RiskLine, plan: Planned, on: date | None = None) -> str:
    return line.says.format(on="" if on is None else f"{on.day} {on:%B %Y}", worker=plan.worker_name)


def _by_fact(line: RiskLine, plan: Planned) -> str | None:
    today = plan.starts_at.date()
    oldest = date.min if line.within is None else today - line.within
    matching = [
        fact.on
        for fact in plan.facts
        if fact.kind == line.fact
        and fact.on >= oldest
        and (fact.ended_on is None or fact.ended_on > today)
        and (not line.of_worker or fact.worker_id in plan.workers)
    ]
    return _said(line, plan, max(matching)) if len(matching) >= line.count else None


def _answered(line: RiskLine, plan: Planned) -> bool:
    given = plan.answers.get(line.answer or "")
    return line.is_ in given if isinstance(given, list | tuple) else line.is_ == given


def _dark(plan: Planned, policy: Policy) -> bool:
    begins, ends = policy.daylight
    one_day = plan.starts_at.date() == plan.ends_at.date()
    return not one_day or plan.starts_at.time() < begins or plan.ends_at.time() > ends
