"""The timer table, row by row. Minutes count from the planned start."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from config.policy import parse_policy
from safety_service.domain import events as ev
from safety_service.domain.alert_effects import TellOwner, TellRung
from safety_service.domain.effects import Ask, Question
from safety_service.domain.refusal import Refused
from safety_service.domain.visit import apply, plan
from safety_service.domain.watch import longest_silence
from safety_service.domain.words import Kind, Phase, Risk, Stage
from tests.unit.watched import MANAGER, POLICY, WORKER, Effects, Tale, at, inside, minute_of, minutes, planned

#: The shortest time there is, in minutes.
TICK = 1 / 60_000_000
LOW, MEDIUM, HIGH = Risk


def asked(effects: Effects) -> list[tuple[Question, bool]]:
    return [(each.question, each.again) for each in effects if isinstance(each, Ask)]


def opens_exactly_at(tale: Tale, minute: float, kind: Kind) -> None:
    """Not a microsecond before; then, and at the same moment only once."""
    tale.run(minute - TICK)
    tale.sweep(minute - TICK)
    assert not tale.case.alerts
    assert any(isinstance(each, TellRung) for each in tale.sweep(minute))
    assert (tale.alert.kind, tale.alert.opened_at) == (kind, at(minute))
    assert tale.sweep(minute) == ()


# --- begin ---


@pytest.mark.parametrize("risk", list(Risk))
def test_a_begin_is_asked_for_ten_minutes_late_nudged_and_told_at_twenty(risk: Risk) -> None:
    tale = Tale(planned(risk))
    assert (tale.watch.due_at, tale.watch.alarm_at) == (at(0), at(20))
    assert asked(tale.run(9.9)) == [(Question.GOING_IN, False)]
    assert asked(tale.sweep(10 - TICK)) == []
    assert asked(tale.sweep(10)) == [(Question.NOT_BEGUN, False)]
    assert asked(tale.run(13.2)) == []
    assert asked(tale.run(13.4)) == [(Question.NOT_BEGUN, True)]
    opens_exactly_at(tale, 20, Kind.NOT_BEGUN)


def test_a_visit_planned_at_the_door_is_asked_for_from_then() -> None:
    tale = Tale(planned(LOW, length=90, planned_at=40))
    assert (tale.watch.due_at, tale.watch.alarm_at) == (at(40), at(60))


def test_a_word_before_begin_proves_life_and_is_asked_from_there() -> None:
    tale = Tale()
    tale.run(10)
    tale.say(ev.Ok, 12)
    assert (tale.watch.phase, tale.watch.due_at, tale.watch.alarm_at) == (Phase.BEGIN, at(12), at(32))
    early = Tale()
    early.say(ev.Ok, -30)
    assert early.watch.due_at == at(0)


# --- inside: the interval ---


@pytest.mark.parametrize(("risk", "interval", "grace"), [(LOW, 60, 10), (MEDIUM, 30, 5), (HIGH, 15, 3)])
def test_silence_inside_is_asked_nudged_and_told(risk: Risk, interval: float, grace: float) -> None:
    tale = inside(risk)
    assert minute_of(tale.watch.due_at) == interval
    assert asked(tale.sweep(interval - TICK)) == []
    assert asked(tale.sweep(interval)) == [(Question.CHECK_IN, False)]
    assert asked(tale.sweep(interval + grace / 3 - TICK)) == []
    assert asked(tale.sweep(interval + grace / 3)) == [(Question.CHECK_IN, True)]
    opens_exactly_at(tale, interval + grace, Kind.MISSED_CHECK_IN)


def test_an_ok_counts_one_interval_from_when_it_was_said_not_from_when_it_was_heard() -> None:
    tale = inside(HIGH)
    tale.say(ev.Ok, 10, heard_at=14)
    assert tale.watch.due_at == at(25)


def test_a_word_that_arrives_after_a_newer_one_changes_nothing() -> None:
    tale = inside(HIGH)
    tale.say(ev.Ok, 12)
    before = tale.watch
    tale.say(ev.Ok, 5, heard_at=13)
    assert tale.watch == before


def test_a_word_from_the_future_was_said_now() -> None:
    tale = inside(HIGH)
    tale.say(ev.Ok, 600, heard_at=10)
    assert (tale.watch.due_at, tale.watch.last_word_at) == (at(25), at(10))


def test_a_worker_may_choose_a_shorter_interval_but_no_longer_one() -> None:
    assert planned(MEDIUM, interval=10).watches[0].interval == minutes(10)
    assert planned(MEDIUM, interval=90).watches[0].interval == minutes(30)
    assert planned(MEDIUM, interval=-5).watches[0].interval == minutes(30)


def test_low_risk_without_an_interval_is_asked_at_the_end_or_after_an_hour() -> None:
    assert inside(LOW, length=45).watch.due_at == at(45)
    assert inside(LOW, length=90).watch.due_at == at(60)


def test_the_questions_of_one_deadline_share_a_number_and_the_next_has_another() -> None:
    tale = inside(HIGH)
    numbers = [each.ask for each in tale.run(16) if isinstance(each, Ask)]
    tale.say(ev.Ok, 16)
    numbers += [each.ask for each in tale.run(31) if isinstance(each, Ask)]
    assert numbers == [1, 1, 2]


def test_the_first_question_after_a_word_that_was_long_under_way_is_no_repeat() -> None:
    tale = inside(HIGH)
    tale.run(16)
    tale.say(ev.Ok, 2, heard_at=17.5)
    assert (tale.watch.due_at, tale.watch.alarm_at) == (at(17), at(20))
    (question,) = [each for each in tale.run(19) if isinstance(each, Ask)]
    assert (question.ask, question.again) == (2, False)


# --- inside: the end ---


@pytest.mark.parametrize(("risk", "grace"), [(LOW, 15), (MEDIUM, 10), (HIGH, 5)])
def test_the_planned_end_is_announced_asked_nudged_and_told(risk: Risk, grace: float) -> None:
    tale = inside(risk, length=14)
    assert asked(tale.sweep(9 - TICK)) == []
    assert asked(tale.sweep(9)) == [(Question.STILL_ON, False)]
    assert asked(tale.sweep(14 - TICK)) == []
    assert asked(tale.sweep(14)) == [(Question.END, False)]
    assert asked(tale.sweep(14 + grace / 3)) == [(Question.END, True)]
    opens_exactly_at(tale, 14 + grace, Kind.NOT_OUT)


def test_an_ok_does_not_answer_the_planned_end() -> None:
    tale = inside(HIGH, length=14)
    tale.run(15)
    tale.say(ev.Ok, 16)
    assert (tale.watch.due_at, tale.watch.alarm_at) == (at(14), at(19))
    tale.run(19)
    assert tale.alert.kind is Kind.NOT_OUT


def test_begun_after_its_planned_end_it_has_its_planned_length_from_the_door() -> None:
    tale = Tale(planned(LOW, length=45))
    tale.run(50)
    tale.say(ev.Begin, 50)
    assert (tale.watch.ends_at, tale.watch.due_at) == (at(95), at(95))


def test_begun_late_but_before_its_end_it_ends_as_planned() -> None:
    tale = Tale(planned(LOW, length=45))
    tale.say(ev.Begin, 30)
    assert tale.watch.ends_at == at(45)


# --- the way home ---


@pytest.mark.parametrize(("risk", "grace"), [(LOW, 30), (MEDIUM, 20), (HIGH, 15)])
def test_the_way_home_is_asked_for_nudged_and_told(risk: Risk, grace: float) -> None:
    tale = inside(risk)
    tale.say(ev.Out, 10)
    assert (tale.watch.phase, tale.watch.due_at) == (Phase.HOME, at(40))
    assert asked(tale.sweep(40 - TICK)) == []
    assert asked(tale.sweep(40)) == [(Question.HOME, False)]
    assert asked(tale.sweep(40 + grace / 3)) == [(Question.HOME, True)]
    opens_exactly_at(tale, 40 + grace, Kind.NOT_HOME)


def test_a_way_home_without_end_is_no_plan() -> None:
    assert planned(travel=60 * 24).travel == minutes(240)
    assert planned(travel=-10).travel == minutes(0)


# --- while an alert is open, and after a gap ---


def test_while_an_alert_is_open_the_watch_goes_on_and_a_second_miss_goes_to_its_owner() -> None:
    tale = inside(HIGH)
    tale.run(18)
    assert (tale.watch.stage, tale.watch.due_at) == (Stage.ASK, at(33))
    tale.take(MANAGER, 19)
    tale.news(MANAGER, 28)
    effects = tale.run(36)
    assert [each.what for each in effects if isinstance(each, TellOwner)][-1] == "again_missed_check_in"
    assert len(tale.case.alerts) == 1


def test_after_the_alert_about_the_end_only_the_interval_counts() -> None:
    tale = inside(HIGH, length=14)
    tale.run(19)
    assert (tale.watch.ends_at, tale.watch.due_at) == (None, at(34))


def test_after_a_gap_only_what_is_due_now_is_done_and_overdue_is_overdue() -> None:
    tale = inside(HIGH, length=14)
    assert asked(tale.sweep(14.5)) == [(Question.END, False)]
    tale = inside(HIGH, length=14)
    tale.sweep(200)
    assert (tale.alert.kind, tale.alert.due_at) == (Kind.NOT_OUT, at(14))
    assert tale.watch.due_at == at(215)


def test_an_end_that_passed_in_the_gap_is_due_on_the_return() -> None:
    tale = inside(HIGH, length=40)
    tale.sweep(200)
    assert (tale.alert.kind, tale.watch.due_at, tale.watch.alarm_at) == (Kind.MISSED_CHECK_IN, at(200), at(205))


def test_a_clock_that_steps_back_changes_nothing() -> None:
    tale = inside(HIGH)
    tale.sweep(15)
    before = tale.case
    assert tale.sweep(2) == ()
    assert tale.case == before


@pytest.mark.parametrize("evening", ["2026-03-29 00:50", "2026-10-25 00:50"])
def test_minutes_are_as_long_on_the_nights_on_which_the_clocks_change(evening: str) -> None:
    starts_at = datetime.fromisoformat(evening).replace(tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)
    visit, _ = plan(
        UUID(int=9),
        (WORKER,),
        risk=HIGH,
        starts_at=starts_at,
        ends_at=starts_at + minutes(90),
        interval=None,
        travel=minutes(30),
        now=starts_at,
        policy=POLICY,
    )
    visit, _ = apply(visit, ev.Begin(worker_id=WORKER, said_at=starts_at), starts_at, POLICY)
    assert visit.watch(WORKER).due_at == starts_at + minutes(15)
    assert visit.watch(WORKER).alarm_at == starts_at + minutes(18)


# --- the policy ---


def test_no_later_policy_moves_a_running_alarm() -> None:
    tale = inside(HIGH)
    tale.policy = parse_policy('[risk.high]\ngrace = "30m"\nend_grace = "30m"\n[begin]\nask = "30m"\nalarm = "1h"')
    tale.run(15)
    opens_exactly_at(tale, 18, Kind.MISSED_CHECK_IN)
    begin = Tale(planned(LOW))
    begin.policy = tale.policy
    begin.run(19)
    opens_exactly_at(begin, 20, Kind.NOT_BEGUN)


def test_the_longest_silence_before_a_human_knows_can_be_said_of_every_policy() -> None:
    assert [longest_silence(POLICY, risk) for risk in Risk] == [minutes(75), minutes(40), minutes(20)]


@pytest.mark.parametrize("risk", list(Risk))
@pytest.mark.parametrize("length", [10, 14, 15, 29, 30, 59, 60, 61, 300])
def test_no_silence_inside_is_longer_than_what_is_said_of_the_policy(risk: Risk, length: float) -> None:
    tale = inside(risk, length=length)
    tale.run(longest_silence(POLICY, risk) / minutes(1))
    assert tale.case.alerts


def test_times_that_make_no_sense_are_refused() -> None:
    with pytest.raises(Refused, match="ends_before_it_starts"):
        planned(length=0)
    with pytest.raises(Refused, match="already_over"):
        planned(length=45, planned_at=45)
    with pytest.raises(Refused, match="speaker_must_go"):
        planned(workers=(WORKER,), speaker=MANAGER)
