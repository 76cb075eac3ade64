"""Names and times as the pages say them on which people and the rota are run."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.domain.gaps import Missing, Why
from safety_service.domain.words import Role
from safety_service.store.people import Person

#: In place of a name that the reader may not learn.
SOMEBODY = "A colleague"
ROLES = {
    Role.PRACTITIONER: "Practitioner",
    Role.MANAGER: "Manager",
    Role.REVIEWER: "Reviewer",
    Role.ADMINISTRATOR: "Administrator",
}
MAY = {
    Role.PRACTITIONER: "goes on visits, and is watched",
    Role.MANAGER: "acts on alerts, decides, runs the rota",
    Role.REVIEWER: "reads and reviews debriefs",
    Role.ADMINISTRATOR: "runs people, exclusions and the policy; reads no case",
}


def post_said(post: str) -> str:
    """`Manager on duty`."""
    return post.replace("_", " ").capitalize()


def time_said(at: datetime, zone: ZoneInfo) -> str:
    """`Tue 24 Nov, 09:00`."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b, %H:%M}"


def day_said(at: datetime, zone: ZoneInfo) -> str:
    """`Tue 24 Nov`."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b}"


def span_said(starts_at: datetime, ends_at: datetime, zone: ZoneInfo) -> str:
    """`Tue 24 Nov, 17:00 to 20:00`; with both days where there are two."""
    begins, ends = starts_at.astimezone(zone), ends_at.astimezone(zone)
    same = begins.date() == ends.date()
    return f"{time_said(starts_at, zone)} to {f'{ends:%H:%M}' if same else time_said(ends_at, zone)}"


def field_time(at: datetime, zone: ZoneInfo) -> str:
    """A time as a field of a form takes it."""
    return f"{at.astimezone(zone):%Y-%m-%dT%H:%M}"


def until_said(length: timedelta) -> str:
    """How long it is until then: `now`, `in 40 minutes`, `in 5 hours`, `in 3 days`."""
    minutes = round(length / timedelta(minutes=1))
    if minutes < 1:
        return "now"
    for size, name in ((1440, "day"), (60, "hour")):
        if minutes >= 2 * size:
            return f"in {minutes // size} {name}s"
    return f"in {minutes} minute{'' if minutes == 1 else 's'}"


def missing_said(each: Missing, names: Mapping[UUID, str]) -> str:
    """What is missing, without when: `Nobody: Mia Hart is on leave`."""
    who = " and ".join(sorted(names.get(person, SOMEBODY) for person in each.people))
    are = "is" if len(each.people) == 1 else "are"
    if each.why is Why.LEAVE:
        return f"Nobody: {who} {are} on leave"
    if each.why is Why.ASLEEP:
        return f"Nothing wakes {who}"
    if each.why is Why.SAME:
        return f"No second person: {who} {are} on both posts"
    return "Nobody"


def shown_names(people: Mapping[UUID, Person], hidden: frozenset[UUID]) -> dict[UUID, str]:
    """The names that the reader may learn."""
    return {each.id: each.name for each in people.values() if each.id not in hidden}
