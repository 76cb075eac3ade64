"""Working time: Saturdays and Sundays do not count."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

_SATURDAY = 5


def after(start: datetime, length: timedelta, zone: ZoneInfo) -> datetime:
    """The moment so much working time later; `start` is aware, and so is what comes back (UTC stays UTC)."""
    at = start
    while True:
        here = at.astimezone(zone)
        midnight = datetime.combine(here.date() + timedelta(days=1), time(), zone)
        if here.weekday() >= _SATURDAY:
            at = midnight.astimezone(start.tzinfo)
            continue
        room = midnight.astimezone(start.tzinfo) - at
        if length <= room:
            return at + length
        at, length = at + room, length - room
