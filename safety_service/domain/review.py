"""When something is looked at again: a day so far away that nobody sees it is as good as none."""

from datetime import date, timedelta

from safety_service.domain.refusal import Refused

YEARS = 5
FURTHEST = timedelta(days=YEARS * 366)


def near_enough(day: date, today: date) -> date:
    """The day, if it comes within five years. Raises Refused `review_too_far`."""
    if day - today > FURTHEST:
        raise Refused("review_too_far", years=YEARS)
    return day
