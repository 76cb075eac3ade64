"""When was it said? A word counts from when it was surely said, never from when it happened to reach us."""

from __future__ import annotations

from datetime import datetime, timedelta

#: Polls that follow one another this closely leave no room for a press to wait unheard.
CONTINUOUS = timedelta(seconds=5)


def message_said_at(dated: datetime, now: datetime) -> datetime:
    """A message carries its date, by the provider's clock; it was not said in the future."""
    return min(dated, now)


def press_said_at(
    poll_began: datetime, poll_ended: datetime, heard_before: datetime | None, pressed_on: datetime | None
) -> datetime:
    """A press of a button carries no date, so it may be as old as our last hearing.

    `poll_began`, `poll_ended`: the poll that brought it. `heard_before`: when the last one before it that worked ended
    (None: there was none). `pressed_on`: the date of the message with the button (None: not known any more).
    """
    continuous = heard_before is not None and poll_began - heard_before <= CONTINUOUS
    earliest = poll_ended if continuous else heard_before or pressed_on or poll_ended
    return min(poll_ended, max(earliest, pressed_on or earliest))
