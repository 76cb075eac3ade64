"""Who can be woken: whether somebody's ways are tried and lately confirmed, and which rungs of a night have nobody."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.domain.duty import Shift
from safety_service.domain.reaching import CHATS, REACHING, WAKING, nights

#: Each person on the standing list needs so many ways: one of them may be down.
WAYS = 2


class Way(Protocol):
    """A channel, as far as it matters here."""

    @property
    def kind(self) -> str:
        """Its kind."""

    @property
    def proven_at(self) -> datetime | None:
        """When its owner last confirmed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What counts: `waking`: kinds that wake people and have a provider; `hours`: when it is night, on this clock."""

    waking: frozenset[str]
    proven_for: timedelta
    hours: tuple[time, time]
    zone: ZoneInfo


def counts(way: Way, rules: Rules, now: datetime) -> bool:
    """Whether this way reaches them for all we know: a chat that is linked, or what was lately confirmed."""
    if way.kind in CHATS:
        return True
    lately = way.proven_at is not None and now - way.proven_at <= rules.proven_for
    return lately and way.kind in REACHING and (way.kind not in WAKING or way.kind in rules.waking)


def can_be_woken(ways: Iterable[Way], rules: Rules, now: datetime) -> bool:
    """Whether one of these ways wakes somebody."""
    return any(way.kind in rules.waking and counts(way, rules, now) for way in ways)


def has_two(ways: Iterable[Way], rules: Rules, now: datetime) -> bool:
    """Whether somebody can be reached in two different ways that count."""
    return len({way.kind for way in ways if counts(way, rules, now)}) >= WAYS


def asleep(
    shifts: Iterable[Shift], awake: Collection[UUID], rules: Rules, starts_at: datetime, ends_at: datetime
) -> list[Shift]:
    """Shifts with a night in them, between these moments, of people whom nothing wakes; the earliest first."""
    found = [each for each in shifts if each.person_id not in awake and _has_night(each, rules, starts_at, ends_at)]
    return sorted(found, key=lambda each: (each.starts_at, each.post))


def posts_asleep(
    shifts: Collection[Shift], awake: Collection[UUID], rules: Rules, starts_at: datetime, ends_at: datetime
) -> tuple[str, ...]:
    """Posts that somebody holds in that night, and of which nobody can be woken."""
    then = [each for each in shifts if _has_night(each, rules, starts_at, ends_at)]
    woken = {each.post for each in then if each.person_id in awake}
    return tuple(dict.fromkeys(each.post for each in then if each.post not in woken))


def by_night(rules: Rules, starts_at: datetime, ends_at: datetime) -> bool:
    """Whether any of this time is night."""
    return nights(starts_at.astimezone(rules.zone), ends_at.astimezone(rules.zone), rules.hours)


def _has_night(shift: Shift, rules: Rules, starts_at: datetime, ends_at: datetime) -> bool:
    begins, ends = max(shift.starts_at, starts_at), min(shift.ends_at, ends_at)
    return begins < ends and by_night(rules, begins, ends)
