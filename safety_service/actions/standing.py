"""Running the standing list: who hears when nobody on duty has taken an alert."""

from dataclasses import dataclass
from uuid import UUID

from safety_service.actions import access, waking
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.domain.refusal import Refused
from safety_service.domain.waking import has_two
from safety_service.store import channels, people, standing
from safety_service.store.database import Tx
from safety_service.store.people import Person

#: Never fewer than this: one of them may be the worker, asleep, or away.
LEAST = 2


@dataclass(frozen=True, slots=True)
class StandingList:
    """The people on the list by name, and those of them whom nothing reaches."""

    people: tuple[Person, ...]
    unreachable: frozenset[UUID]
    #: Those who can be reached in two ways that they have tried lately.
    in_two_ways: frozenset[UUID] = frozenset()

    @property
    def too_short(self) -> bool:
        """Fewer than two of them can be reached."""
        return len(self.people) - len(self.unreachable) < LEAST

    @property
    def short_of_ways(self) -> bool:
        """Fewer than two of them can be reached in two ways."""
        return len(self.in_two_ways) < LEAST


async def of(tx: Tx, by: Actor | None, agency_id: UUID) -> StandingList:
    """The agency's standing list."""
    access.may_run_people(by, agency_id)
    known = await people.many(tx, await standing.of(tx, agency_id))
    ways = await channels.live_many(tx, known)
    listed = sorted(known.values(), key=lambda each: each.name)
    rules = await waking.rules_of(tx, agency_id)
    two = frozenset(each for each, theirs in ways.items() if has_two(theirs, rules, tx.now))
    return StandingList(tuple(listed), frozenset(known) - await channels.reached(tx, known), two)


async def add(tx: Tx, by: Actor | None, person_id: UUID) -> Person:
    """Put somebody on the list of their agency. Raises NotFound; Refused: `deactivated`, `already_there`."""
    person = await _person(tx, by, person_id)
    if not person.active:
        raise Refused("deactivated", name=person.name)
    if person_id in await standing.of(tx, person.agency_id):
        raise Refused("already_there", name=person.name)
    await standing.add(tx, person.agency_id, person_id)
    await keep(tx, by, person.agency_id, "added", subject="standing_list", subject_id=person.id)
    return person


async def remove(tx: Tx, by: Actor | None, person_id: UUID) -> Person:
    """Take somebody off the list. Raises NotFound; Refused: `not_there`."""
    person = await _person(tx, by, person_id)
    if person_id not in await standing.of(tx, person.agency_id):
        raise Refused("not_there", name=person.name)
    await standing.remove(tx, person.agency_id, person_id)
    await keep(tx, by, person.agency_id, "removed", subject="standing_list", subject_id=person.id)
    return person


async def _person(tx: Tx, by: Actor | None, person_id: UUID) -> Person:
    person = (await people.many(tx, [person_id])).get(person_id)
    if person is None:
        raise NotFound
    access.may_run_people(by, person.agency_id)
    return person
