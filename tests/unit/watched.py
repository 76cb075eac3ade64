"""One watched visit and its alerts, told in minutes from the planned start; for the tests of the rules."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from config.policy import Policy, parse_policy
from safety_service.domain import events as ev
from safety_service.domain import handling
from safety_service.domain.alert import Alert, Resolution
from safety_service.domain.alert_effects import AlertEffect, TellOwner, TellRung, TellTold
from safety_service.domain.case import Case, World, late_word, raise_alert, resolved, step
from safety_service.domain.climb import deadline
from safety_service.domain.effects import LateWord, RaiseAlert, VisitEffect
from safety_service.domain.ladder import Present
from safety_service.domain.visit import Visit, plan
from safety_service.domain.watch import Watch
from safety_service.domain.words import Found, Kind, KnownBy, News, Risk

POLICY = parse_policy("")
#: The planned start, in summer time.
START = datetime(2026, 6, 2, 9, 0, tzinfo=UTC)

WORKER, COLLEAGUE, MANAGER, DEPUTY, STANDING, OTHER = (UUID(int=number) for number in range(1, 7))
PRESENT: Present = {
    "manager_on_duty": frozenset({MANAGER}),
    "deputy_on_duty": frozenset({DEPUTY}),
    "everyone": frozenset({MANAGER, DEPUTY, STANDING}),
}

Effect = VisitEffect | AlertEffect
Effects = tuple[Effect, ...]

_ids: Iterator[int] = count(1000)


def new_id() -> UUID:
    """An id that no other thing has."""
    return UUID(int=next(_ids))


def at(minute: float) -> datetime:
    """So many minutes after the planned start."""
    return START + timedelta(minutes=minute)


def minutes(number: float) -> timedelta:
    """A length in minutes."""
    return timedelta(minutes=number)


def minute_of(moment: datetime | None) -> float | None:
    """Minutes after the planned start."""
    return None if moment is None else (moment - START) / timedelta(minutes=1)


def planned(
    risk: Risk = Risk.LOW,
    *,
    length: float = 45,
    interval: float | None = None,
    workers: tuple[UUID, ...] = (WORKER,),
    speaker: UUID | None = None,
    travel: float = 30,
    planned_at: float = -60,
    policy: Policy = POLICY,
) -> Visit:
    """A visit that starts at minute 0."""
    visit, _ = plan(
        new_id(),
        workers,
        risk=risk,
        starts_at=START,
        ends_at=at(length),
        interval=None if interval is None else minutes(interval),
        travel=minutes(travel),
        now=at(planned_at),
        policy=policy,
        speaker_id=speaker,
    )
    return visit


class Tale:
    """A case that is told minute by minute. Every telling gives the effects, and keeps them in `heard`."""

    def __init__(self, visit: Visit | None = None, *, policy: Policy = POLICY, present: Present = PRESENT) -> None:
        self.case = Case(visit or planned(policy=policy))
        self.policy = policy
        self.present = present
        self.reached = True
        self.heard: list[tuple[float, Effect]] = []

    @property
    def visit(self) -> Visit:
        return self.case.visit

    @property
    def watch(self) -> Watch:
        return self.case.visit.watch(WORKER)

    @property
    def alert(self) -> Alert:
        (only,) = self.case.alerts
        return only

    def world(self, minute: float) -> World:
        return World(at(minute), self.policy, self.present, new_id)

    def say(
        self,
        word: type[ev.Said],
        minute: float,
        *,
        heard_at: float | None = None,
        worker: UUID = WORKER,
        **more: object,
    ) -> Effects:
        """A word said at this minute, and heard then or later."""
        event = word(worker_id=worker, said_at=at(minute), **more)
        assert isinstance(event, ev.Event)
        return self.happen(event, minute if heard_at is None else heard_at)

    def happen(self, event: ev.Event, minute: float) -> Effects:
        """An event, in the case."""
        self.case, effects = step(self.case, event, self.world(minute))
        return self._kept(minute, effects)

    def sweep(self, minute: float, worker: UUID = WORKER) -> Effects:
        """The sweep comes by at this minute: the watch first, then every alert, each once."""
        effects = self.happen(ev.DeadlinePassed(worker_id=worker), minute)
        for alert in self.case.alerts:
            after, more = deadline(alert, at(minute), self.present, reached=self.reached)
            self._put(after)
            effects = (*effects, *self._kept(minute, more))
        return effects

    def run(self, until: float) -> Effects:
        """Time goes by, up to and with this minute, and every sweep is on time."""
        effects: Effects = ()
        for _ in range(10_000):
            minute = minute_of(self._next())
            if minute is None or minute > until:
                return effects
            for watch in self.visit.watches:
                effects = (*effects, *self.sweep(minute, watch.worker_id))
        raise AssertionError("what is due stays due, whatever is swept")

    def _next(self) -> datetime | None:
        moments = [each.next_at for each in self.visit.watches] + [each.due_now for each in self.case.alerts]
        return min((each for each in moments if each is not None), default=None)

    def raise_(self, kind: Kind, minute: float) -> Effects:
        """An alert that no event of the watch raises."""
        wanted = RaiseAlert(WORKER, kind, at(minute), at(minute))
        alerts, effects = raise_alert(
            list(self.case.alerts), wanted, self.visit.id, self.visit.risk, self.world(minute)
        )
        self.case = replace(self.case, alerts=tuple(alerts))
        return self._kept(minute, effects)

    def late(self, word: str, minute: float) -> Effects:
        """A late word of the worker's."""
        alerts, effects = late_word(list(self.case.alerts), LateWord(WORKER, word, at(minute)))
        self.case = replace(self.case, alerts=tuple(alerts))
        return self._kept(minute, effects)

    def take(self, who: UUID, minute: float, *, over: bool = False, on_until: float | None = None) -> Effects:
        until = None if on_until is None else at(on_until)
        return self._done(minute, handling.take(self.alert, who, at(minute), take_over=over, on_until=until))

    def news(self, who: UUID, minute: float, said: News = News.STILL_TRYING, note: str = "") -> Effects:
        return self._done(minute, handling.news(self.alert, who, said, note, at(minute)))

    def escalate(self, who: UUID, minute: float, on_button: int | None = None) -> Effects:
        return self._done(minute, handling.escalate(self.alert, who, on_button, at(minute), self.present))

    def pass_on(self, who: UUID, to: UUID, minute: float) -> Effects:
        return self._done(minute, handling.pass_on(self.alert, who, to, at(minute)))

    def resolve(
        self,
        who: UUID,
        minute: float,
        found: Found = Found.SAFE,
        known_by: KnownBy = KnownBy.HEARD_VOICE,
        note: str = "",
    ) -> Effects:
        resolution = Resolution(found=found, known_by=known_by, note=note, by=who)
        after, ending = handling.resolve(self.alert, resolution, at(minute))
        self._put(after)
        effects: Effects = ending
        if not after.open:
            self.case, more = resolved(self.case, after, self.world(minute))
            effects = (*effects, *more)
        return self._kept(minute, effects)

    def _done(self, minute: float, step: tuple[Alert, tuple[AlertEffect, ...]]) -> Effects:
        self._put(step[0])
        return self._kept(minute, step[1])

    def _put(self, alert: Alert) -> None:
        alerts = tuple(alert if each.id == alert.id else each for each in self.case.alerts)
        self.case = replace(self.case, alerts=alerts)

    def _kept(self, minute: float, effects: Effects) -> Effects:
        self.heard += [(minute, effect) for effect in effects]
        return effects


def inside(risk: Risk = Risk.LOW, *, length: float = 300, interval: float | None = None) -> Tale:
    """A tale in which the worker went in on time."""
    tale = Tale(planned(risk, length=length, interval=interval))
    tale.say(ev.Begin, 0)
    return tale


def opened(kind: Kind = Kind.MISSED_CHECK_IN, risk: Risk = Risk.MEDIUM) -> Tale:
    """An alert that opened at minute 0: its rungs answer within 5 minutes, its owner is asked for news after 15."""
    tale = Tale(planned(risk, length=500, planned_at=0))
    tale.raise_(kind, 0)
    return tale


def climb_of(effects: Effects) -> list[int]:
    """The rungs that were told."""
    return [each.rung for each in effects if isinstance(each, TellRung)]


def owner_hears(effects: Effects) -> list[str]:
    """What the owner alone was told."""
    return [each.what for each in effects if isinstance(each, TellOwner)]


def all_hear(effects: Effects) -> list[str]:
    """What everyone alarmed was told."""
    return [each.what for each in effects if isinstance(each, TellTold)]
