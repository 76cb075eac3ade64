"""The ladder: what is frozen onto an alert, and how it climbs. Minutes count from the planned start."""

from uuid import UUID

import pytest

from config.policy import Policy, parse_policy
from safety_service.domain import events as ev
from safety_service.domain.alert_effects import NobodyThere, TellRung
from safety_service.domain.ladder import Present, freeze
from safety_service.domain.words import Kind, Risk, State
from tests.unit.watched import (
    DEPUTY,
    MANAGER,
    OTHER,
    POLICY,
    PRESENT,
    STANDING,
    WORKER,
    Tale,
    minute_of,
    minutes,
    planned,
)

LOW, MEDIUM, HIGH = Risk
EVERYONE = {MANAGER, DEPUTY, STANDING}
#: The policy sample of the design, whole.
SAMPLE = parse_policy(
    """
[risk.high]
interval = "15m"
grace = "3m"
end_grace = "5m"
decision = true
own_word = true
[ladder.default]
rungs = [
  { who = "manager_on_duty", answer = "5m" },
  { who = "deputy_on_duty", answer = "5m" },
  { who = "everyone", repeat = "2m" },
]
[ladder.danger]
together = 2
everyone_after = "2m"
[taken]
news_within = "15m"
"""
)


def missed(risk: Risk = LOW, *, present: Present = PRESENT, policy: Policy = POLICY) -> Tale:
    """A missed check-in opened at minute 100, its first rung told."""
    tale = Tale(planned(risk, length=500, policy=policy), present=present, policy=policy)
    tale.raise_(Kind.MISSED_CHECK_IN, 100)
    return tale


def sos(*, present: Present = PRESENT, policy: Policy = POLICY) -> Tale:
    """An SOS at minute 0, from inside."""
    tale = Tale(planned(length=500), present=present, policy=policy)
    tale.say(ev.Begin, 0)
    tale.say(ev.Sos, 0)
    return tale


def rungs(tale: Tale) -> list[tuple[float, int, set[UUID]]]:
    """Every telling: when, which rung, who."""
    return [(minute, each.rung, set(each.people)) for minute, each in tale.heard if isinstance(each, TellRung)]


# --- what is frozen ---


@pytest.mark.parametrize(("risk", "answer", "news"), [(LOW, 10, 20), (MEDIUM, 5, 15), (HIGH, 2, 10)])
def test_the_shipped_ladders_have_the_answer_times_of_their_risk(risk: Risk, answer: float, news: float) -> None:
    ladder = freeze(Kind.MISSED_CHECK_IN, risk, POLICY)
    assert [(each.who, each.answer) for each in ladder.rungs] == [
        ("manager_on_duty", minutes(answer)),
        ("deputy_on_duty", minutes(answer)),
        ("everyone", minutes(2)),
    ]
    assert (ladder.together, ladder.everyone_after, ladder.news_within) == (1, None, minutes(news))
    assert (ladder.reach, ladder.reply, ladder.confirm) == (minutes(0.5), minutes(3), minutes(1))


@pytest.mark.parametrize("kind", [Kind.SOS, Kind.DURESS])
def test_danger_has_a_ladder_of_its_own_at_any_risk(kind: Kind) -> None:
    for risk in Risk:
        ladder = freeze(kind, risk, POLICY)
        assert (ladder.together, ladder.everyone_after, ladder.repeat) == (2, minutes(2), minutes(2))
        assert (ladder.news_within, ladder.reach) == (minutes(5), minutes(1 / 6))


@pytest.mark.parametrize("risk", list(Risk))
@pytest.mark.parametrize("kind", list(Kind))
def test_a_policy_with_a_default_ladder_alone_has_one_for_every_alert(risk: Risk, kind: Kind) -> None:
    ladder = freeze(kind, risk, SAMPLE)
    assert [each.who for each in ladder.rungs] == ["manager_on_duty", "deputy_on_duty", "everyone"]
    assert {each.answer for each in ladder.rungs[:2]} == {minutes(5)}
    assert ladder.news_within == minutes(5 if kind in (Kind.SOS, Kind.DURESS) else 15)


def test_a_ladder_without_everyone_ends_in_everyone() -> None:
    policy = parse_policy('[ladder.default]\nrungs = [{who = "manager_on_duty"}, {who = "service_manager"}]')
    ladder = freeze(Kind.NOT_OUT, MEDIUM, policy)
    assert [(each.who, each.answer) for each in ladder.rungs][-1] == ("everyone", minutes(2))


def test_rungs_and_waits_are_frozen_and_people_are_live() -> None:
    tale = missed()
    tale.policy = parse_policy('[ladder.low]\nrungs = [{who = "a"}, {who = "b"}]')
    tale.present = {**PRESENT, "deputy_on_duty": frozenset({OTHER})}
    tale.run(110)
    assert rungs(tale) == [(100, 1, {MANAGER}), (110, 2, {OTHER})]


# --- climbing ---


def test_nobody_answers_and_it_climbs_to_everyone_for_ever() -> None:
    tale = missed(HIGH)
    tale.run(110)
    assert rungs(tale) == [
        (100, 1, {MANAGER}),
        (102, 2, {DEPUTY}),
        *((each, 3, EVERYONE) for each in (104, 106, 108, 110)),
    ]
    again = [each.again for _, each in tale.heard if isinstance(each, TellRung)]
    assert again == [False, False, False, True, True, True]
    tale.run(1000)
    assert tale.alert.state is State.OPEN
    assert rungs(tale)[-1][0] == 1000


def test_an_empty_rung_is_passed_at_once_and_named() -> None:
    tale = missed(present={**PRESENT, "manager_on_duty": frozenset()})
    ((minute, telling),) = [each for each in tale.heard if isinstance(each[1], TellRung)]
    assert isinstance(telling, TellRung)
    assert (minute, telling.rung, set(telling.people), telling.passed) == (100, 2, {DEPUTY}, ("manager_on_duty",))


def test_a_person_on_two_rungs_is_one_person() -> None:
    tale = missed(present={**PRESENT, "deputy_on_duty": frozenset({MANAGER})})
    tale.run(110)
    assert rungs(tale) == [(100, 1, {MANAGER}), (110, 3, EVERYONE)]


def test_the_worker_is_told_on_no_rung() -> None:
    mine = frozenset({WORKER})
    tale = missed(present={post: people | mine for post, people in PRESENT.items()})
    tale.run(130)
    assert all(WORKER not in people for _, _, people in rungs(tale))
    alone = missed(present=dict.fromkeys(PRESENT, mine))
    assert [type(each) for _, each in alone.heard] == [NobodyThere]


def test_everyone_is_everyone_who_stands_anywhere() -> None:
    tale = missed(present={"manager_on_duty": frozenset({MANAGER}), "everyone": frozenset()})
    tale.run(110)
    assert rungs(tale)[-1] == (110, 3, {MANAGER})


def test_nobody_at_all_is_loud_and_tried_again() -> None:
    tale = missed(present={})
    tale.present = PRESENT
    tale.run(102)
    assert rungs(tale) == [(102, 3, EVERYONE)]


# --- danger ---


def test_danger_tells_two_rungs_at_once_and_everyone_after_two_minutes() -> None:
    tale = sos()
    tale.run(6)
    assert rungs(tale) == [(0, 2, {MANAGER, DEPUTY}), (2, 3, EVERYONE), (4, 3, EVERYONE), (6, 3, EVERYONE)]


def test_danger_that_reached_nobody_within_ten_seconds_tells_everyone() -> None:
    tale = sos()
    tale.reached = False
    tale.run(2.5)
    assert [minute for minute, _, _ in rungs(tale)] == pytest.approx([0, 1 / 6, 2 + 1 / 6])


def test_with_one_rung_empty_danger_tells_the_next_two() -> None:
    tale = sos(present={**PRESENT, "deputy_on_duty": frozenset()})
    assert rungs(tale) == [(0, 3, EVERYONE)]


def test_on_a_longer_ladder_danger_still_tells_everyone_after_two_minutes() -> None:
    rungs_of = ", ".join(f'{{who = "{who}"}}' for who in ("manager_on_duty", "deputy_on_duty", "third", "fourth"))
    policy = parse_policy(f"[ladder.default]\nrungs = [{rungs_of}]")
    tale = sos(policy=policy, present={**PRESENT, "third": frozenset({OTHER}), "fourth": frozenset({STANDING})})
    tale.run(2)
    assert rungs(tale) == [(0, 2, {MANAGER, DEPUTY}), (2, 5, EVERYONE | {OTHER})]


# --- reached (P4), and lag (P7) ---


def test_a_rung_that_was_not_reached_within_thirty_seconds_hands_on_to_the_next() -> None:
    tale = missed()
    tale.reached = False
    tale.run(101)
    assert rungs(tale) == [(100, 1, {MANAGER}), (100.5, 2, {DEPUTY}), (101, 3, EVERYONE)]
    tale.run(103)
    assert [minute for minute, _, _ in rungs(tale)] == [100, 100.5, 101, 103]


def test_a_rung_that_was_reached_has_its_whole_time() -> None:
    tale = missed()
    tale.run(109.9)
    assert rungs(tale) == [(100, 1, {MANAGER})]


@pytest.mark.parametrize(("late", "answer_by"), [(0, 78), (1, 78), (1.01, 79.01)])
def test_ladder_times_run_from_the_due_moment_where_the_lag_is_small_else_from_the_return(
    late: float, answer_by: float
) -> None:
    tale = Tale(planned(MEDIUM, length=500))
    tale.say(ev.Begin, 38)
    tale.sweep(73 + late)
    assert tale.alert.next_at is not None
    assert tale.alert.next_at - tale.alert.due_at == minutes(answer_by - 68)


def test_a_climb_after_a_gap_tells_one_rung_and_not_every_one_that_was_missed() -> None:
    tale = missed(HIGH)
    tale.sweep(300)
    assert rungs(tale) == [(100, 1, {MANAGER}), (300, 2, {DEPUTY})]
    assert tale.sweep(300) == ()
    tale.run(302)
    assert rungs(tale)[-1] == (302, 3, EVERYONE)


def test_waits_of_seconds_do_not_pile_up_when_a_sweep_is_late() -> None:
    rungs_of = ", ".join(f'{{who = "{who}", answer = "2s"}}' for who in ("manager_on_duty", "deputy_on_duty"))
    tale = missed(MEDIUM, policy=parse_policy(f"[ladder.default]\nrungs = [{rungs_of}]"))
    tale.sweep(100.5)
    assert (tale.sweep(100.5), tale.alert.rung, minute_of(tale.alert.next_at)) == ((), 2, 100.5 + 2 / 60)
