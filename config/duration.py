"""Durations as people write them: `90s`, `15m`, `2h`, `1h30m`, `28d`."""

import re
from datetime import timedelta

_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([dhms])")
_WHOLE = re.compile(r"(?:\d+(?:\.\d+)?\s*[dhms]\s*)+")
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


class BadDuration(ValueError):
    """The text is not a duration such as 90s, 15m, 2h or 1h30m."""


def parse_duration(text: object) -> timedelta:
    """Read a duration; a `timedelta` passes through. Raises BadDuration."""
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not _WHOLE.fullmatch(text.strip()):
        raise BadDuration(f"{text!r} is not a duration such as 90s, 15m or 2h")
    seconds = sum(float(count) * _SECONDS[unit] for count, unit in _PART.findall(text))
    return timedelta(seconds=seconds)


def say_duration(length: timedelta) -> str:
    """Write a duration the way it is read: `1h30m`, `15m`, `90s` becomes `1m30s`."""
    seconds = round(length.total_seconds())
    parts = []
    for unit in "dhms":
        count, seconds = divmod(seconds, _SECONDS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
