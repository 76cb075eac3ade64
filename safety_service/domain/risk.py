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
    #: When it became known; None: only just, so that nothing decided before covers it.
    known_at: datetime | None = None


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


#: Anyone raises a family's risk by such a fact.
RAISED = "raised"
#: A manager lowers it to a level by such a fact, until it ends. What becomes known later is not covered.
LOWERED = {"lowered_to_low": Risk.LOW, "lowered_to_medium": Risk.MEDIUM}
#: Lines that say how a level came about, or what is planned; nobody met anything there.
NOT_MET = frozenset(
    "raised raised_before lowered three_lines unreviewed unknown_family after_dark no_signal bad_news".split()
)

_ORDER = {Risk.LOW: 0, Risk.MEDIUM: 1, Risk.HIGH: 2}


def higher(one: Risk, other: Risk) -> Risk:
    """The higher of two levels."""
    return one if _ORDER[one] >= _ORDER[other] else other


def judge(plan: Planned, policy: Policy) -> tuple[Risk, tuple[Because, ...]]:
    """The level and every true line, the highest first; lines with one key are one reason."""
    reasons: dict[str, Because] = {}
    lowered = _lowering(plan)
    for line in policy.lines:
        if line.medium_lines is None and (says := _true(line, plan, policy)) is not None:
            found = Because(line.key, _level(line, plan, lowered), says)
            before = reasons.get(line.key, found)
            reasons[line.key] = before if higher(before.level, found.level) is before.level else found
    if lowered is not None and _lowers(lowered, plan, policy):
        says = policy.family.lowered_says.format(on=_day(lowered.on))
        reasons["lowered"] = Because("lowered", LOWERED[lowered.kind], says)
    mediums = sum(each.level is Risk.MEDIUM for each in reasons.values() if each.key != "lowered")
    for line in policy.lines:
        if line.medium_lines is not None and mediums >= line.medium_lines:
            reasons.setdefault(line.key, Because(line.key, Risk(line.level), _said(line, plan)))
    ordered = sorted(reasons.values(), key=lambda each: -_ORDER[each.level])
    return (ordered[0].level if ordered else Risk.LOW), tuple(ordered)


def counts_still(fact: Fact, policy: Policy, today: date) -> bool:
    """Whether a fact still counts on a day by some line of the policy; else it stands as past."""
    return any(_counts(line, fact, today) for line in policy.lines)


def _lowering(plan: Planned) -> Fact | None:
    """The manager's last lowering that runs on the day of the visit."""
    today = plan.starts_at.date()
    running = [
        each
        for each in plan.facts
        if each.kind in LOWERED and each.known_at and each.on <= today and each.ended_on and each.ended_on > today
    ]
    return max(running, key=_known_at, default=None)


def _known_at(fact: Fact) -> datetime:
    assert fact.known_at is not None
    return fact.known_at


def _lowers(lowered: Fact, plan: Planned, policy: Policy) -> bool:
    """Whether it makes any line lower than it would be."""
    return any(
        line.medium_lines is None
        and _true(line, plan, policy) is not None
        and _level(line, plan, lowered) is not Risk(line.level)
        for line in policy.lines
    )


def _level(line: RiskLine, plan: Planned, lowered: Fact | None) -> Risk:
    """The line's level. Lowered: by facts that were known before, never what is about the day or about this worker."""
    level = Risk(line.level)
    if lowered is None or lowered.known_at is None or line.fact is None or line.of_worker:
        return level
    covered = all(each.known_at and each.known_at < lowered.known_at for each in _matching(line, plan))
    to = LOWERED[lowered.kind]
    return to if covered and higher(level, to) is level else level


def _true(line: RiskLine, plan: Planned, policy: Policy) -> str | None:
    if line.fact is not None:
        return _by_fact(line, plan)
    if line.answer is not None:
        true = _answered(line, plan)
    else:
        true = not plan.family_known if line.unknown else _dark(plan, policy)
    return _said(line, plan) if true else None


def _said(line: RiskLine, plan: Planned, on: date | None = None) -> str:
    return line.says.format(on="" if on is None else _day(on), worker=plan.worker_name)


def _day(on: date) -> str:
    return f"{on.day} {on:%B %Y}"


def _by_fact(line: RiskLine, plan: Planned) -> str | None:
    days = [fact.on for fact in _matching(line, plan)]
    return _said(line, plan, max(days)) if len(days) >= line.count else None


def _matching(line: RiskLine, plan: Planned) -> list[Fact]:
    today = plan.starts_at.date()
    mine = (fact for fact in plan.facts if not line.of_worker or fact.worker_id in plan.workers)
    return [fact for fact in mine if _counts(line, fact, today)]


def _counts(line: RiskLine, fact: Fact, today: date) -> bool:
    oldest = date.min if line.within is None else today - line.within
    ended = fact.ended_on is not None and fact.ended_on <= today
    return fact.kind == line.fact and fact.on >= oldest and not ended


def _answered(line: RiskLine, plan: Planned) -> bool:
    given = plan.answers.get(line.answer or "")
    return line.is_ in given if isinstance(given, list | tuple) else line.is_ == given


def _dark(plan: Planned, policy: Policy) -> bool:
    begins, ends = policy.daylight
    one_day = plan.starts_at.date() == plan.ends_at.date()
    return not one_day or plan.starts_at.time() < begins or plan.ends_at.time() > ends
