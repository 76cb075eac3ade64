"""Leave: when somebody is away, so that a gap in duty is seen before it happens."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.rota_access import may_run_leave
from safety_service.actions.rota_week import team_of
from safety_service.actions.telling import iso
from safety_service.domain.gaps import Leave
from safety_service.domain.refusal import Refused
from safety_service.store import exclusions, leave, people
from safety_service.store.database import Tx
from safety_service.store.people import Person

#: A longer leave than this is a slip in a date.
LONGEST = timedelta(days=366)


async def of_team(tx: Tx, by: Actor, team_id: UUID) -> tuple[list[Leave], Mapping[UUID, Person]]:
    """Who of a team is away now or will be, the earliest first; and everybody in it. Raises NotFound, Refused."""
    await team_of(tx, by, team_id)
    hidden = (await exclusions.of_person(tx, by.person_id)).workers
    known = {each.id: each for each in await people.in_team(tx, team_id) if each.id not in hidden}
    return await leave.of_people(tx, known, tx.now, tx.now + LONGEST), known


async def add(tx: Tx, by: Actor, person_id: UUID, starts_at: datetime, ends_at: datetime) -> Leave:
    """Somebody will be away: said by whoever runs the rota of a team of theirs.

    Raises NotFound; Refused: `managers_only`, `ends_before_start`, `until_past`, `until_too_far`.
    """
    person = await _theirs(tx, by, person_id)
    if ends_at <= starts_at:
        raise Refused("ends_before_start")
    if ends_at <= tx.now:
        raise Refused("until_past")
    if ends_at - starts_at > LONGEST:
        raise Refused("until_too_far", days=LONGEST.days)
    made = await leave.add(tx, person_id, starts_at, ends_at, by=by.person_id)
    await _keep(tx, by, person, "added", made)
    return made


async def remove(tx: Tx, by: Actor, leave_id: UUID) -> Leave:
    """They will not be away after all. Raises NotFound; Refused `managers_only`."""
    found = await leave.get(tx, leave_id)
    if found is None:
        raise NotFound
    person = await _theirs(tx, by, found.person_id)
    await leave.remove(tx, leave_id)
    await _keep(tx, by, person, "removed", found)
    return found


async def _theirs(tx: Tx, by: Actor, person_id: UUID) -> Person:
    """Somebody in a team whose rota the actor runs."""
    person = (await people.many(tx, [person_id])).get(person_id)
    hidden = (await exclusions.of_person(tx, by.person_id)).workers
    if person is None or person.agency_id != by.agency_id or person_id in hidden:
        raise NotFound
    may_run_leave(by, person.agency_id, person.roles)
    return person


async def _keep(tx: Tx, by: Actor, person: Person, verb: str, about: Leave) -> None:
    when = {"starts_at": iso(about.starts_at), "ends_at": iso(about.ends_at)}
    await keep(tx, by, person.agency_id, verb, subject="leave", subject_id=about.id, person_id=str(person.id), **when)
