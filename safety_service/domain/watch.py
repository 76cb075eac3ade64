"""A worker's watch on one visit, and its timers (semantics.md, "Timers of a watch")."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from config.policy import Level, Policy
from safety_service.domain.words import Kind, Phase, Risk, Stage

Steps = list[tuple[Stage, datetime]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is expected of one worker, and when something is done about it.

    While the phase is not `done`, `due_at`, `alarm_at`, `next_at` and `stage` are never None (P1).
    """

    worker_id: UUID
    phase: Phase
    interval: timedelta
    #: Planned end, moved by extensions; None once its alarm has gone off or the worker is out.
    ends_at: datetime | None
    due_at: datetime | None = None
    alarm_at: datetime | None = None
    next_at: datetime | None = None
    stage: Stage | None = None
    last_word_at: datetime | None = None
    #: Number of the last question; a button of an older question cannot answer a newer one.
    ask: int = 0
    #: Extensions, lateness and planned silence so far; one cap holds for all of it.
    spent: timedelta = timedelta()
    silent_until: datetime | None = None
    #: The way from the last visit is watched by this begin.
    carries_home: bool = False
    out_at: datetime | None = None
    wrong_words: int = 0

    @property
    def live(self) -> bool:
        """Whether somebody is being watched here."""
        return self.phase is not Phase.DONE


def level_of(risk: Risk) -> Level:
    """The policy's name of a risk level."""
    names: dict[Risk, Level] = {Risk.LOW: "low", Risk.MEDIUM: "medium", Risk.HIGH: "high"}
    return names[risk]


def end_counts(watch: Watch, due_at: datetime) -> bool:
    """Whether the deadline is the planned end (and not the interval) inside."""
    return watch.phase is Phase.INSIDE and watch.ends_at is not None and due_at >= watch.ends_at


def alarm_kind(watch: Watch) -> Kind:
    """The alert that this watch's silence opens."""
    if watch.phase is Phase.BEGIN:
        return Kind.NOT_BEGUN
    if watch.phase is Phase.HOME:
        return Kind.NOT_HOME
    assert watch.due_at is not None
    return Kind.NOT_OUT if end_counts(watch, watch.due_at) else Kind.MISSED_CHECK_IN


def steps(watch: Watch, due_at: datetime, risk: Risk, policy: Policy, *, again: bool = False) -> Steps:
    """Everything that a deadline will do, in order; the last is the alarm. `again`: re-armed, so nothing before it."""
    figures = policy.level(level_of(risk))
    if watch.phase is Phase.BEGIN:
        before = [] if again else [(Stage.REMIND, due_at - policy.begin.remind)]
        return [*before, (Stage.ASK, due_at + policy.begin.ask), (Stage.ALARM, due_at + policy.begin.alarm)]
    if watch.phase is Phase.HOME:
        return _asked(due_at, figures.home_grace)
    if end_counts(watch, due_at):
        return [(Stage.REMIND, due_at - policy.words.still_on), *_asked(due_at, figures.end_grace)]
    return _asked(due_at, figures.grace)


def _asked(due_at: datetime, grace: timedelta) -> Steps:
    return [(Stage.ASK, due_at), (Stage.NUDGE, due_at + grace / 3), (Stage.ALARM, due_at + grace)]


def arm(watch: Watch, due_at: datetime, now: datetime, risk: Risk, policy: Policy, *, again: bool = False) -> Watch:
    """Set the deadline and the next thing to do; what lies in the past already is skipped, but never the alarm."""
    plan = steps(watch, due_at, risk, policy, again=again)
    stage, next_at = next(((each, at) for each, at in plan if at > now), plan[-1])
    return replace(watch, due_at=due_at, alarm_at=plan[-1][1], stage=stage, next_at=next_at)


def reached(watch: Watch, now: datetime, risk: Risk, policy: Policy) -> Stage:
    """The stage whose time has come by now: of several that have passed, the last (stale reminders are skipped)."""
    assert watch.due_at is not None and watch.stage is not None and watch.next_at is not None
    passed = [each for each, at in steps(watch, watch.due_at, risk, policy) if watch.next_at <= at <= now]
    return passed[-1] if passed else watch.stage


def after(watch: Watch, stage: Stage, risk: Risk, policy: Policy) -> Watch:
    """The watch once a stage that is not the alarm has been done."""
    assert watch.due_at is not None
    plan = steps(watch, watch.due_at, risk, policy)
    done = next(place for place, (each, _) in enumerate(plan) if each is stage)
    next_stage, next_at = plan[done + 1]
    return replace(watch, stage=next_stage, next_at=next_at)


def inside_due(watch: Watch, said_at: datetime) -> datetime:
    """Inside, the earlier of interval and end counts; a planned silence takes the interval's place."""
    due_at = said_at + watch.interval
    if watch.silent_until is not None:
        due_at = max(due_at, watch.silent_until)
    return due_at if watch.ends_at is None else min(due_at, watch.ends_at)


def ended(watch: Watch) -> Watch:
    """Nobody is watched here any more."""
    return replace(watch, phase=Phase.DONE, due_at=None, alarm_at=None, next_at=None, stage=None, silent_until=None)
