"""Who may agree to what will speak for somebody with rights: `access` for what takes two people."""

from collections.abc import Set as AbstractSet
from uuid import UUID

from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store.people import Person


def may_second(by: Actor, person: Person, excluded: AbstractSet[UUID]) -> None:
    """Another manager of their teams, or an administrator; never they themselves, nor who is kept off them."""
    if by.agency_id != person.agency_id or by.person_id in excluded:
        raise NotFound
    if by.person_id == person.id:
        raise Refused("never_your_own")
    if by.is_any(Role.ADMINISTRATOR) or any(by.is_(Role.MANAGER, each) for each in person.roles):
        return
    if not person.roles.keys() & by.roles.keys():
        raise NotFound
    raise Refused("managers_only")
