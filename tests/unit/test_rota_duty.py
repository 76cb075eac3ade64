"""Duty is pure: who holds which post when, with cover, and the hours in which nobody does."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from safety_service.domain import duty
from safety_service.domain.duty import Gap, Shift
from safety_service.domain.local_time import BadTime, read_time, say_time

TEAM, OTHER = uuid4(), uuid4()
MIA, DEV, ZOE = uuid4(), uuid4(), uuid4()
NINE = datetime(2026, 11, 16, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
LONDON = ZoneInfo("Europe/London")
POST = "manager_on_duty"


def shift(
    who: UUID, start: float, end: float, *, covers: UUID | None = None, post: str = POST, team: UUID = TEAM
) -> Shift:
    return Shift(
        id=uuid4(),
        team_id=team,
        post=post,
        person_id=who,
        starts_at=NINE + start * HOUR,
        ends_at=NINE + end * HOUR,
        covers_id=covers,
    )


def on(shifts: list[Shift], hour: float) -> frozenset[UUID]:
    return duty.on_duty(shifts, NINE + hour * HOUR).get(POST, frozenset())


def test_a_shift_begins_on_its_first_moment_and_is_over_on_its_last() -> None:
    shifts = [shift(MIA, 0, 8), shift(DEV, 8, 16)]
    assert on(shifts, 0) == {MIA}
    assert on(shifts, 8) == {DEV}
    assert on(shifts, 16) == frozenset()


def test_two_people_on_one_post_are_both_on() -> None:
    assert on([shift(MIA, 0, 8), shift(DEV, 4, 8)], 5) == {MIA, DEV}


def test_who_is_covered_is_off_the_post_while_the_cover_runs_and_no_longer() -> None:
    shifts = [shift(MIA, 0, 8), shift(DEV, 2, 4, covers=MIA)]
    assert [on(shifts, hour) for hour in (1, 2, 3.9, 4)] == [{MIA}, {DEV}, {DEV}, {MIA}]


def test_cover_of_one_post_leaves_the_other_posts_alone() -> None:
    shifts = [shift(MIA, 0, 8), shift(MIA, 0, 8, post="deputy_on_duty"), shift(DEV, 0, 8, covers=MIA)]
    assert duty.on_duty(shifts, NINE) == {POST: {DEV}, "deputy_on_duty": {MIA}}


def test_two_who_cover_one_another_do_not_leave_the_post_empty() -> None:
    shifts = [shift(MIA, 0, 8, covers=DEV), shift(DEV, 0, 8, covers=MIA)]
    assert on(shifts, 1) == {MIA, DEV}


def test_on_until_looks_through_shifts_that_follow_without_a_break() -> None:
    shifts = [shift(MIA, 0, 4), shift(MIA, 4, 6, post="deputy_on_duty", team=OTHER), shift(MIA, 7, 9)]
    assert duty.on_until(shifts, MIA, NINE) == NINE + 6 * HOUR
    assert duty.on_until(shifts, MIA, NINE + 6.5 * HOUR) is None
    assert duty.on_until(shifts, DEV, NINE) is None


def test_on_until_ends_where_somebody_takes_over_as_cover() -> None:
    shifts = [shift(MIA, 0, 8), shift(DEV, 3, 5, covers=MIA)]
    assert duty.on_until(shifts, MIA, NINE) == NINE + 3 * HOUR
    assert duty.on_until(shifts, DEV, NINE + 3 * HOUR) == NINE + 5 * HOUR


def test_gaps_are_the_hours_in_which_nobody_holds_a_post() -> None:
    shifts = [shift(MIA, 1, 3), shift(DEV, 2, 4), shift(ZOE, 6, 30)]
    found = duty.gaps(shifts, [POST, "deputy_on_duty"], NINE, NINE + 8 * HOUR)
    assert found == [
        Gap("deputy_on_duty", NINE, NINE + 8 * HOUR),
        Gap(POST, NINE, NINE + HOUR),
        Gap(POST, NINE + 4 * HOUR, NINE + 6 * HOUR),
    ]


def test_no_gap_is_seen_where_one_person_follows_another() -> None:
    assert duty.gaps([shift(MIA, 0, 4), shift(DEV, 4, 8)], [POST], NINE, NINE + 8 * HOUR) == []


def test_a_gap_that_opens_within_the_time_asked_for_lasts_to_its_end() -> None:
    assert duty.gaps([shift(MIA, -2, 4)], [POST], NINE, NINE + 8 * HOUR) == [
        Gap(POST, NINE + 4 * HOUR, NINE + 8 * HOUR)
    ]


def test_a_night_shift_over_the_clock_change_is_an_hour_shorter_in_spring_and_longer_in_autumn() -> None:
    def night(first: str, second: str) -> timedelta:
        return read_time(second, LONDON, ending=True) - read_time(first, LONDON)

    assert night("2026-03-28 20:00", "2026-03-29 08:00") == timedelta(hours=11)
    assert night("2026-10-24 20:00", "2026-10-25 08:00") == timedelta(hours=13)


def test_an_hour_that_comes_twice_is_covered_whole() -> None:
    assert read_time("2026-10-25 01:30", LONDON) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert read_time("2026-10-25 01:30", LONDON, ending=True) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_an_hour_that_is_left_out_is_refused() -> None:
    with pytest.raises(BadTime, match="clocks go forward"):
        read_time("2026-03-29 01:30", LONDON)


def test_a_time_with_its_own_offset_needs_no_clock() -> None:
    assert read_time("2026-10-25T01:30:00+00:00", LONDON) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    with pytest.raises(BadTime, match="not a time such as"):
        read_time("tomorrow", LONDON)


def test_times_are_said_on_the_local_clock_and_the_hour_that_comes_twice_says_which() -> None:
    assert say_time(datetime(2026, 7, 1, 8, tzinfo=UTC), LONDON) == "Wed 1 Jul 2026 09:00"
    assert say_time(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), LONDON) == "Sun 25 Oct 2026 01:30 (BST)"
    assert say_time(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), LONDON) == "Sun 25 Oct 2026 01:30 (GMT)"
    assert say_time(datetime(2026, 10, 25, 2, 30, tzinfo=UTC), LONDON) == "Sun 25 Oct 2026 02:30"
