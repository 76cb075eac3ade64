"""Every event in every reachable pair of watch state and alert state, with the promises asserted at each step.

Times are reduced to relations (asked or not, silent or not, capped or not); of the concrete states that look alike, the
first found stands for all. The rules of a visit never see an alert, and what people do to an alert never sees a visit:
so each event is tried once in each state of its own, and in a pair once for all events that say the same to the alerts.
Where a step leaves several alerts open, each goes on in a pair of its own. Of two workers, the alerts of one are
followed.
"""

from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest

from safety_service.domain import events as ev
from safety_service.domain.alert import Alert
from safety_service.domain.alert_effects import TellOwner, TellRung
from safety_service.domain.case import Case, World, raise_alert, resolved, step
from safety_service.domain.climb import deadline
from safety_service.domain.effects import LateWord, RaiseAlert
from safety_service.domain.refusal import Refused
from safety_service.domain.visit import Visit, apply
from safety_service.domain.watch import level_of
from safety_service.domain.words import ABOUT_SERVICE, CRIES, MISSES, Kind, Phase, Risk, State
from tests.unit.walk_events import clock, handlings, happenings
from tests.unit.walk_promises import (
    kept_by_people,
    kept_by_the_visit,
    kept_in_the_pair,
    may_be_refused,
    no_silent_end,
    refused_rightly,
    unique,
    watched_means_armed,
)
from tests.unit.watched import COLLEAGUE, POLICY, PRESENT, WORKER, new_id, planned

#: Kinds that look like another of theirs: they pass for missed_check_in and unwatched.
ALIKE = frozenset({Kind.NOT_OUT, Kind.NOT_HOME, Kind.UNDELIVERABLE})
Mark = tuple[Any, ...]
#: What an event says to the alerts: late words, and kinds of alert to be raised.
Says = tuple[Any, ...]
#: An event, when it is heard, and everything that events like it make of the visit.
Turn = tuple[ev.Event, datetime, list[Mark]]


def visit_looks(visit: Visit, now: datetime) -> Mark:
    """What tells this visit from others, without its times."""
    first, *others = visit.watches
    cap = POLICY.level(level_of(visit.risk)).cap
    if others:
        # Two watches are two of the same: what is of interest is how they meet.
        return (visit.status, first.phase, first.stage, first.carries_home, *(each.phase for each in others))
    return (
        visit.status,
        first.phase,
        first.stage,
        first.ends_at is not None and (first.due_at is None or first.due_at >= first.ends_at),
        first.silent_until is not None and first.silent_until > now,
        first.carries_home,
        first.out_at is not None,
        first.wrong_words,
        first.spent >= cap,
    )


def alert_looks(alert: Alert) -> Mark:
    """What tells this alert from others, without its times."""
    kind = Kind.MISSED_CHECK_IN if alert.kind in MISSES - {Kind.NOT_BEGUN} else alert.kind
    return (
        Kind.UNWATCHED if alert.kind in ABOUT_SERVICE else kind,
        alert.state,
        alert.doing,
        alert.rung >= alert.ladder.last,
        alert.offered_to is not None,
        alert.resolution is not None,
        alert.reach_by is not None,
    )


def moved(alert: Alert, by: timedelta) -> Alert:
    """The same alert at another time."""
    names = ("opened_at", "due_at", "next_at", "reach_by", "taken_at")
    times = {name: getattr(alert, name) for name in names}
    return replace(alert, **{name: each and each + by for name, each in times.items()})


class Walk:
    """Breadth first, until no new pair appears."""

    def __init__(self, visit: Visit, now: datetime) -> None:
        self.steps = 0
        self.visits: dict[Mark, tuple[Visit, datetime]] = {}
        self.alerts: dict[Mark, tuple[Alert, datetime]] = {}
        self.turns: dict[Mark, dict[Says, Turn]] = {}
        self.moves: dict[Mark, dict[Mark, Alert]] = {}
        self.pairs: set[tuple[Mark, Mark | None]] = set()
        self.waiting: deque[tuple[Mark, Mark | None]] = deque()
        self.pair(self.seen(visit, now), None)
        while self.waiting:
            self.leave(*self.waiting.popleft())

    def seen(self, visit: Visit, now: datetime) -> Mark:
        mark = visit_looks(visit, now)
        self.visits.setdefault(mark, (visit, now))
        return mark

    def known(self, alert: Alert, now: datetime) -> Mark:
        no_silent_end(alert)
        mark = alert_looks(alert)
        self.alerts.setdefault(mark, (alert, now))
        return mark

    def pair(self, visit: Mark, alert: Mark | None) -> None:
        if (visit, alert) not in self.pairs:
            self.pairs.add((visit, alert))
            self.waiting.append((visit, alert))

    def leave(self, visit_mark: Mark, alert_mark: Mark | None) -> None:
        """Let everything happen in this pair."""
        visit, now = self.visits[visit_mark]
        case = Case(visit)
        if alert_mark is not None:
            alert, then = self.alerts[alert_mark]
            case = Case(visit, (moved(replace(alert, visit_id=visit.id), now - then),))
        self.happen(visit_mark, alert_mark, case)
        for kind in (Kind.RING_ME, Kind.DURESS, *ABOUT_SERVICE):
            self.raised(visit_mark, case, kind, now)
        if alert_mark is not None:
            self.handle(visit_mark, alert_mark, case, now)

    def happen(self, visit_mark: Mark, alert_mark: Mark | None, case: Case) -> None:
        if visit_mark not in self.turns:
            self.turns[visit_mark] = self.turns_of(*self.visits[visit_mark])
        for says, (event, heard_at, become) in self.turns[visit_mark].items():
            marks = [alert_mark]
            if says:
                self.steps += 1
                after, effects = step(case, event, World(heard_at, POLICY, PRESENT, new_id))
                unique(after.alerts)
                for alert in case.alerts:
                    kept_in_the_pair(alert, event, after, effects)
                mine = [each for each in after.alerts if each.worker_id == WORKER]
                marks = [self.known(each, heard_at) for each in mine] or [None]
            for mark in become:
                for each in marks:
                    self.pair(mark, each)

    def turns_of(self, visit: Visit, now: datetime) -> dict[Says, Turn]:
        """Let everything happen to this visit; what says the same to the alerts is one turn."""
        found: dict[Says, Turn] = {}
        for event, heard_at in happenings(visit, now):
            self.steps += 1
            try:
                after, effects = apply(visit, event, heard_at, POLICY)
            except Refused as refused:
                may_be_refused(event, refused)
                continue
            watched_means_armed(after)
            kept_by_the_visit(visit, heard_at, event, after, effects)
            if isinstance(event, ev.DeadlinePassed):
                assert apply(after, event, heard_at, POLICY) == (after, ()), "the same deadline twice"
            said = [each for each in effects if isinstance(each, LateWord | RaiseAlert)]
            says = tuple((each.worker_id, getattr(each, "kind", None)) for each in said)
            found.setdefault(says, (event, heard_at, []))[2].append(self.seen(after, heard_at))
        return found

    def raised(self, visit_mark: Mark, case: Case, kind: Kind, now: datetime) -> None:
        """An alert that no event of the watch raises."""
        self.steps += 1
        wanted = RaiseAlert(WORKER, kind, now, now)
        world = World(now, POLICY, PRESENT, new_id)
        alerts, effects = raise_alert(list(case.alerts), wanted, case.visit.id, case.visit.risk, world)
        unique(tuple(alerts))
        assert kind in {each.kind for each in alerts}
        assert kind not in CRIES or any(isinstance(each, TellRung | TellOwner) for each in effects)
        for alert in alerts:
            self.pair(visit_mark, self.known(alert, now))

    def handle(self, visit_mark: Mark, alert_mark: Mark, case: Case, now: datetime) -> None:
        """Let people do everything, and the clock; what is resolved re-arms the watch or ends it."""
        if alert_mark not in self.moves:
            self.moves[alert_mark] = self.moves_of(*self.alerts[alert_mark])
        for mark, after in self.moves[alert_mark].items():
            if after.open:
                self.pair(visit_mark, mark)
            else:
                left, _ = resolved(case, replace(after, visit_id=case.visit.id), World(now, POLICY, PRESENT, new_id))
                watched_means_armed(left.visit)
                self.pair(self.seen(left.visit, now), None)

    def moves_of(self, alert: Alert, now: datetime) -> dict[Mark, Alert]:
        found: dict[Mark, Alert] = {}
        for what, who, do in handlings(alert, now):
            self.steps += 1
            try:
                after, effects = do()
            except Refused as refused:
                refused_rightly(alert, what, who, refused)
                continue
            kept_by_people(alert, what, who, after, effects)
            found.setdefault(self.known(after, now), after)
        for reached, moment in clock(alert, now):
            self.steps += 1
            after, _ = deadline(alert, moment, PRESENT, reached=reached)
            assert after.open
            assert after.owner_id in (alert.owner_id, None)
            assert deadline(after, moment, PRESENT, reached=reached) == (after, ()), "the same moment twice"
            found.setdefault(self.known(after, moment), after)
        return found


@pytest.mark.parametrize("together", ["alone", "joint"])
@pytest.mark.parametrize("risk", list(Risk))
def test_every_event_in_every_reachable_pair_of_watch_and_alert_keeps_every_promise(risk: Risk, together: str) -> None:
    joint = together == "joint"
    workers = (WORKER, COLLEAGUE) if joint else (WORKER,)
    visit = planned(risk, length=100, workers=workers, speaker=WORKER if joint else None)
    walk = Walk(visit, visit.starts_at - timedelta(hours=1))
    print(f"{risk}, {together}: {len(walk.pairs)} pairs, {walk.steps} steps")
    assert len(walk.pairs) > 7_000
    met = {(visit[1], alert[0], alert[1]) for visit, alert in walk.pairs if alert is not None}
    missing = set(product(Phase, set(Kind) - ALIKE, (State.OPEN, State.TAKEN))) - met
    assert {(phase, kind) for phase, kind, _ in missing} == {(Phase.BEGIN, Kind.MISSED_CHECK_IN)}
