"""Who may see a worker's supervision, and write in it: `access` for what is between two people."""

from enum import StrEnum
from uuid import UUID

from safety_service.actions.access import Matter
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role


class SupervisionView(StrEnum):
    """How much of a worker's supervision somebody sees."""

    WHOLE = "whole"
    #: Without what the worker said for themself and for a supervisor who manages them.
    WITHOUT_PRIVATE = "without_private"
    #: When it took place.
    DAYS = "days"


def supervision_view(actor: Actor, worker: Matter, supervisor_id: UUID | None) -> SupervisionView:
    """How much of a worker's supervision the actor sees: `worker` is of the team in which they practise.

    It is the worker's and their supervisor's; the team's managers see that it takes place.
    """
    if actor.agency_id != worker.agency_id:
        raise NotFound
    if actor.person_id in worker.workers:
        return SupervisionView.WHOLE
    manages = actor.is_(Role.MANAGER, worker.team_id)
    if actor.person_id in worker.excluded or (actor.person_id != supervisor_id and not manages):
        raise NotFound
    if actor.person_id != supervisor_id:
        return SupervisionView.DAYS
    return SupervisionView.WHOLE if manages else SupervisionView.WITHOUT_PRIVATE


def may_supervise(actor: Actor, worker: Matter, supervisor_id: UUID | None) -> None:
    """Write down what was said in a supervision."""
    if supervision_view(actor, worker, supervisor_id) is SupervisionView.DAYS or actor.person_id != supervisor_id:
        raise Refused("supervisors_only")
