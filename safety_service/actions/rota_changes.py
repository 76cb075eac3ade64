"""Changing the rota from its page: whoever is put on a post, taken off it, or stood in for hears of it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.actions import circle, rota
from safety_service.actions.actor import Actor
from safety_service.actions.duty import keep_shift
from safety_service.actions.errors import NotFound
from safety_service.actions.rota import Added
from safety_service.actions.rota_week import WEEK, managers_of, midnight, team_of
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain.duty import Shift
from safety_service.domain.refusal import Refused
from safety_service.store import exclusions, ids, leave, people
from safety_service.store import rota as rows
from safety_service.store.database import Tx
from safety_service.store.teams import Team

#: So many weeks at once may be made like another: beyond that nobody knows who will be there.
MOST_WEEKS = 8


@dataclass(frozen=True, slots=True)
class PutOn:
    """What came of it. `away`: they are on leave for a part of it."""

    added: Added
    away: bool


@dataclass(frozen=True, slots=True)
class Repeated:
    """How many shifts were put on the rota, and how many were there already."""

    added: int
    there: int


async def put_on(
    tx: Tx,
    by: Actor,
    team_id: UUID,
    post: str,
    person_id: UUID,
    *,
    starts_at: datetime,
    ends_at: datetime,
    covers_id: UUID | None = None,
) -> PutOn:
    """Put a manager on a post, or in for somebody who holds it; they hear of it, and so does whoever is covered.

    Raises NotFound; Refused: `managers_only`, `not_to_them`, and as `rota.add`.
    """
    team = await team_of(tx, by, team_id)
    await _can(tx, by, team, person_id)
    given = {"starts_at": starts_at, "ends_at": ends_at, "covers_id": covers_id}
    added = await rota.add(tx, by, team_id, post, person_id, **given)  # type: ignore[arg-type]
    await _tell(tx, by, team, "duty.on", added.shift, added.shift.person_id)
    if covers_id is not None:
        await _tell(tx, by, team, "duty.stood_in", added.shift, covers_id)
    return PutOn(added, away=bool(await leave.of_people(tx, [person_id], starts_at, ends_at)))


async def cover(tx: Tx, by: Actor, shift_id: UUID, person_id: UUID, starts_at: datetime, ends_at: datetime) -> PutOn:
    """Somebody stands in for whoever has this shift, for all of it or a part. Raises as `put_on`; `not_on_duty`."""
    shift = await _shift(tx, by, shift_id)
    if starts_at < shift.starts_at or ends_at > shift.ends_at:
        person = await people.get(tx, shift.person_id)
        raise Refused("not_on_duty", name=person.name, post=shift.post)
    return await put_on(
        tx,
        by,
        shift.team_id,
        shift.post,
        person_id,
        starts_at=starts_at,
        ends_at=ends_at,
        covers_id=shift.person_id,
    )


async def take_off(tx: Tx, by: Actor, shift_id: UUID) -> Shift:
    """Take a shift off the rota; whoever had it hears so. Raises NotFound; Refused `managers_only`."""
    shift = await _shift(tx, by, shift_id)
    await rota.remove(tx, by, shift_id)
    await _tell(tx, by, await team_of(tx, by, shift.team_id), "duty.off", shift, shift.person_id)
    return shift


async def repeat(tx: Tx, by: Actor, team_id: UUID, monday: date, weeks: int) -> Repeated:
    """Make the next weeks like this one, by the local clock; what stands there already stays, cover is not repeated.

    Raises NotFound; Refused: `managers_only`, `too_many_weeks`, `nothing_to_repeat`.
    """
    team = await team_of(tx, by, team_id)
    if not 1 <= weeks <= MOST_WEEKS:
        raise Refused("too_many_weeks", most=MOST_WEEKS)
    zone = await circle.zone_of(tx, team.agency_id)
    starts_at, ends_at = midnight(monday, zone), midnight(monday + timedelta(days=WEEK), zone)
    pattern = [
        each
        for each in await rows.between(tx, [team_id], starts_at, ends_at)
        if each.starts_at >= starts_at and each.covers_id is None
    ]
    if not pattern:
        raise Refused("nothing_to_repeat")
    until = ends_at + timedelta(days=WEEK * weeks + 1)
    there = {_place(each) for each in await rows.between(tx, [team_id], starts_at, until)}
    wanted = [later(each, number, zone) for number in range(1, weeks + 1) for each in pattern]
    new = [each for each in wanted if _place(each) not in there and each.ends_at > tx.now]
    await _add_all(tx, by, team, new)
    return Repeated(added=len(new), there=len(wanted) - len(new))


def later(shift: Shift, weeks: int, zone: ZoneInfo) -> Shift:
    """The same shift so many weeks later: at the same time of day, although the clocks were changed meanwhile."""

    def moved(at: datetime) -> datetime:
        local = at.astimezone(zone)
        return (local.replace(tzinfo=None) + timedelta(weeks=weeks)).replace(tzinfo=zone, fold=local.fold)

    starts_at, ends_at = (moved(each).astimezone(UTC) for each in (shift.starts_at, shift.ends_at))
    return replace(shift, id=ids.new_id(), starts_at=starts_at, ends_at=ends_at)


def _place(shift: Shift) -> tuple[str, UUID, datetime, datetime]:
    return shift.post, shift.person_id, shift.starts_at, shift.ends_at


async def _add_all(tx: Tx, by: Actor, team: Team, new: Iterable[Shift]) -> None:
    """One message a person, however many shifts they get."""
    theirs: dict[UUID, list[Shift]] = {}
    for each in new:
        await rows.add(tx, each, by=by.person_id)
        await keep_shift(tx, by, team.agency_id, "added", each)
        theirs.setdefault(each.person_id, []).append(each)
    for person_id, shifts in theirs.items():
        first = min(shifts, key=lambda each: each.starts_at)
        if person_id != by.person_id:
            params = {"count": len(shifts), "team": team.name, "by": by.name, "starts_at": iso(first.starts_at)}
            await tell(tx, [person_id], "duty.weeks", params, priority=Priority.NEWS)


async def _can(tx: Tx, by: Actor, team: Team, person_id: UUID) -> None:
    known = (await people.many(tx, [person_id])).get(person_id)
    hidden = (await exclusions.of_person(tx, by.person_id)).workers
    if known is None or known.agency_id != team.agency_id or person_id in hidden:
        raise NotFound
    if known.active and person_id not in await managers_of(tx, team.agency_id):
        raise Refused("not_to_them", name=known.name)


async def _shift(tx: Tx, by: Actor, shift_id: UUID) -> Shift:
    """A shift on a rota that the actor runs, of nobody of whom they learn nothing. Raises NotFound, Refused."""
    shift = await rows.get(tx, shift_id)
    if shift is None:
        raise NotFound
    await team_of(tx, by, shift.team_id)
    hidden = (await exclusions.of_person(tx, by.person_id)).workers
    if not hidden.isdisjoint({shift.person_id, shift.covers_id}):
        raise NotFound
    return shift


async def _tell(tx: Tx, by: Actor, team: Team, template: str, shift: Shift, person_id: UUID) -> None:
    if person_id == by.person_id:
        return
    params = {
        "post": shift.post,
        "team": team.name,
        "by": by.name,
        "starts_at": iso(shift.starts_at),
        "until": iso(shift.ends_at),
    }
    await tell(tx, [person_id], template, params, priority=Priority.NEWS)
