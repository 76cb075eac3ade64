"""Who works beside somebody: people of their own teams."""

from safety_service.actions.actor import Actor
from safety_service.domain.words import Role
from safety_service.store import people
from safety_service.store.database import Tx
from safety_service.store.people import Person


async def colleagues(tx: Tx, actor: Actor, *roles: Role) -> list[Person]:
    """Active people who have one of these roles in a team of the actor's, without the actor, by name."""
    found = {
        each.id: each
        for team_id in actor.roles
        for each in await people.in_team(tx, team_id)
        if each.roles.get(team_id, frozenset()) & frozenset(roles) and each.id != actor.person_id
    }
    return sorted(found.values(), key=lambda each: each.name.casefold())
