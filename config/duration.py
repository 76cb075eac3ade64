"""Durations as people write them: `90s`, `15m`, `2h`, `1h30m`, `28d`."""

import re
from datetime import timedelta

_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([dhms])", re.ASCII)
_WHOLE = re.compile(rf"(?:{_PART.pattern}\s*)+", re.ASCII)
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


class BadDuration(ValueError):
    """The text is not a duration such as 90s, 15m, 2h or 1h30m."""


def parse_duration(text: object) -> timedelta:
    """Read a duration, in capitals too (phones put them there); a `timedelta` passes through. Raises BadDuration."""
    if isinstance(text, timedelta):
        return text
    plain = text.strip().lower() if isinstance(text, str) else ""
    if not _WHOLE.fullmatch(plain):
        raise BadDuration(f"{text!r} is not a duration such as 90s, 15m or 2h")
    seconds = sum(float(count) * _SECONDS[unit] for count, unit in _PART.findall(plain))
    try:
        return timedelta(seconds=seconds)
    except OverflowError:
        raise BadDuration(f"{text!r} is longer than any duration can be") from None


def say_duration(length: timedelta) -> str:
    """Write a duration the way it is read: `1h30m`, `15m`, `1m30s`; parts of a second only below one."""
    if length < timedelta():
        return f"-{say_duration(-length)}"
    exactly = length.total_seconds()
    if 0 < exactly < 1:
        return f"{exactly:.6f}".rstrip("0") + "s"
    seconds = round(exactly)
    parts = []
    for unit, size in _SECONDS.items():
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"
