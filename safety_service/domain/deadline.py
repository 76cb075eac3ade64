"""What happens when a watch's next moment comes: the next question, or the alarm."""

from dataclasses import replace
from datetime import datetime

from config.policy import Policy
from safety_service.domain.effects import Ask, Question, RaiseAlert, VisitEffect
from safety_service.domain.watch import Watch, after, alarm_kind, arm, end_counts, inside_due, reached
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
    stage = reached(watch, now, policy)
    if stage is Stage.ALARM:
        return _alarm(risk, watch, now, policy)
    assert watch.due_at is not None
    # The nudge is the same question once more: a button of the first still answers it.
    same = watch.stage is Stage.NUDGE
    asked = replace(after(watch, stage, now, policy), ask=watch.ask if same else watch.ask + 1)
    question = _question(watch, stage)
    return asked, (Ask(watch.worker_id, question, watch.due_at, asked.ask, again=same),)


def _alarm(risk: Risk, watch: Watch, now: datetime, policy: Policy) -> tuple[Watch, Effects]:
    assert watch.due_at is not None and watch.alarm_at is not None
    raised = RaiseAlert(watch.worker_id, alarm_kind(watch), watch.due_at, watch.alarm_at)
    on = replace(watch, silent_until=None, ends_at=None if end_counts(watch, watch.due_at) else watch.ends_at)
    due_at = now + watch.interval
    if on.phase is Phase.INSIDE:
        # A planned end that passed unseen, while we were down, is due now.
        due_at = max(inside_due(on, now), now)
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
