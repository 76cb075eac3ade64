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
    #: When the worker left; None: they have never been inside.
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


def longest_silence(policy: Policy, risk: Risk) -> timedelta:
    """The longest silence inside before a human knows, where the worker has not asked for a longer one.

    The deadline is at most one interval after the last word, whether it is the interval's or the planned end.
    """
    figures = policy.level(level_of(risk))
    return figures.interval + max(figures.grace, figures.end_grace)


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


def grace(watch: Watch, due_at: datetime, risk: Risk, policy: Policy) -> timedelta:
    """How long after this deadline the alarm goes off."""
    figures = policy.level(level_of(risk))
    if watch.phase is Phase.BEGIN:
        return policy.begin.alarm
    if watch.phase is Phase.HOME:
        return figures.home_grace
    return figures.end_grace if end_counts(watch, due_at) else figures.grace


def steps(watch: Watch, policy: Policy) -> Steps:
    """Everything that an armed watch will do, in order; the last is the alarm.

    The alarm stands where it was set, and so does the question that comes next, from which its nudge counts: a policy
    that came later never moves them (house.md).
    """
    assert watch.due_at is not None and watch.alarm_at is not None
    ask_at = watch.due_at
    before: Steps = []
    if watch.phase is Phase.BEGIN:
        before = [(Stage.REMIND, watch.due_at - policy.begin.remind)]
        ask_at = min(watch.due_at + policy.begin.ask, watch.alarm_at)
        if watch.stage is Stage.ASK and watch.next_at is not None:
            ask_at = watch.next_at
    elif end_counts(watch, watch.due_at):
        before = [(Stage.REMIND, watch.due_at - policy.words.still_on)]
    nudge_at = ask_at + (watch.alarm_at - ask_at) / 3
    return [*before, (Stage.ASK, ask_at), (Stage.NUDGE, nudge_at), (Stage.ALARM, watch.alarm_at)]


def arm(watch: Watch, due_at: datetime, now: datetime, risk: Risk, policy: Policy, *, again: bool = False) -> Watch:
    """Set the deadline and the next thing to do; what lies in the past already is skipped, but never the alarm.

    `again`: the planned start is over, so nobody is told any more that it is near.
    """
    alarm_at = due_at + grace(watch, due_at, risk, policy)
    armed = replace(watch, due_at=due_at, alarm_at=alarm_at, stage=None, next_at=None)
    plan = steps(armed, policy)
    if again and watch.phase is Phase.BEGIN:
        plan = plan[1:]
    stage, next_at = next((each for each in plan if each[1] > now), plan[-1])
    if stage is Stage.NUDGE:
        # Too late for the question itself: what comes at the nudge's time is the first that the worker is asked.
        stage = Stage.ASK
    return replace(armed, stage=stage, next_at=next_at)


_ORDER = {stage: place for place, stage in enumerate(Stage)}


def reached(watch: Watch, now: datetime, policy: Policy) -> Stage:
    """The stage whose time has come by now: of several that have passed, the last (stale reminders are skipped)."""
    assert watch.stage is not None
    first = _ORDER[watch.stage]
    passed = [stage for stage, at in steps(watch, policy) if _ORDER[stage] >= first and at <= now]
    return passed[-1] if passed else watch.stage


def after(watch: Watch, stage: Stage, now: datetime, policy: Policy) -> Watch:
    """The watch once a stage that is not the alarm has been done."""
    plan = [each for each in steps(watch, policy) if _ORDER[each[0]] > _ORDER[stage]]
    next_stage, next_at = next((each for each in plan if each[1] > now), plan[-1])
    return replace(watch, stage=next_stage, next_at=next_at)


def inside_due(watch: Watch, said_at: datetime) -> datetime:
    """Inside, the earlier of interval and end counts; a planned silence takes the interval's place."""
    due_at = said_at + watch.interval
    if watch.silent_until is not None:
        due_at = max(due_at, watch.silent_until)
    return due_at if watch.ends_at is None else min(due_at, watch.ends_at)


def missed(watch: Watch) -> bool:
    """Whether an alarm has gone off inside since the last word: the deadline is further on than that word allows."""
    if watch.phase is not Phase.INSIDE or watch.silent_until is not None:
        return False
    if watch.ends_at is None or watch.due_at is None or watch.last_word_at is None:
        return True
    return watch.due_at > watch.last_word_at + watch.interval


def ended(watch: Watch) -> Watch:
    """Nobody is watched here any more."""
    return replace(
        watch,
        phase=Phase.DONE,
        due_at=None,
        alarm_at=None,
        next_at=None,
        stage=None,
        silent_until=None,
        carries_home=False,
    )
