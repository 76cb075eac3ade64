"""Local times as people write them, on the nights of the clock change too."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


class BadTime(ValueError):
    """The text is no time, or no time that there is; the text says which."""


def read_time(text: str, zone: ZoneInfo, *, ending: bool = False) -> datetime:
    """A time such as `2026-03-28 20:00` on the zone's clock, or one with its own offset; aware UTC comes out.

    An hour that the clocks repeat is read so that more is covered: the first for a beginning, the second for an
    `ending`. Raises BadTime, also for an hour that the clocks leave out.
    """
    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError:
        raise BadTime(f"{text!r} is not a time such as 2026-03-28 20:00") from None
    if given.tzinfo is not None:
        return given.astimezone(UTC)
    at = given.replace(tzinfo=zone, fold=1 if ending else 0).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != given:
        raise BadTime(f"{text!r} is not on the clock in {zone.key}: the clocks go forward over it")
    return at


def say_time(at: datetime, zone: ZoneInfo) -> str:
    """`Sat 28 Mar 2026 20:00`, on the zone's clock; the hour that comes twice says which one it is."""
    local = at.astimezone(zone)
    twin = local.replace(fold=1 - local.fold).astimezone(UTC)
    repeated = twin != at and twin.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}" + (f" ({local.tzname()})" if repeated else "")
