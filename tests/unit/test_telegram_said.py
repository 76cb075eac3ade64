"""A word counts from when it was surely said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bots.telegram.said import message_said_at, press_said_at

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def after(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_a_message_counts_from_its_own_date_however_late_it_comes() -> None:
    assert message_said_at(NOON, now=after(30)) == NOON


def test_a_message_from_a_clock_that_is_ahead_was_not_said_in_the_future() -> None:
    assert message_said_at(after(1), now=NOON) == NOON


def test_a_press_counts_from_now_while_we_were_listening_all_the_time() -> None:
    heard = press_said_at(after(9.95), poll_ended=after(10), heard_before=after(9.95), pressed_on=NOON)
    assert heard == after(10)


def test_a_press_after_a_gap_counts_from_when_we_last_listened() -> None:
    assert press_said_at(after(39.9), after(40), heard_before=after(10), pressed_on=NOON) == after(10)


def test_a_press_after_a_gap_was_not_before_its_question() -> None:
    assert press_said_at(after(39.9), after(40), heard_before=after(10), pressed_on=after(12)) == after(12)


def test_a_press_on_a_message_from_a_clock_that_is_ahead_was_not_in_the_future() -> None:
    assert press_said_at(after(9.9), after(10), heard_before=after(9.9), pressed_on=after(11)) == after(10)


@pytest.mark.parametrize(("seconds", "continuous"), [(0, True), (5, True), (5.001, False)])
def test_five_seconds_between_two_polls_are_no_gap_and_more_is_one(seconds: float, continuous: bool) -> None:
    began = NOON + timedelta(seconds=seconds)
    heard = press_said_at(began, after(1), heard_before=NOON, pressed_on=None)
    assert heard == (after(1) if continuous else NOON)


def test_before_we_ever_listened_a_press_counts_from_its_question() -> None:
    assert press_said_at(after(39.9), after(40), heard_before=None, pressed_on=after(3)) == after(3)


def test_with_nothing_known_a_press_counts_from_now() -> None:
    assert press_said_at(after(39.9), after(40), heard_before=None, pressed_on=None) == after(40)
