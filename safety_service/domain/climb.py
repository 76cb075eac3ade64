"""How an alert opens and climbs."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.domain.alert import Alert, Doing, Step
from safety_service.domain.alert_effects import NobodyThere, TellOwner, TellRung, TellTold
from safety_service.domain.ladder import Ladder, Present
from safety_service.domain.words import Kind, State

#: Ladder times run from the moment due where the lag is at most this (P7), else from the return.
SMALL_LAG = timedelta(seconds=60)


def open_alert(
    alert_id: UUID,
    kind: Kind,
    *,
    worker_id: UUID | None,
    visit_id: UUID | None,
    due_at: datetime,
    base: datetime,
    ladder: Ladder,
    present: Present,
    now: datetime,
) -> Step:
    """A new alert: its first rung is told in the same breath; SOS tells two rungs at once."""
    alert = Alert(
        id=alert_id,
        kind=kind,
        worker_id=worker_id,
        visit_id=visit_id,
        opened_at=now,
        due_at=due_at,
        ladder=ladder,
    )
    return climb(alert, _start(base, now), now, present, many=ladder.together)


def _start(moment: datetime, now: datetime) -> datetime:
    return moment if now - moment <= SMALL_LAG else now


def climb(alert: Alert, base: datetime, now: datetime, present: Present, *, many: int = 1) -> Step:
    """Tell the next rung on which somebody stands; past the last, tell everyone again. Empty rungs are named.

    The wait for an answer counts from `base`. An owner keeps the alert and their own clock.
    """
    rung, people, passed = _next_rung(alert, present, many)
    last = rung >= alert.ladder.last
    told = replace(
        alert,
        rung=rung,
        step=alert.step + 1,
        told=alert.told | people,
        # Past the last rung there is nobody more to be told: the sending goes on, and so do the repeats.
        reach_by=None if last else now + alert.ladder.reach,
    )
    if told.state is State.OPEN:
        told = replace(told, doing=Doing.ANSWER, next_at=_answer_by(told, base, now))
    if not people:
        return told, (NobodyThere(alert.id),)
    again = last and alert.rung >= alert.ladder.last
    return told, (TellRung(alert.id, told.step, rung, people, passed, again),)


def _answer_by(alert: Alert, base: datetime, now: datetime) -> datetime:
    ladder = alert.ladder
    wait = ladder.rung(alert.rung).answer
    if alert.rung < ladder.last and ladder.everyone_after is not None:
        wait = ladder.everyone_after
    return base + wait if base + wait > now else now + wait


def called(alert: Alert, now: datetime) -> Alert:
    """Somebody on the rung is being called: a call is answered within its minute or not, and then the next rung hears.

    Danger has its own, shorter times; past the last rung there is nobody more to be told.
    """
    waits = alert.state is State.OPEN and alert.doing is Doing.ANSWER and alert.next_at is not None
    if not waits or alert.danger or alert.rung >= alert.ladder.last:
        return alert
    assert alert.next_at is not None
    return replace(alert, next_at=min(alert.next_at, now + alert.ladder.voice_answer))


def _next_rung(alert: Alert, present: Present, many: int) -> tuple[int, frozenset[UUID], tuple[str, ...]]:
    people: frozenset[UUID] = frozenset()
    passed: list[str] = []
    filled = 0
    for number in _rungs_above(alert):
        who = alert.ladder.rung(number).who
        standing = present.get(who, frozenset()) - {alert.worker_id}
        # Somebody who stands on two rungs is one person: the second rung must be somebody else.
        if not standing - alert.told - people:
            passed.append(who)
            continue
        people |= standing
        filled += 1
        if filled >= many:
            return number, people, tuple(passed)
    everyone = frozenset[UUID]().union(*present.values()) - {alert.worker_id}
    return alert.ladder.last, people | everyone, tuple(passed)


def _rungs_above(alert: Alert) -> range:
    """The rungs that are still to hear, but the last: that is everyone, however few."""
    if alert.ladder.everyone_after is not None and alert.rung >= alert.ladder.together:
        return range(0)
    return range(alert.rung + 1, alert.ladder.last)


def deadline(alert: Alert, now: datetime, present: Present, *, reached: bool) -> Step:
    """What the alert does when its moment comes. `reached`: somebody of the last telling was reached (P4)."""
    if not alert.open or alert.due_now is None or alert.due_now > now:
        return alert, ()
    if alert.reach_by is not None and alert.reach_by <= now:
        late_from = _start(alert.reach_by, now)
        alert = replace(alert, reach_by=None)
        if not reached and alert.rung < alert.ladder.last:
            return climb(alert, late_from, now, present)
    if alert.next_at is None or alert.next_at > now:
        return alert, ()
    base = _start(alert.next_at, now)
    return _HANDLERS[alert.doing](alert, base, now, present)


def _unanswered(alert: Alert, base: datetime, now: datetime, present: Present) -> Step:
    return climb(alert, base, now, present)


def _ask_news(alert: Alert, _base: datetime, now: datetime, _present: Present) -> Step:
    assert alert.owner_id is not None
    by_at = now + alert.ladder.reply
    asked = replace(alert, doing=Doing.REPLY, next_at=by_at)
    return asked, (TellOwner(alert.id, "news_wanted", alert.owner_id, by_at),)


def _lapse(alert: Alert, base: datetime, now: datetime, present: Present) -> Step:
    """Taken and then forgotten: nobody has it any more, and it climbs."""
    free = replace(alert, state=State.OPEN, owner_id=None, taken_at=None, offered_to=None)
    climbed, effects = climb(free, base, now, present)
    return climbed, (TellTold(alert.id, "lapsed", alert.owner_id), *effects)


def _not_accepted(alert: Alert, base: datetime, now: datetime, present: Present) -> Step:
    """The offer was not taken up: it stays with the giver, and the next rung hears."""
    kept = replace(alert, offered_to=None, doing=Doing.NEWS, next_at=now + alert.ladder.reply)
    climbed, effects = climb(kept, base, now, present)
    assert alert.owner_id is not None
    return climbed, (TellOwner(alert.id, "not_accepted", alert.owner_id), *effects)


def _not_confirmed(alert: Alert, base: datetime, now: datetime, present: Present) -> Step:
    climbed, effects = climb(alert, base, now, present)
    return replace(climbed, doing=Doing.NEWS, next_at=now + alert.ladder.reply), effects


_HANDLERS = {
    Doing.ANSWER: _unanswered,
    Doing.NEWS: _ask_news,
    Doing.REPLY: _lapse,
    Doing.OFFER: _not_accepted,
    Doing.CONFIRM: _not_confirmed,
}
