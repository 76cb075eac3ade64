"""What a rota lacks, seen before it happens: nobody, somebody on leave, a night in which nothing wakes anybody."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from safety_service.actions.rota_changes import later
from safety_service.domain.duty import Shift
from safety_service.domain.gaps import Leave, Nights, Why, doubled, missing

LONDON = ZoneInfo("Europe/London")
TEAM, MIA, DEV = uuid4(), uuid4(), uuid4()
DAY = datetime(2026, 11, 24, tzinfo=UTC)
POST = "manager_on_duty"


def hours(number: float) -> datetime:
    return DAY + timedelta(hours=number)


def shift(person: UUID, begins: float, ends: float, *, covers: UUID | None = None, post: str = POST) -> Shift:
    return Shift(
        id=uuid4(),
        team_id=TEAM,
        post=post,
        person_id=person,
        starts_at=hours(begins),
        ends_at=hours(ends),
        covers_id=covers,
    )


def away(person: UUID, begins: float, ends: float) -> Leave:
    return Leave(id=uuid4(), person_id=person, starts_at=hours(begins), ends_at=hours(ends))


def nights(*awake: UUID) -> Nights:
    return Nights(hours=(time(22), time(7)), zone=LONDON, awake=frozenset(awake))


def found(
    shifts: list[Shift], *leaves: Leave, night: Nights | None = None, until: float = 24
) -> list[tuple[str, float, float]]:
    gaps = missing(shifts, leaves, night, [POST], DAY, hours(until))

    def hour(at: datetime) -> float:
        return (at - DAY) / timedelta(hours=1)

    return [(str(each.why), hour(each.starts_at), hour(each.ends_at)) for each in gaps]


def test_where_nobody_is_on_there_is_a_gap() -> None:
    assert found([shift(MIA, 0, 9), shift(DEV, 17, 24)]) == [("nobody", 9, 17)]
    assert found([]) == [("nobody", 0, 24)]


def test_whoever_is_on_leave_and_on_duty_is_a_gap() -> None:
    assert found([shift(MIA, 0, 24)], away(MIA, 8, 12)) == [("leave", 8, 12)]


def test_a_second_one_on_the_post_fills_it() -> None:
    assert found([shift(MIA, 0, 24), shift(DEV, 6, 14)], away(MIA, 8, 12)) == []


def test_the_leave_of_somebody_else_is_no_gap() -> None:
    assert found([shift(MIA, 0, 24)], away(DEV, 8, 12)) == []


def test_who_stands_in_and_is_on_leave_leaves_a_gap_although_the_other_one_was_on() -> None:
    """The covered person has been told that they are off."""
    assert found([shift(MIA, 0, 24), shift(DEV, 8, 16, covers=MIA)], away(DEV, 8, 16)) == [("leave", 8, 16)]


def test_a_night_in_which_nothing_wakes_them_is_a_gap() -> None:
    assert found([shift(MIA, 0, 24)], night=nights()) == [("asleep", 0, 7), ("asleep", 22, 24)]
    assert found([shift(MIA, 0, 24)], night=nights(MIA)) == []


def test_one_who_can_be_woken_is_enough() -> None:
    assert found([shift(MIA, 0, 24), shift(DEV, 0, 24)], night=nights(DEV)) == []


def test_one_who_can_be_woken_and_is_on_leave_is_not() -> None:
    gaps = found([shift(MIA, 0, 24), shift(DEV, 0, 24)], away(DEV, 0, 24), night=nights(DEV))
    assert gaps == [("asleep", 0, 7), ("asleep", 22, 24)]


def test_by_day_nobody_has_to_be_woken() -> None:
    assert found([shift(MIA, 7, 22)], night=nights()) == [("nobody", 0, 7), ("nobody", 22, 24)]


def test_without_anything_that_wakes_people_nights_are_not_asked_about() -> None:
    assert found([shift(MIA, 0, 24)], night=None) == []


def test_a_gap_is_one_line_although_other_posts_change_meanwhile() -> None:
    gaps = missing([shift(DEV, 3, 5, post="deputy_on_duty")], [], None, [POST], DAY, hours(24))
    assert [(each.post, each.starts_at, each.ends_at, each.why) for each in gaps] == [
        (POST, DAY, hours(24), Why.NOBODY)
    ]


def test_a_week_is_repeated_at_the_same_time_of_day_when_the_clocks_change() -> None:
    begins = datetime(2027, 3, 26, 20, tzinfo=LONDON)
    night = shift(MIA, 0, 1)
    night = Shift(
        id=night.id,
        team_id=TEAM,
        post=POST,
        person_id=MIA,
        starts_at=begins.astimezone(UTC),
        ends_at=datetime(2027, 3, 27, 8, tzinfo=LONDON).astimezone(UTC),
    )
    after = later(night, 1, LONDON)
    assert (after.starts_at.astimezone(LONDON).hour, after.ends_at.astimezone(LONDON).hour) == (20, 8)
    assert after.starts_at.astimezone(LONDON).date() == date(2027, 4, 2)
    assert after.ends_at - night.ends_at == timedelta(days=7, hours=-1)


def twice(shifts: list[Shift], *leaves: Leave) -> list[tuple[str, float, float]]:
    both = doubled(shifts, leaves, [POST, "deputy_on_duty"], DAY, hours(24))
    assert all(each.why is Why.SAME for each in both)
    hour = timedelta(hours=1)
    return [(each.post, (each.starts_at - DAY) / hour, (each.ends_at - DAY) / hour) for each in both]


def test_one_person_on_both_rungs_is_no_second_person() -> None:
    deputy = shift(MIA, 0, 24, post="deputy_on_duty")
    assert twice([shift(MIA, 0, 24), deputy]) == [("deputy_on_duty", 0, 24)]
    assert twice([shift(MIA, 6, 12), shift(DEV, 12, 24), deputy]) == [("deputy_on_duty", 6, 12)]


def test_two_people_on_one_of_the_rungs_are_a_second_person() -> None:
    deputy = shift(MIA, 0, 24, post="deputy_on_duty")
    assert twice([shift(MIA, 0, 24), deputy, shift(DEV, 0, 24, post="deputy_on_duty")]) == []
    assert twice([shift(MIA, 0, 24), shift(DEV, 0, 24), deputy]) == []


def test_where_leave_takes_the_other_one_away_only_one_is_left_for_both() -> None:
    both = [shift(MIA, 0, 24), shift(DEV, 0, 24, post="deputy_on_duty"), shift(MIA, 0, 24, post="deputy_on_duty")]
    assert twice(both) == []
    assert twice(both, away(DEV, 8, 12)) == [("deputy_on_duty", 8, 12)]


def test_an_empty_rung_is_a_gap_and_nothing_else() -> None:
    assert twice([shift(MIA, 0, 24)]) == []
    assert twice([]) == []
