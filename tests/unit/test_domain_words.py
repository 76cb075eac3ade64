"""The event table, from the worker's side: what each word does to the watch. Minutes count from the planned start."""

import pytest

from safety_service.domain import events as ev
from safety_service.domain.effects import AskDebrief, Entered, TellManagers
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Found, Kind, Outcome, Phase, Risk, State, Status
from tests.unit.watched import MANAGER, WORKER, Tale, all_hear, at, inside, minutes, planned

LOW, MEDIUM, HIGH = Risk


# --- begin, and what comes before it ---


def test_begin_means_at_the_door() -> None:
    tale = Tale()
    effects = tale.say(ev.Begin, 2)
    assert (tale.visit.status, tale.watch.phase, tale.watch.due_at) == (Status.BEGUN, Phase.INSIDE, at(45))
    assert Entered(WORKER) in effects


def test_a_second_begin_is_an_ok() -> None:
    tale = inside()
    tale.say(ev.Begin, 7)
    assert tale.watch.due_at == at(67)


def test_begin_answers_not_begun_as_a_late_word_and_the_alert_stays_open() -> None:
    tale = Tale()
    tale.run(20)
    assert all_hear(tale.say(ev.Begin, 22)) == ["late_begin"]
    assert (tale.alert.kind, tale.alert.state) == (Kind.NOT_BEGUN, State.OPEN)


def test_who_waits_for_a_decision_and_goes_anyway_is_watched_and_the_manager_is_told() -> None:
    tale = Tale(planned(HIGH))
    assert tale.visit.status is Status.WAITING
    assert TellManagers(WORKER, "begun_undecided") in tale.say(ev.Begin, 0)
    assert tale.watch.phase is Phase.INSIDE


def test_going_in_late_moves_the_start_and_the_end() -> None:
    tale = Tale()
    tale.run(10)
    tale.say(ev.Extend, 12, by=minutes(15))
    assert (tale.watch.phase, tale.watch.due_at, tale.watch.ends_at) == (Phase.BEGIN, at(27), at(72))
    assert tale.watch.spent == minutes(27)


def test_a_visit_that_was_closed_as_not_begun_can_still_be_begun() -> None:
    tale = Tale()
    tale.run(20)
    tale.resolve(MANAGER, 25, Found.LATE)
    assert (tale.visit.status, tale.watch.phase) == (Status.NOT_BEGUN, Phase.DONE)
    tale.say(ev.Begin, 30)
    assert (tale.visit.status, tale.watch.phase) == (Status.BEGUN, Phase.INSIDE)


def test_who_cancelled_and_goes_all_the_same_is_watched() -> None:
    tale = Tale()
    tale.say(ev.Cancel, -5)
    tale.say(ev.Begin, 0)
    assert (tale.visit.status, tale.watch.phase) == (Status.BEGUN, Phase.INSIDE)


def test_who_was_inside_and_left_plans_another_visit() -> None:
    tale = inside()
    tale.say(ev.Out, 10)
    with pytest.raises(Refused, match="already_out"):
        tale.say(ev.Begin, 12)
    tale.say(ev.Home, 30)
    with pytest.raises(Refused, match="visit_is_over"):
        tale.say(ev.Begin, 32)


def test_cancel_exists_only_before_begin() -> None:
    tale = Tale()
    tale.say(ev.Cancel, -5)
    assert (tale.visit.status, tale.watch.phase) == (Status.CANCELLED, Phase.DONE)
    tale = inside()
    with pytest.raises(Refused, match="cancel_only_before_begin"):
        tale.say(ev.Cancel, 5)


# --- out, home, and the chain of the day ---


def test_out_asks_for_the_debrief_and_watches_the_way_home() -> None:
    tale = inside()
    effects = tale.say(ev.Out, 10, outcome=Outcome.NO_ENTRY)
    assert AskDebrief(WORKER) in effects
    assert (tale.visit.status, tale.visit.outcome) == (Status.OUT, Outcome.NO_ENTRY)
    tale.say(ev.Home, 30)
    assert (tale.visit.status, tale.watch.live) == (Status.CLOSED, False)


def test_out_counts_though_nobody_said_begin() -> None:
    tale = Tale()
    tale.say(ev.Out, 5, outcome=Outcome.NO_ENTRY)
    assert (tale.visit.status, tale.watch.phase) == (Status.OUT, Phase.HOME)


def test_home_from_inside_is_out_too() -> None:
    tale = inside()
    assert AskDebrief(WORKER) in tale.say(ev.Home, 10)
    assert tale.visit.status is Status.CLOSED


def test_home_before_begin_says_nothing_of_this_visit() -> None:
    with pytest.raises(Refused, match="not_begun_yet"):
        Tale().say(ev.Home, -5)


@pytest.mark.parametrize(("starts", "chained"), [(120, True), (120.1, False), (-30, True)])
def test_out_arms_the_next_visit_where_it_starts_within_two_hours(starts: float, chained: bool) -> None:
    tale = inside()
    tale.say(ev.Out, 0, next_starts_at=at(starts))
    assert tale.watch.phase is (Phase.DONE if chained else Phase.HOME)


def test_the_next_begin_carries_the_way_home_and_a_cancel_goes_on_as_it() -> None:
    following = Tale()
    following.say(ev.TookOver, -20)
    assert following.watch.carries_home
    following.say(ev.Cancel, -5)
    assert (following.watch.phase, following.watch.due_at) == (Phase.HOME, at(25))
    assert following.visit.status is Status.CANCELLED
    following.say(ev.Home, 20)
    assert (following.watch.live, following.visit.status) == (False, Status.CANCELLED)


def test_home_ends_the_way_that_the_next_begin_carries_and_leaves_the_begin() -> None:
    following = Tale()
    following.say(ev.TookOver, -60)
    following.say(ev.Home, -40)
    assert (following.watch.phase, following.watch.due_at, following.watch.carries_home) == (Phase.BEGIN, at(0), False)


def test_beginning_another_visit_ends_the_way_home_that_this_one_carries() -> None:
    following = Tale()
    following.say(ev.TookOver, -60)
    following.say(ev.BegunElsewhere, -40)
    following.say(ev.Cancel, -5)
    assert following.watch.phase is Phase.DONE


def test_beginning_another_visit_means_out_of_this_one_and_the_manager_hears() -> None:
    tale = inside()
    effects = tale.say(ev.BegunElsewhere, 40)
    assert TellManagers(WORKER, "assumed_out") in effects
    assert AskDebrief(WORKER) in effects
    assert (tale.visit.status, tale.watch.live) == (Status.CLOSED, False)


def test_beginning_another_visit_ends_the_way_home_from_this_one() -> None:
    tale = inside()
    tale.say(ev.Out, 10)
    assert not any(isinstance(each, TellManagers) for each in tale.say(ev.BegunElsewhere, 20))
    assert not tale.watch.live
