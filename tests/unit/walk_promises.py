"""The promises that the walk asserts after each step."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from safety_service.domain import events as ev
from safety_service.domain.alert import Alert
from safety_service.domain.alert_effects import TellOwner, TellRung
from safety_service.domain.case import Case
from safety_service.domain.effects import Ask, AskToRing, Question, RaiseAlert
from safety_service.domain.own_word import proof_of
from safety_service.domain.refusal import Refused
from safety_service.domain.visit import Visit
from safety_service.domain.watch import Watch
from safety_service.domain.words import ABOUT_SERVICE, Kind, Phase, Proof, Risk, State, Status
from tests.unit.watched import MANAGER, WORKER, Effects


def watched_means_armed(visit: Visit) -> None:
    """P1."""
    for watch in visit.watches:
        if watch.live:
            assert None not in (watch.due_at, watch.alarm_at, watch.next_at, watch.stage)
            assert watch.next_at <= watch.alarm_at  # type: ignore[operator]
        else:
            assert (watch.due_at, watch.alarm_at, watch.next_at, watch.stage) == (None, None, None, None)
    inside = any(each.phase is Phase.INSIDE for each in visit.watches)
    assert inside == (visit.status is Status.BEGUN)


def no_silent_end(alert: Alert) -> None:
    """P3 and P8, of one alert."""
    assert (alert.next_at is None) == (alert.state is State.RESOLVED)
    assert (alert.owner_id is None) == (alert.state is State.OPEN)
    assert alert.owner_id != alert.worker_id
    assert alert.worker_id not in alert.told
    if alert.state is State.RESOLVED:
        assert alert.resolution is not None
        assert alert.resolution.by != alert.worker_id


def unique(alerts: tuple[Alert, ...]) -> None:
    """Open alerts are unique by worker, visit and kind."""
    marks = [(each.worker_id, each.visit_id, each.kind) for each in alerts if each.open]
    assert len(marks) == len(set(marks))


def kept_by_the_visit(before: Visit, now: datetime, event: ev.Event, after: Visit, effects: Effects) -> None:
    """What an event may never do to a visit, and what it must."""
    if isinstance(event, ev.DecisionMade):
        assert (event.by, after.watches) == (MANAGER, before.watches)
        return
    was, watch = before.watch(event.worker_id), after.watch(event.worker_id)
    if isinstance(event, ev.Sos):
        assert (watch, any(isinstance(each, RaiseAlert) and each.kind is Kind.SOS for each in effects)) == (was, True)
    if isinstance(event, ev.RingMe):
        assert (watch, effects) == (was, (AskToRing(event.worker_id),))
    if isinstance(event, ev.Cancel):
        assert was.phase is Phase.BEGIN
    if isinstance(event, ev.AlertResolved):
        rearmed(was, now, event, watch)
    if isinstance(event, ev.Extend | ev.Out | ev.Home):
        own_word(before, event, after, effects)


def may_be_refused(event: ev.Event, refused: Refused) -> None:
    """A call for help and the clock are never refused; nor is being watched."""
    never = ev.Sos | ev.RingMe | ev.DeadlinePassed | ev.AlertResolved | ev.BegunElsewhere | ev.TookOver
    assert not isinstance(event, never), refused.code
    assert proof_of(event) is not Proof.DURESS, refused.code
    if isinstance(event, ev.Begin):
        assert refused.code in ("already_out", "visit_is_over")


def rearmed(was: Watch, now: datetime, event: ev.AlertResolved, watch: Watch) -> None:
    """P1, after an alert was resolved: inside, the next thing is at most one interval away."""
    assert (was.phase is Phase.INSIDE) == (watch.phase is Phase.INSIDE)
    if watch.phase is Phase.INSIDE:
        assert watch.next_at is not None
        assert watch.next_at <= now + watch.interval
    elif event.kind in ABOUT_SERVICE:
        assert watch == was
    elif was.phase is Phase.HOME or event.kind is Kind.NOT_BEGUN:
        assert not watch.live


def own_word(before: Visit, event: ev.Extend | ev.Out | ev.Home, after: Visit, effects: Effects) -> None:
    """Who holds the phone? And duress opens, whatever else happens."""
    was, watch = before.watch(event.worker_id), after.watch(event.worker_id)
    duress = [each for each in effects if isinstance(each, RaiseAlert)]
    tapped = isinstance(event, ev.Extend) and event.duress and was.phase is Phase.INSIDE
    assert [each.kind for each in duress] == ([Kind.DURESS] if event.proof is Proof.DURESS or tapped else [])
    wanted = before.risk is Risk.HIGH and was.phase in (Phase.INSIDE, Phase.HOME)
    if wanted and event.proof in (Proof.NOT_GIVEN, Proof.WRONG):
        assert replace(watch, ask=0, wrong_words=0) == replace(was, ask=0, wrong_words=0)
        asked = any(isinstance(each, Ask) and each.question is Question.OWN_WORD for each in effects)
        assert asked != (AskToRing(event.worker_id) in effects)
    if not wanted:
        assert not any(isinstance(each, Ask | AskToRing) for each in effects)


def kept_in_the_pair(before: Alert, event: ev.Event, after: Case, effects: Effects) -> None:
    """What an event may never do to an alert, and what it must."""
    same = next(each for each in after.alerts if each.id == before.id)
    assert (same.state, same.owner_id) == (before.state, before.owner_id)
    if isinstance(event, ev.Ok):
        assert same == before or (before.state is State.TAKEN and not before.danger)
    if isinstance(event, ev.Sos):
        assert any(isinstance(each, TellRung | TellOwner) for each in effects)
    if event == ev.DeadlinePassed(worker_id=before.worker_id or WORKER) and before.kind not in ABOUT_SERVICE:
        assert after.alerts == (same,), "a second miss opened a second alert"


def kept_by_people(before: Alert, what: str, who: UUID, after: Alert, effects: Effects) -> None:
    """What people may never do to an alert, and what they must."""
    assert who != before.worker_id
    if what == "take" and before.owner_id not in (None, who):
        assert who == before.offered_to
    if what in ("take", "take over"):
        assert after.owner_id == who
    elif before.owner_id is not None:
        assert after.owner_id == before.owner_id
    if after.state is State.RESOLVED:
        assert what == "resolve"
        assert not before.danger or (before.resolution is not None and before.resolution.by != who)
    if what == "escalate":
        assert (after != before) == any(isinstance(each, TellRung) for each in effects)


def refused_rightly(alert: Alert, what: str, who: UUID, refused: Refused) -> None:
    """Nobody acts for themselves; the first yes wins, and says whose it was; climbing and news are never refused."""
    if who == alert.worker_id:
        assert refused.code == "never_your_own"
    elif refused.code == "taken_already":
        assert what == "take"
        assert refused.facts["owner_id"] == alert.owner_id
    else:
        assert what in ("resolve", "pass on")
