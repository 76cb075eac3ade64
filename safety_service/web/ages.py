"""How long ago something was, or in how long it will be, as one says it. A page's script goes on saying it."""

from __future__ import annotations

from datetime import datetime, timedelta


def age(at: datetime, now: datetime) -> str:
    """`just now`, `17 min ago`, `2 h 5 min ago`, `3 days ago`; `in 4 min` for what is to come."""
    ahead = at > now
    minutes = int(abs((now - at).total_seconds()) // 60)
    if minutes == 0:
        return "in less than a minute" if ahead else "just now"
    return f"in {_length(minutes)}" if ahead else f"{_length(minutes)} ago"


def _length(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if hours == 0:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    days = hours // 24
    return "1 day" if days == 1 else f"{days} days"


def lasted(length: timedelta) -> str:
    """How long something took: `40 s`, `17 min`, `2 h 5 min`."""
    seconds = max(0, int(length.total_seconds()))
    return f"{seconds} s" if seconds < 60 else _length(seconds // 60)
