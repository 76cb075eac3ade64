"""One visit over real times: words under way for minutes, sweeps late by milliseconds or hours, nights on which the
clocks change, and a clock that is set back. What must hold, holds after every step.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from safety_service.domain import events as ev
from safety_service.domain import handling
from safety_service.domain.alert import Alert, Resolution
from safety_service.domain.case import Case, World, resolved, step
from safety_service.domain.climb import SMALL_LAG, deadline
from safety_service.domain.refusal import Refused
from safety_service.domain.visit import plan
from safety_service.domain.watch import Watch, level_of, longest_silence
from safety_service.domain.words import ABOUT_SERVICE, MISSES, Found, KnownBy, News, Phase, Proof, Risk
from tests.unit.walk_promises import no_silent_end, unique, watched_means_armed
from tests.unit.watched import COLLEAGUE, DEPUTY, MANAGER, POLICY, PRESENT, STANDING, WORKER, new_id

LONDON = ZoneInfo("Europe/London")
#: Evenings before: the clocks go forward, the clocks go back, and neither.
EVENINGS = [datetime(2026, 3, 28, 23, 30), datetime(2026, 10, 24, 23, 30), datetime(2026, 6, 2, 10, 0)]  # noqa: DTZ001
RESPONDERS = st.sampled_from([MANAGER, DEPUTY, STANDING])


def seconds(most: float, least: float = 0) -> st.SearchStrategy[timedelta]:
    """Lengths of time, short ones as often as long ones."""
    short = st.floats(least, min(most, 90))
    return st.builds(lambda each: timedelta(seconds=each), short | st.floats(least, most))


class Shift(RuleBasedStateMachine):
    """A worker, a visit, and whoever is on duty."""

    @initialize(
        risk=st.sampled_from(Risk),
        evening=st.sampled_from(EVENINGS),
        length=seconds(3 * 3600, 60),
        interval=st.none() | seconds(3600, 1),
        joint=st.booleans(),
        ahead=seconds(7200),
        goes_in=st.booleans(),
    )
    def plan(
        self,
        risk: Risk,
        evening: datetime,
        length: timedelta,
        interval: timedelta | None,
        joint: bool,
        ahead: timedelta,
        goes_in: bool,
    ) -> None:
        starts_at = evening.replace(tzinfo=LONDON).astimezone(UTC)
        self.now = starts_at - ahead
        self.workers = (WORKER, COLLEAGUE) if joint else (WORKER,)
        visit, _ = plan(
            new_id(),
            self.workers,
            risk=risk,
            starts_at=starts_at,
            ends_at=starts_at + length,
            interval=interval,
            travel=timedelta(minutes=30),
            now=self.now,
            policy=POLICY,
            speaker_id=WORKER if joint else None,
        )
        self.case = Case(visit)
        #: When somebody last knew how each worker was: a word of theirs, or a human being's who resolved.
        self.known_at: dict[UUID, datetime] = {}
        if goes_in:
            self._say(ev.Begin, timedelta(), 0)

    # --- time ---

    @rule(length=seconds(2 * 3600))
    def time_goes_by(self, length: timedelta) -> None:
        """Every sweep is on time."""
        until = self.now + length
        while (moment := self._next()) is not None and moment <= until:
            self.now = max(self.now, moment)
            self._sweep(reached=True)
        self.now = max(self.now, until)
        self._sweep(reached=True)

    @rule(length=seconds(6 * 3600), reached=st.booleans())
    def nobody_sweeps_for_a_while(self, length: timedelta, reached: bool) -> None:
        self.now += length
        self._sweep(reached=reached)

    @rule(length=seconds(600))
    def the_clock_is_set_back(self, length: timedelta) -> None:
        self.now -= length
        self._sweep(reached=True)

    def _next(self) -> datetime | None:
        moments = [each.next_at for each in self.case.visit.watches] + [each.due_now for each in self.case.alerts]
        return min((each for each in moments if each is not None), default=None)

    def _sweep(self, *, reached: bool) -> None:
        for worker in self.workers:
            before = self.case
            self._happen(ev.DeadlinePassed(worker_id=worker))
            self._opened_on_time(before)
            again = step(self.case, ev.DeadlinePassed(worker_id=worker), self._world())
            assert again == (self.case, ()), "the same deadline twice"
        for alert in self.case.alerts:
            after, _ = deadline(alert, self.now, PRESENT, reached=reached)
            assert after.open
            assert deadline(after, self.now, PRESENT, reached=reached) == (after, ()), "the same moment twice"
            self._put(after)
        assert (moment := self._next()) is None or moment > self.now, "something due was left undone"

    def _opened_on_time(self, before: Case) -> None:
        """Ladder times run from the due moment where the lag is small, else from the return."""
        known = {each.id for each in before.alerts}
        for alert in self.case.alerts:
            if alert.id in known or alert.worker_id is None or alert.kind not in MISSES:
                continue
            due = before.visit.watch(alert.worker_id).alarm_at
            assert due is not None
            wait = alert.ladder.rung(alert.rung).answer
            on_time = self.now - due <= SMALL_LAG and due + wait > self.now
            assert alert.next_at == (due if on_time else self.now) + wait

    # --- words ---

    @rule(
        word=st.sampled_from([ev.Begin, ev.Ok, ev.RingMe, ev.Sos, ev.Cancel, ev.BegunElsewhere, ev.TookOver]),
        late=seconds(3600),
        whose=st.integers(0, 1),
    )
    def a_word(self, word: type[ev.Said], late: timedelta, whose: int) -> None:
        self._say(word, late, whose)

    @rule(late=seconds(300), whose=st.integers(0, 1))
    def an_ok(self, late: timedelta, whose: int) -> None:
        self._say(ev.Ok, late, whose)

    @rule(late=seconds(3600), by=seconds(3 * 3600, 1), proof=st.sampled_from(Proof), whose=st.integers(0, 1))
    def an_extension(self, late: timedelta, by: timedelta, proof: Proof, whose: int) -> None:
        self._say(ev.Extend, late, whose, by=by, proof=proof)

    @rule(late=seconds(3600), length=seconds(3 * 3600, 1), whose=st.integers(0, 1))
    def a_planned_silence(self, late: timedelta, length: timedelta, whose: int) -> None:
        self._say(ev.Silence, late, whose, until=self.now + length)

    @rule(late=seconds(3600), soon=st.none() | seconds(3 * 3600), proof=st.sampled_from(Proof), whose=st.integers(0, 1))
    def out(self, late: timedelta, soon: timedelta | None, proof: Proof, whose: int) -> None:
        self._say(ev.Out, late, whose, proof=proof, next_starts_at=None if soon is None else self.now + soon)

    @rule(late=seconds(3600), proof=st.sampled_from(Proof), whose=st.integers(0, 1))
    def home(self, late: timedelta, proof: Proof, whose: int) -> None:
        self._say(ev.Home, late, whose, proof=proof)

    def _say(self, word: type[ev.Said], late: timedelta, whose: int, **more: Any) -> None:
        worker = self.workers[whose % len(self.workers)]
        event = word(worker_id=worker, said_at=self.now - late, **more)
        assert isinstance(event, ev.Event)
        before = self.case
        if not self._happen(event):
            return
        has = {each.id: (each.state, each.owner_id) for each in self.case.alerts}
        assert all(has[each.id] == (each.state, each.owner_id) for each in before.alerts), "a word took or closed"
        for was, watch in zip(before.visit.watches, self.case.visit.watches, strict=True):
            if was.live and watch.live and was.phase is watch.phase:
                self._moved_rightly(event, was, watch)
            if watch.last_word_at is not None and watch.last_word_at != was.last_word_at:
                known = self.known_at.get(watch.worker_id, watch.last_word_at)
                self.known_at[watch.worker_id] = max(known, watch.last_word_at)

    def _moved_rightly(self, event: ev.Event, was: Watch, watch: Watch) -> None:
        """A word counts from when it was said, never brings a deadline nearer, and only some move it beyond."""
        assert isinstance(event, ev.Said)
        assert was.due_at is not None
        assert watch.due_at is not None
        assert watch.due_at >= was.due_at
        if not isinstance(event, ev.Extend | ev.Silence):
            assert watch.due_at <= max(was.due_at, event.said_at + watch.interval)
        assert watch.spent <= max(was.spent, POLICY.level(level_of(self.case.visit.risk)).cap)

    def _happen(self, event: ev.Event) -> bool:
        try:
            self.case, _ = step(self.case, event, self._world())
        except Refused:
            assert not isinstance(event, ev.Sos | ev.RingMe | ev.DeadlinePassed)
            return False
        return True

    def _world(self) -> World:
        return World(self.now, POLICY, PRESENT, new_id)

    # --- people ---

    @precondition(lambda self: self.case.alerts)
    @rule(which=st.integers(0, 9), who=RESPONDERS, over=st.booleans())
    def take(self, which: int, who: UUID, over: bool) -> None:
        self._handle(which, lambda alert: handling.take(alert, who, self.now, take_over=over)[0])

    @precondition(lambda self: self.case.alerts)
    @rule(which=st.integers(0, 9), who=RESPONDERS, said=st.sampled_from(News))
    def news(self, which: int, who: UUID, said: News) -> None:
        self._handle(which, lambda alert: handling.news(alert, who, said, "", self.now)[0])

    @precondition(lambda self: self.case.alerts)
    @rule(which=st.integers(0, 9), who=RESPONDERS, to=RESPONDERS)
    def pass_on(self, which: int, who: UUID, to: UUID) -> None:
        self._handle(which, lambda alert: handling.pass_on(alert, who, to, self.now)[0])

    @precondition(lambda self: self.case.alerts)
    @rule(which=st.integers(0, 9), who=RESPONDERS)
    def escalate(self, which: int, who: UUID) -> None:
        self._handle(which, lambda alert: handling.escalate(alert, who, alert.step, self.now, PRESENT)[0])

    @precondition(lambda self: self.case.alerts)
    @rule(which=st.integers(0, 9), who=RESPONDERS, known_by=st.sampled_from([KnownBy.HEARD_VOICE, KnownBy.SEEN]))
    def resolve(self, which: int, who: UUID, known_by: KnownBy) -> None:
        found = Resolution(found=Found.SAFE, known_by=known_by, note="", by=who)

        def do(alert: Alert) -> Alert:
            after, _ = handling.resolve(alert, found, self.now)
            if not after.open and alert.danger:
                assert alert.resolution is not None
                assert alert.resolution.by != who
            return after

        self._handle(which, do)

    def _handle(self, which: int, do: Callable[[Alert], Alert]) -> None:
        alert = self.case.alerts[which % len(self.case.alerts)]
        try:
            after = do(alert)
        except Refused:
            return
        if after.open:
            self._put(after)
            return
        assert alert.worker_id is not None
        was = self.case.visit.watch(alert.worker_id)
        self.case, _ = resolved(self.case, after, self._world())
        self.known_at[alert.worker_id] = max(self.now, self.known_at.get(alert.worker_id, self.now))
        watch = self.case.visit.watch(alert.worker_id)
        if was.phase is Phase.INSIDE:
            assert watch.phase is Phase.INSIDE
            assert watch.next_at is not None
            assert watch.next_at <= self.now + watch.interval

    def _put(self, alert: Alert) -> None:
        self.case = replace(
            self.case, alerts=tuple(alert if each.id == alert.id else each for each in self.case.alerts)
        )

    # --- what always holds ---

    @invariant()
    def every_promise_about_states(self) -> None:
        watched_means_armed(self.case.visit)
        unique(self.case.alerts)
        for alert in self.case.alerts:
            no_silent_end(alert)
            assert alert.open
            assert alert.told

    @invariant()
    def no_silence_is_longer_than_stated(self) -> None:
        """Without an open alert. The sweep has come by after every move of the clock."""
        for watch in self.case.visit.watches:
            about = [each for each in self.case.alerts if each.worker_id == watch.worker_id]
            if watch.phase is not Phase.INSIDE or any(each.kind not in ABOUT_SERVICE for each in about):
                continue
            assert watch.alarm_at is not None
            longest = self.known_at[watch.worker_id] + longest_silence(POLICY, self.case.visit.risk)
            if watch.silent_until is not None:
                longest = max(longest, watch.silent_until + POLICY.level(level_of(self.case.visit.risk)).end_grace)
            assert watch.alarm_at <= longest


Shift.TestCase.settings = settings(
    max_examples=120, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestShift = Shift.TestCase
