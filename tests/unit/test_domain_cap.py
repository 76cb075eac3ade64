"""Extensions and planned silence, and the one cap that they share. Minutes count from the planned start."""

from datetime import timedelta

import pytest

from safety_service.domain import events as ev
from safety_service.domain.alert_effects import TellRung
from safety_service.domain.effects import Ask, TellManagers
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Kind, Phase, Risk
from tests.unit.watched import WORKER, Tale, at, inside, minutes

LOW, MEDIUM, HIGH = Risk


def test_extend_moves_the_end_and_the_deadline() -> None:
    tale = inside(length=30)
    tale.say(ev.Extend, 20, by=minutes(15))
    assert (tale.watch.ends_at, tale.watch.due_at) == (at(45), at(45))


def test_extend_never_reaches_beyond_the_interval() -> None:
    tale = inside(HIGH, length=10)
    tale.say(ev.Extend, 5, by=minutes(30))
    assert (tale.watch.ends_at, tale.watch.due_at) == (at(40), at(20))


def test_extensions_end_at_the_cap_and_lateness_counts() -> None:
    tale = inside(HIGH, length=10)
    tale.say(ev.Extend, 12, by=minutes(30))
    assert (tale.watch.ends_at, tale.watch.spent) == (at(42), minutes(32))
    tale.say(ev.Extend, 20, by=minutes(30))
    assert (tale.watch.ends_at, tale.watch.spent) == (at(70), minutes(60))
    assert TellManagers(WORKER, "cap_reached") in tale.say(ev.Extend, 30, by=minutes(5))
    assert (tale.watch.ends_at, tale.watch.due_at) == (at(70), at(45))


def test_an_extension_by_nothing_is_refused() -> None:
    with pytest.raises(Refused, match="extend_by_more_than_nothing"):
        inside().say(ev.Extend, 5, by=timedelta())


def test_the_way_home_may_be_longer() -> None:
    tale = inside()
    tale.say(ev.Out, 10)
    tale.say(ev.Extend, 35, by=minutes(30))
    assert (tale.watch.phase, tale.watch.due_at) == (Phase.HOME, at(70))


def test_a_planned_silence_takes_the_place_of_the_interval() -> None:
    tale = inside(HIGH)
    tale.say(ev.Silence, 5, until=at(45))
    assert tale.run(44.9) == ()
    assert [type(each) for each in tale.sweep(45)] == [Ask]
    assert not any(isinstance(each, TellRung) for each in tale.run(47.9))
    tale.sweep(48)
    assert tale.alert.kind is Kind.MISSED_CHECK_IN


def test_an_ok_does_not_cut_a_planned_silence_short() -> None:
    tale = inside(HIGH)
    tale.say(ev.Silence, 5, until=at(45))
    tale.say(ev.Ok, 10)
    assert tale.watch.due_at == at(45)


def test_the_planned_end_counts_in_a_planned_silence() -> None:
    tale = inside(HIGH, length=30)
    tale.say(ev.Silence, 5, until=at(45))
    assert tale.watch.due_at == at(30)


def test_extensions_and_planned_silence_share_one_cap() -> None:
    tale = inside(HIGH, length=100)
    tale.say(ev.Silence, 5, until=at(45))
    tale.say(ev.Extend, 50, by=minutes(600))
    assert (tale.watch.ends_at, tale.watch.spent) == (at(120), minutes(60))
    with pytest.raises(Refused, match="cap_reached"):
        tale.say(ev.Silence, 55, until=at(90))
    assert tale.watch.ends_at == at(120)


def test_a_silence_asked_for_in_pieces_costs_no_more_than_whole() -> None:
    tale = inside(HIGH)
    tale.say(ev.Silence, 0, until=at(20))
    tale.say(ev.Silence, 10, until=at(40))
    assert (tale.watch.silent_until, tale.watch.spent) == (at(40), minutes(40))


def test_a_silence_is_planned_inside_and_ahead() -> None:
    with pytest.raises(Refused, match="silence_is_for_inside"):
        Tale().say(ev.Silence, 0, until=at(20))
    with pytest.raises(Refused, match="until_past"):
        inside(HIGH).say(ev.Silence, 10, until=at(9))
