"""What each word of the worker's does to their watch (semantics.md, "Events")."""

from dataclasses import replace
from datetime import datetime, timedelta

from config.policy import Policy
from safety_service.domain import events as ev
from safety_service.domain.effects import (
    AskDebrief,
    AskToRing,
    Entered,
    LateWord,
    RaiseAlert,
    TellManagers,
    VisitEffect,
)
from safety_service.domain.refusal import Refused
from safety_service.domain.visit_state import Effects, Step, Visit
from safety_service.domain.watch import Watch, arm, ended, inside_due, level_of
from safety_service.domain.words import Kind, Phase, Risk, Status


def begin(visit: Visit, watch: Watch, event: ev.Begin, now: datetime, policy: Policy) -> Step:
    """At the door. Who has never been inside can begin, whatever was closed before: watching is never refused."""
    if watch.phase is Phase.INSIDE:
        return ok(visit, watch, event, now, policy)
    if watch.out_at is not None:
        raise Refused("already_out" if watch.live else "visit_is_over")
    ends_at = watch.ends_at or visit.ends_at
    if ends_at <= event.said_at:
        # Begun after its planned end: the planned length counts from the door.
        ends_at = event.said_at + visit.length
    inside = _heard(replace(watch, phase=Phase.INSIDE, ends_at=ends_at, carries_home=False), event)
    armed = arm(inside, inside_due(inside, event.said_at), now, visit.risk, policy)
    effects: list[VisitEffect] = [Entered(watch.worker_id), _late(watch, "begin", event)]
    if visit.status is Status.WAITING:
        effects.append(TellManagers(watch.worker_id, "begun_undecided"))
    return armed, tuple(effects)


def ok(visit: Visit, watch: Watch, event: ev.Said, now: datetime, policy: Policy) -> Step:
    """All well. It never moves the planned end: that takes an extension, or out."""
    _running(watch)
    heard = _heard(watch, event)
    late = (_late(watch, "ok", event),)
    if watch.last_word_at is not None and event.said_at <= watch.last_word_at:
        return heard, late
    if watch.phase is Phase.INSIDE:
        due_at = inside_due(heard, event.said_at)
    elif watch.phase is Phase.HOME:
        due_at = event.said_at + watch.interval
    else:
        # Before begin a word proves life, not that they went in: asked again from here, once the start has passed.
        due_at = event.said_at
    return _later(visit, heard, due_at, now, policy), late


def extend(visit: Visit, watch: Watch, event: ev.Extend, now: datetime, policy: Policy) -> Step:
    """It takes longer, starts later, or the way is longer: what is expected moves, within the cap.

    Lateness counts: an extension said after the planned end uses up the minutes since that end, too.
    """
    _running(watch)
    if event.by <= timedelta():
        raise Refused("extend_by_more_than_nothing")
    expected = _expected(visit, watch, event.said_at)
    longest = expected + _left(visit, watch, policy)
    start = max(expected, event.said_at)
    until = min(start + event.by, longest)
    if until <= start:
        same, late = ok(visit, watch, event, now, policy)
        return same, (*late, TellManagers(watch.worker_id, "cap_reached"))
    more = until - expected
    longer = _heard(replace(watch, spent=watch.spent + more), event)
    due_at = until
    if watch.phase is Phase.INSIDE:
        longer = replace(longer, ends_at=until)
        due_at = inside_due(longer, event.said_at)
    elif watch.phase is Phase.BEGIN:
        longer = replace(longer, ends_at=visit.ends_at + longer.spent)
    return _later(visit, longer, due_at, now, policy, again=False), (_late(watch, "extend", event),)


def silence(visit: Visit, watch: Watch, event: ev.Silence, now: datetime, policy: Policy) -> Step:
    """A planned silence, inside, within the cap that it shares with extensions; the planned end still counts."""
    _running(watch)
    if watch.phase is not Phase.INSIDE:
        raise Refused("silence_is_for_inside")
    start = max(event.said_at, watch.silent_until or event.said_at)
    until = min(event.until, start + _left(visit, watch, policy))
    if until <= start:
        raise Refused("cap_reached" if event.until > start else "until_past")
    quiet = _heard(replace(watch, spent=watch.spent + (until - start), silent_until=until), event)
    armed = _later(visit, quiet, inside_due(quiet, event.said_at), now, policy)
    effects: Effects = (_late(watch, "silence", event),)
    if visit.risk is Risk.HIGH:
        effects = (*effects, TellManagers(watch.worker_id, "planned_silence"))
    return armed, effects


def ring_me(_visit: Visit, watch: Watch, _event: ev.RingMe, _now: datetime, _policy: Policy) -> Step:
    """The deadline stands; rung 1 is to ring with a reason to leave."""
    return watch, (AskToRing(watch.worker_id),)


def sos(_visit: Visit, watch: Watch, event: ev.Sos, _now: datetime, _policy: Policy) -> Step:
    """The watch goes on; the alert opens, or its owner hears again."""
    return watch, (RaiseAlert(watch.worker_id, Kind.SOS, event.said_at, event.said_at),)


def out(visit: Visit, watch: Watch, event: ev.Out, now: datetime, policy: Policy) -> Step:
    """Left. The next visit holds the watch where it starts soon; else the way home is watched."""
    _running(watch)
    if watch.phase is Phase.HOME:
        raise Refused("already_out")
    effects: Effects = (_late(watch, "out", event), AskDebrief(watch.worker_id))
    left = replace(_heard(watch, event), out_at=event.said_at, ends_at=None, silent_until=None, carries_home=False)
    following = event.next_starts_at
    if following is not None and following <= event.said_at + policy.words.chain:
        return ended(left), effects
    home = replace(left, phase=Phase.HOME)
    return arm(home, event.said_at + visit.travel, now, visit.risk, policy), effects


def home(_visit: Visit, watch: Watch, event: ev.Home, _now: datetime, _policy: Policy) -> Step:
    """Home, or back at the office: nobody is watched on this visit any more."""
    _running(watch)
    effects: Effects = (_late(watch, "home", event),)
    if watch.phase is Phase.BEGIN:
        if not watch.carries_home:
            raise Refused("not_begun_yet")
        # The way from the last visit is over; this one is still to come.
        return replace(_heard(watch, event), carries_home=False), effects
    if watch.phase is Phase.INSIDE:
        watch = replace(watch, out_at=event.said_at)
        effects = (*effects, AskDebrief(watch.worker_id))
    return ended(_heard(watch, event)), effects


def cancel(visit: Visit, watch: Watch, event: ev.Cancel, now: datetime, policy: Policy) -> Step:
    """Not going: only before begin. A way home that this begin was to watch is watched from now."""
    if watch.phase is not Phase.BEGIN:
        raise Refused("cancel_only_before_begin")
    effects: Effects = (_late(watch, "cancel", event),)
    heard = _heard(watch, event)
    if not watch.carries_home:
        return ended(heard), effects
    way = replace(heard, phase=Phase.HOME, carries_home=False, ends_at=None)
    return arm(way, event.said_at + visit.travel, now, visit.risk, policy), effects


def begun_elsewhere(_visit: Visit, watch: Watch, event: ev.BegunElsewhere, _now: datetime, _policy: Policy) -> Step:
    """The worker is at another door: what is left of this visit, and any way home, is over."""
    if watch.phase is Phase.BEGIN:
        return replace(watch, carries_home=False), ()
    if not watch.live:
        return watch, ()
    effects: Effects = (_late(watch, "begin", event),)
    if watch.phase is Phase.INSIDE:
        watch = replace(watch, out_at=event.said_at)
        effects = (*effects, TellManagers(watch.worker_id, "assumed_out"), AskDebrief(watch.worker_id))
    return ended(_heard(watch, event)), effects


def took_over(_visit: Visit, watch: Watch, _event: ev.TookOver, _now: datetime, _policy: Policy) -> Step:
    """The last visit ended into this one: its begin holds the watch of the way."""
    return (replace(watch, carries_home=True) if watch.phase is Phase.BEGIN else watch), ()


def _heard(watch: Watch, event: ev.Said) -> Watch:
    last = event.said_at if watch.last_word_at is None else max(watch.last_word_at, event.said_at)
    return replace(watch, last_word_at=last)


def _late(watch: Watch, word: str, event: ev.Said) -> VisitEffect:
    return LateWord(watch.worker_id, word, event.said_at)


def _running(watch: Watch) -> None:
    if not watch.live:
        raise Refused("visit_is_over")


def _later(visit: Visit, watch: Watch, due_at: datetime, now: datetime, policy: Policy, *, again: bool = True) -> Watch:
    """Move the deadline to `due_at`: a word never brings it nearer."""
    assert watch.due_at is not None
    return watch if due_at < watch.due_at else arm(watch, due_at, now, visit.risk, policy, again=again)


def _expected(visit: Visit, watch: Watch, said_at: datetime) -> datetime:
    """What an extension moves: the start, the planned end, or the arrival at home."""
    if watch.phase is Phase.BEGIN:
        return visit.starts_at + watch.spent
    if watch.phase is Phase.INSIDE:
        return watch.ends_at or said_at
    assert watch.due_at is not None
    return watch.due_at


def _left(visit: Visit, watch: Watch, policy: Policy) -> timedelta:
    return policy.level(level_of(visit.risk)).cap - watch.spent
