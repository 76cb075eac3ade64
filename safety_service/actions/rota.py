"""Running the rota: shifts put on and taken off, and the hours in which nobody would hear."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.actions import access
from safety_service.actions.actor import Actor
from safety_service.actions.duty import keep_shift, posts_of_policy
from safety_service.actions.errors import NotFound
from safety_service.domain import duty
from safety_service.domain.duty import Gap, Shift
from safety_service.domain.gaps import Missing, doubled
from safety_service.domain.refusal import Refused
from safety_service.store import channels, leave, people, rota, teams
from safety_service.store.database import Tx
from safety_service.store.people import Person
from safety_service.store.teams import Team

_POST = re.compile(r"[a-z][a-z_]{0,55}_on_duty")
#: A single shift longer than this is a slip in a date.
LONGEST_SHIFT = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class TeamRota:
    """A team's coming shifts, the people in them, and when nobody holds a post that a ladder calls on."""

    team: Team
    shifts: Sequence[Shift]
    people: dict[UUID, Person]
    gaps: Sequence[Gap]
    #: When one person holds two of those posts alone.
    doubled: Sequence[Missing] = ()


@dataclass(frozen=True, slots=True)
class Added:
    """A shift that is on the rota now. What else should be known of it: no ladder calls on its post, nothing reaches
    the person.
    """

    shift: Shift
    in_no_ladder: bool
    unreachable: bool


async def add(
    tx: Tx,
    by: Actor | None,
    team_id: UUID,
    post: str,
    person_id: UUID,
    *,
    starts_at: datetime,
    ends_at: datetime,
    covers_id: UUID | None = None,
) -> Added:
    """Put somebody on a post. Raises NotFound; Refused: why this shift cannot be."""
    team = await teams.get(tx, team_id)
    access.may_run_rota(by, team.agency_id, team_id)
    _sensible(tx, post, starts_at, ends_at)
    for each in {person_id, covers_id} - {None}:
        await _here(tx, team, each)
    if covers_id == person_id:
        raise Refused("cover_yourself")
    shift = rota.new_shift(team_id, post, person_id, starts_at, ends_at, covers_id)
    if shift.covers_id is not None and not await _holds(tx, shift):
        person = await people.get(tx, shift.covers_id)
        raise Refused("not_on_duty", name=person.name, post=post)
    await rota.add(tx, shift, by=None if by is None else by.person_id)
    await keep_shift(tx, by, team.agency_id, "added", shift)
    return Added(
        shift,
        in_no_ladder=post not in await posts_of_policy(tx),
        unreachable=not await channels.reached(tx, [person_id]),
    )


async def remove(tx: Tx, by: Actor | None, shift_id: UUID) -> Shift:
    """Take a shift off the rota. Raises NotFound."""
    shift = await rota.get(tx, shift_id)
    if shift is None:
        raise NotFound
    team = await teams.get(tx, shift.team_id)
    access.may_run_rota(by, team.agency_id, team.id)
    await rota.remove(tx, shift_id)
    await keep_shift(tx, by, team.agency_id, "removed", shift)
    return shift


async def coming(tx: Tx, by: Actor | None, team_id: UUID, days: int = 7) -> TeamRota:
    """The team's shifts of the coming days, and the gaps in them. Raises NotFound, Refused."""
    team = await teams.get(tx, team_id)
    access.may_run_rota(by, team.agency_id, team_id)
    until = tx.now + timedelta(days=days)
    shifts = await rota.between(tx, [team_id], tx.now, until)
    known = await people.many(tx, {each for shift in shifts for each in (shift.person_id, shift.covers_id) if each})
    of_ladders = await posts_of_policy(tx)
    empty = duty.gaps(shifts, of_ladders | {shift.post for shift in shifts}, tx.now, until)
    away = await leave.of_people(tx, known, tx.now, until)
    return TeamRota(team, shifts, known, empty, doubled(shifts, away, duty.in_turn(of_ladders), tx.now, until))


def _sensible(tx: Tx, post: str, starts_at: datetime, ends_at: datetime) -> None:
    if not _POST.fullmatch(post):
        raise Refused("post_unknown", post=post)
    if ends_at <= starts_at:
        raise Refused("ends_before_start")
    if ends_at <= tx.now:
        raise Refused("until_past")
    if ends_at - starts_at > LONGEST_SHIFT:
        raise Refused("shift_too_long", days=LONGEST_SHIFT.days)


async def _here(tx: Tx, team: Team, person_id: UUID | None) -> None:
    person = (await people.many(tx, [] if person_id is None else [person_id])).get(person_id or team.id)
    if person is None or person.agency_id != team.agency_id:
        raise NotFound
    if not person.active:
        raise Refused("deactivated", name=person.name)


async def _holds(tx: Tx, cover: Shift) -> bool:
    shifts = await rota.between(tx, [cover.team_id], cover.starts_at, cover.ends_at)
    return any(shift.person_id == cover.covers_id and shift.post == cover.post for shift in shifts)
