"""Demands held against a visit; and a watch that is tightened: never later, always armed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.guidance import Demands
from config.policy import parse_policy
from safety_service.domain import demands
from safety_service.domain import visit as rules
from safety_service.domain.demands import Going, asked_key, lacks, status, tightened, to_confirm
from safety_service.domain.events import Begin, DeadlinePassed, Event, Ok, Out
from safety_service.domain.plan import Measure, MeasureState
from safety_service.domain.refusal import Refused
from safety_service.domain.visit import Visit
from safety_service.domain.words import Risk, Status

POLICY = parse_policy("")
NOON = datetime(2026, 11, 16, 12, 0, tzinfo=UTC)
ANN, BEN = uuid4(), uuid4()


def measure(state: MeasureState = MeasureState.IN_FORCE, **wants: Any) -> Measure:
    """A measure with these demands, from yesterday on."""
    return Measure(
        id=uuid4(),
        agency_id=uuid4(),
        family_id=uuid4(),
        key="own",
        says="so",
        demands=Demands(**{key: value for key, value in wants.items() if key != "worker_id"}),
        worker_id=wants.get("worker_id"),
        state=state,
        from_on=date(2026, 11, 15),
        proposed_at=NOON,
        next_at=NOON,
    )


GOING = Going(
    workers=frozenset({ANN}),
    starts_at=NOON,
    ends_at=NOON + timedelta(hours=1),
    interval=timedelta(minutes=30),
    daylight=(time(8), time(18)),
)


@pytest.mark.parametrize(
    ("wants", "unmet", "met"),
    [
        ({"people": 2}, {}, {"workers": frozenset({ANN, BEN})}),
        ({"people": 2}, {}, {"joint": "police"}),
        ({"people": 2}, {"joint": "colleague"}, {"joint": "agency"}),
        ({"people": 3}, {"joint": "police"}, {"joint": "police", "workers": frozenset({ANN, BEN})}),
        ({"police": True}, {"joint": "agency"}, {"joint": "police"}),
        ({"office": True}, {"place": "elsewhere"}, {"place": "office"}),
        ({"daylight": True}, {"ends_at": NOON.replace(hour=18, minute=1)}, {}),
        ({"daylight": True}, {"starts_at": NOON.replace(hour=7, minute=59)}, {}),
        ({"daylight": True}, {"ends_at": NOON + timedelta(days=1)}, {"ends_at": NOON.replace(hour=18)}),
        ({"interval": timedelta(minutes=15)}, {}, {"interval": timedelta(minutes=15)}),
        ({"training": "first_aid"}, {}, {"trained": frozenset({"first_aid"})}),
        ({"same_worker": True, "worker_id": BEN}, {}, {"workers": frozenset({ANN, BEN})}),
        ({"not_worker": True, "worker_id": ANN}, {}, {"workers": frozenset({BEN})}),
    ],
)
def test_what_is_demanded_is_lacking_until_the_visit_has_it(
    wants: dict[str, Any], unmet: dict[str, Any], met: dict[str, Any]
) -> None:
    one = measure(**wants)
    what = next(each for each in wants if each != "worker_id")
    (lack,) = lacks([one], replace(GOING, **unmet))
    assert (lack.what, lack.says, lack.since, lack.measure_id) == (what, "so", one.from_on, one.id)
    assert lacks([one], replace(GOING, **met)) == ()


@pytest.mark.parametrize("what", demands.CONFIRMED)
def test_what_cannot_be_seen_is_confirmed_by_whoever_plans(what: str) -> None:
    wants: dict[str, Any] = {what: "The dog is away" if what == "confirm" else True}
    one = measure(**wants)
    assert [each.what for each in lacks([one], GOING)] == [what]
    assert to_confirm([one], NOON.date()) == [(asked_key(one.id, what), one, what)]
    assert lacks([one], replace(GOING, arranged=frozenset({asked_key(one.id, what)}))) == ()


@pytest.mark.parametrize("state", list(MeasureState))
def test_only_what_holds_is_held_against_a_visit(state: MeasureState) -> None:
    holds = state in (MeasureState.IN_FORCE, MeasureState.PROVISIONAL)
    assert bool(lacks([measure(state, people=2)], GOING)) is holds


def test_a_measure_counts_from_its_day_and_after_its_end_until_somebody_decides() -> None:
    later = replace(measure(people=2), from_on=date(2026, 11, 17))
    over = replace(measure(people=2), until_on=date(2026, 11, 15))
    assert lacks([later], GOING) == () and len(lacks([over], GOING)) == 1


@pytest.mark.parametrize("before", list(Status))
@pytest.mark.parametrize("asks", [True, False])
@pytest.mark.parametrize("lacking", [True, False])
@pytest.mark.parametrize("covered", [True, False])
def test_a_visit_waits_where_policy_asks_or_something_is_lacking_and_nothing_covers_it(
    before: Status, asks: bool, lacking: bool, covered: bool
) -> None:
    after = status(before, asks=asks, lacking=lacking, covered=covered)
    if before not in (Status.PLANNED, Status.WAITING):
        assert after is before
    else:
        assert after is (Status.WAITING if (asks or lacking) and not covered else Status.PLANNED)


def _visit(risk: Risk, steps: list[tuple[str, int]]) -> tuple[Visit, datetime]:
    """A visit after some words and some time."""
    visit, _ = rules.plan(
        UUID(int=1),
        (ANN,),
        risk=risk,
        starts_at=NOON,
        ends_at=NOON + timedelta(hours=1),
        interval=None,
        travel=timedelta(minutes=30),
        now=NOON,
        policy=POLICY,
    )
    now = NOON
    for word, minutes in steps:
        now += timedelta(minutes=minutes)
        events: dict[str, Event] = {
            "begin": Begin(worker_id=ANN, said_at=now),
            "ok": Ok(worker_id=ANN, said_at=now),
            "out": Out(worker_id=ANN, said_at=now),
            "clock": DeadlinePassed(worker_id=ANN),
        }
        try:
            visit, _ = rules.apply(visit, events[word], now, POLICY)
        except Refused:
            continue
    return visit, now


WORDS = st.lists(st.tuples(st.sampled_from(["begin", "ok", "out", "clock"]), st.integers(0, 40)), max_size=6)


@given(
    st.sampled_from(list(Risk)),
    WORDS,
    st.integers(0, 40),
    st.sampled_from(list(Risk)),
    st.one_of(st.none(), st.integers(1, 90)),
)
def test_a_tightened_watch_is_armed_never_later_and_never_at_a_lower_risk(
    risk: Risk, steps: list[tuple[str, int]], wait: int, now_known: Risk, longest: int | None
) -> None:
    visit, last = _visit(risk, steps)
    now = last + timedelta(minutes=wait)
    after = tightened(visit, now_known, None if longest is None else timedelta(minutes=longest), now, POLICY)
    order = list(Risk)
    assert order.index(after.risk) == max(order.index(visit.risk), order.index(now_known))
    old, new = visit.watches[0], after.watches[0]
    if old.due_at is None:
        assert new == old
        return
    assert old.alarm_at and new.due_at and new.alarm_at and new.next_at and new.stage
    assert new.due_at <= old.due_at and new.alarm_at <= old.alarm_at and new.interval <= old.interval
    assert new.next_at <= new.alarm_at
    assert tightened(after, now_known, None, now, POLICY).watches[0].alarm_at == new.alarm_at  # twice is once
