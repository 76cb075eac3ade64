"""Everything that can happen to a visit and to an alert: what the walk tries in every state."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from safety_service.domain import events as ev
from safety_service.domain import handling
from safety_service.domain.alert import Alert, Resolution, Step
from safety_service.domain.visit import Visit
from safety_service.domain.words import Decided, Found, Kind, KnownBy, News, Proof
from tests.unit.watched import DEPUTY, MANAGER, OTHER, PRESENT, WORKER, minutes

GAP = timedelta(hours=3)
SOON = timedelta(minutes=5)


def words(worker: UUID, said_at: datetime) -> Iterator[ev.Event]:
    """Everything that a worker can say at this moment."""
    yield ev.Begin(worker_id=worker, said_at=said_at)
    yield ev.Ok(worker_id=worker, said_at=said_at)
    yield ev.Silence(worker_id=worker, said_at=said_at, until=said_at + minutes(20))
    yield ev.RingMe(worker_id=worker, said_at=said_at)
    yield ev.Sos(worker_id=worker, said_at=said_at)
    yield ev.Cancel(worker_id=worker, said_at=said_at)
    yield ev.BegunElsewhere(worker_id=worker, said_at=said_at)
    yield ev.TookOver(worker_id=worker, said_at=said_at)
    for proof in Proof:
        yield ev.Extend(worker_id=worker, said_at=said_at, by=minutes(15), proof=proof)
        yield ev.Extend(worker_id=worker, said_at=said_at, by=minutes(5), proof=proof, duress=True)
        yield ev.Out(worker_id=worker, said_at=said_at, proof=proof)
        yield ev.Home(worker_id=worker, said_at=said_at, proof=proof)
    yield ev.Extend(worker_id=worker, said_at=said_at, by=timedelta(hours=9))
    yield ev.Out(worker_id=worker, said_at=said_at, next_starts_at=said_at + minutes(30))


def happenings(visit: Visit, now: datetime) -> Iterator[tuple[ev.Event, datetime]]:
    """Every event, with the moment at which it is heard."""
    for watch in visit.watches:
        worker = watch.worker_id
        for event in words(worker, now):
            yield event, now
        for said_at in (now - minutes(20), now + GAP):
            yield ev.Begin(worker_id=worker, said_at=said_at), now
            yield ev.Ok(worker_id=worker, said_at=said_at), now
            yield ev.Extend(worker_id=worker, said_at=said_at, by=minutes(15)), now
            yield ev.Out(worker_id=worker, said_at=said_at), now
        for kind in Kind:
            yield ev.AlertResolved(worker_id=worker, kind=kind), now
        for moment in (now, watch.next_at, watch.alarm_at, watch.alarm_at and watch.alarm_at + GAP):
            yield ev.DeadlinePassed(worker_id=worker), max(moment or now, now)
    for decided in Decided:
        yield ev.DecisionMade(by=MANAGER, decided=decided, reason="because"), now
    yield ev.DecisionMade(by=WORKER, decided=Decided.GO_AHEAD, reason="because"), now


def handlings(alert: Alert, now: datetime) -> Iterator[tuple[str, UUID, Callable[[], Step]]]:
    """Everything that people do about an alert: what, who, and how to do it."""
    for who in dict.fromkeys((alert.owner_id or DEPUTY, alert.offered_to or OTHER, DEPUTY, OTHER, WORKER)):
        yield "take", who, partial(handling.take, alert, who, now)
        yield "take over", who, partial(handling.take, alert, who, now, take_over=True, on_until=now + SOON)
        for said in News:
            yield "news", who, partial(handling.news, alert, who, said, "", now)
        for button in (None, alert.step, alert.step - 1):
            yield "escalate", who, partial(handling.escalate, alert, who, button, now, PRESENT)
        for to in (MANAGER, OTHER, WORKER):
            yield "pass on", who, partial(handling.pass_on, alert, who, to, now)
        for known_by in KnownBy:
            for note in ("", "why"):
                found = Resolution(found=Found.SAFE, known_by=known_by, note=note, by=who)
                yield "resolve", who, partial(handling.resolve, alert, found, now)


def clock(alert: Alert, now: datetime) -> Iterator[tuple[bool, datetime]]:
    """The alert's own moments, with somebody reached and with nobody, early, on time and after a gap."""
    for moment in (now, alert.next_at, alert.reach_by):
        for late in (timedelta(), GAP):
            if moment is not None:
                yield True, max(moment + late, now)
                yield False, max(moment + late, now)
