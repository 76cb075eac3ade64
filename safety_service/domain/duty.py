"""Duty: who holds which post when, with cover. Pure: shifts and a time go in, people come out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A person on a post from `starts_at` (included) to `ends_at` (not included).

    `covers_id`: whom they stand in for; while this runs, that person is off this post.
    """

    id: UUID
    team_id: UUID
    post: str
    person_id: UUID
    starts_at: datetime
    ends_at: datetime
    covers_id: UUID | None = None

    def runs(self, at: datetime) -> bool:
        """Whether it runs at this moment."""
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time in which nobody holds a post."""

    post: str
    starts_at: datetime
    ends_at: datetime


def on_duty(shifts: Iterable[Shift], at: datetime) -> dict[str, frozenset[UUID]]:
    """Who holds each post of one team at this moment, cover applied. Posts that nobody holds are not in it."""
    running: dict[str, list[Shift]] = {}
    for shift in shifts:
        if shift.runs(at):
            running.setdefault(shift.post, []).append(shift)
    return {post: _present(there) for post, there in running.items()}


def _present(running: Sequence[Shift]) -> frozenset[UUID]:
    people = frozenset(shift.person_id for shift in running)
    covered = frozenset(shift.covers_id for shift in running if shift.covers_id is not None)
    # Two people who cover one another would leave the post empty: then both are on.
    return people - covered or people


def in_turn(posts: Iterable[str]) -> list[str]:
    """Posts in the order in which they are asked: `manager_on_duty` comes before `deputy_on_duty`."""
    return sorted(posts, reverse=True)


def on_until(shifts: Sequence[Shift], person_id: UUID, at: datetime) -> datetime | None:
    """Until when this person is on duty without a break, on any post of any team; None: not on duty now."""
    if not _on_anywhere(shifts, person_id, at):
        return None
    for moment in _changes(shifts, after=at):
        if not _on_anywhere(shifts, person_id, moment):
            return moment
    return None


def _on_anywhere(shifts: Sequence[Shift], person_id: UUID, at: datetime) -> bool:
    teams = {shift.team_id for shift in shifts if shift.person_id == person_id}
    return any(
        person_id in people
        for team in teams
        for people in on_duty((shift for shift in shifts if shift.team_id == team), at).values()
    )


def gaps(shifts: Sequence[Shift], posts: Iterable[str], starts_at: datetime, ends_at: datetime) -> list[Gap]:
    """When nobody holds one of these posts of one team, between two moments."""
    moments = [starts_at, *(each for each in _changes(shifts, after=starts_at) if each < ends_at), ends_at]
    found: list[Gap] = []
    for post in sorted(set(posts)):
        found.extend(_of_post([shift for shift in shifts if shift.post == post], post, moments))
    return sorted(found, key=lambda gap: (gap.starts_at, gap.post))


def _of_post(shifts: Sequence[Shift], post: str, moments: Sequence[datetime]) -> Iterator[Gap]:
    since: datetime | None = None
    for moment in moments[:-1]:
        empty = not on_duty(shifts, moment)
        if empty and since is None:
            since = moment
        elif not empty and since is not None:
            yield Gap(post, since, moment)
            since = None
    if since is not None and since < moments[-1]:
        yield Gap(post, since, moments[-1])


def _changes(shifts: Iterable[Shift], *, after: datetime) -> list[datetime]:
    return sorted({moment for shift in shifts for moment in (shift.starts_at, shift.ends_at) if moment > after})
