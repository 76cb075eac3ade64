"""How an alert opens and climbs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.domain.alert import Alert, Doing, Step
from safety_service.domain.alert_effects import AlertEffect, NobodyThere, TellOwner, TellRung, TellTold
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
    """Tell the next rung on which somebody stands; past the last, tell everyone again. Empty rungs are named."""
    rung, people, passed = _next_rung(alert, present, many)
    last = rung >= alert.ladder.last
    again = last and alert.rung >= alert.ladder.last
    wait = alert.ladder.repeat if last else alert.ladder.rung(rung).answer
    if not last and alert.danger and alert.ladder.everyone_after is not None:
        wait = alert.ladder.everyone_after
    told = replace(
        alert,
        rung=rung,
        step=alert.step + 1,
        told=alert.told | people,
        reach_by=None if last and again else now + alert.ladder.reach,
    )
    if told.state is State.OPEN:
        told = replace(told, doing=Doing.ANSWER, next_at=max(base + wait, now))
    effects: list[AlertEffect] = [TellRung(alert.id, told.step, rung, people, passed, again)]
    if not people:
        effects = [NobodyThere(alert.id)]
    return told, tuple(effects)


def _next_rung(alert: Alert, present: Present, many: int) -> tuple[int, frozenset[UUID], tuple[str, ...]]:
    people: frozenset[UUID] = frozenset()
    passed: list[str] = []
    rung = alert.rung
    filled = 0
    for number in _rungs_above(alert):
        rung, who = number, alert.ladder.rung(number).who
        standing = frozenset(each for each in present.get(who, ()) if each != alert.worker_id)
        # Somebody who stands on two rungs is one person: the second rung must be somebody else.
        if number < alert.ladder.last and not (standing - alert.told - people):
            passed.append(who)
            continue
        people |= standing
        filled += 1
        if filled >= many:
            break
    return rung, people, tuple(passed)


def _rungs_above(alert: Alert) -> Iterator[int]:
    if alert.danger and alert.rung >= alert.ladder.together:
        return iter([alert.ladder.last])
    return iter(range(min(alert.rung + 1, alert.ladder.last), alert.ladder.last + 1))


def deadline(alert: Alert, now: datetime, present: Present, *, reached: bool) -> Step:
    """What the alert does when its moment comes. `reached`: somebody of the last telling was reached (P4)."""
    if not alert.open or alert.due_now is None or alert.due_now > now:
        return alert, ()
    if alert.reach_by is not None and alert.reach_by <= now:
        alert = replace(alert, reach_by=None)
        if not reached and alert.state is State.OPEN:
            return climb(alert, now, now, present)
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
