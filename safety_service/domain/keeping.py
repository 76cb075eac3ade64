"""How long something was kept, as people say it."""

from datetime import timedelta

_YEAR, _MONTH = 365.25, 30.5  # days


def how_long(length: timedelta) -> str:
    """`8 years`, `12 months`, `45 days`: rounded, for who reads that something was removed."""
    days = length.total_seconds() / 86400
    if days >= 2 * _YEAR - 1:
        return f"{round(days / _YEAR)} years"
    return f"{round(days / _MONTH)} months" if days >= 2 * _MONTH else f"{round(days)} days"
