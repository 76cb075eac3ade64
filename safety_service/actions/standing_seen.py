"""The standing list on its page: who is on it, by what they are reached, and who could be put on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from safety_service.actions import standing
from safety_service.actions.actor import Actor
from safety_service.actions.directory import person_of
from safety_service.actions.standing import StandingList
from safety_service.domain.words import Role
from safety_service.store import exclusions, people, roles
from safety_service.store.database import Tx
from safety_service.store.people import Person


@dataclass(frozen=True, slots=True)
class Seen:
    """The list; `shown`: those of it whom the actor may know; `others`: managers and administrators not on it."""

    whole: StandingList
    shown: Sequence[Person]
    others: Sequence[Person]


async def of(tx: Tx, by: Actor) -> Seen:
    """The agency's. Raises Refused `administrators_only`."""
    whole = await standing.of(tx, by, by.agency_id)
    hidden = (await exclusions.of_person(tx, by.person_id)).workers
    could = frozenset[UUID]()
    for role in (Role.MANAGER, Role.ADMINISTRATOR):
        could |= await roles.with_role(tx, role, agency_id=by.agency_id)
    others = await people.many(tx, could - {each.id for each in whole.people} - hidden)
    return Seen(
        whole,
        [each for each in whole.people if each.id not in hidden],
        sorted(others.values(), key=lambda each: each.name.casefold()),
    )


async def add(tx: Tx, by: Actor, person_id: UUID) -> Person:
    """Put somebody on it. Raises as `standing.add`."""
    await person_of(tx, by, person_id)
    return await standing.add(tx, by, person_id)


async def remove(tx: Tx, by: Actor, person_id: UUID) -> Person:
    """Take somebody off it. Raises as `standing.remove`."""
    await person_of(tx, by, person_id)
    return await standing.remove(tx, by, person_id)
