"""Durations as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.duration import BadDuration, parse_duration, say_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("2h", 7200), ("1h30m", 5400), ("28d", 2_419_200), ("0.5s", 0.5), (" 1 h 30 m ", 5400)],
)
def test_a_duration_is_read_as_it_is_written(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


def test_a_phones_capitals_are_read_too() -> None:
    assert parse_duration("15M") == timedelta(minutes=15)


@pytest.mark.parametrize("text", ["", "15", "m", "15 minutes", "-5m", "1h-5m", "15m!", "٣m", 15, 1.5, None, ["15m"]])
def test_anything_else_is_refused_in_a_sentence(text: object) -> None:
    with pytest.raises(BadDuration, match="is not a duration such as 90s, 15m or 2h"):
        parse_duration(text)


def test_what_no_clock_can_hold_is_refused() -> None:
    with pytest.raises(BadDuration, match="longer than any duration"):
        parse_duration("99999999999999d")


def test_a_duration_is_left_alone() -> None:
    assert parse_duration(timedelta(seconds=7)) == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0s"),
        (59, "59s"),
        (90, "1m30s"),
        (900, "15m"),
        (5400, "1h30m"),
        (86_400, "1d"),
        (0.25, "0.25s"),
        (-90, "-1m30s"),
    ],
)
def test_a_duration_is_said_as_it_is_read(seconds: float, said: str) -> None:
    assert say_duration(timedelta(seconds=seconds)) == said


@given(st.integers(min_value=0, max_value=10_000_000))
def test_what_is_said_reads_as_the_same(seconds: int) -> None:
    assert parse_duration(say_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@given(st.integers(min_value=1, max_value=999_999))
def test_parts_of_a_second_too(microseconds: int) -> None:
    length = timedelta(microseconds=microseconds)
    assert parse_duration(say_duration(length)) == length
