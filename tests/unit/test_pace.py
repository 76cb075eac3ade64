"""A batch is as large as the machine is quick just now."""

from scheduler.pace import FIRST, GROWS, MOST, REMEMBERS, Pace


def test_the_first_batch_is_small_and_grows_while_it_is_quick() -> None:
    pace = Pace()
    sizes = [pace.size]
    for _ in range(5):
        pace.took(0.1, pace.size)
        sizes.append(pace.size)
    assert (sizes[0], sizes[1], sizes[-1]) == (FIRST, GROWS * FIRST, MOST)


def test_a_slow_batch_makes_the_next_one_smaller_and_never_nothing() -> None:
    pace = Pace(4, 4)
    sizes = []
    for _ in range(3):
        pace.took(3.0, pace.size)
        sizes.append(pace.size)
    assert sizes == [2, 1, 1]


def test_a_batch_that_was_given_up_is_tried_again_a_quarter_as_large() -> None:
    pace = Pace(50, 50)
    pace.given_up()
    assert pace.size == 12


def test_it_says_whether_a_batch_that_was_given_up_can_be_tried_in_a_smaller_one() -> None:
    pace = Pace(256, 256)
    assert [pace.given_up() for _ in range(6)] == [True, True, True, True, False, False]


def test_a_batch_that_takes_about_half_a_second_stays_as_it_is() -> None:
    pace = Pace(50, 10)
    pace.took(0.5, pace.size)
    assert pace.size == 10


def test_a_size_that_was_too_long_is_not_tried_again_at_once_but_after_a_while() -> None:
    now = [0.0]
    pace = Pace(256, 256, steady=lambda: now[0])
    pace.given_up()
    sizes = []
    for _ in range(4):
        pace.took(0.1, pace.size)
        sizes.append(pace.size)
    assert sizes == [128, 128, 128, 128]
    now[0] = REMEMBERS
    pace.took(0.1, pace.size)
    assert pace.size == 256


def test_of_a_batch_that_ended_for_its_length_no_more_is_claimed_next_than_was_done() -> None:
    pace = Pace(256, 256)
    pace.took(0.3, 40)
    assert pace.size == 40
