"""Who works beside somebody: people of their own teams."""

from safety_service.actions.actor import Actor
from safety_service.domain.words import Role
from safety_service.store import people
from safety_service.store.database import Tx
from safety_service.store.people import Person


async def colleagues(tx: Tx, actor: Actor, *roles: Role) -> list[Person]:
    """Active people who have one of these roles in a team of the actor's, without the actor, by name.

    Their addresses are not among what is given.
    """
    return [each for each in await people.having(tx, actor.roles, roles) if each.id != actor.person_id]
