"""Who may say that somebody is away: `access` for what belongs to the person, and not to one team's rota."""

from collections.abc import Iterable
from uuid import UUID

from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role


def may_run_leave(by: Actor, agency_id: UUID, teams: Iterable[UUID]) -> None:
    """Say when somebody who is in these teams is away: whoever runs the rota of one of them."""
    mine = frozenset(teams)
    if by.agency_id != agency_id:
        raise NotFound
    if by.is_any(Role.ADMINISTRATOR) or by.teams(Role.MANAGER) & mine:
        return
    if mine & by.roles.keys():
        raise Refused("managers_only")
    raise NotFound
