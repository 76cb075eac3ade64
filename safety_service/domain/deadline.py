"""What happens when a watch's next moment comes: the next question, or the alarm."""

from dataclasses import replace
from datetime import datetime, timedelta

from config.policy import Policy
from safety_service.domain.effects import Ask, Question, RaiseAlert, VisitEffect
from safety_service.domain.watch import Watch, after, alarm_kind, arm, end_counts, level_of, reached
from safety_service.domain.words import Phase, Risk, Stage

Effects = tuple[VisitEffect, ...]


def pass_deadline(risk: Risk, watch: Watch, now: datetime, policy: Policy) -> tuple[Watch, Effects]:
    """Do what is due by now. Twice, or too early, changes nothing.

    1. Nothing is due: nothing happens.
    2. Of several moments that have passed (a return after a gap), only the last is done.
    3. The alarm re-arms the watch one interval on: while the alert is open the watch goes on (P1).
    """
    if not watch.live or watch.next_at is None or watch.next_at > now:
        return watch, ()
    stage = reached(watch, now, risk, policy)
    if stage is Stage.ALARM:
        return _alarm(risk, watch, now, policy)
    assert watch.due_at is not None
    asked = replace(after(watch, stage, risk, policy), ask=watch.ask + 1)
    question = _question(watch, stage)
    return asked, (Ask(watch.worker_id, question, watch.due_at, asked.ask, again=stage is Stage.NUDGE),)


def _alarm(risk: Risk, watch: Watch, now: datetime, policy: Policy) -> tuple[Watch, Effects]:
    assert watch.due_at is not None and watch.alarm_at is not None
    raised = RaiseAlert(watch.worker_id, alarm_kind(watch), watch.due_at, watch.alarm_at)
    on = replace(watch, silent_until=None)
    if end_counts(watch, watch.due_at):
        on = replace(on, ends_at=None)
    longest: timedelta = policy.level(level_of(risk)).interval
    due_at = now + min(watch.interval, longest)
    if on.phase is Phase.INSIDE and on.ends_at is not None:
        due_at = min(due_at, max(on.ends_at, now))
    return arm(on, due_at, now, risk, policy, again=True), (raised,)


def _question(watch: Watch, stage: Stage) -> Question:
    assert watch.due_at is not None
    if watch.phase is Phase.BEGIN:
        return Question.GOING_IN if stage is Stage.REMIND else Question.NOT_BEGUN
    if watch.phase is Phase.HOME:
        return Question.HOME
    if stage is Stage.REMIND:
        return Question.STILL_ON
    return Question.END if end_counts(watch, watch.due_at) else Question.CHECK_IN
