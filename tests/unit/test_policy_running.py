"""An edition that comes while people are watched moves none of their deadlines later, however loose it is."""

from __future__ import annotations

from copy import copy
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from config.policy import Policy, parse_policy
from safety_service.domain import events as ev
from safety_service.domain.alert_effects import TellRung
from safety_service.domain.effects import Ask
from safety_service.domain.words import Kind, Risk
from tests.unit.watched import POLICY, Tale, at, minute_of, minutes, planned

#: As loose as the ceilings let anything be.
LOOSEST = parse_policy(
    """
[risk.low]
interval = "2h"
grace = "30m"
end_grace = "30m"
home_grace = "30m"
cap = "4h"
[risk.medium]
interval = "2h"
grace = "30m"
end_grace = "30m"
home_grace = "30m"
cap = "4h"
[risk.high]
interval = "2h"
grace = "30m"
end_grace = "30m"
home_grace = "30m"
cap = "4h"
[begin]
remind = "1m"
ask = "30m"
alarm = "1h"
[ladder.default]
rungs = [
  { who = "manager_on_duty", answer = "20m" },
  { who = "deputy_on_duty", answer = "20m" },
  { who = "everyone", repeat = "10m" },
]
[ladder.danger]
together = 1
everyone_after = "5m"
[reach]
danger = "30s"
other = "2m"
[words]
travel = "4h"
chain = "4h"
"""
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy between the quickest and the loosest, in what moves deadlines."""

    def length(most: int) -> str:
        return f'"{draw(st.integers(30, most))}s"'

    risks = [
        f"[risk.{risk}]\ninterval = {length(7200)}\ngrace = {length(1800)}\n"
        f"end_grace = {length(1800)}\nhome_grace = {length(1800)}\ncap = {length(14400)}"
        for risk in Risk
    ]
    ask = draw(st.integers(30, 1800))
    begin = f'[begin]\nremind = {length(3600)}\nask = "{ask}s"\nalarm = "{draw(st.integers(ask, 3600))}s"'
    ladder = (
        f'[ladder.default]\nrungs = [{{ who = "manager_on_duty", answer = {length(1200)} }}, '
        f'{{ who = "deputy_on_duty", answer = {length(1200)} }}, {{ who = "everyone", repeat = {length(600)} }}]'
    )
    return parse_policy("\n".join([*risks, begin, ladder]))


@st.composite
def running(draw: st.DrawFn) -> tuple[Tale, float]:
    """A watch somewhere in its course, and the minute that it is there."""
    tale = Tale(planned(draw(st.sampled_from(list(Risk))), length=draw(st.integers(10, 90)), planned_at=-60))
    if draw(st.booleans()):
        tale.say(ev.Begin, 0)
        word = draw(st.sampled_from(["nothing", "ok", "extend", "silence", "out"]))
        if word == "ok":
            tale.say(ev.Ok, 4)
        elif word == "extend":
            tale.say(ev.Extend, 4, by=minutes(draw(st.integers(1, 40))))
        elif word == "silence":
            tale.happen(
                ev.Silence(worker_id=tale.watch.worker_id, said_at=at(4), until=at(draw(st.integers(5, 40)))), 4
            )
        elif word == "out":
            tale.say(ev.Out, 4)
    minute = draw(st.integers(4, 130))
    tale.run(minute)
    return tale, float(minute)


def told(tale: Tale, policy: Policy, until: float) -> list[tuple[float, int]]:
    """When each rung hears, from here on in silence, with this policy in force."""
    other = copy(tale)
    other.policy, other.heard = policy, []
    other.run(until)
    return [(minute, effect.rung) for minute, effect in other.heard if isinstance(effect, TellRung)]


@settings(max_examples=120, deadline=None)
@given(running(), policies())
def test_whatever_comes_into_force_nobody_who_is_watched_is_missed_later(
    there: tuple[Tale, float], policy: Policy
) -> None:
    tale, minute = there
    until = minute + 200
    before, after = told(tale, POLICY, until), told(tale, policy, until)
    assert before, "silence is an alarm, always"
    assert after and after[0] <= before[0]
    if tale.case.alerts:
        climbs = [each for each in before if each[1] <= tale.alert.ladder.last][
            : tale.alert.ladder.last - tale.alert.rung
        ]
        assert after[: len(climbs)] == climbs, "an alert that is open climbs as it was frozen"


def stored(tale: Tale) -> tuple[object, ...]:
    return (tale.watch.due_at, tale.watch.alarm_at, tale.watch.next_at, tale.watch.stage)


@settings(max_examples=120, deadline=None)
@given(running(), policies())
def test_what_comes_next_is_never_later_than_it_was_to_be(there: tuple[Tale, float], policy: Policy) -> None:
    tale, _ = there
    moment = minute_of(tale.watch.next_at)
    if moment is None or tale.case.alerts:
        return
    kept = stored(tale)
    same, other = copy(tale), copy(tale)
    other.policy = policy
    assert stored(other) == kept, "an edition alone moves nothing that is stored"
    for each in (same, other):
        each.heard = []
        each.sweep(moment)
    if same.case.alerts:
        assert other.case.alerts, "the alarm is raised when it was to be raised"
        return
    assert (other.watch.due_at, other.watch.alarm_at) == (same.watch.due_at, same.watch.alarm_at)
    asked = [effect for _, effect in other.heard if isinstance(effect, Ask)]
    assert asked == [effect for _, effect in same.heard if isinstance(effect, Ask)], "what was to be asked is asked"
    assert other.watch.next_at is not None and same.watch.next_at is not None
    if kept[3] == "ask":
        assert other.watch.next_at <= same.watch.next_at, "between a question and its nudge nothing moves later"


def test_the_loosest_edition_between_a_question_and_its_nudge_delays_neither_nudge_nor_alarm() -> None:
    for begun in (False, True):
        tale = Tale(planned(Risk.MEDIUM, length=90))
        if begun:
            tale.say(ev.Begin, 0)
        asked = 30.0 if begun else 10.0
        tale.run(asked)
        kept = stored(tale)
        tale.policy = LOOSEST
        nudged = minute_of(tale.watch.next_at)
        assert nudged is not None
        tale.run(nudged)
        assert [effect.again for _, effect in tale.heard if isinstance(effect, Ask)][-1]
        alarm = kept[1]
        tale.run(asked + 200)
        assert tale.case.alerts[0].opened_at == alarm


def test_an_open_alerts_waits_are_those_that_were_frozen_onto_it() -> None:
    for kind in (Kind.SOS, Kind.MISSED_CHECK_IN):
        tale = Tale(planned(Risk.MEDIUM, length=500, planned_at=0))
        tale.raise_(kind, 0)
        ladder = tale.alert.ladder
        tale.policy = LOOSEST
        tale.run(15)
        assert tale.alert.ladder == ladder and tale.alert.rung == ladder.last


def test_a_silence_that_was_agreed_on_ends_when_it_was_to_end() -> None:
    tale = Tale(planned(Risk.MEDIUM, length=300))
    tale.say(ev.Begin, 0)
    tale.happen(ev.Silence(worker_id=tale.watch.worker_id, said_at=at(1), until=at(50)), 1)
    alarm = tale.watch.alarm_at
    tale.policy = LOOSEST
    tale.run(200)
    assert alarm == at(50) + timedelta(minutes=5) and tale.case.alerts[0].opened_at == alarm
