"""The heart: `(visit, event, now, policy) → (visit', effects)` for every event there is."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from config.policy import Policy
from safety_service.domain import events as ev
from safety_service.domain.deadline import pass_deadline
from safety_service.domain.effects import (
    Ask,
    AskDebrief,
    AskToRing,
    DecisionTold,
    DecisionWanted,
    Entered,
    LateWord,
    Question,
    RaiseAlert,
    TellManagers,
    VisitEffect,
)
from safety_service.domain.refusal import Refused
from safety_service.domain.watch import Watch, arm, ended, inside_due, level_of
from safety_service.domain.words import ENDED, Decided, Kind, Outcome, Phase, Proof, Risk, Status

Effects = tuple[VisitEffect, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit with a watch for each of its workers. Times are aware UTC."""

    id: UUID
    status: Status
    risk: Risk
    starts_at: datetime
    ends_at: datetime
    watches: tuple[Watch, ...]
    #: From out to home, as planned.
    travel: timedelta
    #: In a joint visit, the worker whose words count for all.
    speaker_id: UUID | None = None
    outcome: Outcome | None = None

    def watch(self, worker_id: UUID) -> Watch:
        """This worker's watch. Raises Refused when the visit is not theirs."""
        for each in self.watches:
            if each.worker_id == worker_id:
                return each
        raise Refused("not_your_visit")


Step = tuple[Watch, Effects]


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

    Raises Refused when the times make no sense.
    """
    if ends_at <= starts_at:
        raise Refused("ends_before_it_starts")
    if ends_at <= now:
        raise Refused("already_over")
    figures = policy.level(level_of(risk))
    every = min(interval or figures.interval, figures.interval)
    watches = tuple(
        arm(Watch(worker_id=each, phase=Phase.BEGIN, interval=every, ends_at=ends_at), starts_at, now, risk, policy)
        for each in workers
    )
    visit = Visit(
        id=visit_id,
        status=Status.WAITING if figures.decision else Status.PLANNED,
        risk=risk,
        starts_at=starts_at,
        ends_at=ends_at,
        watches=watches,
        travel=travel,
        speaker_id=speaker_id,
    )
    return visit, (DecisionWanted(),) if figures.decision else ()


def apply(visit: Visit, event: ev.Event, now: datetime, policy: Policy) -> tuple[Visit, Effects]:
    """What the event makes of the visit, and what is to be done. Raises Refused when it is not possible now."""
    if isinstance(event, ev.DecisionMade):
        return _decide(visit, event)
    handler = _HANDLERS[type(event)]
    spoken_for = _spoken_for(visit, event)
    watches: list[Watch] = []
    effects: list[VisitEffect] = []
    visit.watch(event.worker_id)
    for watch in visit.watches:
        if watch.worker_id == event.worker_id or (watch.worker_id in spoken_for and watch.live):
            changed, more = handler(visit, watch, event, now, policy)
            watches.append(changed)
            effects.extend(more)
        else:
            watches.append(watch)
    after = _settled(replace(visit, watches=tuple(watches)), event)
    return after, tuple(effects)


def _spoken_for(visit: Visit, event: ev.Event) -> frozenset[UUID]:
    joint = isinstance(event, ev.Begin | ev.Ok | ev.Extend | ev.Silence | ev.Out | ev.Cancel)
    if joint and isinstance(event, ev.Said) and event.worker_id == visit.speaker_id:
        return frozenset(each.worker_id for each in visit.watches)
    return frozenset()


def _settled(visit: Visit, event: ev.Event) -> Visit:
    """The visit's status follows from its watches."""
    phases = {each.phase for each in visit.watches}
    status = visit.status
    if isinstance(event, ev.Cancel):
        status = Status.CANCELLED if Phase.BEGIN not in phases and Phase.INSIDE not in phases else status
    elif status in ENDED:
        pass
    elif Phase.INSIDE in phases:
        status = Status.BEGUN
    elif isinstance(event, ev.AlertResolved) and status in (Status.PLANNED, Status.WAITING) and phases == {Phase.DONE}:
        status = Status.NOT_BEGUN
    elif phases == {Phase.DONE}:
        status = Status.CLOSED
    elif Phase.HOME in phases:
        status = Status.OUT
    outcome = visit.outcome
    if isinstance(event, ev.Out) and Phase.INSIDE not in phases:
        outcome = event.outcome
    return replace(visit, status=status, outcome=outcome)


def _word(watch: Watch, said_at: datetime) -> Watch:
    last = said_at if watch.last_word_at is None else max(watch.last_word_at, said_at)
    return replace(watch, last_word_at=last)


def _late(watch: Watch, word: str, said_at: datetime) -> VisitEffect:
    return LateWord(watch.worker_id, word, said_at)


def _running(watch: Watch) -> None:
    if not watch.live:
        raise Refused("visit_is_over")


def _rearmed(visit: Visit, watch: Watch, due_at: datetime, now: datetime, policy: Policy) -> Watch:
    """Move the deadline to `due_at` if that is later: a word never brings it nearer."""
    assert watch.due_at is not None
    if due_at <= watch.due_at:
        return watch
    return arm(watch, due_at, now, visit.risk, policy, again=watch.phase is Phase.BEGIN)


def _begin(visit: Visit, watch: Watch, event: ev.Begin, now: datetime, policy: Policy) -> Step:
    _running(watch)
    if watch.phase is not Phase.BEGIN:
        if watch.phase is Phase.INSIDE:
            return _ok(visit, watch, event, now, policy)
        raise Refused("already_out")
    inside = _word(replace(watch, phase=Phase.INSIDE, carries_home=False), event.said_at)
    if inside.ends_at is not None and inside.ends_at <= event.said_at:
        # Begun after its planned end: the planned length counts from the door.
        inside = replace(inside, ends_at=event.said_at + (visit.ends_at - visit.starts_at))
    armed = arm(inside, inside_due(inside, event.said_at), now, visit.risk, policy)
    effects: list[VisitEffect] = [Entered(watch.worker_id), _late(watch, "begin", event.said_at)]
    if visit.status is Status.WAITING:
        effects.append(TellManagers(watch.worker_id, "begun_undecided"))
    return armed, tuple(effects)


def _ok(visit: Visit, watch: Watch, event: ev.Said, now: datetime, policy: Policy) -> Step:
    _running(watch)
    newer = watch.last_word_at is None or event.said_at > watch.last_word_at
    heard = _word(watch, event.said_at)
    late = (_late(watch, "ok", event.said_at),)
    assert watch.due_at is not None
    if not newer:
        return heard, late
    if watch.phase is Phase.INSIDE:
        return _rearmed(visit, heard, inside_due(heard, event.said_at), now, policy), late
    if watch.phase is Phase.HOME:
        return _rearmed(visit, heard, event.said_at + watch.interval, now, policy), late
    # Before begin a word proves life, not that they went in: asked again from here, once the start has passed.
    return _rearmed(visit, heard, event.said_at, now, policy), late


def _extend(visit: Visit, watch: Watch, event: ev.Extend, now: datetime, policy: Policy) -> Step:
    _running(watch)
    if (held := _own_word(visit, watch, event.proof, now, policy)) is not None:
        return held
    left = policy.level(level_of(visit.risk)).cap - watch.spent
    by = min(event.by, left)
    if by <= timedelta():
        same, late = _ok(visit, watch, event, now, policy)
        return same, (*late, TellManagers(watch.worker_id, "cap_reached"))
    heard = _word(replace(watch, spent=watch.spent + by), event.said_at)
    effects: Effects = (_late(watch, "extend", event.said_at), *_under_duress(watch, event))
    if heard.phase is Phase.INSIDE:
        base = event.said_at if heard.ends_at is None else max(heard.ends_at, event.said_at)
        longer = replace(heard, ends_at=base + by)
        return _rearmed(visit, longer, inside_due(longer, event.said_at), now, policy), effects
    assert heard.due_at is not None
    due_at = max(heard.due_at, event.said_at) + by
    if heard.phase is Phase.BEGIN and heard.ends_at is not None:
        heard = replace(heard, ends_at=heard.ends_at + (due_at - heard.due_at))
    return arm(heard, due_at, now, visit.risk, policy), effects


def _silence(visit: Visit, watch: Watch, event: ev.Silence, now: datetime, policy: Policy) -> Step:
    _running(watch)
    if watch.phase is not Phase.INSIDE:
        raise Refused("silence_is_for_inside")
    left = policy.level(level_of(visit.risk)).cap - watch.spent
    length = min(event.until - event.said_at, left)
    if length <= timedelta():
        raise Refused("cap_reached")
    until = event.said_at + length
    quiet = _word(replace(watch, spent=watch.spent + length, silent_until=until), event.said_at)
    armed = _rearmed(visit, quiet, inside_due(quiet, event.said_at), now, policy)
    return armed, (_late(watch, "silence", event.said_at),)


def _ring_me(_visit: Visit, watch: Watch, event: ev.RingMe, _now: datetime, _policy: Policy) -> Step:
    return watch, (AskToRing(event.worker_id),)


def _sos(_visit: Visit, watch: Watch, event: ev.Sos, _now: datetime, _policy: Policy) -> Step:
    return watch, (RaiseAlert(watch.worker_id, Kind.SOS, event.said_at, event.said_at),)


def _out(visit: Visit, watch: Watch, event: ev.Out, now: datetime, policy: Policy) -> Step:
    _running(watch)
    if watch.phase is Phase.HOME:
        raise Refused("already_out")
    if (held := _own_word(visit, watch, event.proof, now, policy)) is not None:
        return held
    effects: Effects = (
        _late(watch, "out", event.said_at),
        AskDebrief(watch.worker_id),
        *_under_duress(watch, event),
    )
    left = replace(_word(watch, event.said_at), out_at=event.said_at, ends_at=None, silent_until=None)
    following = event.next_starts_at
    if following is not None and following <= event.said_at + policy.words.chain:
        return ended(left), effects
    home = replace(left, phase=Phase.HOME)
    return arm(home, event.said_at + visit.travel, now, visit.risk, policy), effects


def _home(visit: Visit, watch: Watch, event: ev.Home, now: datetime, policy: Policy) -> Step:
    if watch.phase is Phase.DONE:
        raise Refused("visit_is_over")
    if watch.phase is Phase.BEGIN:
        raise Refused("not_begun_yet")
    if (held := _own_word(visit, watch, event.proof, now, policy)) is not None:
        return held
    effects: Effects = (_late(watch, "home", event.said_at), *_under_duress(watch, event))
    if watch.phase is Phase.INSIDE:
        watch = replace(watch, out_at=event.said_at)
        effects = (*effects, AskDebrief(watch.worker_id))
    return ended(_word(watch, event.said_at)), effects


def _cancel(visit: Visit, watch: Watch, event: ev.Cancel, now: datetime, policy: Policy) -> Step:
    if visit.status in ENDED or watch.phase is not Phase.BEGIN:
        raise Refused("cancel_only_before_begin")
    effects: Effects = (_late(watch, "cancel", event.said_at),)
    if watch.carries_home:
        # The way from the last visit was watched by this begin: it goes on as the way home.
        home = replace(_word(watch, event.said_at), phase=Phase.HOME, carries_home=False, ends_at=None)
        return arm(home, event.said_at + visit.travel, now, visit.risk, policy), effects
    return ended(watch), effects


def _begun_elsewhere(_visit: Visit, watch: Watch, event: ev.BegunElsewhere, _now: datetime, _policy: Policy) -> Step:
    if watch.phase is Phase.INSIDE:
        told: Effects = (
            _late(watch, "begin", event.said_at),
            TellManagers(watch.worker_id, "assumed_out"),
            AskDebrief(watch.worker_id),
        )
        return ended(replace(_word(watch, event.said_at), out_at=event.said_at)), told
    if watch.phase is Phase.HOME:
        return ended(_word(watch, event.said_at)), (_late(watch, "begin", event.said_at),)
    return watch, ()


def _took_over(_visit: Visit, watch: Watch, _event: ev.TookOver, _now: datetime, _policy: Policy) -> Step:
    return (replace(watch, carries_home=True) if watch.phase is Phase.BEGIN else watch), ()


def _resolved(visit: Visit, watch: Watch, event: ev.AlertResolved, now: datetime, policy: Policy) -> Step:
    """P1: inside, the next deadline is at most one interval away; on the way, a human being has them."""
    if not watch.live:
        return watch, ()
    if watch.phase is Phase.INSIDE:
        heard = replace(watch, silent_until=None)
        if heard.ends_at is not None and heard.ends_at <= now:
            heard = replace(heard, ends_at=None)
        return arm(heard, inside_due(heard, now), now, visit.risk, policy), ()
    assert watch.due_at is not None
    if watch.phase is Phase.BEGIN and event.kind is not Kind.NOT_BEGUN and watch.due_at > now:
        return watch, ()
    return ended(watch), ()


def _deadline(visit: Visit, watch: Watch, _event: ev.DeadlinePassed, now: datetime, policy: Policy) -> Step:
    return pass_deadline(visit.risk, watch, now, policy)


def _own_word(visit: Visit, watch: Watch, proof: Proof, now: datetime, policy: Policy) -> Step | None:
    """None where the word may happen; else what happens in its place (semantics.md, "own word")."""
    demanded = policy.level(level_of(visit.risk)).own_word and watch.phase is not Phase.BEGIN
    if not demanded or proof in (Proof.NOT_SET, Proof.RIGHT, Proof.DURESS):
        return None
    wrong = watch.wrong_words + (proof is Proof.WRONG)
    asked = replace(watch, ask=watch.ask + 1, wrong_words=wrong)
    if wrong >= 2:
        return replace(asked, wrong_words=0), (AskToRing(watch.worker_id),)
    return asked, (Ask(watch.worker_id, Question.OWN_WORD, now, asked.ask, again=wrong > 0),)


def _under_duress(watch: Watch, event: ev.Extend | ev.Out | ev.Home) -> Effects:
    if event.proof is not Proof.DURESS:
        return ()
    return (RaiseAlert(watch.worker_id, Kind.DURESS, event.said_at, event.said_at),)


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
    ev.Begin: _begin,
    ev.Ok: _ok,
    ev.Extend: _extend,
    ev.Silence: _silence,
    ev.RingMe: _ring_me,
    ev.Sos: _sos,
    ev.Out: _out,
    ev.Home: _home,
    ev.Cancel: _cancel,
    ev.BegunElsewhere: _begun_elsewhere,
    ev.TookOver: _took_over,
    ev.DeadlinePassed: _deadline,
    ev.AlertResolved: _resolved,
}
