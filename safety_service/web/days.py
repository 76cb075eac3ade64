"""Days as they are typed into a page, and the moments at which they begin."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def day_of(text: str) -> date | None:
    """The day that was typed; None where it is none."""
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        return None


def begins(text: str, zone: ZoneInfo) -> datetime | None:
    """The beginning of that day."""
    day = day_of(text)
    return None if day is None else beginning(day, zone)


def ends(text: str, zone: ZoneInfo) -> datetime | None:
    """The end of that day, which is the beginning of the next one."""
    day = day_of(text)
    # The last day that there is has no next one.
    return None if day is None or day == date.max else beginning(day + timedelta(days=1), zone)


def beginning(day: date, zone: ZoneInfo) -> datetime:
    """When this day begins there."""
    return datetime.combine(day, time(), zone)
