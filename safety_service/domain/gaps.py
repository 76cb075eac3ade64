"""Where a rota does not hold, seen before it happens: nobody on a post, somebody on leave, nobody who can be woken."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.domain.duty import Shift, on_duty
from safety_service.domain.reaching import is_night


class Why(StrEnum):
    """What is wrong with a stretch of time."""

    #: Nobody is on the rota.
    NOBODY = "nobody"
    #: Those who are on it are on leave.
    LEAVE = "leave"
    #: It is night, and nothing wakes those who are on it.
    ASLEEP = "asleep"
    #: Whoever is on it is on the post before it, too: who does not answer there does not answer here.
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """Somebody is away from `starts_at` (included) to `ends_at` (not included)."""

    id: UUID
    person_id: UUID
    starts_at: datetime
    ends_at: datetime

    def runs(self, at: datetime) -> bool:
        """Whether they are away at this moment."""
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Nights:
    """When it is night where the agency works, and who of its people can be woken."""

    hours: tuple[time, time]
    zone: ZoneInfo
    awake: frozenset[UUID]

    def at(self, moment: datetime) -> bool:
        """Whether it is night at this moment."""
        return is_night(moment.astimezone(self.zone).time(), self.hours)

    def edges(self, starts_at: datetime, ends_at: datetime) -> Iterator[datetime]:
        """When nights begin and end between two moments."""
        day = starts_at.astimezone(self.zone).date() - timedelta(days=1)
        while day <= ends_at.astimezone(self.zone).date():
            for hour in self.hours:
                yield datetime.combine(day, hour, tzinfo=self.zone).astimezone(starts_at.tzinfo)
            day += timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A stretch of time in which a post does not hold. `people`: who is on it all the same, on leave or asleep."""

    post: str
    starts_at: datetime
    ends_at: datetime
    why: Why
    people: frozenset[UUID] = frozenset()


def missing(
    shifts: Sequence[Shift],
    leaves: Collection[Leave],
    nights: Nights | None,
    posts: Iterable[str],
    starts_at: datetime,
    ends_at: datetime,
) -> list[Missing]:
    """Everything that is missing of one team between two moments, the earliest first. `nights` None: do not ask."""
    moments = _moments(shifts, leaves, nights, starts_at, ends_at)
    found: list[Missing] = []
    for post in sorted(set(posts)):
        mine = [each for each in shifts if each.post == post]
        found.extend(_joined(_of_post(mine, leaves, nights, post, moments)))
    return sorted(found, key=lambda each: (each.starts_at, each.post))


def _moments(
    shifts: Iterable[Shift], leaves: Iterable[Leave], nights: Nights | None, starts_at: datetime, ends_at: datetime
) -> list[datetime]:
    edges = {moment for each in shifts for moment in (each.starts_at, each.ends_at)}
    edges.update(moment for each in leaves for moment in (each.starts_at, each.ends_at))
    edges.update(() if nights is None else nights.edges(starts_at, ends_at))
    return sorted({starts_at, ends_at, *(each for each in edges if starts_at < each < ends_at)})


def _of_post(
    shifts: Sequence[Shift], leaves: Collection[Leave], nights: Nights | None, post: str, moments: Sequence[datetime]
) -> Iterator[Missing]:
    for begins, ends in pairwise(moments):
        on = on_duty(shifts, begins).get(post, frozenset())
        # Whoever stands in and is on leave leaves a gap: those they stand in for are off meanwhile.
        here = on - {each.person_id for each in leaves if each.runs(begins)}
        if not on:
            yield Missing(post=post, starts_at=begins, ends_at=ends, why=Why.NOBODY)
        elif not here:
            yield Missing(post=post, starts_at=begins, ends_at=ends, why=Why.LEAVE, people=on)
        elif nights is not None and nights.at(begins) and here.isdisjoint(nights.awake):
            yield Missing(post=post, starts_at=begins, ends_at=ends, why=Why.ASLEEP, people=here)


def doubled(
    shifts: Sequence[Shift], leaves: Collection[Leave], posts: Sequence[str], starts_at: datetime, ends_at: datetime
) -> list[Missing]:
    """When a post is held by nobody but who holds one before it alone. `posts`: those asked first come first."""
    found: list[Missing] = []
    for begins, ends in pairwise(_moments(shifts, leaves, None, starts_at, ends_at)):
        away = {each.person_id for each in leaves if each.runs(begins)}
        on = {post: there - away for post, there in on_duty(shifts, begins).items()}
        alone: set[frozenset[UUID]] = set()
        for post in posts:
            here = on.get(post, frozenset())
            if here in alone:
                found.append(Missing(post=post, starts_at=begins, ends_at=ends, why=Why.SAME, people=here))
            alone |= {here} if len(here) == 1 else set()
    return _joined(sorted(found, key=lambda each: (posts.index(each.post), each.starts_at)))


def _joined(found: Iterable[Missing]) -> list[Missing]:
    joined: list[Missing] = []
    for each in found:
        last = joined[-1] if joined else None
        now = (each.starts_at, each.post, each.why, each.people)
        if last is not None and (last.ends_at, last.post, last.why, last.people) == now:
            joined[-1] = replace(last, ends_at=each.ends_at)
        else:
            joined.append(each)
    return joined
