"""Risk raised and lowered by hand: anyone raises; a lowering covers what was known, for a while, and nothing new."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from safety_service.domain.risk import Because, Fact, counts_still, judge
from safety_service.domain.words import Risk
from tests.unit.test_domain_risk import DAY, plan
from tests.unit.watched import COLLEAGUE, POLICY, WORKER

EARLIER = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 6, 3, 9, 0, tzinfo=UTC)
LOWERED_ON = date(2026, 6, 2)
THREAT = Fact("open_threat", date(2026, 5, 3), known_at=EARLIER)


def lowered(to: str = "low", until: date = DAY + timedelta(days=1)) -> Fact:
    return Fact(f"lowered_to_{to}", LOWERED_ON, ended_on=until, known_at=datetime(2026, 6, 2, 9, 0, tzinfo=UTC))


def level(*facts: Fact, **answers: Any) -> Risk:
    return judge(plan(*facts, **answers), POLICY)[0]


def test_a_manager_lowers_what_was_known() -> None:
    risk, because = judge(plan(THREAT, lowered("medium")), POLICY)
    assert risk is Risk.MEDIUM
    assert because == (
        Because("open_threat", Risk.MEDIUM, "Open threat on 3 May 2026"),
        Because("lowered", Risk.MEDIUM, "Lowered by a manager on 2 June 2026"),
    )


def test_nothing_is_said_of_a_lowering_that_lowers_nothing() -> None:
    assert judge(plan(lowered("medium")), POLICY) == (Risk.LOW, ())


def test_it_ends_by_itself() -> None:
    assert level(THREAT, lowered(until=DAY)) is Risk.HIGH


def test_what_becomes_known_later_is_not_covered() -> None:
    news = Fact("open_threat", date(2026, 5, 20), known_at=LATER)
    assert level(THREAT, lowered()) is Risk.LOW
    assert level(THREAT, news, lowered()) is Risk.HIGH
    assert level(THREAT, Fact("unreviewed_debrief", date(2026, 5, 3)), lowered()) is Risk.MEDIUM


def test_the_day_itself_is_never_lowered() -> None:
    dog = Fact("dog", date(2026, 5, 3), known_at=EARLIER)
    assert level(dog, lowered()) is Risk.LOW
    assert level(dog, lowered(), around=["dog"]) is Risk.MEDIUM
    assert level(THREAT, lowered(), news="removal") is Risk.HIGH


def test_a_worker_who_was_targeted_stays_so() -> None:
    assert level(Fact("targeted", date(2026, 5, 3), worker_id=WORKER, known_at=EARLIER), lowered()) is Risk.HIGH
    assert level(Fact("targeted", date(2026, 5, 3), worker_id=COLLEAGUE, known_at=EARLIER), lowered()) is Risk.LOW


def test_what_was_lowered_makes_no_three_lines() -> None:
    things = [Fact(kind, date(2026, 5, 3), known_at=EARLIER) for kind in ("confrontation", "dog")]
    assert level(*things, around=["no_signal"]) is Risk.HIGH
    assert level(*things, lowered(), around=["no_signal"]) is Risk.MEDIUM
    assert level(*things, lowered("medium")) is Risk.MEDIUM


def test_anyone_raises_and_a_lowering_before_it_does_not_hold() -> None:
    assert level(Fact("raised", date(2026, 6, 3), known_at=LATER), lowered()) is Risk.HIGH


def test_a_fact_is_past_when_no_line_counts_it() -> None:
    assert counts_still(THREAT, POLICY, DAY)
    assert not counts_still(Fact("open_threat", DAY - timedelta(days=400)), POLICY, DAY)
    assert not counts_still(Fact("disguised_compliance", DAY), POLICY, DAY)
