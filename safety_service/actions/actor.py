"""Who is acting: a person with their roles, and the way in by which they spoke."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from safety_service.actions.errors import NotFound
from safety_service.domain.words import Role
from safety_service.store import people
from safety_service.store.database import Tx
from safety_service.store.errors import NoSuchRow
from safety_service.store.people import Roles


@dataclass(frozen=True, slots=True)
class Actor:
    """A person who acts. `via`: `telegram`, `webchat`, `web`, `api`."""

    person_id: UUID
    agency_id: UUID
    name: str
    roles: Roles
    via: str

    def is_(self, role: Role, team_id: UUID | None) -> bool:
        """Whether they have this role in this team."""
        return team_id is not None and role in self.roles.get(team_id, ())

    def is_any(self, role: Role) -> bool:
        """Whether they have this role in any team."""
        return any(role in roles for roles in self.roles.values())

    def teams(self, *roles: Role) -> frozenset[UUID]:
        """The teams in which they have one of these roles."""
        return frozenset(team for team, held in self.roles.items() if _any_of(roles, held))


def _any_of(roles: Iterable[Role], held: frozenset[Role]) -> bool:
    return not held.isdisjoint(roles)


async def load_actor(tx: Tx, person_id: UUID, via: str) -> Actor:
    """The person as an actor, also one whose name no key opens: they call for help. Raises NotFound: unknown, or
    deactivated.
    """
    try:
        person = await people.get_even_unread(tx, person_id)
    except NoSuchRow:
        raise NotFound from None
    if not person.active:
        raise NotFound
    return Actor(person.id, person.agency_id, person.name, person.roles, via)
