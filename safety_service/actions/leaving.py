"""What happens when somebody is deactivated, said before it is done: to visits, alerts, duty, and the supervised."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from safety_service.actions import people as looking_after
from safety_service.actions.actor import Actor
from safety_service.actions.directory import person_of
from safety_service.actions.rota_week import outlook
from safety_service.domain.gaps import Missing, missing
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Kind, Phase
from safety_service.store import (
    beside,
    channels,
    directory,
    exclusions,
    people,
    roles,
    sessions,
    standing,
    teams,
    visits,
)
from safety_service.store.database import Tx
from safety_service.store.exclusions import KeptOff
from safety_service.store.people import Person
from safety_service.store.teams import Team

#: So far ahead the gaps are named that they would leave.
AHEAD = timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What would follow. Counts leave out whatever the actor is kept off, goes on themselves, or is the worker of."""

    person: Person
    #: Visits on which they are watched and under way now; and those planned, not begun.
    out: int
    planned: int
    #: Open alerts that are theirs.
    owned: int
    #: Shifts to come, and the gaps that they would leave, by team.
    shifts: int
    gaps: Sequence[tuple[Team, Missing]]
    ways: int
    signed_in: int
    supervises: Sequence[Person]
    on_standing: bool
    #: How many the standing list would have then.
    standing_left: int
    #: Why it would be refused; None: it would not.
    refused: Refused | None


async def consequences(tx: Tx, by: Actor, person_id: UUID) -> Consequences:
    """All of it. Raises NotFound; Refused: `administrators_only`, `deactivated`."""
    person = await person_of(tx, by, person_id)
    if not person.active:
        raise Refused("deactivated", name=person.name)
    kept_off = await exclusions.of_person(tx, by.person_id)
    live = [
        each
        for each in await visits.live_of_worker(tx, person_id)
        if not kept_off.from_matter(each.workers, each.family_id)
    ]
    out = sum(each.visit.watch(person_id).phase is not Phase.BEGIN for each in live)
    listed = await standing.of(tx, by.agency_id)
    shifts, gaps = await _duty(tx, by, person_id)
    supervised = await people.many(tx, await roles.supervised_by(tx, person_id) - kept_off.workers)
    return Consequences(
        person=person,
        out=out,
        planned=len(live) - out,
        owned=await _owned(tx, by, kept_off, person_id),
        shifts=shifts,
        gaps=gaps,
        ways=len(await channels.live(tx, person_id)),
        signed_in=len(await sessions.of_person(tx, person_id)),
        supervises=sorted(supervised.values(), key=lambda each: each.name.casefold()),
        on_standing=person_id in listed,
        standing_left=len(listed - {person_id}),
        refused=await _refused(tx, by, person),
    )


async def deactivate(tx: Tx, by: Actor, person_id: UUID) -> Person:
    """Do it. Raises NotFound; Refused: as `people.deactivate`."""
    await person_of(tx, by, person_id)
    return await looking_after.deactivate(tx, by, person_id)


async def lost_phone(tx: Tx, by: Actor, person_id: UUID) -> Person:
    """Nothing speaks for them until they are invited again. Raises NotFound; Refused `administrators_only`."""
    await person_of(tx, by, person_id)
    return await looking_after.unlink(tx, by, person_id)


async def _owned(tx: Tx, by: Actor, kept_off: KeptOff, person_id: UUID) -> int:
    """Never an alert about the actor or beside them: nothing of it reaches whoever it is about."""
    owned = await directory.owned_by(tx, person_id)
    about = await visits.load_many(tx, {visit_id for _, visit_id, _ in owned if visit_id is not None})
    there = await beside.of(tx, {by.person_id})
    count = 0
    for worker_id, visit_id, kind in owned:
        row = None if visit_id is None else about.get(visit_id)
        workers = frozenset() if worker_id is None else frozenset({worker_id})
        going, family_id = (frozenset[UUID](), None) if row is None else (row.workers, row.family_id)
        barred = by.person_id in workers | going or kept_off.from_matter(workers | going, family_id)
        count += not barred and not (kind is Kind.DURESS and worker_id in there)
    return count


async def _duty(tx: Tx, by: Actor, person_id: UUID) -> tuple[int, list[tuple[Team, Missing]]]:
    shifts = await directory.shifts_of(tx, person_id, tx.now)
    until = tx.now + AHEAD
    theirs = await teams.many(tx, {each.team_id for each in shifts})
    found = await outlook(tx, by, theirs, tx.now, until)
    gaps: list[tuple[Team, Missing]] = []
    for team in theirs.values():
        posts = {each.post for each in shifts if each.team_id == team.id}
        others = [each for each in found.of(team.id) if each.person_id != person_id]
        now = found.missing(team.id, tx.now, until)
        then = missing(others, found.leaves, found.nights, posts, tx.now, until)
        gaps += [(team, each) for each in then if each not in now]
    return len(shifts), gaps


async def _refused(tx: Tx, by: Actor, person: Person) -> Refused | None:
    try:
        await looking_after.not_the_last(tx, by, person)
    except Refused as why:
        return why
    return None
