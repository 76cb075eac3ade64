"""Plans: what may be said of a measure when, what changed between two versions, working days, and no loose ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.guidance import Demands, parse_guidance
from config.policy import parse_policy
from safety_service.domain import working_days
from safety_service.domain.plan import (
    HOLDS,
    OPEN,
    Because,
    Difference,
    Measure,
    MeasureDecision,
    MeasureState,
    decided,
    differences,
    picture,
    possible,
    written,
)
from safety_service.domain.proposing import decide_by, suggested
from safety_service.domain.refusal import Refused
from safety_service.store.ids import new_id

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 11, 20, 16, 0, tzinfo=UTC)  # a Friday
GUIDANCE = parse_guidance("")


def measure(state: MeasureState = MeasureState.PROPOSED, **more: Any) -> Measure:
    """A measure as a debrief proposes it."""
    whole: dict[str, Any] = {
        "id": uuid4(),
        "agency_id": uuid4(),
        "family_id": uuid4(),
        "key": "two_people",
        "says": "Two people",
        "state": state,
        "from_on": date(2026, 11, 20),
        "proposed_at": NOW,
        "decide_by": NOW,
        "next_at": NOW,
    }
    return Measure(**{**whole, **more})


@given(st.sampled_from(list(MeasureState)), st.lists(st.sampled_from(list(MeasureDecision)), max_size=6))
def test_whatever_managers_say_a_measure_is_in_one_state_and_what_is_closed_stays_closed(
    state: MeasureState, said: list[MeasureDecision]
) -> None:
    one = measure(state)
    for kind in said:
        was_open, allowed = one.open, possible(one)
        if kind in allowed:
            one = decided(one, kind, "because", {"says": "Three people"})
            assert not one.undecided and one.next_at is None
        else:
            with pytest.raises(Refused, match="measure_closed"):
                decided(one, kind, "because", {})
        assert was_open or not one.open


@pytest.mark.parametrize("kind", list(MeasureDecision))
def test_no_decision_without_a_reason(kind: MeasureDecision) -> None:
    with pytest.raises(Refused, match="reason_wanted"):
        decided(measure(), kind, " \n", {})


def test_a_change_may_not_leave_it_without_words_or_end_before_it_begins() -> None:
    with pytest.raises(Refused, match="says_wanted"):
        decided(measure(), MeasureDecision.CHANGE, "so", {"says": " "})
    with pytest.raises(Refused, match="ends_before_start"):
        decided(measure(), MeasureDecision.CHANGE, "so", {"until_on": date(2026, 11, 19)})


def test_a_picture_holds_what_holds_and_what_waits_and_reads_back() -> None:
    measures = [measure(state, demands=Demands(people=2, interval=timedelta(minutes=15))) for state in MeasureState]
    shown = picture(measures)
    assert {each["state"] for each in shown} == {str(each) for each in OPEN}
    assert shown[0]["demands"] == {"people": 2, "interval": "15m"}
    assert Demands.model_validate(shown[0]["demands"]) == measures[0].demands
    assert differences(shown, picture(measures)) == ()


def test_what_changed_between_two_versions_is_named() -> None:
    stays, changes, goes, comes = measure(), measure(), measure(says="Goes"), measure(says="Comes")
    before = picture([stays, changes, goes])
    after = picture([stays, replace(changes, says="Three people", state=MeasureState.IN_FORCE), comes])
    assert set(differences(before, after)) == {
        Difference(str(changes.id), "Three people", "changed", ("says", "state")),
        Difference(str(comes.id), "Comes", "new"),
        Difference(str(goes.id), "Goes", "gone"),
    }


@given(st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)))
def test_differences_lead_from_each_version_to_the_next(first: set[int], second: set[int], changed: set[int]) -> None:
    pool = [measure(says=str(number)) for number in range(6)]
    before = picture([pool[each] for each in first])
    after = picture([replace(pool[e], who="Ann") if e in changed else pool[e] for e in second])
    found = {(each.says, each.what) for each in differences(before, after)}
    assert found == (
        {(str(each), "new") for each in second - first}
        | {(str(each), "gone") for each in first - second}
        | {(str(each), "changed") for each in first & second & changed}
    )


def test_reasons_add_up_and_none_is_said_twice() -> None:
    one = Because(behaviours=("argued",), debriefs=("a",), words="Ring first")
    both = one.joined(Because(behaviours=("argued", "hit"), debriefs=("b",), words="Ring first"))
    assert (both.behaviours, both.debriefs, both.words) == (("argued", "hit"), ("a", "b"), "Ring first")
    assert Because.read(both.written()) == both


@given(
    st.lists(st.sampled_from(sorted(GUIDANCE.behaviours)), max_size=4),
    st.lists(st.sampled_from(sorted(GUIDANCE.reasons)), max_size=4),
    st.lists(st.sampled_from([*sorted(GUIDANCE.measures), "Ring first", " ring FIRST. "]), max_size=4),
)
def test_each_measure_is_suggested_once_with_its_debrief_and_only_urgent_behaviours_bring_it_at_once(
    behaviours: list[str], reasons: list[str], safer: list[str]
) -> None:
    debrief_id = new_id()
    found = suggested(GUIDANCE, behaviours, {"reasons": reasons, "safer": safer}, debrief_id)
    assert len({(each.key, each.says.casefold().strip(" .")) for each in found}) == len(found)
    urgent = {
        key for each in behaviours if GUIDANCE.behaviours[each].urgent for key in GUIDANCE.behaviours[each].measures
    }
    for each in found:
        assert each.because.debriefs == (str(debrief_id),) and each.says
        assert each.at_once is (each.key in urgent and GUIDANCE.measures[each.key].provisional)
        if each.key in GUIDANCE.measures:
            assert written(each.demands) == written(GUIDANCE.measures[each.key].demands)


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (timedelta(hours=1), datetime(2026, 11, 20, 17, 0, tzinfo=UTC)),
        (timedelta(hours=8), datetime(2026, 11, 21, 0, 0, tzinfo=UTC)),
        (timedelta(hours=9), datetime(2026, 11, 23, 1, 0, tzinfo=UTC)),
        (timedelta(days=2), datetime(2026, 11, 24, 16, 0, tzinfo=UTC)),
    ],
)
def test_saturdays_and_sundays_do_not_count(length: timedelta, expected: datetime) -> None:
    assert working_days.after(NOW, length, LONDON) == expected


def test_a_working_day_is_the_agencys_own() -> None:
    sunday_night = datetime(2026, 6, 14, 23, 30, tzinfo=UTC)  # Monday in London, in summer
    assert working_days.after(sunday_night, timedelta(hours=1), LONDON) == sunday_night + timedelta(hours=1)


@given(st.booleans(), st.one_of(st.none(), st.integers(-10, 200)))
def test_it_is_to_be_decided_before_the_next_visit_and_never_in_the_past(urgent: bool, hours: int | None) -> None:
    next_visit = None if hours is None else NOW + timedelta(hours=hours)
    policy = parse_policy("").plan
    by = decide_by(NOW, urgent=urgent, next_visit=next_visit, zone=LONDON, policy=policy)
    latest = NOW + timedelta(days=1) if urgent else NOW + timedelta(days=4)
    assert NOW <= by <= latest
    assert next_visit is None or by <= max(next_visit, NOW)


def test_what_holds_is_part_of_what_is_open() -> None:
    assert HOLDS < OPEN
