"""Risk: the highest true line, one test a line; no scores."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from config.policy import parse_policy
from safety_service.domain.risk import Because, Fact, Planned, higher, judge
from safety_service.domain.words import Risk
from tests.unit.watched import COLLEAGUE, POLICY, WORKER

#: A Wednesday in June, on the agency's clock.
DAY = date(2026, 6, 17)


def plan(
    *facts: Fact, known: bool = True, begins: str = "10:00", ends: str = "11:00", worker: str = "Ada", **answers: object
) -> Planned:
    return Planned(
        answers=answers,
        facts=facts,
        workers=frozenset({WORKER}),
        starts_at=datetime.fromisoformat(f"{DAY} {begins}"),
        ends_at=datetime.fromisoformat(f"{DAY} {ends}"),
        family_known=known,
        worker_name=worker,
    )


def fact(kind: str, on: date = DAY, **more: Any) -> Fact:
    return Fact(kind, on, **more)


def judged(planned: Planned) -> tuple[Risk, list[str]]:
    """The level, and the sentences that say why."""
    risk, because = judge(planned, POLICY)
    return risk, [each.says for each in because]


def test_nothing_known_against_it_is_low() -> None:
    assert judged(plan()) == (Risk.LOW, [])


def test_mixed_feelings_alone_never_count() -> None:
    assert judged(plan(fact("mixed_feelings"), fact("mixed_feelings"))) == (Risk.LOW, [])


@pytest.mark.parametrize(
    ("kind", "level", "last_day", "says"),
    [
        ("violence", Risk.HIGH, date(2024, 6, 16), "Violence or a weapon on 16 June 2024"),
        ("weapon", Risk.HIGH, date(2024, 6, 16), "A weapon on 16 June 2024"),
        ("open_threat", Risk.HIGH, date(2025, 6, 16), "Open threat on 16 June 2025"),
        ("veiled_threat", Risk.HIGH, date(2025, 6, 16), "Veiled threat on 16 June 2025"),
        ("confrontation", Risk.MEDIUM, date(2025, 12, 15), "Confrontation on 15 December 2025"),
    ],
)
def test_what_was_met_counts_for_its_months_and_no_longer(kind: str, level: Risk, last_day: date, says: str) -> None:
    assert judged(plan(fact(kind, last_day))) == (level, [says])
    assert judged(plan(fact(kind, last_day - timedelta(days=1)))) == (Risk.LOW, [])


@pytest.mark.parametrize("year", range(2024, 2034))
def test_no_fact_drops_out_before_its_months_are_over(year: int) -> None:
    for month in range(1, 13):
        on = date(year, month, 1)
        planned = plan(fact("violence", on.replace(year=year - 2)))
        later = datetime(year, month, 1, 10)  # noqa: DTZ001
        shifted = Planned(
            answers={},
            facts=planned.facts,
            workers=planned.workers,
            starts_at=later,
            ends_at=later + timedelta(hours=1),
            family_known=True,
        )
        assert judge(shifted, POLICY)[0] is Risk.HIGH


def test_the_last_of_several_is_named() -> None:
    old, new = fact("violence", date(2025, 1, 2)), fact("violence", date(2026, 5, 3))
    assert judged(plan(new, old)) == (Risk.HIGH, ["Violence or a weapon on 3 May 2026"])


def test_two_avoidances_in_three_months_count_one_does_not() -> None:
    one, other = fact("avoidance", date(2026, 3, 17)), fact("avoidance", date(2026, 6, 1))
    assert judged(plan(one)) == (Risk.LOW, [])
    assert judged(plan(one, other)) == (Risk.MEDIUM, ["Avoided twice, last on 1 June 2026"])
    assert judged(plan(fact("avoidance", date(2026, 3, 16)), other)) == (Risk.LOW, [])


def test_who_was_targeted_is_at_high_risk_and_nobody_else() -> None:
    assert judged(plan(fact("targeted", date(2020, 1, 2), worker_id=WORKER)))[0] is Risk.HIGH
    assert judged(plan(fact("targeted", date(2020, 1, 2), worker_id=COLLEAGUE))) == (Risk.LOW, [])


def test_removal_or_court_news_today_is_high() -> None:
    assert judged(plan(news="removal")) == (Risk.HIGH, ["Removal or court news today"])


def test_a_threat_that_the_plan_expects_is_high_and_is_said() -> None:
    assert judged(plan(hostility="threat")) == (Risk.HIGH, ["A threat is expected"])
    assert judged(plan(hostility="some")) == (Risk.LOW, [])


def test_bad_news_is_medium() -> None:
    assert judged(plan(news="bad")) == (Risk.MEDIUM, ["Bad news to bring"])


@pytest.mark.parametrize(
    ("what", "says"), [("crisis", "Drink, drugs or crisis"), ("dog", "Loose dog"), ("no_signal", "No signal there")]
)
def test_what_is_around_is_medium(what: str, says: str) -> None:
    assert judged(plan(around=[what])) == (Risk.MEDIUM, [says])
    assert judged(plan(around=what)) == (Risk.MEDIUM, [says])


def test_a_family_of_which_nothing_is_known_is_medium() -> None:
    assert judged(plan(known=False)) == (Risk.MEDIUM, ["Nothing known yet"])


def test_a_difficult_debrief_that_was_not_reviewed_is_medium() -> None:
    assert judged(plan(fact("unreviewed_debrief")))[0] is Risk.MEDIUM
    assert judged(plan(fact("unreviewed_debrief", ended_on=DAY))) == (Risk.LOW, [])


@pytest.mark.parametrize(
    ("begins", "ends", "dark"),
    [
        ("08:00", "18:00", False),
        ("07:59", "09:00", True),
        ("17:30", "18:01", True),
        ("22:00", "23:00", True),
    ],
)
def test_after_dark_is_medium(begins: str, ends: str, dark: bool) -> None:
    assert judged(plan(begins=begins, ends=ends)) == ((Risk.MEDIUM, ["After dark"]) if dark else (Risk.LOW, []))


def test_three_medium_lines_at_once_are_high() -> None:
    assert judged(plan(known=False, news="bad"))[0] is Risk.MEDIUM
    risk, says = judged(plan(known=False, news="bad", around=["no_signal"]))
    assert (risk, says[0], len(says)) == (Risk.HIGH, "Three things at once", 4)


def test_the_same_dog_from_the_log_and_from_the_plan_is_one_line() -> None:
    planned = plan(fact("dog", date(2026, 5, 3)), around=["dog"], news="bad")
    assert judged(planned) == (Risk.MEDIUM, ["Loose dog, 3 May 2026", "Bad news to bring"])


def test_anyone_raises_it_in_one_tap_and_is_named() -> None:
    raised: dict[str, Any] = {"raise": "yes"}
    assert judged(plan(**raised)) == (Risk.HIGH, ["Raised by Ada"])


def test_ended_facts_stay_as_past() -> None:
    assert judged(plan(fact("open_threat", ended_on=DAY))) == (Risk.LOW, [])
    assert judged(plan(fact("open_threat", ended_on=DAY + timedelta(days=1))))[0] is Risk.HIGH


def test_the_highest_line_comes_first_and_decides() -> None:
    risk, because = judge(plan(fact("open_threat"), known=False), POLICY)
    assert (risk, [each.level for each in because]) == (Risk.HIGH, [Risk.HIGH, Risk.MEDIUM])
    assert because[0] == Because("open_threat", Risk.HIGH, "Open threat on 17 June 2026")


def test_an_agency_may_write_its_own_lines() -> None:
    policy = parse_policy(
        '[[lines]]\nkey = "stairs"\nlevel = "medium"\nanswer = "around"\nis = "stairs"\nsays = "Stairs"'
    )
    assert judge(plan(around=["stairs", "dog"]), policy) == (Risk.MEDIUM, (Because("stairs", Risk.MEDIUM, "Stairs"),))


@pytest.mark.parametrize("one", list(Risk))
def test_the_higher_of_two(one: Risk) -> None:
    assert higher(one, Risk.LOW) is one
    assert higher(Risk.HIGH, one) is Risk.HIGH
