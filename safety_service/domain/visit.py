"""The heart: `(visit, event, now, policy) → (visit', effects)` for every event there is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from config.policy import Policy
from safety_service.domain import events as ev
from safety_service.domain import own_word, saying
from safety_service.domain.deadline import pass_deadline
from safety_service.domain.effects import DecisionTold, DecisionWanted, NotPossible
from safety_service.domain.refusal import Refused
from safety_service.domain.visit_state import Effects, Step, Visit
from safety_service.domain.watch import Watch, arm, ended, inside_due, level_of
from safety_service.domain.words import ABOUT_SERVICE, ENDED, Decided, Kind, Phase, Risk, Status

__all__ = ["Effects", "Visit", "apply", "plan"]

#: A way home longer than this is a mistake in the plan: nobody is left unasked for so long.
LONGEST_WAY_HOME = timedelta(hours=4)
#: What a joint visit's speaker says for all. Home is everybody's own.
_FOR_ALL = (ev.Begin, ev.Ok, ev.Extend, ev.Silence, ev.Out, ev.Cancel)


def plan(
    visit_id: UUID,
    workers: tuple[UUID, ...],
    *,
    risk: Risk,
    starts_at: datetime,
    ends_at: datetime,
    interval: timedelta | None,
    travel: timedelta,
    now: datetime,
    policy: Policy,
    speaker_id: UUID | None = None,
) -> tuple[Visit, Effects]:
    """A new visit: armed at once for every worker; high risk waits for a decision, and is watched all the same.

    An interval or a way home longer than allowed is shortened. Raises Refused when the times make no sense.
    """
    if ends_at <= starts_at:
        raise Refused("ends_before_it_starts")
    if ends_at <= now:
        raise Refused("already_over")
    if speaker_id is not None and speaker_id not in workers:
        raise Refused("speaker_must_go")
    figures = policy.level(level_of(risk))
    every = min(interval, figures.interval) if interval is not None and interval > timedelta() else figures.interval
    # Planned at the door, after its start: asked for from now, not alarmed about at once.
    due_at = max(starts_at, now)
    watches = tuple(
        arm(Watch(worker_id=each, phase=Phase.BEGIN, interval=every, ends_at=ends_at), due_at, now, risk, policy)
        for each in dict.fromkeys(workers)
    )
    visit = Visit(
        id=visit_id,
        status=Status.WAITING if figures.decision else Status.PLANNED,
        risk=risk,
        starts_at=starts_at,
        ends_at=ends_at,
        watches=watches,
        travel=min(max(travel, timedelta()), LONGEST_WAY_HOME),
        speaker_id=speaker_id,
    )
    return visit, (DecisionWanted(),) if figures.decision else ()


def apply(visit: Visit, event: ev.Event, now: datetime, policy: Policy) -> tuple[Visit, Effects]:
    """What the event makes of the visit, and what is to be done. Raises Refused when it is not possible now.

    1. A word from the future was said now.
    2. It happens to the worker's own watch, unless their own word is wanted first: then that is asked, and no more.
    3. The duress word or tap does what the word does that it looks like, and opens duress even where that is refused.
    4. What a joint visit's speaker says happens to the others, where it can.
    """
    if isinstance(event, ev.DecisionMade):
        return _decide(visit, event)
    if isinstance(event, ev.Said) and event.said_at > now:
        event = replace(event, said_at=now)
    own = visit.watch(event.worker_id)
    alarm = own_word.duress(own, event)
    try:
        changed, effects = _HANDLERS[type(event)](visit, own, event, now, policy)
    except Refused as why:
        if alarm:
            return visit, (*alarm, NotPossible(event.worker_id, why))
        raise
    if (asked := own_word.held(visit.risk, own, event, now, policy)) is not None:
        return _with(visit, asked[0]), (*asked[1], *alarm)
    after = _with(visit, own_word.forgiven(changed, event))
    effects = (*effects, *alarm)
    for watch in _spoken_for(visit, event):
        changed, more = _for_another(visit, watch, event, now, policy)
        after, effects = _with(after, changed), (*effects, *more)
    return _settled(after, event), effects


def _with(visit: Visit, changed: Watch) -> Visit:
    watches = tuple(changed if each.worker_id == changed.worker_id else each for each in visit.watches)
    return replace(visit, watches=watches)


def _spoken_for(visit: Visit, event: ev.Event) -> tuple[Watch, ...]:
    if not isinstance(event, _FOR_ALL) or event.worker_id != visit.speaker_id:
        return ()
    apart = {event.worker_id} | (event.elsewhere if isinstance(event, ev.Begin) else frozenset())
    return tuple(each for each in visit.watches if each.worker_id not in apart and each.live)


def _for_another(visit: Visit, watch: Watch, event: ev.Event, now: datetime, policy: Policy) -> Step:
    """The speaker's word for a colleague. Where they go next is their own; what does not fit them changes nothing."""
    if isinstance(event, ev.Out):
        event = replace(event, next_starts_at=None)
    try:
        step: Step = _HANDLERS[type(event)](visit, watch, event, now, policy)
    except Refused:
        return watch, ()
    return step


def _settled(visit: Visit, event: ev.Event) -> Visit:
    """The visit's status follows from its watches: planned → begun → out → closed."""
    phases = {each.phase for each in visit.watches}
    status = visit.status
    if Phase.INSIDE in phases:
        status = Status.BEGUN
    elif any(each.out_at is not None for each in visit.watches):
        status = Status.CLOSED if phases == {Phase.DONE} else Status.OUT
    elif Phase.BEGIN not in phases and status not in ENDED:
        status = Status.CANCELLED if isinstance(event, ev.Cancel) else Status.NOT_BEGUN
    outcome = event.outcome if isinstance(event, ev.Out) else visit.outcome
    return replace(visit, status=status, outcome=outcome)


def _resolved(visit: Visit, watch: Watch, event: ev.AlertResolved, now: datetime, policy: Policy) -> Step:
    """P1: inside, the next deadline is at most one interval away; on the way, a human being has them.

    An alert about the service says nothing of the worker: it never moves a deadline later, and ends no watch.
    """
    service = event.kind in ABOUT_SERVICE
    if watch.phase is Phase.INSIDE:
        over = watch.ends_at is not None and watch.ends_at <= now
        heard = replace(watch, silent_until=None, ends_at=None if over else watch.ends_at)
        armed = arm(heard, inside_due(heard, now), now, visit.risk, policy)
        assert watch.due_at is not None and armed.due_at is not None
        return (watch if service and watch.due_at <= armed.due_at else armed), ()
    still_to_come = watch.phase is Phase.BEGIN and event.kind is not Kind.NOT_BEGUN
    if not watch.live or service or still_to_come:
        return watch, ()
    return ended(watch), ()


def _deadline(visit: Visit, watch: Watch, _event: ev.DeadlinePassed, now: datetime, policy: Policy) -> Step:
    return pass_deadline(visit.risk, watch, now, policy)


def _decide(visit: Visit, event: ev.DecisionMade) -> tuple[Visit, Effects]:
    """A decision ends the waiting. `change` and `do_not_visit` leave it waiting: who goes anyway is still watched."""
    if visit.status in ENDED:
        raise Refused("visit_is_over")
    if any(each.worker_id == event.by for each in visit.watches):
        raise Refused("never_your_own")
    if not event.reason.strip():
        raise Refused("reason_wanted")
    goes = event.decided in (Decided.GO_AHEAD, Decided.GO_AHEAD_WITH_MEASURES)
    status = Status.PLANNED if goes and visit.status is Status.WAITING else visit.status
    if not goes and visit.status is Status.PLANNED:
        status = Status.WAITING
    return replace(visit, status=status), (DecisionTold(),)


_HANDLERS: dict[type, Callable[[Visit, Watch, Any, datetime, Policy], Step]] = {
    ev.Begin: saying.begin,
    ev.Ok: saying.ok,
    ev.Extend: saying.extend,
    ev.Silence: saying.silence,
    ev.RingMe: saying.ring_me,
    ev.Sos: saying.sos,
    ev.Out: saying.out,
    ev.Home: saying.home,
    ev.Cancel: saying.cancel,
    ev.BegunElsewhere: saying.begun_elsewhere,
    ev.TookOver: saying.took_over,
    ev.DeadlinePassed: _deadline,
    ev.AlertResolved: _resolved,
}
